/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of hooks as listings, and what cannot be written. What they do is tested in the kernel (test_policy_*.c). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/hook.h"
#include "emit/insn.h"

#define STACK_MOST 128 /* routines have the rest */

static const struct hook_emit_options options = { .has_exchange = true };

static void assert_listing_of(const struct hook_code *code, enum hook_end end, const char *expected)
{
	struct strbuf text = STRBUF_INIT;
	struct hook_image image = { 0 };
	struct err err = ERR_INIT;

	if (hook_emit(code, end, &options, &image, &err) < 0)
		fail_msg("%s", err.text);
	hook_image__format(&image, &text);
	assert_string_equal(strbuf__text(&text), expected);
	strbuf__done(&text);
	hook_image__done(&image);
	err__done(&err);
}

/* ---- listings ---- */

static void test_emit__counts_calls(void **state)
{
	const struct hook_code code = { .id = 5,
					.first_figures = 9,
					.context = HOOK_CONTEXT_SYSCALL_ENTER };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER,
			  "   0  r6 = r1\n"
			  "   1  r1 = &policy_switches[0] + 5\n"
			  "   3  r1 = *(u8 *)(r1 +0)\n"
			  "   4  r1 &= 4\n"
			  "   5  if r1 == 0 goto 17\n"
			  "   6  *(u32 *)(r10 -32) = 9\n"
			  "   7  r1 = map policy_figures\n"
			  "   9  r2 = r10\n"
			  "  10  r2 += -32\n"
			  "  11  call helper 1\n"
			  "  12  if r0 == 0 goto 17\n"
			  "  13  r9 = r0\n"
			  "  14  r1 = *(u64 *)(r9 +0)\n"
			  "  15  r1 += 1\n"
			  "  16  *(u64 *)(r9 +0) = r1\n"
			  "  17  r0 = 0\n"
			  "  18  exit\n");
}

static void test_emit__counts_by_number(void **state)
{
	const struct hook_value value = { .base = HOOK_BASE_SYSCALL_NUMBER,
					  .class = POLICY_CLASS_NUMBER,
					  .size = 8 };
	const struct hook_code code = { .id = 5,
					.first_figures = 9,
					.context = HOOK_CONTEXT_SYSCALL_ENTER,
					.values = &value,
					.value_count = 1,
					.count_parts = HOOK_COUNT_SYSCALL | HOOK_COUNT_BINARY };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER,
			  "   0  r6 = r1\n"
			  "   1  r1 = &policy_switches[0] + 5\n"
			  "   3  r1 = *(u8 *)(r1 +0)\n"
			  "   4  r1 &= 4\n"
			  "   5  if r1 == 0 goto 48\n"
			  "   6  *(u32 *)(r10 -32) = 9\n"
			  "   7  r1 = map policy_figures\n"
			  "   9  r2 = r10\n"
			  "  10  r2 += -32\n"
			  "  11  call helper 1\n"
			  "  12  if r0 == 0 goto 48\n"
			  "  13  r9 = r0\n"
			  "  14  r1 = *(u64 *)(r9 +0)\n"
			  "  15  r1 += 1\n"
			  "  16  *(u64 *)(r9 +0) = r1\n"
			  "  17  *(u32 *)(r10 -32) = 5\n"
			  "  18  r1 = *(u64 *)(r6 +8)\n"
			  "  19  *(u32 *)(r10 -28) = r1\n"
			  "  20  call helper 14\n"
			  "  21  r0 >>= 32\n"
			  "  22  *(u32 *)(r10 -8) = r0\n"
			  "  23  r1 = map who_processes\n"
			  "  25  r2 = r10\n"
			  "  26  r2 += -8\n"
			  "  27  call helper 1\n"
			  "  28  if r0 == 0 goto 31\n"
			  "  29  r1 = *(u64 *)(r0 +24)\n"
			  "  30  if r1 != 0 goto 32\n"
			  "  31  r1 = *(u32 *)(r10 -8)\n"
			  "  32  *(u64 *)(r10 -24) = r1\n"
			  "  33  *(u64 *)(r10 -16) = 0\n"
			  "  34  r1 = map policy_counts\n"
			  "  36  r2 = r10\n"
			  "  37  r2 += -32\n"
			  "  38  call helper 1\n"
			  "  39  if r0 == 0 goto 44\n"
			  "  40  r1 = *(u64 *)(r0 +0)\n"
			  "  41  r1 += 1\n"
			  "  42  *(u64 *)(r0 +0) = r1\n"
			  "  43  goto 48\n"
			  "  44  r1 = r10\n"
			  "  45  r1 += -32\n"
			  "  46  r2 = r9\n"
			  "  47  call count_new\n"
			  "  48  r0 = 0\n"
			  "  49  exit\n");
}

/* The table of processes has the cgroup too; the kernel is asked where it does not know the process. */
static void test_emit__counts_by_binary_and_cgroup(void **state)
{
	const struct hook_code code = { .context = HOOK_CONTEXT_SYSCALL_ENTER,
					.count_parts = HOOK_COUNT_CGROUP | HOOK_COUNT_BINARY };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER,
			  "   0  r6 = r1\n"
			  "   1  r1 = &policy_switches[0] + 0\n"
			  "   3  r1 = *(u8 *)(r1 +0)\n"
			  "   4  r1 &= 4\n"
			  "   5  if r1 == 0 goto 51\n"
			  "   6  *(u32 *)(r10 -32) = 0\n"
			  "   7  r1 = map policy_figures\n"
			  "   9  r2 = r10\n"
			  "  10  r2 += -32\n"
			  "  11  call helper 1\n"
			  "  12  if r0 == 0 goto 51\n"
			  "  13  r9 = r0\n"
			  "  14  r1 = *(u64 *)(r9 +0)\n"
			  "  15  r1 += 1\n"
			  "  16  *(u64 *)(r9 +0) = r1\n"
			  "  17  *(u32 *)(r10 -32) = 0\n"
			  "  18  *(u32 *)(r10 -28) = -1\n"
			  "  19  call helper 14\n"
			  "  20  r0 >>= 32\n"
			  "  21  *(u32 *)(r10 -8) = r0\n"
			  "  22  r1 = map who_processes\n"
			  "  24  r2 = r10\n"
			  "  25  r2 += -8\n"
			  "  26  call helper 1\n"
			  "  27  if r0 == 0 goto 33\n"
			  "  28  r1 = *(u64 *)(r0 +32)\n"
			  "  29  *(u64 *)(r10 -16) = r1\n"
			  "  30  r1 = *(u64 *)(r0 +24)\n"
			  "  31  if r1 != 0 goto 36\n"
			  "  32  goto 35\n"
			  "  33  call helper 80\n"
			  "  34  *(u64 *)(r10 -16) = r0\n"
			  "  35  r1 = *(u32 *)(r10 -8)\n"
			  "  36  *(u64 *)(r10 -24) = r1\n"
			  "  37  r1 = map policy_counts\n"
			  "  39  r2 = r10\n"
			  "  40  r2 += -32\n"
			  "  41  call helper 1\n"
			  "  42  if r0 == 0 goto 47\n"
			  "  43  r1 = *(u64 *)(r0 +0)\n"
			  "  44  r1 += 1\n"
			  "  45  *(u64 *)(r0 +0) = r1\n"
			  "  46  goto 51\n"
			  "  47  r1 = r10\n"
			  "  48  r1 += -32\n"
			  "  49  r2 = r9\n"
			  "  50  call count_new\n"
			  "  51  r0 = 0\n"
			  "  52  exit\n");
}

static void test_emit__counts_by_number_in_a_table(void **state)
{
	const struct hook_value value = { .base = HOOK_BASE_SYSCALL_NUMBER,
					  .class = POLICY_CLASS_NUMBER,
					  .size = 8 };
	const struct hook_code code = { .context = HOOK_CONTEXT_SYSCALL_ENTER,
					.values = &value,
					.value_count = 1,
					.count_parts = HOOK_COUNT_SYSCALL,
					.has_call_table = true,
					.call_table = 3 };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER,
			  "   0  r6 = r1\n"
			  "   1  r1 = &policy_switches[0] + 0\n"
			  "   3  r1 = *(u8 *)(r1 +0)\n"
			  "   4  r1 &= 4\n"
			  "   5  if r1 == 0 goto 53\n"
			  "   6  *(u32 *)(r10 -32) = 0\n"
			  "   7  r1 = map policy_figures\n"
			  "   9  r2 = r10\n"
			  "  10  r2 += -32\n"
			  "  11  call helper 1\n"
			  "  12  if r0 == 0 goto 53\n"
			  "  13  r9 = r0\n"
			  "  14  r1 = *(u64 *)(r9 +0)\n"
			  "  15  r1 += 1\n"
			  "  16  *(u64 *)(r9 +0) = r1\n"
			  "  17  r1 = *(u64 *)(r6 +8)\n"
			  "  18  *(u32 *)(r10 -8) = r1\n"
			  "  19  *(u32 *)(r10 -32) = 3\n"
			  "  20  r1 = map policy_call_counts\n"
			  "  22  r2 = r10\n"
			  "  23  r2 += -32\n"
			  "  24  call helper 1\n"
			  "  25  if r0 == 0 goto 53\n"
			  "  26  r1 = *(u32 *)(r10 -8)\n"
			  "  27  if r1 >= 512 goto 34\n"
			  "  28  r1 <<= 3\n"
			  "  29  r0 += r1\n"
			  "  30  r1 = *(u64 *)(r0 +0)\n"
			  "  31  r1 += 1\n"
			  "  32  *(u64 *)(r0 +0) = r1\n"
			  "  33  goto 53\n"
			  "  34  *(u32 *)(r10 -32) = 0\n"
			  "  35  r1 = *(u64 *)(r6 +8)\n"
			  "  36  *(u32 *)(r10 -28) = r1\n"
			  "  37  *(u64 *)(r10 -24) = 0\n"
			  "  38  *(u64 *)(r10 -16) = 0\n"
			  "  39  r1 = map policy_counts\n"
			  "  41  r2 = r10\n"
			  "  42  r2 += -32\n"
			  "  43  call helper 1\n"
			  "  44  if r0 == 0 goto 49\n"
			  "  45  r1 = *(u64 *)(r0 +0)\n"
			  "  46  r1 += 1\n"
			  "  47  *(u64 *)(r0 +0) = r1\n"
			  "  48  goto 53\n"
			  "  49  r1 = r10\n"
			  "  50  r1 += -32\n"
			  "  51  r2 = r9\n"
			  "  52  call count_new\n"
			  "  53  r0 = 0\n"
			  "  54  exit\n");
}

static const char tests_then_tells[] = "   0  r6 = r1\n"
				       "   1  r7 = 0\n"
				       "   2  r1 = &policy_switches[0] + 5\n"
				       "   4  r1 = *(u8 *)(r1 +0)\n"
				       "   5  r1 &= 4\n"
				       "   6  if r1 == 0 goto 123\n"
				       "   7  r1 = *(u64 *)(r6 +0)\n"
				       "   8  r1 <<= 32\n"
				       "   9  r1 s>>= 32\n"
				       "  10  if r1 == 3 goto 15\n"
				       "  11  if r1 s< 10 goto 14\n"
				       "  12  if r1 s> 20 goto 14\n"
				       "  13  goto 15\n"
				       "  14  goto 121\n"
				       "  15  if r7 != 0 goto 46\n"
				       "  16  *(u32 *)(r10 -32) = 0\n"
				       "  17  r1 = map policy_frames\n"
				       "  19  r2 = r10\n"
				       "  20  r2 += -32\n"
				       "  21  call helper 1\n"
				       "  22  if r0 == 0 goto 110\n"
				       "  23  r1 = 1\n"
				       "  24  exchange *(u64 *)(r0 +0) = r1\n"
				       "  25  if r1 != 0 goto 42\n"
				       "  26  r7 = r0\n"
				       "  27  *(u64 *)(r7 +80) = 0\n"
				       "  28  *(u64 *)(r7 +88) = 0\n"
				       "  29  *(u64 *)(r7 +96) = 0\n"
				       "  30  *(u64 *)(r7 +104) = 0\n"
				       "  31  *(u64 *)(r7 +112) = 0\n"
				       "  32  *(u64 *)(r7 +120) = 0\n"
				       "  33  *(u64 *)(r7 +128) = 0\n"
				       "  34  *(u64 *)(r7 +136) = 0\n"
				       "  35  *(u64 *)(r7 +144) = 0\n"
				       "  36  *(u64 *)(r7 +152) = 0\n"
				       "  37  *(u64 *)(r7 +160) = 0\n"
				       "  38  *(u64 *)(r7 +168) = 0\n"
				       "  39  *(u64 *)(r7 +8) = 96\n"
				       "  40  *(u16 *)(r7 +140) = 2\n"
				       "  41  goto 46\n"
				       "  42  r1 = 2\n"
				       "  43  call claim_frame\n"
				       "  44  if r0 == 0 goto 110\n"
				       "  45  r7 = r0\n"
				       "  46  r3 = *(u64 *)(r6 +8)\n"
				       "  47  r4 = 4096\n"
				       "  48  r1 = r7\n"
				       "  49  r2 = 1\n"
				       "  50  call capture_user_text\n"
				       "  51  r1 = r7\n"
				       "  52  r2 = 1\n"
				       "  53  r3 = 0\n"
				       "  54  r4 = 4\n"
				       "  55  call text_begins_with\n"
				       "  56  if r0 == 1 goto 58\n"
				       "  57  goto 121\n"
				       "  58  *(u32 *)(r10 -32) = 9\n"
				       "  59  r1 = map policy_figures\n"
				       "  61  r2 = r10\n"
				       "  62  r2 += -32\n"
				       "  63  call helper 1\n"
				       "  64  if r0 == 0 goto 121\n"
				       "  65  r9 = r0\n"
				       "  66  r1 = 1\n"
				       "  67  add *(u64 *)(r9 +0) = r1\n"
				       "  68  r1 = &policy_switches[0] + 5\n"
				       "  70  r1 = *(u8 *)(r1 +0)\n"
				       "  71  r1 &= 2\n"
				       "  72  if r1 == 0 goto 78\n"
				       "  73  r1 = 9\n"
				       "  74  call helper 109\n"
				       "  75  r1 = 1\n"
				       "  76  add *(u64 *)(r9 +40) = r1\n"
				       "  77  goto 80\n"
				       "  78  r1 = 1\n"
				       "  79  add *(u64 *)(r9 +48) = r1\n"
				       "  80  r1 = &policy_switches[0] + 5\n"
				       "  82  r1 = *(u8 *)(r1 +0)\n"
				       "  83  r1 &= 1\n"
				       "  84  if r1 == 0 goto 121\n"
				       "  85  r1 = r7\n"
				       "  86  call begin_record\n"
				       "  87  *(u32 *)(r7 +132) = 5\n"
				       "  88  r1 = r7\n"
				       "  89  call name_process\n"
				       "  90  r1 = *(u64 *)(r6 +0)\n"
				       "  91  r1 <<= 32\n"
				       "  92  r1 s>>= 32\n"
				       "  93  *(u64 *)(r7 +160) = r1\n"
				       "  94  *(u16 *)(r7 +136) = 0\n"
				       "  95  *(u8 *)(r7 +138) = 3\n"
				       "  96  r1 = &policy_switches[0] + 5\n"
				       "  98  r1 = *(u8 *)(r1 +0)\n"
				       "  99  r1 &= 2\n"
				       " 100  if r1 == 0 goto 102\n"
				       " 101  goto 105\n"
				       " 102  r1 = *(u8 *)(r7 +139)\n"
				       " 103  r1 |= 2\n"
				       " 104  *(u8 *)(r7 +139) = r1\n"
				       " 105  r1 = r7\n"
				       " 106  r2 = r9\n"
				       " 107  r3 = 1\n"
				       " 108  call send_record\n"
				       " 109  goto 121\n"
				       " 110  *(u32 *)(r10 -32) = 9\n"
				       " 111  r1 = map policy_figures\n"
				       " 113  r2 = r10\n"
				       " 114  r2 += -32\n"
				       " 115  call helper 1\n"
				       " 116  if r0 == 0 goto 123\n"
				       " 117  r9 = r0\n"
				       " 118  r1 = 1\n"
				       " 119  add *(u64 *)(r9 +32) = r1\n"
				       " 120  goto 123\n"
				       " 121  if r7 == 0 goto 123\n"
				       " 122  *(u64 *)(r7 +0) = 0\n"
				       " 123  r0 = 0\n"
				       " 124  exit\n";

static void test_emit__tests_then_tells(void **state)
{
	static const struct hook_range ranges[] = { { 3, 3 }, { 10, 20 } };
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_NUMBER, .size = 4, .is_signed = true, .is_captured = true },
		{ .index = 1,
		  .class = POLICY_CLASS_TEXT,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
	};
	const struct hook_test tests[] = {
		{ .kind = HOOK_TEST_NUMBER, .ranges = ranges, .range_count = 2 },
		{ .kind = HOOK_TEST_TEXT, .value = 1, .index = POLICY_TEXT_PREFIX, .set = 4 },
	};
	const struct hook_action kill = { .kind = POLICY_ACTION_SIGKILL, .is_enforcement = true };
	const struct hook_rule rule = {
		.tests = tests, .test_count = 2, .actions = &kill, .action_count = 1
	};
	const struct hook_code code = { .id = 5,
					.first_figures = 9,
					.context = HOOK_CONTEXT_RAW_TRACEPOINT,
					.values = values,
					.value_count = 2,
					.rules = &rule,
					.rule_count = 1,
					.can_have_events = true };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER, tests_then_tells);
}

static const char compares_texts[] = "   0  r6 = r1\n"
				     "   1  r7 = 0\n"
				     "   2  r1 = &policy_switches[0] + 0\n"
				     "   4  r1 = *(u8 *)(r1 +0)\n"
				     "   5  r1 &= 4\n"
				     "   6  if r1 == 0 goto 101\n"
				     "   7  if r7 != 0 goto 37\n"
				     "   8  *(u32 *)(r10 -32) = 0\n"
				     "   9  r1 = map policy_frames\n"
				     "  11  r2 = r10\n"
				     "  12  r2 += -32\n"
				     "  13  call helper 1\n"
				     "  14  if r0 == 0 goto 88\n"
				     "  15  r1 = 1\n"
				     "  16  exchange *(u64 *)(r0 +0) = r1\n"
				     "  17  if r1 != 0 goto 33\n"
				     "  18  r7 = r0\n"
				     "  19  *(u64 *)(r7 +80) = 0\n"
				     "  20  *(u64 *)(r7 +88) = 0\n"
				     "  21  *(u64 *)(r7 +96) = 0\n"
				     "  22  *(u64 *)(r7 +104) = 0\n"
				     "  23  *(u64 *)(r7 +112) = 0\n"
				     "  24  *(u64 *)(r7 +120) = 0\n"
				     "  25  *(u64 *)(r7 +128) = 0\n"
				     "  26  *(u64 *)(r7 +136) = 0\n"
				     "  27  *(u64 *)(r7 +144) = 0\n"
				     "  28  *(u64 *)(r7 +152) = 0\n"
				     "  29  *(u64 *)(r7 +160) = 0\n"
				     "  30  *(u64 *)(r7 +8) = 88\n"
				     "  31  *(u16 *)(r7 +140) = 1\n"
				     "  32  goto 37\n"
				     "  33  r1 = 1\n"
				     "  34  call claim_frame\n"
				     "  35  if r0 == 0 goto 88\n"
				     "  36  r7 = r0\n"
				     "  37  r3 = *(u64 *)(r6 +0)\n"
				     "  38  r4 = 4096\n"
				     "  39  r1 = r7\n"
				     "  40  r2 = 0\n"
				     "  41  call capture_path\n"
				     "  42  r1 = *(u32 *)(r7 +160)\n"
				     "  43  if r1 == 0 goto 99\n"
				     "  44  r2 = *(u32 *)(r7 +164)\n"
				     "  45  r1 += 16\n"
				     "  46  r2 -= 16\n"
				     "  47  if r2 s< 0 goto 99\n"
				     "  48  if r2 < 5 goto 60\n"
				     "  49  r3 = r1\n"
				     "  50  r3 += r2\n"
				     "  51  r3 -= 5\n"
				     "  52  r3 &= 16383\n"
				     "  53  r4 = r7\n"
				     "  54  r4 += r3\n"
				     "  55  r5 = *(u32 *)(r4 +80)\n"
				     "  56  if r5 != 1852793646 goto 60\n"
				     "  57  r5 = *(u8 *)(r4 +84)\n"
				     "  58  if r5 != 102 goto 60\n"
				     "  59  goto 77\n"
				     "  60  if r2 < 11 goto 76\n"
				     "  61  r3 = r1\n"
				     "  62  r3 += r2\n"
				     "  63  r3 -= 11\n"
				     "  64  r3 &= 16383\n"
				     "  65  r4 = r7\n"
				     "  66  r4 += r3\n"
				     "  67  r5 = *(u64 *)(r4 +80)\n"
				     "  68  r3 = 0x61632e6f732e646c\n"
				     "  70  if r5 != r3 goto 76\n"
				     "  71  r5 = *(u16 *)(r4 +88)\n"
				     "  72  if r5 != 26723 goto 76\n"
				     "  73  r5 = *(u8 *)(r4 +90)\n"
				     "  74  if r5 != 101 goto 76\n"
				     "  75  goto 77\n"
				     "  76  goto 99\n"
				     "  77  *(u32 *)(r10 -32) = 0\n"
				     "  78  r1 = map policy_figures\n"
				     "  80  r2 = r10\n"
				     "  81  r2 += -32\n"
				     "  82  call helper 1\n"
				     "  83  if r0 == 0 goto 99\n"
				     "  84  r9 = r0\n"
				     "  85  r1 = 1\n"
				     "  86  add *(u64 *)(r9 +0) = r1\n"
				     "  87  goto 99\n"
				     "  88  *(u32 *)(r10 -32) = 0\n"
				     "  89  r1 = map policy_figures\n"
				     "  91  r2 = r10\n"
				     "  92  r2 += -32\n"
				     "  93  call helper 1\n"
				     "  94  if r0 == 0 goto 101\n"
				     "  95  r9 = r0\n"
				     "  96  r1 = 1\n"
				     "  97  add *(u64 *)(r9 +32) = r1\n"
				     "  98  goto 101\n"
				     "  99  if r7 == 0 goto 101\n"
				     " 100  *(u64 *)(r7 +0) = 0\n"
				     " 101  r0 = 0\n"
				     " 102  exit\n";

/* A few short texts need neither a routine nor a map. */
static void test_emit__compares_texts(void **state)
{
	static const struct hook_text ends[] = { { (const uint8_t *)".conf", 5 },
						 { (const uint8_t *)"ld.so.cache", 11 } };
	const struct hook_value path = { .class = POLICY_CLASS_PATH };
	const struct hook_test test = {
		.kind = HOOK_TEST_TEXT, .index = POLICY_TEXT_POSTFIX, .texts = ends, .text_count = 2
	};
	const struct hook_rule rule = { .tests = &test, .test_count = 1 };
	const struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
					.values = &path,
					.value_count = 1,
					.rules = &rule,
					.rule_count = 1 };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER, compares_texts);
}

static void test_emit__return_code(void **state)
{
	const struct hook_action refuse = { .kind = POLICY_ACTION_OVERRIDE,
					    .number = -EPERM,
					    .is_enforcement = true };
	const struct hook_rule rule = { .actions = &refuse, .action_count = 1 };
	const struct hook_code code = { .context = HOOK_CONTEXT_CALL,
					.rules = &rule,
					.rule_count = 1 };

	(void)state;
	assert_listing_of(&code, HOOK_END_ENTER,
			  "   0  r6 = r1\n"
			  "   1  *(u64 *)(r10 -40) = 0\n"
			  "   2  r1 = &policy_switches[0] + 0\n"
			  "   4  r1 = *(u8 *)(r1 +0)\n"
			  "   5  r1 &= 4\n"
			  "   6  if r1 == 0 goto 28\n"
			  "   7  *(u32 *)(r10 -32) = 0\n"
			  "   8  r1 = map policy_figures\n"
			  "  10  r2 = r10\n"
			  "  11  r2 += -32\n"
			  "  12  call helper 1\n"
			  "  13  if r0 == 0 goto 28\n"
			  "  14  r9 = r0\n"
			  "  15  r1 = 1\n"
			  "  16  add *(u64 *)(r9 +0) = r1\n"
			  "  17  r1 = &policy_switches[0] + 0\n"
			  "  19  r1 = *(u8 *)(r1 +0)\n"
			  "  20  r1 &= 2\n"
			  "  21  if r1 == 0 goto 26\n"
			  "  22  *(u64 *)(r10 -40) = -1\n"
			  "  23  r1 = 1\n"
			  "  24  add *(u64 *)(r9 +40) = r1\n"
			  "  25  goto 28\n"
			  "  26  r1 = 1\n"
			  "  27  add *(u64 *)(r9 +48) = r1\n"
			  "  28  r0 = 0\n"
			  "  29  r1 = *(u64 *)(r10 -40)\n"
			  "  30  if r1 s> 0 goto 33\n"
			  "  31  if r1 s< -4095 goto 33\n"
			  "  32  r0 = r1\n"
			  "  33  exit\n");
}

/* Times that an instruction of this listing stands there. */
static unsigned int count_in(const char *text, const char *part)
{
	unsigned int count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

/* How many words are read by the helper that the verifier lets read anything. */
static uint32_t reads_of(const struct hook_code *code, enum hook_end end)
{
	struct strbuf text = STRBUF_INIT;
	struct hook_image image = { 0 };
	uint32_t count;

	assert_int_equal(hook_emit(code, end, &options, &image, NULL), 0);
	hook_image__format(&image, &text);
	count = count_in(strbuf__text(&text), "call helper 113");
	strbuf__done(&text);
	hook_image__done(&image);
	return count;
}

/* To the verifier they are pointers with types: some may not be loaded, none is a number. */
static void test_emit__numbers_that_are_addresses(void **state)
{
	struct hook_value value = { .base = HOOK_BASE_ARGUMENT,
				    .index = 1,
				    .class = POLICY_CLASS_NUMBER,
				    .size = 4,
				    .size_value = HOOK_NONE };
	static const struct hook_range range = { 1, 2 };
	const struct hook_test test = { .kind = HOOK_TEST_NUMBER,
					.ranges = &range,
					.range_count = 1 };
	const struct hook_rule rules[] = { { .tests = &test, .test_count = 1 },
					   { .return_tests = &test, .return_test_count = 1 } };
	struct hook_code code = { .context = HOOK_CONTEXT_CALL,
				  .argument_count = 2,
				  .values = &value,
				  .value_count = 1,
				  .rules = &rules[0],
				  .rule_count = 1 };

	(void)state;
	assert_int_equal(reads_of(&code, HOOK_END_ENTER), 0);
	value.is_address = true;
	assert_int_equal(reads_of(&code, HOOK_END_ENTER), 1);
	value.base = HOOK_BASE_RETURN;
	value.is_at_return = true;
	code.rules = &rules[1];
	code.has_return = true;
	assert_int_equal(reads_of(&code, HOOK_END_LEAVE), 1);
	value.is_address = false;
	assert_int_equal(reads_of(&code, HOOK_END_LEAVE), 0);
}

/* struct pt_regs, of which only its name is known where some system calls are (sys_connect of 5.10). */
static void test_emit__registers_that_are_hidden(void **state)
{
	const struct hook_value value = { .base = HOOK_BASE_SYSCALL,
					  .class = POLICY_CLASS_NUMBER,
					  .size = 8,
					  .size_value = HOOK_NONE };
	static const struct hook_range range = { 1, 2 };
	const struct hook_test test = { .kind = HOOK_TEST_NUMBER,
					.ranges = &range,
					.range_count = 1 };
	const struct hook_rule rule = { .tests = &test, .test_count = 1 };
	struct hook_code code = { .context = HOOK_CONTEXT_CALL,
				  .argument_count = 1,
				  .values = &value,
				  .value_count = 1,
				  .rules = &rule,
				  .rule_count = 1 };

	(void)state;
	assert_int_equal(reads_of(&code, HOOK_END_ENTER), 1);
	code.hides_registers = true;
	assert_int_equal(reads_of(&code, HOOK_END_ENTER), 2);
}

static void test_emit__counts_enforcement_of_a_rule_once(void **state)
{
	const struct hook_action both[] = {
		{ .kind = POLICY_ACTION_OVERRIDE, .number = -EPERM, .is_enforcement = true },
		{ .kind = POLICY_ACTION_NOTIFY_ENFORCER, .signal = 9, .is_enforcement = true },
	};
	const struct hook_rule rule = { .actions = both, .action_count = 2 };
	const struct hook_code code = { .context = HOOK_CONTEXT_CALL,
					.rules = &rule,
					.rule_count = 1 };
	__cleanup(strbuf__done) struct strbuf text = STRBUF_INIT;
	struct hook_image image = { 0 };

	(void)state;
	assert_int_equal(hook_emit(&code, HOOK_END_ENTER, &options, &image, NULL), 0);
	hook_image__format(&image, &text);
	assert_int_equal(count_in(strbuf__text(&text), "(r9 +40)"), 1);
	assert_int_equal(count_in(strbuf__text(&text), "(r9 +48)"), 1);
	/* A note that is only a signal is that signal. */
	assert_int_equal(count_in(strbuf__text(&text), "call helper 109"), 1);
	assert_int_equal(count_in(strbuf__text(&text), "policy_notes"), 0);
	hook_image__done(&image);
}

/* ---- bounds ---- */

static void assert_small_stack(const struct hook_image *image)
{
	vec_for_each(&image->insns, insn) {
		uint8_t class = BPF_CLASS(insn->code);
		bool is_load = class == BPF_LDX;
		bool is_store = class == BPF_ST || class == BPF_STX;

		if ((is_load && insn->src_reg == BPF_REG_10) ||
		    (is_store && insn->dst_reg == BPF_REG_10))
			assert_true(insn->off >= -STACK_MOST && insn->off < 0);
	}
}

static void test_emit__keeps_its_stack_small(void **state)
{
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_BYTES,
		  .size_value = 1,
		  .is_user = true,
		  .is_at_return = true,
		  .is_captured = true },
		{ .index = 1, .class = POLICY_CLASS_NUMBER, .size = 8 },
		{ .base = HOOK_BASE_RETURN,
		  .class = POLICY_CLASS_NUMBER,
		  .size = 4,
		  .is_at_return = true,
		  .is_captured = true },
	};
	const struct hook_code code = { .context = HOOK_CONTEXT_REGISTERS,
					.has_return = true,
					.values = values,
					.value_count = 3,
					.can_have_events = true };

	(void)state;
	for (int end = HOOK_END_ENTER; end <= HOOK_END_LEAVE; end++) {
		struct hook_image image = { 0 };

		assert_int_equal(hook_emit(&code, (enum hook_end)end, &options, &image, NULL), 0);
		assert_small_stack(&image);
		hook_image__done(&image);
	}
}

static void test_emit__refuses_what_is_not_sound(void **state)
{
	static const struct hook_value values[] = {
		{ .class = POLICY_CLASS_NUMBER, .size = 3 },
		{ .class = POLICY_CLASS_NUMBER,
		  .size = 1,
		  .is_bit_field = true,
		  .bit_offset = 5,
		  .bit_size = 4 },
		{ .class = POLICY_CLASS_NUMBER, .size = 8, .index = 40 },
		{ .class = POLICY_CLASS_SOCKET, .form = HOOK_FORM_VECTOR },
	};
	static const struct hook_range range = { 1, 1 };

	(void)state;
	for (uint32_t i = 0; i < array_size(values); i++) {
		bool is_number = values[i].class == POLICY_CLASS_NUMBER;
		const struct hook_test test = { .kind = is_number ? HOOK_TEST_NUMBER
								  : HOOK_TEST_SOCKET,
						.value = i,
						.ranges = &range,
						.range_count = 1 };
		const struct hook_rule rule = { .tests = &test, .test_count = 1 };
		const struct hook_code code = { .context = HOOK_CONTEXT_REGISTERS,
						.values = values,
						.value_count = array_size(values),
						.rules = &rule,
						.rule_count = 1 };
		struct hook_image image = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(hook_emit(&code, HOOK_END_ENTER, &options, &image, &err), -EINVAL);
		assert_non_null(strstr(err.text, "hook 0 cannot be written: "));
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit__counts_calls),
		cmocka_unit_test(test_emit__counts_by_number),
		cmocka_unit_test(test_emit__counts_by_binary_and_cgroup),
		cmocka_unit_test(test_emit__counts_by_number_in_a_table),
		cmocka_unit_test(test_emit__tests_then_tells),
		cmocka_unit_test(test_emit__compares_texts),
		cmocka_unit_test(test_emit__return_code),
		cmocka_unit_test(test_emit__numbers_that_are_addresses),
		cmocka_unit_test(test_emit__registers_that_are_hidden),
		cmocka_unit_test(test_emit__counts_enforcement_of_a_rule_once),
		cmocka_unit_test(test_emit__keeps_its_stack_small),
		cmocka_unit_test(test_emit__refuses_what_is_not_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
