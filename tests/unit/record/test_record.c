/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ONE_FIELD_SCHEMA(...)                                                                      \
	{                                                                                          \
		.name = "row", .field_count = 1, .fields = (const struct field[])                  \
		{                                                                                  \
			{                                                                          \
				__VA_ARGS__                                                        \
			}                                                                          \
		}                                                                                  \
	}

static const struct integer_row {
	const char *what;
	enum field_type type;
	uint32_t size;
	uint32_t flags;
	uint8_t bytes[8];
	enum field_type want_type;
	int64_t want;
} integer_rows[] = {
	{ "u8", FIELD_TYPE_U8, 1, 0, { 0xff }, FIELD_TYPE_U64, 255 },
	{ "u16 big endian",
	  FIELD_TYPE_U16,
	  2,
	  FIELD_BIG_ENDIAN,
	  { 0x01, 0xbb },
	  FIELD_TYPE_U64,
	  443 },
	{ "u32 big endian",
	  FIELD_TYPE_U32,
	  4,
	  FIELD_BIG_ENDIAN,
	  { 1, 2, 3, 4 },
	  FIELD_TYPE_U64,
	  0x01020304 },
	{ "u64 big endian", FIELD_TYPE_U64, 8, FIELD_BIG_ENDIAN, { [7] = 9 }, FIELD_TYPE_U64, 9 },
	{ "s8", FIELD_TYPE_S8, 1, 0, { 0xff }, FIELD_TYPE_S64, -1 },
	{ "s16 big endian",
	  FIELD_TYPE_S16,
	  2,
	  FIELD_BIG_ENDIAN,
	  { 0xff, 0xfe },
	  FIELD_TYPE_S64,
	  -2 },
	{ "s32", FIELD_TYPE_S32, 4, 0, { 0xff, 0xff, 0xff, 0xff }, FIELD_TYPE_S64, -1 },
	{ "s64",
	  FIELD_TYPE_S64,
	  8,
	  0,
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  FIELD_TYPE_S64,
	  -1 },
	{ "bool of any size", FIELD_TYPE_BOOL, 4, 0, { 0, 0, 7, 0 }, FIELD_TYPE_BOOL, 1 },
	{ "bool false", FIELD_TYPE_BOOL, 1, 0, { 0 }, FIELD_TYPE_BOOL, 0 },
};

static void test_get__integers_widen_by_sign_and_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(integer_rows) / sizeof(integer_rows[0]); i++) {
		const struct integer_row *row = &integer_rows[i];
		const struct schema schema = ONE_FIELD_SCHEMA(.type = row->type, .size = row->size,
							      .count = 1, .flags = row->flags);
		const struct record record = { .schema = &schema,
					       .raw = row->bytes,
					       .raw_len = row->size };
		struct value value;

		if (record__get(&record, 0, &value) != 0 || value.type != row->want_type ||
		    value.s64 != row->want)
			fail_msg("%s: type %d value %lld", row->what, (int)value.type,
				 (long long)value.s64);
	}
}

static void test_get__floats(void **state)
{
	const float narrow = 1.5f;
	const double wide = -2.25;
	const struct schema narrow_schema = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_F32, .size = 4,
							     .count = 1);
	const struct schema wide_schema = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_F64, .size = 8,
							   .count = 1);
	const struct record narrow_record = { .schema = &narrow_schema,
					      .raw = &narrow,
					      .raw_len = 4 };
	const struct record wide_record = { .schema = &wide_schema, .raw = &wide, .raw_len = 8 };
	struct value value;

	(void)state;
	assert_int_equal(record__get(&narrow_record, 0, &value), 0);
	assert_int_equal(value.type, FIELD_TYPE_F64);
	assert_true(value.f64 == 1.5);
	assert_int_equal(record__get(&wide_record, 0, &value), 0);
	assert_true(value.f64 == -2.25);
}

static void test_get__size_that_does_not_fit_the_type(void **state)
{
	const uint8_t bytes[8] = { 0 };
	const struct schema integer = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_U32, .size = 3,
						       .count = 1);
	const struct schema real = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_F32, .size = 2, .count = 1);
	const struct record integer_record = { .schema = &integer, .raw = bytes, .raw_len = 8 };
	const struct record real_record = { .schema = &real, .raw = bytes, .raw_len = 8 };
	struct value value;

	(void)state;
	assert_int_equal(record__get(&integer_record, 0, &value), -EINVAL);
	assert_int_equal(record__get(&real_record, 0, &value), -EINVAL);
}

static void test_get__unaligned(void **state)
{
	const uint8_t bytes[] = { 0xaa, 1, 0, 0, 0, 0, 0, 0, 0 };
	const struct schema schema = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_U64, .offset = 1,
						      .size = 8, .count = 1, .flags = 0);
	const struct record record = { .schema = &schema, .raw = bytes, .raw_len = sizeof(bytes) };
	uint64_t one = 1, want;
	struct value value;

	(void)state;
	memcpy(&want, bytes + 1, sizeof(want));
	assert_int_equal(record__get(&record, 0, &value), 0);
	assert_int_equal(value.u64, want);
	assert_true(want == one || want == one << 56);
}

static void test_get__string_ends_at_nul_or_size(void **state)
{
	const char bytes[] = { 'b', 'a', 's', 'h', 0, 'x', 'y', 'z' };
	const struct schema whole = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_STRING, .size = 8,
						     .count = 1);
	const struct schema full = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_STRING, .size = 3,
						    .count = 1);
	const struct record whole_record = { .schema = &whole, .raw = bytes, .raw_len = 8 };
	const struct record full_record = { .schema = &full, .raw = bytes, .raw_len = 8 };
	struct value value;

	(void)state;
	assert_int_equal(record__get(&whole_record, 0, &value), 0);
	assert_int_equal(value.type, FIELD_TYPE_STRING);
	assert_int_equal(value.bytes.len, 4);
	assert_int_equal(record__get(&full_record, 0, &value), 0);
	assert_int_equal(value.bytes.len, 3);
}

static void test_get__array_and_flexible_come_as_bytes(void **state)
{
	const uint8_t bytes[10] = { 0 };
	const struct schema array = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_U32, .size = 4, .count = 2);
	const struct schema rest = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_BYTES, .offset = 7,
						    .flags = FIELD_FLEXIBLE);
	const struct record array_record = { .schema = &array, .raw = bytes, .raw_len = 10 };
	const struct record rest_record = { .schema = &rest, .raw = bytes, .raw_len = 10 };
	struct value value;

	(void)state;
	assert_int_equal(record__get(&array_record, 0, &value), 0);
	assert_int_equal(value.type, FIELD_TYPE_BYTES);
	assert_int_equal(value.bytes.len, 8);
	assert_int_equal(record__get(&rest_record, 0, &value), 0);
	assert_int_equal(value.bytes.len, 3);
	assert_ptr_equal(value.bytes.data, bytes + 7);
}

static void test_get__record_too_short(void **state)
{
	const uint8_t bytes[6] = { 0 };
	const struct schema partial = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_U32, .offset = 4,
						       .size = 4, .count = 1);
	const struct schema beyond = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_U8, .offset = 7, .size = 1,
						      .count = 1);
	const struct schema huge = ONE_FIELD_SCHEMA(.type = FIELD_TYPE_U8, .size = UINT32_MAX,
						    .count = UINT32_MAX);
	const struct schema *schemas[] = { &partial, &beyond, &huge };
	struct value value;

	(void)state;
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		const struct record record = { .schema = schemas[i],
					       .raw = bytes,
					       .raw_len = sizeof(bytes) };

		assert_int_equal(record__get(&record, 0, &value), -ERANGE);
		assert_int_equal(record__get(&record, 1, &value), -ERANGE);
	}
}

struct greeter {
	int calls;
	int result;
};

static int greet(void *ctx, const struct record *record, uint32_t field, struct value *ret_value)
{
	struct greeter *greeter = ctx;

	greeter->calls++;
	assert_string_equal(record->schema->fields[field].name, "greeting");
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING, .bytes = { "hello", 5 } };
	return greeter->result;
}

static const struct schema greeting_schema = {
	.name = "row",
	.field_count = 2,
	.derived_count = 1,
	.fields =
		(const struct field[]){
			{ .name = "raw", .type = FIELD_TYPE_U8, .size = 1, .count = 1 },
			{ .name = "greeting", .type = FIELD_TYPE_STRING, .flags = FIELD_DERIVED },
		},
};

static void test_get__derived_field_is_made_once(void **state)
{
	struct greeter greeter = { .calls = 0 };
	const struct deriver deriver = { .get = greet, .ctx = &greeter };
	struct derived_value derived[1] = { { .is_made = false } };
	struct record record = { .schema = &greeting_schema,
				 .raw = "x",
				 .raw_len = 1,
				 .deriver = &deriver,
				 .derived = derived };
	struct value value;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(record__get(&record, 1, &value), 0);
		assert_int_equal(value.type, FIELD_TYPE_STRING);
		assert_memory_equal(value.bytes.data, "hello", value.bytes.len);
	}
	assert_int_equal(greeter.calls, 1);
	record.derived = NULL;
	assert_int_equal(record__get(&record, 1, &value), 0);
	assert_int_equal(greeter.calls, 2);
}

static void test_get__derived_field_that_cannot_be_had(void **state)
{
	struct greeter greeter = { .result = -ENOMEM };
	const struct deriver deriver = { .get = greet, .ctx = &greeter };
	struct derived_value derived[1] = { { .is_made = false } };
	struct record record = { .schema = &greeting_schema,
				 .raw = "x",
				 .raw_len = 1,
				 .deriver = &deriver,
				 .derived = derived };
	struct value value;

	(void)state;
	assert_int_equal(record__get(&record, 1, &value), -ENOMEM);
	assert_false(derived[0].is_made);
	record.deriver = NULL;
	assert_int_equal(record__get(&record, 1, &value), -ERANGE);
}

static void test_bytes_get_uint__sizes(void **state)
{
	const uint16_t two = 0x1234;
	const uint8_t nine[9] = { 0 };
	uint64_t value;

	(void)state;
	assert_int_equal(bytes_get_uint(&two, 2, &value), 0);
	assert_int_equal(value, 0x1234);
	assert_int_equal(bytes_get_uint(nine, 8, &value), 0);
	for (size_t size = 0; size <= sizeof(nine); size++)
		if (size != 1 && size != 2 && size != 4 && size != 8)
			assert_int_equal(bytes_get_uint(nine, size, &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get__integers_widen_by_sign_and_order),
		cmocka_unit_test(test_get__floats),
		cmocka_unit_test(test_get__size_that_does_not_fit_the_type),
		cmocka_unit_test(test_get__unaligned),
		cmocka_unit_test(test_get__string_ends_at_nul_or_size),
		cmocka_unit_test(test_get__array_and_flexible_come_as_bytes),
		cmocka_unit_test(test_get__record_too_short),
		cmocka_unit_test(test_get__derived_field_is_made_once),
		cmocka_unit_test(test_get__derived_field_that_cannot_be_had),
		cmocka_unit_test(test_bytes_get_uint__sizes),
	};

	return cmocka_run_group_tests_name("record/record", tests, NULL, NULL);
}
