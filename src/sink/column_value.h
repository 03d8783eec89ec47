/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_COLUMN_VALUE_H
#define SRC_SINK_COLUMN_VALUE_H

/*
 * A field of a record as text for a column: numbers as the style wants them, arrays with commas, bytes as hex. It owns
 * nothing. sink/columns calls it for every cell.
 */

#include "sink/event_sink.h"

struct column_text {
	const char *text; /* of the record, or of the scratch buffer */
	size_t len;
};

/* Resets and fills the scratch buffer as needed. What cannot be read is an empty text. */
struct column_text column_value_get(const struct record *record, uint32_t field,
				    const struct column_style *style, struct strbuf *scratch);
/* Characters of the longest text that the field can have; 0: not known. */
uint32_t column_value_longest(const struct field *field, const struct column_style *style);

#endif
