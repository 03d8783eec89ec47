/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_CONTROL_H
#define SRC_CMD_CONTROL_H

/*
 * What commands that ask the agent have in common: one question over its control socket, and answers as a person reads
 * them. Plain functions; they own nothing. control.c and policy.c use them.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct invocation;
struct json_t; /* jansson's */

#define CONTROL_COLUMNS_MAX 10

struct control_column {
	const char *title;
	const char *member;    /* of each row */
	const char *otherwise; /* instead of nothing, or NULL */
	bool is_bytes;
};

/* The request is taken; the result is the caller's, who ends it with json_decref(). */
int control_ask(const char *socket, struct json_t *request, struct json_t **ret_result,
		struct err *err);
void control_print_error(const struct invocation *invocation, const struct err *err);
int control_print_json(const struct json_t *result);
/* Of an array of objects. */
int control_print_table(const struct json_t *rows, const struct control_column *columns,
			size_t count);

#endif
