/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ir/ir.h"

#define INTEGER(at, bytes)                                                                         \
	{                                                                                          \
		.type = AGGREGATE_TYPE_INTEGER, .offset = (at), .size = (bytes)                    \
	}
#define STRING(at, bytes)                                                                          \
	{                                                                                          \
		.type = AGGREGATE_TYPE_STRING, .offset = (at), .size = (bytes)                     \
	}
#define BYTES(at, bytes)                                                                           \
	{                                                                                          \
		.type = AGGREGATE_TYPE_BYTES, .offset = (at), .size = (bytes)                      \
	}

static void assert_refused(const struct aggregate *aggregate, int code, const char *text)
{
	struct aggregate_layout layout = { .key_size = 77 };
	struct err err = ERR_INIT;

	assert_int_equal(aggregate__layout(aggregate, &layout, &err), code);
	assert_string_equal(err.text, text);
	assert_int_equal(layout.key_size, 77);
	err__done(&err);
}

static void test_layout__fields_of_all_kinds(void **state)
{
	const struct aggregate_key keys[] = {
		{ .field = INTEGER(4, 2) },
		{ .field = STRING(8, 17) },
		{ .field = BYTES(30, 16) },
		{ .field = INTEGER(48, 4), .transform = AGGREGATE_TRANSFORM_SLOT },
	};
	const struct aggregate aggregate = {
		.record_size = 64, .keys = keys, .key_count = array_size(keys), .max_keys = 10
	};
	const struct aggregate_place expected[] = { { 0, 2 }, { 8, 17 }, { 32, 16 }, { 48, 8 } };
	struct aggregate_layout layout;

	(void)state;
	assert_int_equal(aggregate__layout(&aggregate, &layout, NULL), 0);
	assert_int_equal(layout.key_size, 56);
	assert_int_equal(layout.value_size, 8);
	assert_int_equal(layout.number_offset, 0);
	assert_int_equal(layout.slots_offset, 0);
	assert_int_equal(layout.needed_bytes, 52);
	for (size_t i = 0; i < array_size(expected); i++) {
		assert_int_equal(layout.keys[i].offset, expected[i].offset);
		assert_int_equal(layout.keys[i].size, expected[i].size);
	}
}

static void test_layout__no_key(void **state)
{
	const struct aggregate aggregate = {
		.record_size = 16,
		.value = { .kind = AGGREGATE_KIND_SLOTS,
			   .field = INTEGER(8, 8),
			   .slots = AGGREGATE_SLOTS_CEIL,
			   .slot_count = 27 },
		.max_keys = 1,
	};
	struct aggregate_layout layout;

	(void)state;
	assert_int_equal(aggregate__layout(&aggregate, &layout, NULL), 0);
	assert_int_equal(layout.key_size, 8);
	assert_int_equal(layout.number_offset, 8);
	assert_int_equal(layout.slots_offset, 16);
	assert_int_equal(layout.slot_count, 27);
	assert_int_equal(layout.value_size, 16 + 27 * 8);
	assert_int_equal(layout.needed_bytes, 16);
}

static void test_layout__fields_that_cannot_be(void **state)
{
	static const struct {
		struct aggregate_key key;
		int code;
		const char *text;
	} cases[] = {
		{ { .field = INTEGER(62, 4) },
		  -EINVAL,
		  "key 0: 4 bytes at 62 are not in a record of 64" },
		{ { .field = INTEGER(UINT32_MAX, 4) },
		  -EINVAL,
		  "key 0: 4 bytes at 4294967295 are not in a record of 64" },
		{ { .field = STRING(0, 65) },
		  -EINVAL,
		  "key 0: 65 bytes at 0 are not in a record of 64" },
		{ { .field = STRING(0, 0) },
		  -EINVAL,
		  "key 0: 0 bytes at 0 are not in a record of 64" },
		{ { .field = INTEGER(0, 3) },
		  -EINVAL,
		  "key 0: an integer of 3 bytes; 1, 2, 4 or 8 can be read" },
		{ { .field = STRING(0, 8), .transform = AGGREGATE_TRANSFORM_SLOT },
		  -EINVAL,
		  "key 0: only integers have slots" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		const struct aggregate aggregate = {
			.record_size = 64, .keys = &cases[i].key, .key_count = 1, .max_keys = 1
		};

		assert_refused(&aggregate, cases[i].code, cases[i].text);
	}
}

static void test_layout__bounds(void **state)
{
	const struct aggregate_key keys[AGGREGATE_KEYS_MAX + 1] = { { .field = STRING(0, 512) },
								    { .field = INTEGER(0, 1) } };
	const struct aggregate_key far[] = { { .field = INTEGER(AGGREGATE_OFFSET_MAX, 4) } };
	struct aggregate aggregate = { .record_size = 65536, .keys = keys, .max_keys = 1 };

	(void)state;
	aggregate.key_count = AGGREGATE_KEYS_MAX + 1;
	assert_refused(&aggregate, -E2BIG, "17 fields in a key; at most 16 are possible");
	aggregate.key_count = 2;
	assert_refused(&aggregate, -E2BIG, "key 1: the key has more than 512 bytes with it");
	aggregate.keys = far;
	aggregate.key_count = 1;
	assert_refused(&aggregate, -E2BIG,
		       "key 0: byte 32004 is too far behind; at most 32000 can be read");
	aggregate.max_keys = 0;
	assert_refused(&aggregate, -EINVAL, "there is room for no key");
	aggregate.record_size = 0;
	assert_refused(&aggregate, -EINVAL, "a record of 0 bytes; 1 to 1048576 are possible");
}

static void test_layout__conditions_that_cannot_be(void **state)
{
	static const uint8_t text[] = "abc\0efgh";
	static const struct {
		struct aggregate_condition condition;
		const char *text;
	} cases[] = {
		{ { .field = STRING(0, 8), .op = AGGREGATE_OP_LESS, .text = text, .text_len = 3 },
		  "condition 0: only integers have an order" },
		{ { .field = STRING(0, 2), .text = text, .text_len = 3 },
		  "condition 0: 3 bytes do not fit into 2" },
		{ { .field = STRING(0, 8), .text = text, .text_len = 5 },
		  "condition 0: a NUL in a text" },
		{ { .field = BYTES(0, 8), .text = text, .text_len = 3 },
		  "condition 0: 3 bytes are compared with 8" },
		{ { .field = INTEGER(0, 5) },
		  "condition 0: an integer of 5 bytes; 1, 2, 4 or 8 can be read" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		const struct aggregate aggregate = { .record_size = 64,
						     .conditions = &cases[i].condition,
						     .condition_count = 1,
						     .max_keys = 1 };

		assert_refused(&aggregate, -EINVAL, cases[i].text);
	}
}

static void test_layout__slots_that_cannot_be(void **state)
{
	static const int64_t rising[] = { 1, 2, 5 }, level[] = { 1, 1 }, negative[] = { -1, 1 };
	static const struct {
		struct aggregate_value value;
		int code;
		const char *text;
	} cases[] = {
		{ { .slot_count = 0 }, -E2BIG, "value: 0 slots; 1 to 128 are possible" },
		{ { .slot_count = 129 }, -E2BIG, "value: 129 slots; 1 to 128 are possible" },
		{ { .slots = AGGREGATE_SLOTS_LIST,
		    .slot_count = 3,
		    .boundaries = rising,
		    .boundary_count = 3 },
		  -EINVAL,
		  "3 boundaries make 4 slots, not 3" },
		{ { .slots = AGGREGATE_SLOTS_LIST,
		    .slot_count = 3,
		    .boundaries = level,
		    .boundary_count = 2 },
		  -EINVAL,
		  "boundary 1 is not above the one before" },
		{ { .slots = AGGREGATE_SLOTS_LIST,
		    .slot_count = 3,
		    .boundaries = negative,
		    .boundary_count = 2 },
		  -EINVAL,
		  "a negative boundary of an unsigned field" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct aggregate aggregate = { .record_size = 64,
					       .value = cases[i].value,
					       .max_keys = 1 };

		aggregate.value.kind = AGGREGATE_KIND_SLOTS;
		aggregate.value.field = (struct aggregate_field)INTEGER(0, 8);
		assert_refused(&aggregate, cases[i].code, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout__fields_of_all_kinds),
		cmocka_unit_test(test_layout__no_key),
		cmocka_unit_test(test_layout__fields_that_cannot_be),
		cmocka_unit_test(test_layout__bounds),
		cmocka_unit_test(test_layout__conditions_that_cannot_be),
		cmocka_unit_test(test_layout__slots_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
