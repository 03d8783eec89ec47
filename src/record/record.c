/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

#include <errno.h>
#include <string.h>

int bytes_get_uint(const void *data, size_t size, uint64_t *ret_value)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;

	switch (size) {
	case sizeof(u8):
		memcpy(&u8, data, sizeof(u8));
		*ret_value = u8;
		return 0;
	case sizeof(u16):
		memcpy(&u16, data, sizeof(u16));
		*ret_value = u16;
		return 0;
	case sizeof(u32):
		memcpy(&u32, data, sizeof(u32));
		*ret_value = u32;
		return 0;
	case sizeof(*ret_value):
		memcpy(ret_value, data, sizeof(*ret_value));
		return 0;
	default:
		return -EINVAL;
	}
}

/* Host order from network order, for the low `size` bytes; one byte has no order. */
static uint64_t swap_bytes(uint64_t value, size_t size)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap64(value) >> (64 - 8 * size);
#else
	(void)size;
	return value;
#endif
}

static int64_t extend_sign(uint64_t value, size_t size)
{
	unsigned int unused_bits = 64 - 8 * (unsigned int)size;

	return (int64_t)(value << unused_bits) >> unused_bits;
}

int bytes_get_int(const void *data, size_t size, int64_t *ret_value)
{
	uint64_t value;
	int r = bytes_get_uint(data, size, &value);

	if (r < 0)
		return r;
	*ret_value = extend_sign(value, size);
	return 0;
}

static int get_integer(const struct field *field, const uint8_t *data, size_t size, uint64_t *ret)
{
	int r = bytes_get_uint(data, size, ret);

	if (r < 0)
		return r;
	if (field->flags & FIELD_BIG_ENDIAN)
		*ret = swap_bytes(*ret, size);
	return 0;
}

static int get_float(const struct field *field, const uint8_t *data, size_t size, double *ret)
{
	uint64_t bits;
	float narrow;
	uint32_t narrow_bits;
	int r = get_integer(field, data, size, &bits);

	if (r < 0)
		return r;
	if (size == sizeof(*ret)) {
		memcpy(ret, &bits, sizeof(*ret));
		return 0;
	}
	if (size != sizeof(narrow))
		return -EINVAL;
	narrow_bits = (uint32_t)bits;
	memcpy(&narrow, &narrow_bits, sizeof(narrow));
	*ret = (double)narrow;
	return 0;
}

static int get_bytes(enum field_type type, const uint8_t *data, size_t size,
		     struct value *ret_value)
{
	*ret_value = (struct value){ .type = type };
	ret_value->bytes.data = data;
	ret_value->bytes.len = type == FIELD_TYPE_STRING ? strnlen((const char *)data, size) : size;
	return 0;
}

static int get_scalar(const struct field *field, const uint8_t *data, size_t size,
		      struct value *ret_value)
{
	struct value value = { 0 };
	uint64_t bits = 0;
	int r = 0;

	switch (field->type) {
	case FIELD_TYPE_U8:
	case FIELD_TYPE_U16:
	case FIELD_TYPE_U32:
	case FIELD_TYPE_U64:
		value.type = FIELD_TYPE_U64;
		r = get_integer(field, data, size, &value.u64);
		break;
	case FIELD_TYPE_S8:
	case FIELD_TYPE_S16:
	case FIELD_TYPE_S32:
	case FIELD_TYPE_S64:
		value.type = FIELD_TYPE_S64;
		r = get_integer(field, data, size, &bits);
		if (r == 0)
			value.s64 = extend_sign(bits, size);
		break;
	case FIELD_TYPE_BOOL:
		value.type = FIELD_TYPE_BOOL;
		r = get_integer(field, data, size, &bits);
		value.u64 = bits != 0;
		break;
	case FIELD_TYPE_F32:
	case FIELD_TYPE_F64:
		value.type = FIELD_TYPE_F64;
		r = get_float(field, data, size, &value.f64);
		break;
	case FIELD_TYPE_BYTES:
	case FIELD_TYPE_STRING:
	case FIELD_TYPE_STRUCT:
		return get_bytes(field->type, data, size, ret_value);
	}
	if (r < 0)
		return r;
	*ret_value = value;
	return 0;
}

static int get_derived(const struct record *record, uint32_t index, struct value *ret_value)
{
	uint32_t place = record->schema->fields[index].offset;
	struct derived_value *memory = NULL;
	int r;

	if (!record->deriver)
		return -ERANGE;
	if (record->derived && place < record->schema->derived_count)
		memory = &record->derived[place];
	if (memory && memory->is_made) {
		*ret_value = memory->value;
		return 0;
	}
	r = record->deriver->get(record->deriver->ctx, record, index, ret_value);
	if (r >= 0 && memory)
		*memory = (struct derived_value){ .is_made = true, .value = *ret_value };
	return r;
}

int record__get(const struct record *record, uint32_t index, struct value *ret_value)
{
	const struct field *field;
	const uint8_t *data;
	size_t size;

	if (index >= record->schema->field_count)
		return -ERANGE;
	field = &record->schema->fields[index];
	if (field->flags & FIELD_DERIVED)
		return get_derived(record, index, ret_value);
	if (field->offset > record->raw_len)
		return -ERANGE;
	data = (const uint8_t *)record->raw + field->offset;
	if (field->flags & FIELD_FLEXIBLE)
		return get_bytes(field->type == FIELD_TYPE_STRING ? FIELD_TYPE_STRING
								  : FIELD_TYPE_BYTES,
				 data, record->raw_len - field->offset, ret_value);
	if (__builtin_mul_overflow((size_t)field->size, (size_t)field->count, &size) ||
	    size > record->raw_len - field->offset)
		return -ERANGE;
	if (field->count != 1)
		return get_bytes(FIELD_TYPE_BYTES, data, size, ret_value);
	return get_scalar(field, data, size, ret_value);
}
