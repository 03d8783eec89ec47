/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/insn.h"
#include "insns.h"

#define R(reg) (1u << (reg))
#define ARGUMENTS (R(1) | R(2) | R(3) | R(4) | R(5))

static const struct {
	struct bpf_insn insn;
	uint32_t reads, writes;
	enum insn_next next;
} rows[] = {
	{ I_MOVE(3, 4), R(4), R(3), INSN_NEXT },
	{ I_SET(3, 4), 0, R(3), INSN_NEXT },
	{ I_ALU(BPF_ADD, 3, 4), R(3) | R(4), R(3), INSN_NEXT },
	{ I_ALU_IMM(BPF_ADD, 3, 4), R(3), R(3), INSN_NEXT },
	{ I_ALU_IMM(BPF_NEG, 3, 0), R(3), R(3), INSN_NEXT },
	/* The source bit of a byte swap is its direction. */
	{ { BPF_ALU | BPF_END | BPF_X, 3, 0, 0, 16 }, R(3), R(3), INSN_NEXT },
	{ I_LOAD(BPF_W, 1, 2, 0), R(2), R(1), INSN_NEXT },
	{ I_STORE(BPF_W, 1, 0, 2), R(1) | R(2), 0, INSN_NEXT },
	{ I_STORE_IMM(BPF_W, 1, 0, 2), R(1), 0, INSN_NEXT },
	{ I_ATOMIC(1, 0, 2, BPF_ADD), R(1) | R(2), 0, INSN_NEXT },
	{ I_ATOMIC(1, 0, 2, BPF_ADD | BPF_FETCH), R(1) | R(2), R(2), INSN_NEXT },
	{ I_ATOMIC(1, 0, 2, BPF_XCHG), R(1) | R(2), R(2), INSN_NEXT },
	{ I_ATOMIC(1, 0, 2, BPF_CMPXCHG), R(0) | R(1) | R(2), R(0), INSN_NEXT },
	{ { INSN_LOAD_IMM64, 7, 0, 0, 1 }, 0, R(7), INSN_NEXT },
	{ { BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 1 }, R(6), R(0) | ARGUMENTS, INSN_NEXT },
	{ { BPF_LD | BPF_IND | BPF_W, 0, 8, 0, 1 }, R(6) | R(8), R(0) | ARGUMENTS, INSN_NEXT },
	{ I_IF(BPF_JEQ, 5, 0, 1), R(5), 0, INSN_BRANCH },
	{ I_IF_REG(BPF_JGT, 5, 6, 1), R(5) | R(6), 0, INSN_BRANCH },
	{ I_IF32(BPF_JEQ, 5, 0, 1), R(5), 0, INSN_BRANCH },
	{ I_GOTO(1), 0, 0, INSN_GOTO },
	{ { BPF_JMP32 | BPF_JA, 0, 0, 0, 70000 }, 0, 0, INSN_GOTO },
	{ I_HELPER(BPF_FUNC_map_lookup_elem), ARGUMENTS, R(0) | ARGUMENTS, INSN_NEXT },
	{ I_EXIT, R(0), 0, INSN_END },
};

static void test_reads_writes_next__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(insn_reads(&rows[i].insn), rows[i].reads);
		assert_int_equal(insn_writes(&rows[i].insn), rows[i].writes);
		assert_int_equal(insn_next(&rows[i].insn), rows[i].next);
	}
}

static void test_jump_offset__long_and_short(void **state)
{
	const struct bpf_insn near = I_GOTO(-3);
	const struct bpf_insn far = { BPF_JMP32 | BPF_JA, 0, 0, 5, 70000 };

	(void)state;
	assert_int_equal(insn_jump_offset(&near), -3);
	assert_int_equal(insn_jump_offset(&far), 70000);
}

static void test_calls__kinds(void **state)
{
	const struct bpf_insn helper = I_HELPER(1), subprogram = I_CALL(1);
	const struct bpf_insn kernel_function = { INSN_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 1 };

	(void)state;
	assert_true(insn_calls_helper(&helper, 1));
	assert_false(insn_calls_helper(&helper, 2));
	assert_false(insn_calls_helper(&subprogram, 1));
	assert_false(insn_calls_helper(&kernel_function, 1));
	assert_true(insn_calls_subprogram(&subprogram));
	assert_false(insn_calls_subprogram(&kernel_function));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_writes_next__rows),
		cmocka_unit_test(test_jump_offset__long_and_short),
		cmocka_unit_test(test_calls__kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
