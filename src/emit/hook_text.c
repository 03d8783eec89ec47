/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "emit/hook_private.h"

/*
 * A few short texts are compared with by instructions: no routine, no hash, no map. What is asked for is the address in r1
 * and the size in r2, from where they are in the frame.
 */
#define TEXTS_MOST 8
#define BYTES_MOST 128 /* of all texts together */

#define WORDS_AT (offsetof(struct policy_frame, data) + sizeof(struct policy_record))
#define DATA_MASK (POLICY_FRAME_BYTES - 1)

bool hook_test__compares_texts(const struct hook_test *test)
{
	uint32_t bytes = 0;

	if (test->index != POLICY_TEXT_EQUAL && test->index != POLICY_TEXT_PREFIX &&
	    test->index != POLICY_TEXT_POSTFIX)
		return false;
	for (uint32_t i = 0; i < test->text_count; i++) {
		if (test->texts[i].size == 0)
			return false;
		bytes += test->texts[i].size;
	}
	return test->text_count > 0 && test->text_count <= TEXTS_MOST && bytes <= BYTES_MOST;
}

/* r1: where in the frame's data it begins; r2: its size. On to `none` where there is no text. */
static void find_text(struct hook_writer *writer, const struct hook_test *test, int32_t skip,
		      uint32_t none)
{
	struct code *code = &writer->code;
	int16_t at = (int16_t)(WORDS_AT + sizeof(union policy_word) * test->value);

	code__load(code, sizeof(uint32_t), BPF_REG_1, REG_FRAME,
		   (int16_t)(at + (int32_t)offsetof(struct policy_place, offset)));
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_1, 0, none);
	code__load(code, sizeof(uint32_t), BPF_REG_2, REG_FRAME,
		   (int16_t)(at + (int32_t)offsetof(struct policy_place, size)));
	if (skip == 0)
		return;
	code__alu_imm(code, BPF_ADD, BPF_REG_1, skip);
	code__alu_imm(code, BPF_SUB, BPF_REG_2, skip);
	code__jump_if_imm(code, BPF_JSLT, BPF_REG_2, 0, none);
}

/* Bytes at r4 + offset: on to `differs` unless they are these. */
static void compare_bytes(struct hook_writer *writer, int32_t offset, const uint8_t *bytes,
			  uint32_t size, uint32_t differs)
{
	struct code *code = &writer->code;
	uint64_t number = 0;

	memcpy(&number, bytes, size); /* as a load has it */
	code__load(code, size, BPF_REG_5, BPF_REG_4, (int16_t)offset);
	if (number <= INT32_MAX) {
		code__jump_if_imm(code, BPF_JNE, BPF_REG_5, (int32_t)number, differs);
		return;
	}
	code__load_imm64(code, BPF_REG_3, number);
	code__jump_if(code, BPF_JNE, BPF_REG_5, BPF_REG_3, differs);
}

/* r4: where the bytes are to begin, inside of the frame whatever r1 and r2 are. */
static void find_place(struct hook_writer *writer, const struct hook_test *test, uint32_t size)
{
	struct code *code = &writer->code;

	code__move(code, BPF_REG_3, BPF_REG_1);
	if (test->index == POLICY_TEXT_POSTFIX) {
		code__alu(code, BPF_ADD, BPF_REG_3, BPF_REG_2);
		code__alu_imm(code, BPF_SUB, BPF_REG_3, (int32_t)size);
	}
	code__alu_imm(code, BPF_AND, BPF_REG_3, DATA_MASK);
	code__move(code, BPF_REG_4, REG_FRAME);
	code__alu(code, BPF_ADD, BPF_REG_4, BPF_REG_3);
}

static void compare_text(struct hook_writer *writer, const struct hook_test *test,
			 const struct hook_text *text, uint32_t holds)
{
	struct code *code = &writer->code;
	uint32_t differs = code__label(code), done = 0;

	code__jump_if_imm(code, test->index == POLICY_TEXT_EQUAL ? BPF_JNE : BPF_JLT, BPF_REG_2,
			  (int32_t)text->size, differs);
	find_place(writer, test, text->size);
	for (uint32_t width = sizeof(uint64_t); width > 0; width /= 2)
		for (; text->size - done >= width; done += width)
			compare_bytes(writer, (int32_t)(offsetof(struct policy_frame, data) + done),
				      text->bytes + done, width, differs);
	code__jump(code, holds);
	code__place(code, differs);
}

void writer__compare_texts(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
			   uint32_t fails)
{
	find_text(writer, test, hook_value__text_offset(&writer->hook->values[test->value]), fails);
	for (uint32_t i = 0; i < test->text_count; i++)
		compare_text(writer, test, &test->texts[i], holds);
}
