/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sink/event_text.h"
#include "sink/ops.h"

#define FRAME_GAP 2 /* "; " */

/* One stream: where it finds what a line is made of. */
struct fold {
	uint32_t *parts; /* owned; fields, outermost first */
	uint32_t part_count;
	uint32_t count_field;
	const struct column_style *styles;
};

struct folded {
	uint32_t fold_count;
	struct fold folds[];
};

/* ---- opening ---------------------------------------------------------------------------------- */

static void insert_part(struct fold *fold, uint32_t field)
{
	uint32_t at = fold->part_count++;

	for (; at > 0; at--) {
		if (fold->styles[fold->parts[at - 1]].fold_order <= fold->styles[field].fold_order)
			break;
		fold->parts[at] = fold->parts[at - 1];
	}
	fold->parts[at] = field;
}

static bool is_integer(const struct field *field)
{
	return field->type >= FIELD_TYPE_U8 && field->type <= FIELD_TYPE_S64 && field->count == 1;
}

static int open_fold(const struct event_stream *stream, struct fold *fold, struct err *err)
{
	const struct schema *schema = stream->schema;
	bool has_stack = false, has_count = false;

	fold->styles = stream->styles;
	fold->parts = new_array(uint32_t, (size_t)schema->field_count + 1);
	if (!fold->parts)
		return -ENOMEM;
	for (uint32_t i = 0; i < schema->field_count; i++) {
		enum fold_part part = stream->styles[i].fold;

		has_stack |= part == FOLD_STACK;
		if (part == FOLD_COUNT && is_integer(&schema->fields[i])) {
			has_count = true;
			fold->count_field = i;
		} else if (part == FOLD_FRAME || part == FOLD_STACK) {
			insert_part(fold, i);
		}
	}
	if (has_stack && has_count)
		return 0;
	return err__set(
		err, -EINVAL, NULL,
		"data source '%s' has no stacks that were counted, of which folded ones are made; "
		"its gadget names them in 'profiles.stack-fields' and 'profiles.value-field'",
		stream->name);
}

static void close_state(void *state)
{
	struct folded *folded = state;

	for (uint32_t i = 0; i < folded->fold_count; i++)
		free(folded->folds[i].parts);
	free(folded);
}

static int open_state(const struct event_sink_options *options, void **ret_state, struct err *err)
{
	struct folded *folded =
		calloc(1, sizeof(*folded) + options->stream_count * sizeof(folded->folds[0]));
	int r = 0;

	if (!folded)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < options->stream_count; i++) {
		folded->fold_count++;
		r = open_fold(&options->streams[i], &folded->folds[i], err);
	}
	if (r < 0) {
		close_state(folded);
		return r;
	}
	*ret_state = folded;
	return 0;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* Frames end at semicolons, and the number begins behind the last blank: neither may be in a name. */
static void add_frame(const char *text, size_t len, struct strbuf *out)
{
	size_t step;

	for (; len > 0; text += step, len -= step) {
		uint32_t character = event_text_next(text, len, &step);

		if (character == ';')
			strbuf__add_char(out, ':');
		else if (character == EVENT_TEXT_REPLACEMENT || event_text_is_harmful(character) ||
			 (character < 0x80 && isspace((int)character)))
			strbuf__add_char(out, '_');
		else
			strbuf__add(out, text, step);
	}
}

/* Behind the one before, if this is not the first one of its line. */
static void add_next_frame(const char *text, size_t len, bool *is_first, struct strbuf *out)
{
	if (len == 0)
		return;
	if (!*is_first)
		strbuf__add_char(out, ';');
	*is_first = false;
	add_frame(text, len, out);
}

/* They come innermost first. */
static void add_stack(const char *text, size_t len, bool *is_first, struct strbuf *out)
{
	size_t end = len;

	while (end > 0) {
		size_t start = end;

		while (start >= FRAME_GAP && memcmp(text + start - FRAME_GAP, "; ", FRAME_GAP) != 0)
			start--;
		if (start < FRAME_GAP)
			start = 0;
		add_next_frame(text + start, end - start, is_first, out);
		end = start ? start - FRAME_GAP : 0;
	}
}

static bool get_count(const struct fold *fold, const struct record *record, uint64_t *ret_count)
{
	struct value value;

	if (record__get(record, fold->count_field, &value) < 0 ||
	    (value.type == FIELD_TYPE_S64 && value.s64 < 0))
		return false;
	*ret_count = value.u64;
	return *ret_count > 0;
}

static void write_record(const struct fold *fold, const struct record *record, struct strbuf *out)
{
	bool is_first = true;
	uint64_t count;

	if (!get_count(fold, record, &count))
		return;
	for (uint32_t i = 0; i < fold->part_count; i++) {
		struct value value;

		if (record__get(record, fold->parts[i], &value) < 0 ||
		    value.type != FIELD_TYPE_STRING)
			continue;
		if (fold->styles[fold->parts[i]].fold == FOLD_STACK)
			add_stack(value.bytes.data, value.bytes.len, &is_first, out);
		else
			add_next_frame(value.bytes.data, value.bytes.len, &is_first, out);
	}
	if (is_first) /* nothing is known of it, but that it was there */
		strbuf__add_text(out, "[unknown]");
	strbuf__add_char(out, ' ');
	strbuf__add_u64(out, count);
	strbuf__add_char(out, '\n');
}

static void write_records(void *state, uint32_t stream, const struct record *records, size_t count,
			  struct strbuf *out)
{
	const struct folded *folded = state;

	for (size_t i = 0; i < count; i++)
		write_record(&folded->folds[stream], &records[i], out);
}

static bool reads_field(const void *state, uint32_t stream, uint32_t field)
{
	const struct folded *folded = state;
	const struct fold *fold = &folded->folds[stream];

	return fold->styles[field].fold == FOLD_FRAME || fold->styles[field].fold == FOLD_STACK ||
	       field == fold->count_field;
}

const struct event_sink_ops sink_folded_ops = {
	.open = open_state,
	.write = write_records,
	.reads = reads_field,
	.close = close_state,
};
