/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/insn.h"
#include "emit/overflow.h"
#include "insns.h"

static void assert_emitted(const struct overflow_layout *layout, const char *expected)
{
	struct code code = CODE_INIT;

	assert_int_equal(overflow_emit(layout, 9, &code, NULL), 0);
	assert_listing(code.insns.items, code.insns.len, expected);
	code__done(&code);
}

static void test_emit__one_slot(void **state)
{
	const struct overflow_layout layout = { .slot_count = 1 };

	(void)state;
	assert_emitted(&layout, "0: call helper 1\n"
				"1: if r0 != 0 goto 9\n"
				"2: r3 = 0\n"
				"3: *(u32 *)(r10 -4) = r3\n"
				"4: r2 = r10\n"
				"5: r2 += -4\n"
				"6: r1 = map 0x9\n"
				"8: call helper 1\n"
				"9: exit\n");
}

static void test_emit__buckets_from_zero(void **state)
{
	const struct overflow_layout layout = { .slot_count = 28,
						.bucket_size = 8,
						.bucket_offset = 16 };

	(void)state;
	assert_emitted(&layout, "0: r6 = r2\n"
				"1: call helper 1\n"
				"2: if r0 != 0 goto 12\n"
				"3: r1 = *(u64 *)(r6 +16)\n"
				"4: if r1 > 27 goto 12\n"
				"5: r3 = r1\n"
				"6: *(u32 *)(r10 -4) = r3\n"
				"7: r2 = r10\n"
				"8: r2 += -4\n"
				"9: r1 = map 0x9\n"
				"11: call helper 1\n"
				"12: exit\n");
}

static void test_emit__buckets_from_seven(void **state)
{
	const struct overflow_layout layout = { .slot_count = 3, .bucket_size = 4, .first = 7 };

	(void)state;
	assert_emitted(&layout, "0: r6 = r2\n"
				"1: call helper 1\n"
				"2: if r0 != 0 goto 14\n"
				"3: r1 = *(u32 *)(r6 +0)\n"
				"4: if r1 < 7 goto 14\n"
				"5: if r1 > 9 goto 14\n"
				"6: r3 = r1\n"
				"7: r3 -= 7\n"
				"8: *(u32 *)(r10 -4) = r3\n"
				"9: r2 = r10\n"
				"10: r2 += -4\n"
				"11: r1 = map 0x9\n"
				"13: call helper 1\n"
				"14: exit\n");
}

static void test_emit__list(void **state)
{
	const struct overflow_bucket buckets[] = { { 10, 0 }, { 100, 1 }, { 101, 2 } };
	const struct overflow_layout layout = { .slot_count = 3,
						.bucket_size = 8,
						.buckets = buckets,
						.bucket_count = array_size(buckets) };

	(void)state;
	assert_emitted(&layout, "0: r6 = r2\n"
				"1: call helper 1\n"
				"2: if r0 != 0 goto 17\n"
				"3: r1 = *(u64 *)(r6 +0)\n"
				"4: r3 = 0\n"
				"5: if r1 == 10 goto 11\n"
				"6: r3 = 1\n"
				"7: if r1 == 100 goto 11\n"
				"8: r3 = 2\n"
				"9: if r1 == 101 goto 11\n"
				"10: goto 17\n"
				"11: *(u32 *)(r10 -4) = r3\n"
				"12: r2 = r10\n"
				"13: r2 += -4\n"
				"14: r1 = map 0x9\n"
				"16: call helper 1\n"
				"17: exit\n");
}

static void test_emit__impossible_layouts(void **state)
{
	const struct overflow_layout layouts[] = {
		{ .slot_count = 0 },
		{ .slot_count = OVERFLOW_SLOTS_MAX + 1 },
		{ .slot_count = 4, .bucket_size = 3 },
		{ .slot_count = 4, .bucket_size = 8, .bucket_offset = 12 },
		{ .slot_count = 4, .bucket_size = 8, .bucket_offset = 65536 },
		{ .slot_count = 4, .bucket_size = 8, .first = INT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < array_size(layouts); i++) {
		struct code code = CODE_INIT;

		assert_int_equal(overflow_emit(&layouts[i], 9, &code, NULL), -EINVAL);
		code__done(&code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit__one_slot),
		cmocka_unit_test(test_emit__buckets_from_zero),
		cmocka_unit_test(test_emit__buckets_from_seven),
		cmocka_unit_test(test_emit__list),
		cmocka_unit_test(test_emit__impossible_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
