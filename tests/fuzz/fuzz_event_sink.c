/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of any schema with any bytes: JSON must be JSON and YAML be YAML, whatever they hold, and columns must keep to
 * the terminal and say nothing to it. The first byte is the number of fields, five more are of each, then come their
 * names, each ended by a NUL, and what is left is the record.
 */
#include <jansson.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "sink/column_cell.h"
#include "sink/event_sink.h"

#define MAX_FIELDS 12
#define MAX_NAME 24
#define WIDTH_LEAST 40 /* below that a single column may be too wide */

struct input {
	const uint8_t *data;
	size_t len;
};

static uint8_t take_byte(struct input *input)
{
	if (input->len == 0)
		return 0;
	input->len--;
	return *input->data++;
}

/* Of ASCII: two names that differ in invalid bytes alone would become the same key. */
static void take_name(struct input *input, char name[MAX_NAME])
{
	size_t len = 0;
	char c;

	while ((c = (char)(take_byte(input) & 0x7f)) && len < MAX_NAME - 1)
		name[len++] = c;
	name[len] = '\0';
}

struct shape {
	char names[MAX_FIELDS][MAX_NAME];
	struct field fields[MAX_FIELDS];
	struct column_style styles[MAX_FIELDS];
	struct schema schema;
	struct event_stream stream;
};

static void take_field(struct input *input, struct field *field, struct column_style *style)
{
	static const uint32_t sizes[] = { 1, 2, 4, 8 };
	uint8_t type = take_byte(input);
	uint8_t look = take_byte(input);

	field->type = type % (FIELD_TYPE_STRUCT + 1);
	field->flags = type & 0x80 ? FIELD_BIG_ENDIAN : type & 0x40 ? FIELD_FLEXIBLE : 0;
	field->offset = take_byte(input);
	field->size = take_byte(input);
	field->count = take_byte(input) % 5;
	field->parent = -1;
	if (field->type != FIELD_TYPE_STRING && field->type != FIELD_TYPE_BYTES && look & 1)
		field->size = sizes[field->size % array_size(sizes)];
	if (look & 2)
		field->count = 1;
	*style = (struct column_style){
		.width = look >> 4,
		.min_width = look & 4 ? 5 : 0,
		.max_width = look & 8 ? 7 : 0,
		.is_right = look & 16,
		.is_fixed = look & 32,
		.is_hex = look & 64,
		.is_skipped_in_json = look == 0xff,
		.ellipsis = look % 4,
	};
}

static void take_shape(struct input *input, struct shape *shape)
{
	uint8_t head = take_byte(input);
	uint32_t count = 1 + head % MAX_FIELDS;

	for (uint32_t i = 0; i < count; i++)
		take_field(input, &shape->fields[i], &shape->styles[i]);
	for (uint32_t i = 0; i < count; i++) {
		take_name(input, shape->names[i]);
		shape->fields[i].name = shape->names[i];
	}
	shape->schema = (struct schema){ .fields = shape->fields, .field_count = count };
	shape->stream = (struct event_stream){ .name = "x\"\n",
					       .schema = &shape->schema,
					       .styles = shape->styles,
					       .is_batch = head & 0x80,
					       .clears_screen = head & 0x40 };
}

/* ---- what comes out ------------------------------------------------------------------------- */

static void check_json(const struct strbuf *out)
{
	size_t at = 0;
	int values = 0;

	while (at < out->len) {
		json_error_t error;
		json_t *value = json_loadb(out->data + at, out->len - at,
					   JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK |
						   JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL,
					   &error);

		if (!value)
			abort();
		json_decref(value);
		at += (size_t)error.position;
		if (at >= out->len || out->data[at] != '\n')
			abort();
		at++;
		values++;
	}
	if (values == 0)
		abort();
}

static void check_yaml(const struct strbuf *out)
{
	yaml_parser_t parser;
	yaml_event_t event;
	yaml_event_type_t type;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)out->data, out->len);
	do {
		if (!yaml_parser_parse(&parser, &event))
			abort();
		type = event.type;
		yaml_event_delete(&event);
	} while (type != YAML_STREAM_END_EVENT);
	yaml_parser_delete(&parser);
}

/* Of the screen's own controls there are these. */
static size_t control_len(const char *text, size_t len)
{
	static const char *const controls[] = { "\033[H", "\033[K", "\033[J", "\033[1m", "\033[m" };

	for (size_t i = 0; i < array_size(controls); i++) {
		size_t control = strlen(controls[i]);

		if (control <= len && memcmp(text, controls[i], control) == 0)
			return control;
	}
	return 0;
}

static void check_line(const char *line, size_t len, uint16_t width)
{
	struct strbuf shown = STRBUF_INIT;

	for (size_t i = 0; i < len;) {
		size_t control = control_len(line + i, len - i);

		if (control == 0 && ((unsigned char)line[i] < 0x20 || line[i] == 0x7f))
			abort();
		if (control == 0)
			strbuf__add_char(&shown, line[i]);
		i += control ? control : 1;
	}
	if (!str_is_utf8(shown.len ? shown.data : "", shown.len))
		abort();
	if (width >= WIDTH_LEAST &&
	    column_cell_width(shown.len ? shown.data : "", shown.len) > width)
		abort();
	strbuf__done(&shown);
}

static void check_columns(const struct strbuf *out, uint16_t width)
{
	size_t at = 0;

	while (at < out->len) {
		const char *end = memchr(out->data + at, '\n', out->len - at);
		size_t len = end ? (size_t)(end - out->data) - at : out->len - at;

		check_line(out->data + at, len, width);
		at += len + 1;
	}
}

static void check(enum event_format format, const struct strbuf *out, uint16_t width)
{
	switch (format) {
	case EVENT_FORMAT_JSON:
	case EVENT_FORMAT_JSONPRETTY:
		check_json(out);
		return;
	case EVENT_FORMAT_YAML:
		check_yaml(out);
		return;
	case EVENT_FORMAT_COLUMNS:
		check_columns(out, width);
		return;
	case EVENT_FORMAT_FOLDED:
		check_columns(out, 0 /* of any width */);
		return;
	case EVENT_FORMAT_NONE:
	case EVENT_FORMAT_COUNT:
		return;
	}
}

static void write_all(const struct shape *shape, const struct record *records, size_t count,
		      uint16_t width)
{
	const struct event_sink_options options = { .streams = &shape->stream,
						    .stream_count = 1,
						    .columns = width,
						    .rows = width ? 24 : 0,
						    .is_colored = width & 1,
						    .names_streams = width & 2 };

	for (enum event_format format = 0; format < EVENT_FORMAT_COUNT; format++) {
		struct strbuf out = STRBUF_INIT;
		struct event_sink *sink;

		if (event_sink__new(format, &options, &sink, NULL) < 0)
			continue;
		if (event_sink__write(sink, 0, records, count, &out) == 0)
			check(format, &out, width);
		event_sink__free(sink);
		strbuf__done(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static locale_t locale;
	struct input input = { data, len };
	struct shape shape = { 0 };
	struct record records[2];
	uint16_t width;

	if (!locale && !(locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)))
		abort();
	uselocale(locale);
	take_shape(&input, &shape);
	width = take_byte(&input);
	for (size_t i = 0; i < array_size(records); i++)
		records[i] = (struct record){
			.schema = &shape.schema,
			.raw = input.data,
			.raw_len = i ? input.len / 2 : input.len,
		};
	write_all(&shape, records, array_size(records), width);
	return 0;
}
