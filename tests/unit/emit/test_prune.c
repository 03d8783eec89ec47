/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/insn.h"
#include "emit/prune.h"
#include "insns.h"

#define HASH_FD 5
#define RING_FD 6
#define RECORD_SIZE 64

static const struct flow_map maps[] = {
	{ .fd = RING_FD },
	{ .fd = HASH_FD, .key_size = 8, .value_size = 8 },
};

#define I_NEG(reg)                                                                                 \
	{                                                                                          \
		BPF_ALU64 | BPF_NEG, reg, 0, 0, 0                                                  \
	}
/* Instructions 0 to 6: a record in r6, or out to the two instructions at the end. */
#define I_BEGIN(distance_to_end)                                                                   \
	I_MAP(1, RING_FD), I_SET(2, RECORD_SIZE), I_SET(3, 0), I_HELPER(BPF_FUNC_ringbuf_reserve), \
		I_IF(BPF_JEQ, 0, 0, (distance_to_end) + 1), I_MOVE(6, 0)
#define I_SUBMIT(reg) I_MOVE(1, reg), I_SET(2, 0), I_HELPER(BPF_FUNC_ringbuf_submit)
#define I_LEAVE I_SET(0, 0), I_EXIT

struct row {
	const char *name;
	struct bpf_insn insns[48]; /* the rest is zero */
	uint32_t needed_from, needed_bytes;
	uint32_t from, count; /* the part of the listing that is looked at */
	uint32_t removed, kept_bytes;
	const char *expected;
};

/* Of what is listed, the first is the instruction `from`. */
static const struct row rows[] = {
	{ "a store that nobody reads",
	  { I_BEGIN(6), I_HELPER(BPF_FUNC_ktime_get_ns), I_STORE(BPF_DW, 6, 8, 0),
	    I_STORE_IMM(BPF_DW, 6, 16, 7), I_SUBMIT(6), I_LEAVE },
	  16,
	  8,
	  7,
	  3,
	  2,
	  8,
	  "0: goto 1\n"
	  "1: goto 2\n"
	  "2: *(u64 *)(r6 +16) = 7\n" },
	{ "one byte of a store is read",
	  { I_BEGIN(5), I_SET(1, 3), I_STORE(BPF_DW, 6, 8, 1), I_SUBMIT(6), I_LEAVE },
	  15,
	  1,
	  7,
	  2,
	  0,
	  1,
	  "0: r1 = 3\n"
	  "1: *(u64 *)(r6 +8) = r1\n" },
	{ "a helper that writes for nobody, and what was made for it alone",
	  { I_BEGIN(9), I_MOVE(1, 6), I_ALU_IMM(BPF_ADD, 1, 8), I_SET(2, 16), I_MOVE(3, 10),
	    I_HELPER(BPF_FUNC_probe_read_kernel), I_STORE_IMM(BPF_B, 6, 0, 1), I_SUBMIT(6),
	    I_LEAVE },
	  0,
	  1,
	  7,
	  6,
	  5,
	  1,
	  "0: goto 1\n"
	  "1: goto 2\n"
	  "2: goto 3\n"
	  "3: goto 4\n"
	  "4: goto 5\n"
	  "5: *(u8 *)(r6 +0) = 1\n" },
	{ "a helper whose answer is read",
	  { I_BEGIN(9), I_MOVE(1, 6), I_ALU_IMM(BPF_ADD, 1, 8), I_SET(2, 16), I_MOVE(3, 7),
	    I_HELPER(BPF_FUNC_probe_read_kernel), I_STORE(BPF_DW, 6, 0, 0), I_SUBMIT(6), I_LEAVE },
	  0,
	  8,
	  7,
	  6,
	  0,
	  8,
	  "0: r1 = r6\n"
	  "1: r1 += 8\n"
	  "2: r2 = 16\n"
	  "3: r3 = r7\n"
	  "4: call helper 113\n"
	  "5: *(u64 *)(r6 +0) = r0\n" },
	{ "a helper that somebody else reads behind",
	  { I_BEGIN(11), I_MOVE(1, 10), I_ALU_IMM(BPF_ADD, 1, -16), I_SET(2, 16), I_MOVE(3, 7),
	    I_HELPER(BPF_FUNC_probe_read_kernel), I_LOAD(BPF_DW, 1, 10, -8),
	    I_STORE(BPF_DW, 6, 24, 1), I_SUBMIT(6), I_LEAVE },
	  24,
	  1,
	  7,
	  7,
	  0,
	  1,
	  "0: r1 = r10\n"
	  "1: r1 += -16\n"
	  "2: r2 = 16\n"
	  "3: r3 = r7\n"
	  "4: call helper 113\n"
	  "5: r1 = *(u64 *)(r10 -8)\n"
	  "6: *(u64 *)(r6 +24) = r1\n" },
	{ "the stack for nobody",
	  { I_BEGIN(8), I_MOVE(1, 10), I_ALU_IMM(BPF_ADD, 1, -16), I_SET(2, 16),
	    I_HELPER(BPF_FUNC_get_current_comm), I_STORE_IMM(BPF_DW, 10, -24, 5), I_SUBMIT(6),
	    I_LEAVE },
	  0,
	  1,
	  7,
	  5,
	  5,
	  1,
	  "0: goto 1\n"
	  "1: goto 2\n"
	  "2: goto 3\n"
	  "3: goto 4\n"
	  "4: goto 5\n" },
	{ "a wide constant, and a branch that decides nothing then",
	  { I_BEGIN(8), I_LOAD(BPF_W, 1, 7, 4), I_IF(BPF_JEQ, 1, 0, 3), I_WIDE(2, 0, 1, 2),
	    I_STORE(BPF_DW, 6, 32, 2), I_SUBMIT(6), I_LEAVE },
	  0,
	  1,
	  7,
	  5,
	  4,
	  1,
	  "0: goto 1\n"
	  "1: goto 2\n"
	  "2: goto 3\n"
	  "3: goto 4\n"
	  "4: goto 5\n" },
	{ "a branch that leads somewhere else", /* to the submit, or past it */
	  { I_BEGIN(6), I_LOAD(BPF_W, 1, 7, 4), I_IF(BPF_JEQ, 1, 0, 4),
	    I_STORE_IMM(BPF_DW, 6, 32, 2), I_SUBMIT(6), I_LEAVE },
	  0,
	  1,
	  7,
	  3,
	  1,
	  1,
	  "0: r1 = *(u32 *)(r7 +4)\n"
	  "1: if r1 == 0 goto 6\n"
	  "2: goto 3\n" },
	{ "code that is never reached stays",
	  { I_BEGIN(7), I_SET(1, 1), I_IF(BPF_JEQ, 1, 1, 1), I_STORE_IMM(BPF_DW, 6, 32, 2),
	    I_STORE_IMM(BPF_DW, 6, 40, 2), I_SUBMIT(6), I_LEAVE },
	  0,
	  1,
	  7,
	  4,
	  1,
	  1,
	  "0: r1 = 1\n"
	  "1: if r1 == 1 goto 3\n"
	  "2: *(u64 *)(r6 +32) = 2\n"
	  "3: goto 4\n" },
	{ "bytes that the program reads itself", /* a key of a map is made of them */
	  { I_BEGIN(10), I_STORE_IMM(BPF_DW, 6, 8, 1), I_STORE_IMM(BPF_DW, 6, 16, 1), I_MOVE(2, 6),
	    I_ALU_IMM(BPF_ADD, 2, 8), I_MAP(1, HASH_FD), I_HELPER(BPF_FUNC_map_delete_elem),
	    I_SUBMIT(6), I_LEAVE },
	  0,
	  1,
	  7,
	  6,
	  1,
	  9,
	  "0: *(u64 *)(r6 +8) = 1\n"
	  "1: goto 2\n"
	  "2: r2 = r6\n"
	  "3: r2 += 8\n"
	  "4: r1 = map 0x5\n" },
	{ "a helper that nobody knows reads everything",
	  { I_BEGIN(6), I_STORE_IMM(BPF_DW, 6, 8, 1), I_MOVE(1, 6), I_HELPER(9999), I_SUBMIT(6),
	    I_LEAVE },
	  0,
	  1,
	  7,
	  3,
	  0,
	  64,
	  "0: *(u64 *)(r6 +8) = 1\n"
	  "1: r1 = r6\n"
	  "2: call helper 9999\n" },
	{ "a function fills the record",
	  { I_BEGIN(5), I_MOVE(1, 6), I_CALL(5), I_SUBMIT(6), I_LEAVE, I_STORE_IMM(BPF_DW, 1, 8, 1),
	    I_STORE_IMM(BPF_DW, 1, 16, 1), I_SET(0, 0), I_EXIT },
	  16,
	  1,
	  14,
	  4,
	  1,
	  1,
	  "0: goto 1\n"
	  "1: *(u64 *)(r1 +16) = 1\n"
	  "2: r0 = 0\n"
	  "3: exit\n" },
	{ "a loop",
	  { I_BEGIN(9), I_SET(8, 0), I_STORE(BPF_DW, 6, 8, 8), I_MOVE(1, 8), I_NEG(1),
	    I_ALU_IMM(BPF_ADD, 8, 1), I_IF(BPF_JNE, 8, 4, -5), I_SUBMIT(6), I_LEAVE },
	  0,
	  1,
	  7,
	  6,
	  3,
	  1,
	  "0: r8 = 0\n"
	  "1: goto 2\n"
	  "2: goto 3\n"
	  "3: goto 4\n"
	  "4: r8 += 1\n"
	  "5: if r8 != 4 goto 1\n" },
};

static uint32_t count_insns(const struct bpf_insn *insns)
{
	uint32_t count = array_size(rows[0].insns);

	while (count > 0 && insns[count - 1].code == 0)
		count--;
	return count;
}

static void run_row(const struct row *row)
{
	const struct flow_program program = { .insns = row->insns,
					      .insn_count = count_insns(row->insns),
					      .maps = maps,
					      .map_count = array_size(maps) };
	uint8_t needed[RECORD_SIZE] = { 0 };
	struct bpf_insn insns[array_size(row->insns)];
	struct prune_request request = { .program = &program,
					 .record_size = RECORD_SIZE,
					 .needed = needed };
	struct prune_result result;
	struct flow *flow = NULL;
	char text[4096];

	memcpy(insns, row->insns, sizeof(insns));
	memset(needed + row->needed_from, 1, row->needed_bytes);
	assert_int_equal(flow__new(&program, &flow, NULL), 0);
	request.flow = flow;
	assert_int_equal(prune_run(&request, insns, &result, NULL), 0);
	insns_format(insns + row->from, row->count, text, sizeof(text));
	if (strcmp(text, row->expected) != 0 || result.removed != row->removed ||
	    result.needed_bytes != row->kept_bytes)
		fail_msg("%s: %u removed, %u bytes\n%s", row->name, result.removed,
			 result.needed_bytes, text);
	flow__free(flow);
}

static void test_prune__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		run_row(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prune__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
