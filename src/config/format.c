/* SPDX-License-Identifier: Apache-2.0 */
#include "config/format.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "config/load.h"

#define INDENT 2

struct printer {
	struct strbuf *out;
	unsigned int depth;
};

static void print_struct(struct printer *printer, const struct shape *shape, const void *object);

/* Members are read by offset, whatever their type: memcpy is how C allows that. */
#define READ(type, object, offset)                                                                 \
	({                                                                                         \
		type read_value;                                                                   \
		memcpy(&read_value, (const char *)(object) + (offset), sizeof(read_value));        \
		read_value;                                                                        \
	})

static void print_quoted_bytes(struct strbuf *out, const char *text, size_t len)
{
	static const struct {
		char c;
		const char *escape;
	} escapes[] = {
		{ '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" }, { '\t', "\\t" }, { '\r', "\\r" }
	};

	strbuf__add_char(out, '"');
	for (const char *c = text; c < text + len; c++) {
		const char *escape = NULL;

		for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
			if (escapes[i].c == *c)
				escape = escapes[i].escape;
		if (escape)
			strbuf__add_text(out, escape);
		else if ((unsigned char)*c < ' ')
			strbuf__printf(out, "\\x%02x", (unsigned int)(unsigned char)*c);
		else
			strbuf__add_char(out, *c);
	}
	strbuf__add_char(out, '"');
}

static void print_quoted(struct strbuf *out, const char *text)
{
	print_quoted_bytes(out, text, strlen(text));
}

static void begin_line(struct printer *printer, const char *name)
{
	for (unsigned int i = 0; i < printer->depth * INDENT; i++)
		strbuf__add_char(printer->out, ' ');
	strbuf__add_text(printer->out, name);
}

static void print_at(struct printer *printer, const struct loc *at)
{
	if (at->line > 0)
		strbuf__printf(printer->out, " @%u:%u", at->line, at->column);
}

static void print_text(struct printer *printer, const char *name, const char *text)
{
	if (!text)
		return;
	begin_line(printer, name);
	strbuf__add_char(printer->out, ' ');
	print_quoted(printer->out, text);
	strbuf__add_char(printer->out, '\n');
}

static void print_i64(struct printer *printer, const char *name, int64_t value)
{
	begin_line(printer, name);
	strbuf__printf(printer->out, " %lld\n", (long long)value);
}

static void print_u64(struct printer *printer, const char *name, uint64_t value)
{
	begin_line(printer, name);
	strbuf__printf(printer->out, " %llu\n", (unsigned long long)value);
}

static void print_double(struct printer *printer, const char *name, double value)
{
	char buf[NUM_DOUBLE_MAX_LEN];

	begin_line(printer, name);
	strbuf__add_char(printer->out, ' ');
	strbuf__add(printer->out, buf, num_format_double(buf, value));
	strbuf__add_char(printer->out, '\n');
}

static void print_index(struct printer *printer, const char *name, uint32_t value)
{
	if (value != SPEC_NONE) {
		print_u64(printer, name, value);
		return;
	}
	begin_line(printer, name);
	strbuf__add_text(printer->out, " none\n");
}

static void print_word(struct printer *printer, const struct row *row, unsigned int value)
{
	begin_line(printer, row->name);
	strbuf__printf(printer->out, " %s\n", value < row->word_count ? row->words[value] : "?");
}

/* "name[index] @line:column", and the members below it; without index when there is but one. */
static void print_nested(struct printer *printer, const struct row *row, const void *object,
			 const uint32_t *index)
{
	if (row->shape->skip_offset > 0 && READ(unsigned int, object, row->shape->skip_offset) == 0)
		return;
	begin_line(printer, row->name);
	if (index)
		strbuf__printf(printer->out, "[%u]", *index);
	if (!row->shape->has_no_at)
		print_at(printer, object);
	strbuf__add_char(printer->out, '\n');
	printer->depth++;
	print_struct(printer, row->shape, object);
	printer->depth--;
}

static void print_noted(struct printer *printer, const char *name, const struct spec_text *text)
{
	begin_line(printer, name);
	strbuf__add_char(printer->out, ' ');
	print_quoted(printer->out, text->text);
	print_at(printer, &text->at);
	strbuf__add_char(printer->out, '\n');
}

static void print_value(struct printer *printer, const char *name, const struct value_spec *value)
{
	begin_line(printer, name);
	strbuf__add_char(printer->out, ' ');
	print_quoted_bytes(printer->out, value->text, value->len);
	print_at(printer, &value->at);
	if (value->list != SPEC_NONE)
		strbuf__printf(printer->out, " list %u", value->list);
	strbuf__add_char(printer->out, '\n');
}

static void print_noted_number(struct printer *printer, const char *name,
			       const struct number_spec *number)
{
	begin_line(printer, name);
	strbuf__printf(printer->out, " %llu", (unsigned long long)number->value);
	print_at(printer, &number->at);
	strbuf__add_char(printer->out, '\n');
}

static void print_pair(struct printer *printer, const char *name, const void *pair)
{
	begin_line(printer, name);
	strbuf__add_char(printer->out, ' ');
	print_quoted(printer->out, READ(const char *, pair, 0));
	strbuf__add_text(printer->out, " = ");
	print_quoted(printer->out, READ(const char *, pair, sizeof(const char *)));
	strbuf__add_char(printer->out, '\n');
}

/* One element of a list, by the kind of its row. */
static void print_element(struct printer *printer, const struct row *row, const char *items,
			  uint32_t i)
{
	switch (row->kind) {
	case ROW_LIST:
		print_nested(printer, row, items + i * row->shape->size, &i);
		break;
	case ROW_NOTED:
		print_noted(printer, row->name,
			    (const void *)(items + i * sizeof(struct spec_text)));
		break;
	case ROW_TEXTS:
		print_text(printer, row->name, READ(const char *, items, i * sizeof(const char *)));
		break;
	case ROW_PAIRS:
		print_pair(printer, row->name, items + i * 2 * sizeof(const char *));
		break;
	case ROW_U64S:
		print_u64(printer, row->name, READ(uint64_t, items, i * sizeof(uint64_t)));
		break;
	case ROW_VALUES:
		print_value(printer, row->name,
			    (const void *)(items + i * sizeof(struct value_spec)));
		break;
	case ROW_NUMBERS:
		print_noted_number(printer, row->name,
				   (const void *)(items + i * sizeof(struct number_spec)));
		break;
	case ROW_U32S:
		print_u64(printer, row->name, READ(uint32_t, items, i * sizeof(uint32_t)));
		break;
	case ROW_DOUBLES:
		print_double(printer, row->name, READ(double, items, i * sizeof(double)));
		break;
	default:
		break;
	}
}

static void print_list(struct printer *printer, const struct row *row, const void *object)
{
	uint32_t count = READ(uint32_t, object, row->count_offset);
	const char *items = row->kind == ROW_U32S ? (const char *)object + row->offset
						  : READ(const char *, object, row->offset);

	for (uint32_t i = 0; i < count; i++)
		print_element(printer, row, items, i);
}

static void print_bytes(struct printer *printer, const struct row *row, const void *object)
{
	const unsigned char *bytes = READ(const unsigned char *, object, row->offset);
	size_t size = READ(size_t, object, row->count_offset);

	if (!bytes)
		return;
	begin_line(printer, row->name);
	strbuf__add_char(printer->out, ' ');
	for (size_t i = 0; i < size; i++)
		strbuf__printf(printer->out, "%02x", (unsigned int)bytes[i]);
	strbuf__add_char(printer->out, '\n');
}

/* Numbers that are 0 and flags that are false were not set. */
static void print_number(struct printer *printer, const struct row *row, const void *object)
{
	if (row->kind == ROW_DOUBLE) {
		double value = READ(double, object, row->offset);

		if (value < 0 || value > 0 || value != value)
			print_double(printer, row->name, value);
	} else if (row->kind == ROW_I32 || row->kind == ROW_I64) {
		int64_t value = row->kind == ROW_I32 ? READ(int32_t, object, row->offset)
						     : READ(int64_t, object, row->offset);

		if (value != 0)
			print_i64(printer, row->name, value);
	} else {
		uint64_t value = row->kind == ROW_U32 ? READ(uint32_t, object, row->offset)
						      : READ(uint64_t, object, row->offset);

		if (value != 0)
			print_u64(printer, row->name, value);
	}
}

static void print_row(struct printer *printer, const struct row *row, const void *object)
{
	const void *pointer;

	switch (row->kind) {
	case ROW_TEXT:
		print_text(printer, row->name, READ(const char *, object, row->offset));
		break;
	case ROW_BOOL:
		if (READ(bool, object, row->offset)) {
			begin_line(printer, row->name);
			strbuf__add_char(printer->out, '\n');
		}
		break;
	case ROW_U32:
	case ROW_I32:
	case ROW_U64:
	case ROW_I64:
	case ROW_DOUBLE:
		print_number(printer, row, object);
		break;
	case ROW_INDEX:
		print_index(printer, row->name, READ(uint32_t, object, row->offset));
		break;
	case ROW_WORD:
		print_word(printer, row, READ(unsigned int, object, row->offset));
		break;
	case ROW_CHOICE:
		if (READ(unsigned int, object, row->offset) != 0)
			print_word(printer, row, READ(unsigned int, object, row->offset));
		break;
	case ROW_NOTE:
		if (READ(const char *, object, row->offset + offsetof(struct spec_text, text)))
			print_noted(printer, row->name,
				    (const void *)((const char *)object + row->offset));
		break;
	case ROW_VALUE:
		if (READ(const char *, object, row->offset + offsetof(struct value_spec, text)))
			print_value(printer, row->name,
				    (const void *)((const char *)object + row->offset));
		break;
	case ROW_STRUCT:
		print_nested(printer, row, (const char *)object + row->offset, NULL);
		break;
	case ROW_POINTER:
		pointer = READ(const void *, object, row->offset);
		if (pointer)
			print_nested(printer, row, pointer, NULL);
		break;
	case ROW_LIST:
	case ROW_NOTED:
	case ROW_TEXTS:
	case ROW_U64S:
	case ROW_DOUBLES:
	case ROW_U32S:
	case ROW_VALUES:
	case ROW_NUMBERS:
	case ROW_PAIRS:
		print_list(printer, row, object);
		break;
	case ROW_BYTES:
		print_bytes(printer, row, object);
		break;
	}
}

static void print_struct(struct printer *printer, const struct shape *shape, const void *object)
{
	for (size_t i = 0; i < shape->row_count; i++)
		print_row(printer, &shape->rows[i], object);
}

void spec__format(const struct spec *spec, struct strbuf *out)
{
	struct printer printer = { .out = out };

	print_text(&printer, "dialect", spec->dialect ? spec->dialect->name : NULL);
	print_struct(&printer, &spec_shape, spec);
}
