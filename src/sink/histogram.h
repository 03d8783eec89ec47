/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_HISTOGRAM_H
#define SRC_SINK_HISTOGRAM_H

/*
 * Histograms drawn in a terminal, a row of stars per bucket, as the tools of bcc draw them. Plain functions that own
 * nothing; names, labels and unit are made harmless as columns are. pipeline/ calls it for metrics that somebody watches.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct histogram_label {
	const char *name, *value;
};

struct histogram_drawing {
	const char *name; /* above it; or NULL */
	const struct histogram_label *labels;
	size_t label_count;
	const char *unit;       /* heads the column of values; NULL: "value" */
	const double *bounds;   /* ascending; where each bucket ends. The last may be infinite */
	const uint64_t *counts; /* of each bucket alone */
	size_t bucket_count;
	bool is_exclusive; /* a bound is the first value beyond its bucket: slots of powers of two */
};

/* columns 0: no terminal. Rows end with the last bucket that has something; without any there is the header alone. */
void histogram_draw(const struct histogram_drawing *drawing, uint16_t columns, bool is_colored,
		    struct strbuf *out);

#endif
