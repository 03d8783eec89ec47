/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_OUTPUT_STYLE_H
#define SRC_PIPELINE_OUTPUT_STYLE_H

/*
 * How the fields of a stream are shown: its notes, which are texts, as styles of columns.
 * It owns nothing; styles are made in the caller's arena, their texts are the spec's. output.c calls it.
 */

#include "base/arena.h"
#include "sink/event_sink.h"

struct note_spec;
struct stream;

/* What the notes say under the key (in lower case); NULL: nothing. */
const char *output_note(const struct note_spec *notes, uint32_t count, const char *key);
/* Likewise of a truth. */
bool output_note_is_true(const struct note_spec *notes, uint32_t count, const char *key);
/* One for each field of its schema. NULL: no memory. */
const struct column_style *output_styles(const struct stream *stream, bool has_pods,
					 struct arena *arena);

/* How a live table is sorted unless somebody says otherwise: "-FIELD", most of its first counter first (arena); NULL: it has
 * none, or there is no memory. */
const char *output_default_order(const struct stream *stream, struct arena *arena);

#endif
