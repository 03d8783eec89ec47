/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emit/slot.h"
#include "insns.h"

#define SLOTS_FD 9
#define CONTROL_FD 7
#define RING_FD 6

static const struct slot_range one = {
	.layout = { .record_size = 20, .key_size = 8 },
	.fd = SLOTS_FD,
	.first = 3,
	.count = 1,
	.control_fd = CONTROL_FD,
};
static const struct slot_range two = {
	.layout = { .record_size = 20, .key_size = 8 },
	.fd = SLOTS_FD,
	.count = 2,
	.lock = SLOT_LOCK_EXCHANGE,
	.control_fd = CONTROL_FD,
};

static void assert_finished(struct code *code, int r, const char *expected)
{
	assert_int_equal(r, 0);
	assert_listing(code->insns.items, code->insns.len, expected);
	code__done(code);
}

static void test_reserve__one_slot(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	assert_finished(&code, slot_emit_reserve(&one, &code, NULL),
			"0: *(u32 *)(r10 -4) = 3\n"
			"1: r2 = r10\n"
			"2: r2 += -4\n"
			"3: r1 = map 0x9\n"
			"5: call helper 1\n"
			"6: exit\n");
}

static void test_reserve__exchanged_word(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	assert_finished(&code, slot_emit_reserve(&two, &code, NULL),
			"0: *(u32 *)(r10 -4) = 0\n"
			"1: r2 = r10\n"
			"2: r2 += -4\n"
			"3: r1 = map 0x9\n"
			"5: call helper 1\n"
			"6: if r0 == 0 goto 25\n"
			"7: r1 = 1\n"
			"8: atomic *(u64 *)(r0 +32) = r1\n"
			"9: if r1 == 0 goto 25\n"
			"10: *(u32 *)(r10 -4) = 1\n"
			"11: r2 = r10\n"
			"12: r2 += -4\n"
			"13: r1 = map 0x9\n"
			"15: call helper 1\n"
			"16: if r0 == 0 goto 25\n"
			"17: r1 = 1\n"
			"18: atomic *(u64 *)(r0 +32) = r1\n"
			"19: if r1 == 0 goto 25\n"
			"20: r1 = wide 0x800000007\n"
			"22: r2 = 1\n"
			"23: atomic *(u64 *)(r1 +0) = r2\n"
			"24: r0 = 0\n"
			"25: exit\n");
}

static void test_reserve__word(void **state)
{
	struct slot_range single = two;
	struct code code = CODE_INIT;

	(void)state;
	single.count = 1;
	single.lock = SLOT_LOCK_WORD;
	assert_finished(&code, slot_emit_reserve(&single, &code, NULL),
			"0: *(u32 *)(r10 -4) = 0\n"
			"1: r2 = r10\n"
			"2: r2 += -4\n"
			"3: r1 = map 0x9\n"
			"5: call helper 1\n"
			"6: if r0 == 0 goto 16\n"
			"7: r1 = *(u64 *)(r0 +32)\n"
			"8: if r1 != 0 goto 11\n"
			"9: *(u64 *)(r0 +32) = 1\n"
			"10: goto 16\n"
			"11: r1 = wide 0x800000007\n"
			"13: r2 = 1\n"
			"14: atomic *(u64 *)(r1 +0) = r2\n"
			"15: r0 = 0\n"
			"16: exit\n");
}

static void test_discard__gives_the_slot_back(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	assert_finished(&code, slot_emit_discard(&one, &code, NULL), "0: r0 = 0\n1: exit\n");
	code = (struct code)CODE_INIT;
	assert_finished(&code, slot_emit_discard(&two, &code, NULL),
			"0: *(u64 *)(r1 +32) = 0\n"
			"1: r0 = 0\n"
			"2: exit\n");
}

static void test_counting__submit_while_events_are_wanted(void **state)
{
	const struct slot_counting counting = {
		.helper = SLOT_HELPER_SUBMIT, .slots = two, .ring_fd = RING_FD, .send_size = 18
	};
	struct code code = CODE_INIT;

	(void)state;
	assert_finished(&code, slot_emit_counting(&counting, &code, NULL),
			"0: r6 = r1\n"
			"1: r7 = r1\n"
			"2: r1 = wide 0x7\n"
			"4: r1 = *(u64 *)(r1 +0)\n"
			"5: if r1 == 0 goto 17\n"
			"6: r1 = map 0x6\n"
			"8: r2 = r6\n"
			"9: r3 = 18\n"
			"10: r4 = 1\n"
			"11: call helper 130\n"
			"12: if r0 == 0 goto 17\n"
			"13: r1 = wide 0x1000000007\n"
			"15: r2 = 1\n"
			"16: atomic *(u64 *)(r1 +0) = r2\n"
			"17: *(u64 *)(r7 +32) = 0\n"
			"18: r0 = 0\n"
			"19: exit\n");
}

static void test_counting__output_has_its_own_slot(void **state)
{
	const struct slot_counting counting = { .helper = SLOT_HELPER_OUTPUT,
						.slots = one,
						.ring_fd = -1 };
	struct code code = CODE_INIT;

	(void)state;
	assert_finished(&code, slot_emit_counting(&counting, &code, NULL),
			"0: r6 = r2\n"
			"1: r8 = r3\n"
			"2: *(u32 *)(r10 -4) = 3\n"
			"3: r2 = r10\n"
			"4: r2 += -4\n"
			"5: r1 = map 0x9\n"
			"7: call helper 1\n"
			"8: if r0 == 0 goto 10\n"
			"9: r7 = r0\n"
			"10: r0 = 0\n"
			"11: exit\n");
}

static void test_counting__perf_buffer_gets_its_arguments_back(void **state)
{
	const struct slot_counting counting = { .helper = SLOT_HELPER_PERF_OUTPUT,
						.slots = one,
						.ring_fd = RING_FD };
	struct code code = CODE_INIT;

	(void)state;
	assert_int_equal(slot_emit_counting(&counting, &code, NULL), 0);
	assert_listing(code.insns.items + 14, 8,
		       "0: r1 = *(u64 *)(r1 +0)\n"
		       "1: if r1 == 0 goto 14\n"
		       "2: r1 = *(u64 *)(r10 -16)\n"
		       "3: r2 = map 0x6\n"
		       "5: r3 = *(u64 *)(r10 -24)\n"
		       "6: r4 = r6\n"
		       "7: r5 = r8\n");
	code__done(&code);
}

static void test_quiet__nobody_is_woken(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	assert_finished(&code, slot_emit_quiet(SLOT_HELPER_SUBMIT, &code, NULL),
			"0: r2 = 1\n"
			"1: call helper 132\n"
			"2: r0 = 0\n"
			"3: exit\n");
	code = (struct code)CODE_INIT;
	assert_finished(&code, slot_emit_quiet(SLOT_HELPER_OUTPUT, &code, NULL),
			"0: r4 = 1\n"
			"1: call helper 130\n"
			"2: exit\n");
	assert_int_equal(slot_emit_quiet(SLOT_HELPER_PERF_OUTPUT, &code, NULL), -EOPNOTSUPP);
}

static void test_emit__slots_that_cannot_be(void **state)
{
	struct slot_range slots = two;
	struct code code = CODE_INIT;

	(void)state;
	slots.layout.record_size = 32760;
	assert_int_equal(slot_emit_reserve(&slots, &code, NULL), -E2BIG);
	slots = two;
	slots.lock = SLOT_LOCK_NONE;
	assert_int_equal(slot_emit_discard(&slots, &code, NULL), -EINVAL);
	slots.count = 0;
	assert_int_equal(slot_emit_reserve(&slots, &code, NULL), -EINVAL);
	code__done(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserve__one_slot),
		cmocka_unit_test(test_reserve__exchanged_word),
		cmocka_unit_test(test_reserve__word),
		cmocka_unit_test(test_discard__gives_the_slot_back),
		cmocka_unit_test(test_counting__submit_while_events_are_wanted),
		cmocka_unit_test(test_counting__output_has_its_own_slot),
		cmocka_unit_test(test_counting__perf_buffer_gets_its_arguments_back),
		cmocka_unit_test(test_quiet__nobody_is_woken),
		cmocka_unit_test(test_emit__slots_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
