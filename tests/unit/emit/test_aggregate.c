/* SPDX-License-Identifier: Apache-2.0 */
/* What the instructions do is held against the interpreter in tests/kernel/test_counting_code.c; here is how they look. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/aggregate.h"
#include "insns.h"

#define COUNTS_FD 9
#define SPARE_FD 8

static int emit(const struct aggregate *aggregate, bool is_aligned, struct code *code)
{
	struct aggregate_layout layout;
	const struct aggregate_code source = {
		.aggregate = aggregate,
		.layout = &layout,
		.counts_fd = COUNTS_FD,
		.spare_fd = SPARE_FD,
		.key_offset = 64,
		.is_aligned = is_aligned,
	};
	int r = aggregate__layout(aggregate, &layout, NULL);

	if (r == 0)
		r = aggregate_emit(&source, code, NULL);
	if (r == 0)
		code__exit(code);
	return r == 0 ? code__finish(code, NULL) : r;
}

/* Only the first instructions, which are what the case is about. */
static void assert_begins(const struct aggregate *aggregate, bool is_aligned, size_t count,
			  const char *expected)
{
	struct code code = CODE_INIT;

	assert_int_equal(emit(aggregate, is_aligned, &code), 0);
	assert_true(count <= code.insns.len);
	assert_listing(code.insns.items, count, expected);
	code__done(&code);
}

static void test_emit__count_of_everything(void **state)
{
	const struct aggregate aggregate = { .record_size = 64, .max_keys = 1 };
	struct code code = CODE_INIT;

	(void)state;
	assert_int_equal(emit(&aggregate, false, &code), 0);
	assert_listing(code.insns.items, code.insns.len,
		       "0: *(u64 *)(r7 +64) = 0\n"
		       "1: r1 = map 0x9\n"
		       "3: r2 = r7\n"
		       "4: r2 += 64\n"
		       "5: call helper 1\n"
		       "6: if r0 != 0 goto 23\n"
		       "7: r1 = map 0x9\n"
		       "9: r2 = r7\n"
		       "10: r2 += 64\n"
		       "11: r3 = wide 0x800000008\n" /* the zeros behind what was spared */
		       "13: r4 = 1\n"
		       "14: call helper 2\n"
		       "15: r1 = map 0x9\n"
		       "17: r2 = r7\n"
		       "18: r2 += 64\n"
		       "19: call helper 1\n"
		       "20: if r0 != 0 goto 23\n"
		       "21: r0 = wide 0x8\n"
		       "23: r2 = 1\n"
		       "24: atomic *(u64 *)(r0 +0) = r2\n"
		       "25: exit\n");
	code__done(&code);
}

static void test_emit__conditions_leave_when_they_do_not_hold(void **state)
{
	static const uint8_t cat[] = "cat";
	const struct aggregate_condition conditions[] = {
		{ .field = { .offset = 8, .size = 4, .is_signed = true },
		  .op = AGGREGATE_OP_LESS,
		  .number = 0 },
		{ .field = { .type = AGGREGATE_TYPE_STRING, .offset = 16, .size = 16 },
		  .op = AGGREGATE_OP_EQUAL,
		  .text = cat,
		  .text_len = 3 },
	};
	const struct aggregate aggregate = { .record_size = 64,
					     .conditions = conditions,
					     .condition_count = array_size(conditions),
					     .max_keys = 1 };

	(void)state;
	assert_begins(&aggregate, false, 6,
		      "0: r1 = *(u32 *)(r6 +8)\n"
		      "1: r1 <<= 32\n"
		      "2: r1 s>>= 32\n"
		      "3: if r1 s>= 0 goto 31\n"
		      "4: r1 = *(u32 *)(r6 +16)\n" /* with its NUL */
		      "5: if r1 != 7627107 goto 31\n");
}

static void test_emit__any_difference_keeps(void **state)
{
	static const uint8_t text[] = "12345678";
	const struct aggregate_condition condition = {
		.field = { .type = AGGREGATE_TYPE_STRING, .offset = 16, .size = 16 },
		.op = AGGREGATE_OP_NOT_EQUAL,
		.text = text,
		.text_len = 8,
	};
	const struct aggregate aggregate = {
		.record_size = 64, .conditions = &condition, .condition_count = 1, .max_keys = 1
	};

	(void)state;
	assert_begins(&aggregate, false, 8,
		      "0: r1 = *(u64 *)(r6 +16)\n"
		      "1: r2 = wide 0x3837363534333231\n"
		      "3: if r1 != r2 goto 7\n"
		      "4: r1 = *(u8 *)(r6 +24)\n"
		      "5: if r1 != 0 goto 7\n"
		      "6: goto 32\n"
		      "7: *(u64 *)(r7 +64) = 0\n");
}

static void test_emit__string_is_cut_without_a_branch(void **state)
{
	const struct aggregate_key key = {
		.field = { .type = AGGREGATE_TYPE_STRING, .offset = 16, .size = 9 }
	};
	const struct aggregate aggregate = {
		.record_size = 64, .keys = &key, .key_count = 1, .max_keys = 1
	};

	(void)state;
	assert_begins(&aggregate, false, 40,
		      "0: r4 = -1\n"
		      "1: r5 = wide 0x101010101010101\n"
		      "3: r0 = wide 0x8080808080808080\n"
		      "5: r1 = *(u64 *)(r6 +16)\n"
		      "6: r1 &= r4\n"
		      "7: r2 = r1\n"
		      "8: r2 -= r5\n"
		      "9: r3 = r1\n"
		      "10: r3 ^= -1\n"
		      "11: r2 &= r3\n"
		      "12: r2 &= r0\n"
		      "13: r3 = r2\n"
		      "14: r3 neg 0\n"
		      "15: r9 = r2\n"
		      "16: r9 |= r3\n"
		      "17: r9 s>>= 63\n"
		      "18: r9 ^= -1\n"
		      "19: r4 &= r9\n"
		      "20: r3 &= r2\n"
		      "21: r3 >>= 7\n"
		      "22: r3 -= 1\n"
		      "23: r1 &= r3\n"
		      "24: *(u64 *)(r7 +64) = r1\n"
		      "25: r1 = *(u8 *)(r6 +24)\n"
		      "26: r1 &= r4\n"
		      "27: r2 = r1\n"
		      "28: r2 -= r5\n"
		      "29: r3 = r1\n"
		      "30: r3 ^= -1\n"
		      "31: r2 &= r3\n"
		      "32: r2 &= r0\n"
		      "33: r3 = r2\n"
		      "34: r3 neg 0\n"
		      "35: r3 &= r2\n"
		      "36: r3 >>= 7\n"
		      "37: r3 -= 1\n"
		      "38: r1 &= r3\n"
		      "39: *(u64 *)(r7 +72) = r1\n");
}

static void test_emit__bytes_in_pieces(void **state)
{
	const struct aggregate_key key = {
		.field = { .type = AGGREGATE_TYPE_BYTES, .offset = 2, .size = 7 }
	};
	const struct aggregate aggregate = {
		.record_size = 64, .keys = &key, .key_count = 1, .max_keys = 1
	};

	(void)state;
	assert_begins(&aggregate, false, 8,
		      "0: r1 = *(u32 *)(r6 +2)\n"
		      "1: r2 = *(u16 *)(r6 +6)\n"
		      "2: r2 <<= 32\n"
		      "3: r1 |= r2\n"
		      "4: r2 = *(u8 *)(r6 +8)\n"
		      "5: r2 <<= 48\n"
		      "6: r1 |= r2\n"
		      "7: *(u64 *)(r7 +64) = r1\n");
	assert_begins(&aggregate, true, 8,
		      "0: r1 = *(u16 *)(r6 +2)\n"
		      "1: r2 = *(u32 *)(r6 +4)\n"
		      "2: r2 <<= 16\n"
		      "3: r1 |= r2\n"
		      "4: r2 = *(u8 *)(r6 +8)\n"
		      "5: r2 <<= 48\n"
		      "6: r1 |= r2\n"
		      "7: *(u64 *)(r7 +64) = r1\n");
}

static void test_emit__misaligned_integer(void **state)
{
	const struct aggregate_condition condition = { .field = { .offset = 3, .size = 2 },
						       .op = AGGREGATE_OP_EQUAL,
						       .number = 7 };
	const struct aggregate aggregate = {
		.record_size = 64, .conditions = &condition, .condition_count = 1, .max_keys = 1
	};

	(void)state;
	assert_begins(&aggregate, true, 7,
		      "0: r1 = 0\n"
		      "1: r2 = *(u8 *)(r6 +3)\n"
		      "2: r1 |= r2\n"
		      "3: r2 = *(u8 *)(r6 +4)\n"
		      "4: r2 <<= 8\n"
		      "5: r1 |= r2\n"
		      "6: if r1 != 7 goto 32\n");
}

static void test_emit__what_cannot_be(void **state)
{
	const struct aggregate_key key = { .field = { .type = AGGREGATE_TYPE_STRING, .size = 8 } };
	const struct aggregate aggregate = {
		.record_size = 64, .keys = &key, .key_count = 1, .max_keys = 1
	};
	struct aggregate_layout layout;
	struct aggregate_code source = { .aggregate = &aggregate, .layout = &layout };
	struct code code = CODE_INIT;

	(void)state;
	assert_int_equal(aggregate__layout(&aggregate, &layout, NULL), 0);
	source.key_offset = 12;
	assert_int_equal(aggregate_emit(&source, &code, NULL), -EINVAL);
	source.key_offset = 32768;
	assert_int_equal(aggregate_emit(&source, &code, NULL), -EINVAL);
	code__done(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit__count_of_everything),
		cmocka_unit_test(test_emit__conditions_leave_when_they_do_not_hold),
		cmocka_unit_test(test_emit__any_difference_keeps),
		cmocka_unit_test(test_emit__string_is_cut_without_a_branch),
		cmocka_unit_test(test_emit__bytes_in_pieces),
		cmocka_unit_test(test_emit__misaligned_integer),
		cmocka_unit_test(test_emit__what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
