/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_EXPRESSION_H
#define SRC_FILTER_EXPRESSION_H

/*
 * An expression over the fields of a stream, compiled to code for a small machine that only jumps forward: what it may
 * cost is known when it is compiled. It owns its code, constants, patterns and the machine's memory; the schema is
 * borrowed. event_filter.c keeps one for each text of --filter-expr.
 */

#include <stdbool.h>
#include "filter/event_filter.h"

struct expression;

#define EXPRESSION_MAX_DEPTH 64u
#define EXPRESSION_MAX_CODE 16384u
#define EXPRESSION_MAX_VARIABLES 32u

int expression_compile(const char *text, const struct loc *at, const struct schema *schema,
		       struct expression **ret_expression, struct err *err);
struct expression *expression__free(struct expression *expression);
/* As event_filter__match(). */
int expression__run(struct expression *expression, const struct record *record);
/* As event_filter__conditions() and event_filter__reads(). */
const struct filter_condition *expression__conditions(const struct expression *expression,
						      uint32_t *ret_count, bool *ret_is_whole);
bool expression__reads(const struct expression *expression, uint32_t field);

#endif
