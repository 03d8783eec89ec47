/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_CONDITION_H
#define SRC_FILTER_CONDITION_H

/*
 * One condition on one field of a record: typed when it is made, so that running it compares and parses nothing.
 * It owns its pattern; texts of values are in the arena it was made with. event_filter.c keeps lists of them.
 */

#include "base/arena.h"
#include "base/pattern.h"
#include "filter/event_filter.h"

struct condition {
	struct filter_condition plain;
	struct pattern *pattern;    /* owned; of REGEXP and NOT_REGEXP, else NULL */
	const struct value *values; /* of IN and NOT_IN: all of them, in the arena */
	uint32_t value_count;
};

struct condition_text {
	const char *text; /* ends with a NUL */
	struct loc at;
};

/*
 * Texts become values of the field's type. All but IN and NOT_IN take one. -EINVAL: the field cannot be compared so, or a
 * text is no such value; -EOPNOTSUPP: no comparison for records.
 */
int condition_make(struct arena *arena, const struct schema *schema, uint32_t field,
		   enum match_op op, const struct loc *at, const struct condition_text *texts,
		   uint32_t text_count, struct condition *ret_condition, struct err *err);
void condition__done(struct condition *condition);
/* As event_filter__match(). */
int condition__run(const struct condition *condition, const struct record *record);
/* -1, 0, 1 as a is less, equal, greater; 2: neither, one of them is no number. Both have the same type. */
int value_compare(const struct value *a, const struct value *b);

#endif
