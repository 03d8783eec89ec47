/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EXEMPLAR_H
#define SRC_SINK_EXEMPLAR_H

/*
 * One observation out of those that a counter or a bucket has counted, with labels that lead to it. Whoever has some
 * is a source; it owns what it hands out, until it is asked again. The OpenMetrics writer asks for every line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct family;

/* OpenMetrics allows 128 characters of names and values; with quotes and escapes that is never more than this. Longer
 * ones are left out. */
#define EXEMPLAR_LABELS_MAX_LEN 128

struct exemplar {
	const char *labels; /* `trace_id="5b8a"`: escaped, no braces */
	size_t labels_len;
	double value;
	int64_t time_ns; /* since the epoch; 0: not known */
};

struct exemplar_source {
	/* Of a series: the counter, line 0, or a bucket by the number of its `le` line (+Inf is the last). False: none. */
	bool (*find)(void *ctx, const struct family *family, uint32_t series, uint32_t line,
		     struct exemplar *ret_exemplar);
	void *ctx;
};

#endif
