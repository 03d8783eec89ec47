/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

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

void writer__compare(struct hook_writer *writer, const struct hook_test *test, bool is_signed,
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
	writer__compare(writer, test, is_signed, holds);
}

/* ---- what is in the frame ---- */

/* A routine's answer: 0 no, 1 yes, else there is nothing to ask, and neither the test nor its opposite holds. */
static void answer(struct hook_writer *writer, const struct hook_test *test, uint32_t holds)
{
	if (test->is_negated)
		code__jump_if_imm(&writer->code, BPF_JNE, BPF_REG_0, 0, holds);
	else
		code__jump_if_imm(&writer->code, BPF_JEQ, BPF_REG_0, 1, holds);
}

#define NEEDLE_MAX 100u

/* Where case does not matter the routine makes small letters of the text: the needle is to have them already. */
static void store_needle(struct hook_writer *writer, const struct hook_text *text, bool any_case)
{
	size_t to = offsetof(struct policy_frame, affix) + offsetof(struct policy_affix_key, text);
	uint8_t needle[NEEDLE_MAX + 2 * sizeof(uint32_t)] = { 0 };

	for (uint32_t i = 0; i < text->size; i++) {
		uint8_t byte = text->bytes[i];

		needle[i] = any_case && byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A')
								   : byte;
	}
	/* With a NUL behind it. */
	for (uint32_t i = 0; i <= text->size; i += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, needle + i, sizeof(word));
		code__store_imm(&writer->code, sizeof(word), REG_FRAME, (int16_t)(to + i),
				(int32_t)word);
	}
}

/* By the kernel where it can, and where a NUL is the end of what is searched. */
static const char *search_routine(const struct hook_writer *writer, const struct hook_test *test)
{
	enum policy_class class = writer->hook->values[test->value].class;
	bool ends = class == POLICY_CLASS_TEXT || class == POLICY_CLASS_PATH;
	bool is_kernels = ends && writer->options->finds_parts;

	if (test->index == POLICY_TEXT_SUBSTRING)
		return is_kernels ? "text_has_by_kernel" : "text_has";
	return is_kernels ? "folded_has_by_kernel" : "folded_has";
}

static void test_parts(struct hook_writer *writer, const struct hook_test *test, int32_t offset,
		       uint32_t holds)
{
	bool any_case = test->index == POLICY_TEXT_SUBSTRING_ANY_CASE;

	if (test->text_count == 0)
		writer__refuse(writer, "a text that is to have nothing");
	if (any_case)
		writer__ask(writer, "fold_text", test->value, offset, 0 /* unused */);
	for (uint32_t i = 0; i < test->text_count; i++) {
		const struct hook_text *text = &test->texts[i];

		if (text->size == 0 || text->size > NEEDLE_MAX) {
			writer__refuse(writer, "a part of a text that is too long");
			return;
		}
		store_needle(writer, text, any_case);
		writer__ask(writer, search_routine(writer, test), test->value, offset,
			    (int32_t)text->size);
		answer(writer, test, holds);
	}
}

/* Bytes of the longest text of a set; of those that the code does not list, as many as there may be. */
static uint32_t longest_text(const struct hook_test *test)
{
	uint32_t most = test->text_count ? 0 : POLICY_TEXT_MAX - 1;

	for (uint32_t i = 0; i < test->text_count; i++)
		if (test->texts[i].size > most)
			most = test->texts[i].size;
	return most;
}

#define AFFIX_MAX sizeof(((struct policy_affix_key *)0)->text)

/* Of prefixes that are longer than a trie takes: as many bytes of the text, once for each length. */
static void test_heads(struct hook_writer *writer, const struct hook_test *test, int32_t offset,
		       uint32_t holds)
{
	for (uint32_t i = 0; i < test->text_count; i++) {
		uint32_t size = test->texts[i].size;
		bool is_asked = size <= AFFIX_MAX;

		for (uint32_t j = 0; j < i; j++)
			is_asked |= test->texts[j].size == size;
		if (is_asked)
			continue;
		code__move_imm(&writer->code, BPF_REG_5, (int32_t)size);
		writer__ask(writer, "text_head_is_in", test->value, offset, (int32_t)test->set);
		answer(writer, test, holds);
	}
}

static bool has_short_text(const struct hook_test *test)
{
	for (uint32_t i = 0; i < test->text_count; i++)
		if (test->texts[i].size <= AFFIX_MAX)
			return true;
	return test->text_count == 0;
}

static void test_text(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
		      uint32_t fails)
{
	int32_t offset;

	writer__capture(writer, test->value);
	if (writer->error < 0)
		return;
	if (hook_test__compares_texts(test)) {
		writer__compare_texts(writer, test, holds, fails);
		return;
	}
	offset = hook_value__text_offset(&writer->hook->values[test->value]);
	switch ((enum policy_text_op)test->index) {
	case POLICY_TEXT_EQUAL:
		code__move_imm(&writer->code, BPF_REG_5, (int32_t)longest_text(test));
		writer__ask(writer, "text_is_in", test->value, offset, (int32_t)test->set);
		break;
	case POLICY_TEXT_PREFIX:
		test_heads(writer, test, offset, holds);
		if (!has_short_text(test))
			return;
		writer__ask(writer, "text_begins_with", test->value, offset, (int32_t)test->set);
		break;
	case POLICY_TEXT_POSTFIX:
		writer__ask(writer, "text_ends_with", test->value, offset, (int32_t)test->set);
		break;
	case POLICY_TEXT_SUBSTRING:
	case POLICY_TEXT_SUBSTRING_ANY_CASE:
		test_parts(writer, test, offset, holds);
		return;
	}
	answer(writer, test, holds);
}

static void test_file_type(struct hook_writer *writer, const struct hook_test *test, uint32_t holds)
{
	writer__capture(writer, test->value);
	writer__ask(writer, "file_type_is", test->value, (int32_t)test->mask, 0 /* unused */);
	answer(writer, test, holds);
}

/* Sockets, packets and addresses have their parts at different places. */
static void test_socket(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
			uint32_t fails)
{
	struct code *code = &writer->code;
	int32_t class;

	writer__capture(writer, test->value);
	if (writer->error < 0)
		return;
	class = (int32_t)writer->hook->values[test->value].class;
	if (test->index <= POLICY_SOCKET_DESTINATION_ADDRESS) {
		writer__ask(writer, "address_is_in", test->value, class << 8 | (int32_t)test->index,
			    (int32_t)test->set);
		answer(writer, test, holds);
		return;
	}
	writer__ask(writer, "socket_part", test->value, class << 8 | (int32_t)test->index,
		    0 /* unused */);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, -1, fails);
	code__move(code, BPF_REG_1, BPF_REG_0);
	writer__compare(writer, test, false, holds);
}

static void test_gained(struct hook_writer *writer, const struct hook_test *test, uint32_t holds)
{
	struct code *code = &writer->code;

	writer__load_number(writer, test->value, BPF_REG_1);
	code__store(code, sizeof(uint64_t), BPF_REG_10, CURSOR_AT, BPF_REG_1);
	writer__load_number(writer, test->other_value, BPF_REG_1);
	code__alu_imm(code, BPF_XOR, BPF_REG_1, -1);
	code__load(code, sizeof(uint64_t), BPF_REG_2, BPF_REG_10, CURSOR_AT);
	code__alu(code, BPF_AND, BPF_REG_1, BPF_REG_2);
	code__jump_if_imm(code, BPF_JNE, BPF_REG_1, 0, holds);
}

/* ---- any ---- */

bool hook_test__uses_frame(const struct hook_test *test)
{
	return test->kind == HOOK_TEST_TEXT || test->kind == HOOK_TEST_FILE_TYPE ||
	       test->kind == HOOK_TEST_SOCKET;
}

static void test_value(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
		       uint32_t fails)
{
	switch (test->kind) {
	case HOOK_TEST_NUMBER:
		test_number(writer, test, holds);
		return;
	case HOOK_TEST_FILE_TYPE:
		test_file_type(writer, test, holds);
		return;
	case HOOK_TEST_SOCKET:
		test_socket(writer, test, holds, fails);
		return;
	case HOOK_TEST_TEXT:
		test_text(writer, test, holds, fails);
		return;
	case HOOK_TEST_CAPABILITIES_GAINED:
		test_gained(writer, test, holds);
		return;
	case HOOK_TEST_EXPRESSION:
		writer__test_expression(writer, test, holds);
		return;
	case HOOK_TEST_SCOPE:
	case HOOK_TEST_PID:
	case HOOK_TEST_BINARY:
	case HOOK_TEST_PARENT_BINARY:
	case HOOK_TEST_NAMESPACE:
	case HOOK_TEST_NAMESPACE_CHANGE:
	case HOOK_TEST_CAPABILITY:
	case HOOK_TEST_CAPABILITY_CHANGE:
		break;
	}
	writer__refuse(writer, "a test of a kind that is not known");
}

void writer__test(struct hook_writer *writer, const struct hook_test *test, uint32_t fails)
{
	struct code *code = &writer->code;
	/* One that must not hold fails where the others go on. */
	uint32_t holds = test->is_negated ? fails : code__label(code);

	if (!writer__test_process(writer, test, holds, fails))
		test_value(writer, test, holds, fails);
	if (test->is_negated)
		return;
	code__jump(code, fails);
	code__place(code, holds);
}
