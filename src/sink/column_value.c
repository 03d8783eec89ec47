/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/column_value.h"

#include <inttypes.h>

#include "base/num.h"

static void add_double(double number, const struct column_style *style, struct strbuf *out)
{
	int precision = style->has_precision ? style->precision : COLUMN_PRECISION_DEFAULT;

	strbuf__printf(out, "%.*f", precision, number);
}

static void add_i64(int64_t number, struct strbuf *out)
{
	char *to = strbuf__reserve(out, NUM_U64_MAX_LEN);

	if (to)
		out->len += num_format_i64(to, number);
}

static void add_hex(const void *bytes, size_t len, struct strbuf *out)
{
	char *to = strbuf__reserve(out, 2 * len);

	if (to)
		out->len += num_format_hex(to, bytes, len);
}

static void add_value(const struct value *value, const struct column_style *style,
		      struct strbuf *out)
{
	switch (value->type) {
	case FIELD_TYPE_STRING:
		strbuf__add(out, value->bytes.data, value->bytes.len);
		return;
	case FIELD_TYPE_BYTES:
	case FIELD_TYPE_STRUCT:
		add_hex(value->bytes.data, value->bytes.len, out);
		return;
	case FIELD_TYPE_BOOL:
		strbuf__add_text(out, value->u64 ? "true" : "false");
		return;
	case FIELD_TYPE_F32:
	case FIELD_TYPE_F64:
		add_double(value->f64, style, out);
		return;
	case FIELD_TYPE_S8:
	case FIELD_TYPE_S16:
	case FIELD_TYPE_S32:
	case FIELD_TYPE_S64:
		if (style->is_hex && value->s64 >= 0)
			strbuf__printf(out, "0x%" PRIx64, value->u64);
		else
			add_i64(value->s64, out);
		return;
	case FIELD_TYPE_U8:
	case FIELD_TYPE_U16:
	case FIELD_TYPE_U32:
	case FIELD_TYPE_U64:
		if (style->is_hex)
			strbuf__printf(out, "0x%" PRIx64, value->u64);
		else
			strbuf__add_u64(out, value->u64);
		return;
	}
}

static void add_array(const struct field *array, const struct value *all,
		      const struct column_style *style, struct strbuf *out)
{
	struct field field = *array;
	const struct schema schema = { .fields = &field, .field_count = 1 };
	size_t count = array->size ? all->bytes.len / array->size : 0;

	field.offset = 0;
	field.count = 1;
	for (size_t i = 0; i < count; i++) {
		const struct record element = {
			.schema = &schema,
			.raw = (const char *)all->bytes.data + i * array->size,
			.raw_len = array->size,
		};
		struct value value;

		if (i > 0)
			strbuf__add_char(out, ',');
		if (record__get(&element, 0, &value) == 0)
			add_value(&value, style, out);
	}
}

static bool is_array(const struct field *field)
{
	return field->count != 1 && !(field->flags & (FIELD_FLEXIBLE | FIELD_DERIVED));
}

struct column_text column_value_get(const struct record *record, uint32_t index,
				    const struct column_style *style, struct strbuf *scratch)
{
	const struct field *field = &record->schema->fields[index];
	struct value value;

	if (record__get(record, index, &value) < 0)
		return (struct column_text){ "", 0 };
	if (value.type == FIELD_TYPE_STRING)
		return (struct column_text){ value.bytes.len ? value.bytes.data : "",
					     value.bytes.len };
	strbuf__reset(scratch);
	if (is_array(field))
		add_array(field, &value, style, scratch);
	else
		add_value(&value, style, scratch);
	return (struct column_text){ scratch->len ? scratch->data : "", scratch->len };
}

uint32_t column_value_longest(const struct field *field, const struct column_style *style)
{
	static const uint32_t digits[] = {
		[FIELD_TYPE_U8] = 3,     [FIELD_TYPE_U16] = 5,  [FIELD_TYPE_U32] = 10,
		[FIELD_TYPE_U64] = 20,   [FIELD_TYPE_S8] = 4,   [FIELD_TYPE_S16] = 6,
		[FIELD_TYPE_S32] = 11,   [FIELD_TYPE_S64] = 20, [FIELD_TYPE_BOOL] = 5,
		[FIELD_TYPE_STRUCT] = 0,
	};

	if (field->flags & (FIELD_FLEXIBLE | FIELD_DERIVED) || field->count != 1)
		return 0;
	if (field->type == FIELD_TYPE_BYTES)
		return 2 * field->size;
	if (field->type == FIELD_TYPE_STRING)
		return field->size > 1 ? field->size - 1 : 1; /* the kernel ends texts with NUL */
	if (style->is_hex && digits[field->type])
		return 2 + 2 * field->size;
	return digits[field->type];
}
