/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/flow.h"
#include "emit/insn.h"
#include "insns.h"

#define HASH_FD 5
#define RING_FD 6
#define RODATA_FD 7

static const uint8_t rodata[] = { 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
static const struct flow_map maps[] = {
	{ .fd = HASH_FD, .key_size = 8, .value_size = 8 },
	{ .fd = RING_FD },
	{ .fd = RODATA_FD, .data = rodata, .data_size = sizeof(rodata) },
};

#define UNKNOWN                                                                                    \
	{                                                                                          \
		FLOW_UNKNOWN, 0, 0                                                                 \
	}
#define CONSTANT(n)                                                                                \
	{                                                                                          \
		FLOW_CONSTANT, 0, n                                                                \
	}
#define STACK(n)                                                                                   \
	{                                                                                          \
		FLOW_STACK, 0, n                                                                   \
	}
#define MAP                                                                                        \
	{                                                                                          \
		FLOW_MAP, 0, 0                                                                     \
	}
#define RECORD(n)                                                                                  \
	{                                                                                          \
		FLOW_RECORD, 1, n                                                                  \
	}
#define TAINTED                                                                                    \
	{                                                                                          \
		FLOW_TAINTED, 0, 0                                                                 \
	}
#define SLOT(n) (FLOW_REGISTERS + (n)) /* slot n of the stack, where a row names a register */

struct expectation {
	uint32_t at;
	uint32_t place; /* register, or SLOT(n) */
	struct flow_value value;
};

struct row {
	const char *name;
	uint32_t dead_at;          /* never reached; 0: nothing */
	struct bpf_insn insns[24]; /* the rest is zero */
	struct expectation expectations[6];
};

static const struct row rows[] = {
	{ "constants and arithmetic",
	  0,
	  { I_SET(1, 40), I_ALU_IMM(BPF_ADD, 1, 2), I_SET(2, 3), I_ALU(BPF_LSH, 2, 1),
	    I_ALU_IMM(BPF_DIV, 1, 2), I_SET32(3, -1), I_SET(4, -8), I_ALU32_IMM(BPF_ARSH, 4, 1),
	    I_ALU_IMM(BPF_ARSH, 4, 1), I_EXIT },
	  { { 2, 1, CONSTANT(42) },
	    { 4, 2, UNKNOWN }, /* 3 << 42 has no 32 bits */
	    { 5, 1, UNKNOWN },
	    { 6, 3, UNKNOWN }, /* 0xffffffff as 64 bits */
	    { 7, 4, CONSTANT(-8) },
	    { 9, 4, UNKNOWN } /* so has the lower half of -4 */ } },
	{ "stack addresses",
	  0,
	  { I_MOVE(2, 10), I_ALU_IMM(BPF_ADD, 2, -16), I_MOVE(3, 2), I_ALU(BPF_ADD, 3, 1),
	    I_MOVE32(4, 2), I_EXIT },
	  { { 2, 2, STACK(-16) }, { 4, 3, TAINTED }, { 5, 4, TAINTED }, { 5, 10, STACK(0) } } },
	{ "spill and fill of a map",
	  0,
	  { I_MAP(6, HASH_FD), I_STORE(BPF_DW, 10, -24, 6), I_SET(6, 0), I_LOAD(BPF_DW, 1, 10, -24),
	    I_STORE_IMM(BPF_B, 10, -20, 0), I_LOAD(BPF_DW, 2, 10, -24), I_EXIT },
	  { { 2, 6, MAP },
	    { 4, SLOT(2), MAP },
	    { 5, 1, MAP },
	    { 6, SLOT(2), UNKNOWN },
	    { 7, 2, UNKNOWN } } },
	{ "a store through an address that is lost spoils the stack",
	  0,
	  { I_MAP(6, HASH_FD), I_STORE(BPF_DW, 10, -8, 6), I_MOVE(2, 10), I_ALU(BPF_ADD, 2, 1),
	    I_STORE(BPF_DW, 2, 0, 3), I_LOAD(BPF_DW, 1, 10, -8), I_EXIT },
	  { { 6, SLOT(0), UNKNOWN }, { 7, 1, UNKNOWN } } },
	{ "two ways with one value keep it, with two lose it",
	  0,
	  { I_SET(2, 1), I_SET(3, 1), I_IF(BPF_JEQ, 1, 0, 2), I_SET(2, 2), I_GOTO(0), I_EXIT },
	  { { 5, 2, UNKNOWN }, { 5, 3, CONSTANT(1) } } },
	{ "a constant branch has one side",
	  3,
	  { I_SET(1, 1), I_SET(2, 7), I_IF(BPF_JEQ, 1, 1, 1), I_SET(2, 8), I_EXIT },
	  { { 4, 2, CONSTANT(7) } } },
	{ "frozen data is constant",
	  6,
	  { I_WIDE(1, BPF_PSEUDO_MAP_VALUE, RODATA_FD, 0), I_LOAD(BPF_W, 2, 1, 0),
	    I_LOAD(BPF_W, 3, 1, 4), I_LOAD(BPF_W, 4, 1, 6), I_IF32(BPF_JNE, 2, 0, 1), I_SET(5, 1),
	    I_EXIT },
	  { { 3, 2, CONSTANT(1) }, { 4, 3, UNKNOWN }, { 5, 4, UNKNOWN } } },
	{ "a loop joins with its own end",
	  0,
	  { I_SET(6, 0), I_MAP(7, HASH_FD), I_ALU_IMM(BPF_ADD, 6, 1), I_IF(BPF_JLT, 6, 10, -2),
	    I_EXIT },
	  { { 3, 6, UNKNOWN }, { 5, 7, MAP } } },
	{ "a record through its NULL check, a copy and an offset",
	  0,
	  { I_MAP(1, RING_FD), I_HELPER(BPF_FUNC_ringbuf_reserve), I_IF(BPF_JEQ, 0, 0, 3),
	    I_MOVE(6, 0), I_ALU_IMM(BPF_ADD, 6, 8), I_STORE(BPF_DW, 10, -8, 0), I_EXIT },
	  { { 3, 0, RECORD(0) }, { 6, 6, RECORD(8) }, { 7, 0, RECORD(0) } } },
	{ "a call forgets arguments, keeps r6 to r9",
	  0,
	  { I_SET(1, 1), I_SET(6, 6), I_HELPER(BPF_FUNC_ktime_get_ns), I_EXIT },
	  { { 3, 1, UNKNOWN }, { 3, 0, UNKNOWN }, { 3, 6, CONSTANT(6) } } },
	{ "a helper writes its bytes, and no more",
	  0,
	  { I_STORE_IMM(BPF_DW, 10, -8, 1), I_STORE_IMM(BPF_DW, 10, -16, 2),
	    I_STORE_IMM(BPF_DW, 10, -24, 3), I_MOVE(1, 10), I_ALU_IMM(BPF_ADD, 1, -24),
	    I_SET(2, 12), I_HELPER(BPF_FUNC_get_current_comm), I_EXIT },
	  { { 7, SLOT(0), CONSTANT(1) }, { 7, SLOT(1), UNKNOWN }, { 7, SLOT(2), UNKNOWN } } },
	{ "a helper that nobody knows may write anywhere",
	  0,
	  { I_STORE_IMM(BPF_DW, 10, -8, 1), I_MOVE(3, 10), I_HELPER(9999), I_EXIT },
	  { { 3, SLOT(0), UNKNOWN } } },
	{ "map helpers only read",
	  0,
	  { I_STORE_IMM(BPF_DW, 10, -8, 1), I_MOVE(2, 10), I_ALU_IMM(BPF_ADD, 2, -8),
	    I_MAP(1, HASH_FD), I_HELPER(BPF_FUNC_map_lookup_elem), I_EXIT },
	  { { 6, SLOT(0), CONSTANT(1) }, { 6, 0, UNKNOWN } } },
	{ "arguments go in, results come back",
	  0,
	  { I_MAP(1, HASH_FD), I_MOVE(2, 10), I_CALL(3), I_MOVE(6, 0), I_CALL(3), I_EXIT,
	    /* 7 */ I_SET(0, 3), I_EXIT, I_SET(0, 4), I_EXIT },
	  { { 7, 1, MAP }, { 7, 2, TAINTED }, { 5, 6, CONSTANT(3) }, { 6, 0, CONSTANT(4) } } },
	{ "callers with two arguments: the callee knows neither",
	  0,
	  { I_SET(1, 1), I_CALL(3), I_SET(1, 2), I_CALL(1), I_EXIT, /* 5 */ I_MOVE(0, 1), I_EXIT },
	  { { 5, 1, UNKNOWN }, { 2, 0, UNKNOWN }, { 4, 0, UNKNOWN } } },
	{ "a callee that gets the stack may write into it",
	  0,
	  { I_MAP(6, HASH_FD), I_STORE(BPF_DW, 10, -8, 6), I_MOVE(1, 10), I_CALL(1), I_EXIT,
	    I_EXIT },
	  { { 5, SLOT(0), TAINTED }, { 5, 6, MAP } } },
	{ "a callback knows nothing",
	  0,
	  { I_WIDE(2, BPF_PSEUDO_FUNC, 4, 0), I_MAP(1, HASH_FD), I_EXIT, /* 5 */ I_SET(0, 0),
	    I_EXIT },
	  { { 4, 1, MAP }, { 5, 1, TAINTED } } },
	{ "atomics fetch",
	  0,
	  { I_SET(3, 5), I_SET(0, 5), I_STORE_IMM(BPF_DW, 10, -8, 1),
	    I_ATOMIC(10, -8, 3, BPF_ADD | BPF_FETCH), I_ATOMIC(10, -8, 3, BPF_CMPXCHG), I_EXIT },
	  { { 4, 3, UNKNOWN },
	    { 4, 0, CONSTANT(5) },
	    { 4, SLOT(0), UNKNOWN },
	    { 5, 0, UNKNOWN } } },
	{ "it goes on for ever", 0, { I_SET(1, 1), I_GOTO(-1) }, { { 1, 1, CONSTANT(1) } } },
};

static uint32_t count_insns(const struct bpf_insn *insns, size_t most)
{
	static const struct bpf_insn nothing = { 0 };
	size_t count = most;

	while (count > 0 && memcmp(&insns[count - 1], &nothing, sizeof(nothing)) == 0)
		count--;
	return (uint32_t)count;
}

static struct flow_program program_of(const struct bpf_insn *insns, uint32_t count)
{
	return (struct flow_program){
		.insns = insns, .insn_count = count, .maps = maps, .map_count = array_size(maps)
	};
}

static struct flow_value value_at(const struct flow *flow, const struct expectation *expected)
{
	struct flow_state state;

	assert_true(flow__state(flow, expected->at, &state));
	return expected->place < FLOW_REGISTERS ? state.registers[expected->place]
						: state.slots[expected->place - FLOW_REGISTERS];
}

static void check_row(const struct row *row)
{
	struct flow_program program = program_of(row->insns, count_insns(row->insns, 24));
	struct flow_state state;
	struct flow *flow;

	assert_int_equal(flow__new(&program, &flow, NULL), 0);
	for (size_t i = 0; i < array_size(row->expectations) && row->expectations[i].at; i++) {
		const struct expectation *expected = &row->expectations[i];
		struct flow_value value = value_at(flow, expected);

		if (!flow_value_equal(value, expected->value))
			fail_msg(
				"%s: at %u, place %u: kind %u map %u number %d, not kind %u map %u number %d",
				row->name, expected->at, expected->place, value.kind, value.map,
				value.number, expected->value.kind, expected->value.map,
				expected->value.number);
	}
	if (row->dead_at)
		assert_false(flow__state(flow, row->dead_at, &state));
	flow__free(flow);
}

static void test_state__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		check_row(&rows[i]);
}

/* ---- arrays that are no programs ---- */

static const struct {
	const char *name;
	struct bpf_insn insns[4];
} bad_rows[] = {
	{ "a jump behind the end", { I_GOTO(5), I_EXIT } },
	{ "a jump before the start", { I_GOTO(-5), I_EXIT } },
	{ "a branch into the second half", { I_IF(BPF_JEQ, 1, 0, 1), I_WIDE(1, 0, 1, 1), I_EXIT } },
	{ "half a wide load at the end", { I_SET(0, 0), { INSN_LOAD_IMM64, 1, 0, 0, 1 } } },
	{ "a wide load without its half",
	  { { INSN_LOAD_IMM64, 1, 0, 0, 1 }, I_SET(0, 0), I_EXIT } },
	{ "a call behind the end", { I_CALL(100), I_EXIT } },
	{ "a call far before the start", { I_CALL(INT32_MIN), I_EXIT } },
	{ "a long jump behind the end", { { BPF_JMP32 | BPF_JA, 0, 0, 0, INT32_MAX }, I_EXIT } },
	{ "an address of no function", { I_WIDE(1, BPF_PSEUDO_FUNC, INT32_MAX, 0), I_EXIT } },
	{ "it runs off the end", { I_SET(0, 0), I_SET(0, 1) } },
	{ "a branch is the last one", { I_EXIT, I_IF(BPF_JEQ, 1, 0, -2) } },
	{ "a register that is none", { { BPF_ALU64 | BPF_MOV | BPF_X, 11, 1, 0, 0 }, I_EXIT } },
	{ "a source that is none", { { BPF_ALU64 | BPF_MOV | BPF_X, 1, 15, 0, 0 }, I_EXIT } },
};

/* On the heap, so that a read beyond the end is seen. */
static int try_copy(const struct bpf_insn *insns, uint32_t count)
{
	__cleanup(x_freep) struct bpf_insn *copy = new_array(struct bpf_insn, count);
	struct flow_program program = program_of(copy, count);
	struct flow *flow = NULL;
	int r;

	assert_non_null(copy);
	memcpy(copy, insns, count * sizeof(*copy));
	r = flow__new(&program, &flow, NULL);
	flow__free(flow);
	return r;
}

static void test_new__no_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(bad_rows); i++)
		if (try_copy(bad_rows[i].insns, count_insns(bad_rows[i].insns, 4)) != -EINVAL)
			fail_msg("%s was taken", bad_rows[i].name);
}

static void test_new__too_large(void **state)
{
	const struct bpf_insn end[] = { I_EXIT };
	struct flow_program program = program_of(end, FLOW_MAX_INSNS + 1);
	struct flow *flow = NULL;

	(void)state;
	assert_int_equal(flow__new(&program, &flow, NULL), -E2BIG);
	program.insn_count = 0;
	assert_int_equal(flow__new(&program, &flow, NULL), -EINVAL);
}

static void test_new__too_many_functions(void **state)
{
	enum { CALLS = 300 };
	struct bpf_insn insns[2 * CALLS + 1];
	const struct bpf_insn end = I_EXIT;

	(void)state;
	for (int i = 0; i < CALLS; i++) {
		const struct bpf_insn call = I_CALL(CALLS);

		insns[i] = call;
		insns[CALLS + 1 + i] = end;
	}
	insns[CALLS] = end;
	assert_int_equal(try_copy(insns, array_size(insns)), -E2BIG);
}

static void test_state__outside(void **state)
{
	const struct bpf_insn insns[] = { I_WIDE(1, 0, 1, 0), I_EXIT };
	struct flow_program program = program_of(insns, array_size(insns));
	struct flow_state found;
	struct flow *flow;

	(void)state;
	assert_int_equal(flow__new(&program, &flow, NULL), 0);
	assert_true(flow__state(flow, 0, &found));
	assert_false(flow__state(flow, 1, &found));
	assert_true(flow__state(flow, 2, &found));
	assert_false(flow__state(flow, 3, &found));
	assert_false(flow__is_leader(flow, 3));
	assert_true(flow__is_leader(flow, 0));
	flow__free(flow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state__rows),
		cmocka_unit_test(test_new__no_programs),
		cmocka_unit_test(test_new__too_large),
		cmocka_unit_test(test_new__too_many_functions),
		cmocka_unit_test(test_state__outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
