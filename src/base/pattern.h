/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_PATTERN_H
#define SRC_BASE_PATTERN_H

/*
 * Regular expressions in the syntax and meaning of RE2 (Go's regexp), which the three languages use.
 * A pattern owns its compiled form and the spans of its last match. Decoders, feeds and filters compile them
 * once from the text of a spec and then match; matching is bounded in steps and memory.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct pattern;

/* Where a group stood in the text; both are PATTERN_UNSET when it took no part in the match. */
struct pattern_span {
	size_t start, end;
};

#define PATTERN_UNSET SIZE_MAX
#define PATTERN_MAX_BYTES 65536u

/* -EINVAL with the offset for what is wrong, or for what RE2 does not have (back-references, look-around). */
int pattern__compile(const char *text, const struct loc *at, struct pattern **ret_pattern,
		     struct err *err);
struct pattern *pattern__free(struct pattern *pattern);
/* Number of capturing groups, the whole match not counted. */
uint32_t pattern__group_count(const struct pattern *pattern);
/* Unanchored, leftmost-first. 1: it matches, 0: it does not, -E2BIG: gave up at the step limit, or -errno. */
int pattern__match(struct pattern *pattern, const char *text, size_t len);
/* The same from a character of the text on, which is UTF-8; what lies before it is seen, as by \b and ^. */
int pattern__match_from(struct pattern *pattern, const char *text, size_t len, size_t start);
/* Group of the last match that returned 1; 0 is the whole match. */
struct pattern_span pattern__group(const struct pattern *pattern, uint32_t index);

#endif
