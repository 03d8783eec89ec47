/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "emit/hook_private.h"

/*
 * Results wait on the stack, where from the beginning of a call to its end is kept what was saved: nothing is while the rules
 * of the beginning are asked, which alone have expressions.
 */
#define RESULT_SIZE 8
#define RESULTS_AT (PENDING_AT + 8)
_Static_assert(RESULTS_AT - RESULT_SIZE * (HOOK_EXPRESSION_DEPTH - 1) >= SAVED_AT,
	       "results have the room of what is saved");

static int16_t result_at(uint32_t index)
{
	return (int16_t)(RESULTS_AT - RESULT_SIZE * (int32_t)index);
}

static const struct {
	uint8_t operands;
	uint8_t op;        /* of arithmetic; of comparisons without a sign */
	uint8_t signed_op; /* of comparisons */
	bool is_comparison;
} operations[HOOK_OPERATION_COUNT] = {
	[HOOK_OPERATION_ADD] = { 2, BPF_ADD, 0, false },
	[HOOK_OPERATION_SUBTRACT] = { 2, BPF_SUB, 0, false },
	[HOOK_OPERATION_AND] = { 2, BPF_AND, 0, false },
	[HOOK_OPERATION_OR] = { 2, BPF_OR, 0, false },
	[HOOK_OPERATION_XOR] = { 2, BPF_XOR, 0, false },
	[HOOK_OPERATION_EQUAL] = { 2, BPF_JEQ, BPF_JEQ, true },
	[HOOK_OPERATION_NOT_EQUAL] = { 2, BPF_JNE, BPF_JNE, true },
	[HOOK_OPERATION_LESS] = { 2, BPF_JLT, BPF_JSLT, true },
	[HOOK_OPERATION_LESS_EQUAL] = { 2, BPF_JLE, BPF_JSLE, true },
	[HOOK_OPERATION_GREATER] = { 2, BPF_JGT, BPF_JSGT, true },
	[HOOK_OPERATION_GREATER_EQUAL] = { 2, BPF_JGE, BPF_JSGE, true },
	[HOOK_OPERATION_IS_ZERO] = { .operands = 1 },
	[HOOK_OPERATION_COMPLEMENT] = { .operands = 1 },
	[HOOK_OPERATION_NEGATE] = { .operands = 1 },
	[HOOK_OPERATION_CAST] = { .operands = 1 },
};

/* r1: as wide as it is said to be. */
static void extend(struct hook_writer *writer, const struct hook_term *term)
{
	if (term->size == RESULT_SIZE)
		return;
	code__alu_imm(&writer->code, BPF_LSH, BPF_REG_1, 32);
	code__alu_imm(&writer->code, term->is_signed ? BPF_ARSH : BPF_RSH, BPF_REG_1, 32);
}

/* r1: whether it is so of r1 and r2. */
static void compare(struct hook_writer *writer, const struct hook_term *term)
{
	struct code *code = &writer->code;
	uint32_t holds = code__label(code);

	code__move_imm(code, BPF_REG_3, 1);
	code__jump_if(code,
		      term->is_signed ? operations[term->operation].signed_op
				      : operations[term->operation].op,
		      BPF_REG_1, BPF_REG_2, holds);
	code__move_imm(code, BPF_REG_3, 0);
	code__place(code, holds);
	code__move(code, BPF_REG_1, BPF_REG_3);
}

static void write_unary(struct hook_writer *writer, const struct hook_term *term)
{
	struct code *code = &writer->code;

	switch (term->operation) {
	case HOOK_OPERATION_IS_ZERO: /* of what is 0 or 1 */
		code__alu_imm(code, BPF_XOR, BPF_REG_1, 1);
		return;
	case HOOK_OPERATION_COMPLEMENT:
		code__alu_imm(code, BPF_XOR, BPF_REG_1, -1);
		break;
	case HOOK_OPERATION_NEGATE:
		code__alu_imm(code, BPF_XOR, BPF_REG_1, -1);
		code__alu_imm(code, BPF_ADD, BPF_REG_1, 1);
		break;
	default: /* CAST */
		break;
	}
	extend(writer, term);
}

/* Its result into r1. */
static void write_term(struct hook_writer *writer, const struct hook_term *term, uint32_t depth)
{
	struct code *code = &writer->code;

	if (term->operation == HOOK_OPERATION_VALUE) {
		writer__load_number(writer, term->value, BPF_REG_1);
		extend(writer, term);
		return;
	}
	if (term->operation == HOOK_OPERATION_NUMBER) {
		code__load_imm64(code, BPF_REG_1, term->number);
		return;
	}
	code__load(code, RESULT_SIZE, BPF_REG_1, BPF_REG_10, result_at(depth));
	if (operations[term->operation].operands == 1) {
		write_unary(writer, term);
		return;
	}
	code__load(code, RESULT_SIZE, BPF_REG_2, BPF_REG_10, result_at(depth + 1));
	if (operations[term->operation].is_comparison) {
		compare(writer, term);
		return;
	}
	code__alu(code, operations[term->operation].op, BPF_REG_1, BPF_REG_2);
	extend(writer, term);
}

void writer__test_expression(struct hook_writer *writer, const struct hook_test *test,
			     uint32_t holds)
{
	const struct hook_expression *expression = test->expression;
	struct code *code = &writer->code;
	uint32_t depth = 0;

	for (uint32_t i = 0; expression && i < expression->term_count; i++) {
		const struct hook_term *term = &expression->terms[i];
		uint32_t operands = operations[term->operation].operands;

		if (depth < operands || depth - operands == HOOK_EXPRESSION_DEPTH) {
			writer__refuse(writer, "an expression that does not come out even");
			return;
		}
		depth -= operands;
		write_term(writer, term, depth);
		code__store(code, RESULT_SIZE, BPF_REG_10, result_at(depth++), BPF_REG_1);
	}
	if (depth != 1 || writer->end == HOOK_END_LEAVE) {
		writer__refuse(writer, "an expression that does not come out even");
		return;
	}
	code__jump_if_imm(code, BPF_JNE, BPF_REG_1, 0, holds);
}
