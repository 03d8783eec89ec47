/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/mem.h"
#include "emit/hook_private.h"

/* ---- numbers ---- */

struct comparison {
	uint8_t below, above; /* jumps when it is outside of a range */
};
static const struct comparison comparisons[] = {
	[false] = { BPF_JLT, BPF_JGT },
	[true] = { BPF_JSLT, BPF_JSGT },
};

/* r1 is in the range: on to `inside`, else behind. */
static void in_range(struct hook_writer *writer, const struct hook_range *range, bool is_signed,
		     uint32_t inside)
{
	struct code *code = &writer->code;
	uint32_t outside;

	if (range->first == range->last) {
		writer__jump_if(writer, BPF_JEQ, BPF_REG_1, range->first, inside);
		return;
	}
	outside = code__label(code);
	writer__jump_if(writer, comparisons[is_signed].below, BPF_REG_1, range->first, outside);
	writer__jump_if(writer, comparisons[is_signed].above, BPF_REG_1, range->last, outside);
	code__jump(code, inside);
	code__place(code, outside);
}

/* The number in r1 is one of them: on to `inside`. */
static void in_set(struct hook_writer *writer, uint32_t set, uint32_t inside)
{
	struct code *code = &writer->code;

	code__store(code, sizeof(uint64_t), BPF_REG_10,
		    KEY_AT + (int16_t)offsetof(struct policy_number_key, number), BPF_REG_1);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			KEY_AT + (int16_t)offsetof(struct policy_number_key, set), (int32_t)set);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			KEY_AT + (int16_t)offsetof(struct policy_number_key, pad), 0);
	writer__load_map(writer, BPF_REG_1, "policy_numbers");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, inside);
}

/* The number in r1: on to `holds`, else behind. */
static void compare(struct hook_writer *writer, const struct hook_test *test, bool is_signed,
		    uint32_t holds)
{
	if (test->op != HOOK_NUMBER_SET && test->range_count == 0) {
		writer__refuse(writer, "a comparison with nothing");
		return;
	}
	switch (test->op) {
	case HOOK_NUMBER_EQUAL:
		for (uint32_t i = 0; i < test->range_count; i++)
			in_range(writer, &test->ranges[i], is_signed, holds);
		return;
	case HOOK_NUMBER_MASK:
		for (uint32_t i = 0; i < test->range_count; i++)
			writer__jump_if(writer, BPF_JSET, BPF_REG_1, test->ranges[i].first, holds);
		return;
	case HOOK_NUMBER_SET:
		in_set(writer, test->set, holds);
		return;
	case HOOK_NUMBER_GREATER:
		for (uint32_t i = 0; i < test->range_count; i++)
			writer__jump_if(writer, is_signed ? BPF_JSGT : BPF_JGT, BPF_REG_1,
					test->ranges[i].first, holds);
		return;
	case HOOK_NUMBER_LESS:
		for (uint32_t i = 0; i < test->range_count; i++)
			writer__jump_if(writer, is_signed ? BPF_JSLT : BPF_JLT, BPF_REG_1,
					test->ranges[i].first, holds);
		return;
	}
}

static void test_number(struct hook_writer *writer, const struct hook_test *test, uint32_t holds)
{
	const struct hook_code *hook = writer->hook;
	bool is_signed = test->value < hook->value_count && hook->values[test->value].is_signed;

	writer__load_number(writer, test->value, BPF_REG_1);
	compare(writer, test, is_signed, holds);
}

/* ---- any ---- */

void writer__test(struct hook_writer *writer, const struct hook_test *test, uint32_t fails)
{
	struct code *code = &writer->code;
	/* One that must not hold fails where the others go on. */
	uint32_t holds = test->is_negated ? fails : code__label(code);

	switch (test->kind) {
	case HOOK_TEST_NUMBER:
		test_number(writer, test, holds);
		break;
	default:
		writer__refuse(writer, "a test of a kind that is not known");
		break;
	}
	if (test->is_negated)
		return;
	code__jump(code, fails);
	code__place(code, holds);
}
