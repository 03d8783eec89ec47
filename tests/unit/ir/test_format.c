/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ir/format.h"

static void assert_text(const struct aggregate *aggregate, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	aggregate__format(aggregate, &text);
	assert_string_equal(strbuf__text(&text), expected);
	strbuf__done(&text);
}

static void test_format__all_parts(void **state)
{
	static const uint8_t comm[] = "a\"b\x01", address[] = { 127, 0, 0, 1 };
	static const struct aggregate_condition conditions[] = {
		{ .field = { .offset = 8, .size = 4, .is_signed = true },
		  .op = AGGREGATE_OP_LESS,
		  .number = (uint64_t)-3 },
		{ .field = { .offset = 12, .size = 2 },
		  .op = AGGREGATE_OP_GREATER_EQUAL,
		  .number = 1024 },
		{ .field = { .type = AGGREGATE_TYPE_STRING, .offset = 16, .size = 16 },
		  .op = AGGREGATE_OP_NOT_EQUAL,
		  .text = comm,
		  .text_len = 4 },
		{ .field = { .type = AGGREGATE_TYPE_BYTES, .offset = 32, .size = 4 },
		  .text = address,
		  .text_len = 4 },
	};
	static const struct aggregate_key keys[] = {
		{ .field = { .type = AGGREGATE_TYPE_STRING, .offset = 16, .size = 16 } },
		{ .field = { .offset = 0, .size = 8 }, .transform = AGGREGATE_TRANSFORM_SLOT },
	};
	const struct aggregate aggregate = {
		.record_size = 40,
		.conditions = conditions,
		.condition_count = array_size(conditions),
		.keys = keys,
		.key_count = array_size(keys),
		.value = { .kind = AGGREGATE_KIND_SUM, .field = { .offset = 0, .size = 8 } },
		.max_keys = 1024,
	};

	(void)state;
	assert_text(&aggregate, "record of 40 bytes, at most 1024 keys\n"
				"if s32 at 8 < -3\n"
				"if u16 at 12 >= 1024\n"
				"if text 16 at 16 != \"a\\x22b\\x01\"\n"
				"if bytes 4 at 32 == 7f000001\n"
				"key text 16 at 16\n"
				"key u64 at 0 as slot\n"
				"sum of u64 at 0\n");
}

static void test_format__values(void **state)
{
	static const int64_t boundaries[] = { -1, 10 };
	struct aggregate aggregate = { .record_size = 8, .max_keys = 1 };

	(void)state;
	assert_text(&aggregate, "record of 8 bytes, at most 1 keys\ncount\n");
	aggregate.value = (struct aggregate_value){ .kind = AGGREGATE_KIND_SLOTS,
						    .field = { .size = 8 },
						    .slot_count = 27 };
	assert_text(&aggregate, "record of 8 bytes, at most 1 keys\n"
				"histogram of u64 at 0 in 27 slots of bit length\n");
	aggregate.value.slots = AGGREGATE_SLOTS_FLOOR;
	assert_text(&aggregate, "record of 8 bytes, at most 1 keys\n"
				"histogram of u64 at 0 in 27 slots of log2\n");
	aggregate.value.slots = AGGREGATE_SLOTS_LIST;
	aggregate.value.boundaries = boundaries;
	aggregate.value.boundary_count = 2;
	assert_text(&aggregate, "record of 8 bytes, at most 1 keys\n"
				"histogram of u64 at 0 in slots up to -1 10\n");
	aggregate.value.kind = AGGREGATE_KIND_LAST;
	assert_text(&aggregate, "record of 8 bytes, at most 1 keys\nlast u64 at 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format__all_parts),
		cmocka_unit_test(test_format__values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
