/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_CONTROL_VERBS_H
#define SRC_PIPELINE_CONTROL_VERBS_H

/*
 * What verbs of the control socket have in common. Plain functions; they own nothing. The files of verbs use them.
 */

#include <stddef.h>
#include "base/err.h"

struct json_t; /* jansson's */

/* Besides its verb a request has these members at most: a slip of the hand is an error with the nearest name. -EINVAL. */
int control_check_request(const struct json_t *request, const char *const *members, size_t count,
			  struct err *err);
/* What went wrong, a line each, as one error with that code. */
void control_join_errors(const struct err_list *errors, int code, struct err *err);

#endif
