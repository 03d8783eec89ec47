/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_OUTPUT_HISTOGRAM_H
#define SRC_PIPELINE_OUTPUT_HISTOGRAM_H

/*
 * Tables that a person would rather see drawn: rows with slots of histograms, added up since the beginning by the fields
 * that tell them apart. It owns the sums; the stream is borrowed. output.c makes one for a stream that asks for it.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

struct output_histogram;
struct record;
struct stream;

/* *ret_histogram is NULL when the stream does not ask for it (metrics.print), or has no slots. */
int output_histogram__new(const struct stream *stream, struct output_histogram **ret_histogram,
			  struct err *err);
struct output_histogram *output_histogram__free(struct output_histogram *histogram);
/* 0 or -ENOMEM. */
int output_histogram__add(struct output_histogram *histogram, const struct record *records,
			  size_t count);
/* All of them; columns 0: no terminal. */
void output_histogram__draw(const struct output_histogram *histogram, uint16_t columns,
			    bool is_colored, struct strbuf *out);

#endif
