/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_EVENT_FILTER_H
#define SRC_FILTER_EVENT_FILTER_H

/*
 * Whether somebody wants to see a record: a text is compiled against the schema of a stream once and then asked for each
 * record. A filter owns its patterns, constants and code; the schema is borrowed and must outlive it. pipeline/ makes
 * them from flags and from the selectors of metrics, and hands their plain conditions down to the kernel where it can.
 *
 * Three languages end here: conditions as flags write them ("comm~^a,pid>=5"), expressions ("pid > 5 and comm in
 * ['a']"), and the conditions of specs. Fields are read by record__get(), so derived ones are made only when asked for.
 */

#include "config/spec.h"
#include "record/record.h"

struct err;
struct event_filter;

#define EVENT_FILTER_MAX_BYTES 65536u
#define EVENT_FILTER_MAX_CONDITIONS 256u

/* Field, comparison, value: of the field's widest type. Of a regular expression (strings only) the value is its text. */
struct filter_condition {
	uint32_t field;     /* index into the schema */
	enum match_op op;   /* EQUAL to GREATER_EQUAL, REGEXP, NOT_REGEXP */
	struct value value; /* owned by the filter */
};

/*
 * "field OP value,…": all must hold. OP is one of == = != > >= < <= ~ !~, a comma in a value is written \, and one of
 * !~<>= ends the name of the field. `at` is where the text begins (file: what to call it); columns count from there.
 * -EINVAL: what is wrong, where, and the fields that were meant; -E2BIG: over a bound.
 */
int event_filter_parse(const char *text, const struct loc *at, const struct schema *schema,
		       struct event_filter **ret_filter, struct err *err);
/* An expression that yields a truth value; its language is in docs/reference/filters.md. */
int event_filter_parse_expression(const char *text, const struct loc *at,
				  const struct schema *schema, struct event_filter **ret_filter,
				  struct err *err);
/*
 * Conditions of a spec, as selectors of v0.21 configs become them: EQUAL to GREATER_EQUAL, IN, NOT_IN, REGEXP and
 * NOT_REGEXP; names of fields in any case when none is written exactly so. Nothing of the specs is borrowed.
 */
int event_filter_bind(const struct when_spec *conditions, uint32_t count,
		      const struct schema *schema, struct event_filter **ret_filter,
		      struct err *err);
struct event_filter *event_filter__free(struct event_filter *filter);

/*
 * 1: keep it, 0: drop it. Negative: it cannot be told, and the caller counts that and drops it: -ERANGE the record is
 * too short, -E2BIG a pattern needs too many steps, -EOVERFLOW a number does not fit, -EDOM division by zero.
 */
int event_filter__match(struct event_filter *filter, const struct record *record);

/*
 * The conditions that must hold for a record to be kept, as far as they are plain ones; a kernel program may test them
 * first. *ret_is_whole: there is nothing else in the filter.
 */
const struct filter_condition *event_filter__conditions(const struct event_filter *filter,
							uint32_t *ret_count, bool *ret_is_whole);
/* Whether match() may read the field: what a pruned program must still fill in. */
bool event_filter__reads(const struct event_filter *filter, uint32_t field);

#endif
