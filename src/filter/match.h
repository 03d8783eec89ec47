/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_MATCH_H
#define SRC_FILTER_MATCH_H

/*
 * One condition on one value: does it hold? Numbers are compared as they stand in the row, everything else as text.
 * A match owns its compiled pattern and parsed numbers; the spec is borrowed. pipeline/ opens one for each condition of
 * a metric and runs it once per key that the label cache does not have.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "config/spec.h"

struct match;

/* -EINVAL for values that the comparison cannot take, -EOPNOTSUPP for one that is not for rows. */
int match__new(const struct when_spec *spec, struct match **ret_match, struct err *err);
struct match *match__free(struct match *match);
/* As configs write it: "not in". "?" for what is not for rows. */
const char *match_op_name(enum match_op op);
/* Whether it is run on text; otherwise on raw bytes: 1, 2, 4 or 8 of them. */
bool match__wants_text(const struct match *match);
/* 1: it holds, 0: it does not; -E2BIG: a pattern needs too many steps; -EINVAL: no number has so many bytes. */
int match__run(struct match *match, const void *data, size_t len);

#endif
