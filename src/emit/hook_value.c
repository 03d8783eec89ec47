/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "emit/hook_private.h"

#define WORD 8u

/* ---- registers: where calls keep their arguments ---- */

#if defined(__x86_64__)
/* Offsets in struct pt_regs of di, si, dx, cx, r8, r9; of a system call r10 in place of cx. */
static const int16_t argument_offsets[] = { 112, 104, 96, 88, 72, 64 };
static const int16_t syscall_offsets[] = { 112, 104, 96, 56, 72, 64 };
#define RETURN_OFFSET 80
#elif defined(__aarch64__)
static const int16_t argument_offsets[] = { 0, 8, 16, 24, 32, 40, 48, 56 };
/* The first register becomes the returned value; what it was at the beginning is kept (orig_x0). */
static const int16_t syscall_offsets[] = { 272, 8, 16, 24, 32, 40 };
#define RETURN_OFFSET 0
#else
#error "say here where this architecture has the arguments of calls"
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what a base gives, in dst ---- */

void writer__read_bytes(struct hook_writer *writer, uint8_t address, uint32_t size, bool is_user)
{
	struct code *code = &writer->code;

	/* What cannot be read is 0: the helpers clear it. */
	if (address != BPF_REG_3)
		code__move(code, BPF_REG_3, address);
	writer__stack(writer, BPF_REG_1, TEMP_AT);
	code__move_imm(code, BPF_REG_2, (int32_t)size);
	code__call_helper(code, is_user ? BPF_FUNC_probe_read_user : BPF_FUNC_probe_read_kernel);
}

/*
 * The verifier knows pointers of the context by their types: less may be done with them than with addresses, and those to
 * what is no struct, or one that is only declared, may not be loaded at all.
 */
static void copy_context_word(struct hook_writer *writer, int32_t offset, uint8_t dst)
{
	struct code *code = &writer->code;

	code__move(code, BPF_REG_3, REG_CONTEXT);
	if (offset != 0)
		code__alu_imm(code, BPF_ADD, BPF_REG_3, offset);
	writer__read_bytes(writer, BPF_REG_3, WORD, false);
	code__load(code, WORD, dst, BPF_REG_10, TEMP_AT);
}

static void load_argument(struct hook_writer *writer, const struct hook_value *value, uint8_t dst)
{
	struct code *code = &writer->code;
	bool is_number = value->step_count == 0 && hook_value__is_number(value);

	if (writer->context == HOOK_CONTEXT_REGISTERS) {
		if (value->index >= COUNT_OF(argument_offsets))
			writer__refuse(writer, "an argument that is not in a register");
		else
			code__load(code, WORD, dst, REG_CONTEXT, argument_offsets[value->index]);
		return;
	}
	if (writer->context == HOOK_CONTEXT_TRACEPOINT) {
		writer__refuse(writer, "arguments of a tracepoint that has fields");
		return;
	}
	if (writer->context != HOOK_CONTEXT_CALL || (is_number && !value->is_address))
		code__load(code, WORD, dst, REG_CONTEXT, (int16_t)(WORD * value->index));
	else
		copy_context_word(writer, (int32_t)(WORD * value->index), dst);
}

static void load_syscall_argument(struct hook_writer *writer, const struct hook_value *value,
				  uint8_t dst)
{
	struct code *code = &writer->code;
	bool is_probe = writer->context == HOOK_CONTEXT_REGISTERS;

	if (value->index >= COUNT_OF(syscall_offsets)) {
		writer__refuse(writer, "a seventh argument of a system call");
		return;
	}
	if (writer->hook->hides_registers)
		copy_context_word(writer, 0, BPF_REG_3);
	else
		code__load(code, WORD, BPF_REG_3, REG_CONTEXT, is_probe ? argument_offsets[0] : 0);
	code__alu_imm(code, BPF_ADD, BPF_REG_3, syscall_offsets[value->index]);
	writer__read_bytes(writer, BPF_REG_3, WORD, false);
	code__load(code, WORD, dst, BPF_REG_10, TEMP_AT);
}

static void load_returned(struct hook_writer *writer, const struct hook_value *value, uint8_t dst)
{
	int16_t offset = 0;

	switch (writer->context) {
	case HOOK_CONTEXT_REGISTERS:
		offset = RETURN_OFFSET;
		break;
	case HOOK_CONTEXT_CALL:
		offset = (int16_t)(WORD * writer->hook->argument_count);
		if (value->is_address) {
			copy_context_word(writer, offset, dst);
			return;
		}
		break;
	case HOOK_CONTEXT_SYSCALL_EXIT:
		offset = WORD;
		break;
	case HOOK_CONTEXT_RAW_TRACEPOINT:
	case HOOK_CONTEXT_TRACEPOINT:
	case HOOK_CONTEXT_SYSCALL_ENTER:
		writer__refuse(writer, "the returned value of what does not return");
		return;
	}
	code__load(&writer->code, WORD, dst, REG_CONTEXT, offset);
}

/* Of a system call: its number; by the way that it tells of which table. */
static void load_syscall_number(struct hook_writer *writer, const struct hook_value *value,
				uint8_t dst)
{
	struct code *code = &writer->code;
	bool is_marked = value->class == POLICY_CLASS_SYSCALL;
	bool is_probe = writer->context == HOOK_CONTEXT_REGISTERS;

	if (writer->context == HOOK_CONTEXT_SYSCALL_ENTER && !is_marked) {
		code__load(code, WORD, dst, REG_CONTEXT, WORD);
		return;
	}
	if (writer->context == HOOK_CONTEXT_SYSCALL_ENTER) {
		code__load(code, WORD, BPF_REG_1, REG_CONTEXT, WORD);
		writer__call(writer, "mark_syscall");
	} else {
		code__load(code, WORD, BPF_REG_1, REG_CONTEXT, is_probe ? argument_offsets[0] : 0);
		writer__call(writer, is_marked ? "marked_syscall_of" : "syscall_of");
	}
	if (dst != BPF_REG_0)
		code__move(code, dst, BPF_REG_0);
}

static void load_base(struct hook_writer *writer, const struct hook_value *value, uint8_t dst)
{
	struct code *code = &writer->code;

	switch (value->base) {
	case HOOK_BASE_ARGUMENT:
		load_argument(writer, value, dst);
		return;
	case HOOK_BASE_SYSCALL:
		load_syscall_argument(writer, value, dst);
		return;
	case HOOK_BASE_SYSCALL_NUMBER:
		load_syscall_number(writer, value, dst);
		return;
	case HOOK_BASE_FIELD:
		code__move(code, dst, REG_CONTEXT);
		code__alu_imm(code, BPF_ADD, dst, (int32_t)value->index);
		return;
	case HOOK_BASE_RETURN:
		load_returned(writer, value, dst);
		return;
	case HOOK_BASE_TASK:
		code__call_helper(code, BPF_FUNC_get_current_task);
		if (dst != BPF_REG_0)
			code__move(code, dst, BPF_REG_0);
		return;
	case HOOK_BASE_REGISTERS:
		if (writer->context != HOOK_CONTEXT_REGISTERS)
			writer__refuse(writer, "registers of what has none");
		else
			code__load(code, WORD, dst, REG_CONTEXT, (int16_t)value->index);
		return;
	}
}

/* ---- from there on ---- */

/* From the address in r3 to the end of the steps, in r3. */
static void follow(struct hook_writer *writer, const struct hook_value *value)
{
	struct code *code = &writer->code;

	for (uint32_t i = 0; i < value->step_count; i++) {
		const struct hook_step *step = &value->steps[i];

		if (step->offset != 0)
			code__alu_imm(code, BPF_ADD, BPF_REG_3, step->offset);
		if (!step->is_followed)
			continue;
		writer__read_bytes(writer, BPF_REG_3, WORD,
				   value->is_user && value->base != HOOK_BASE_TASK);
		code__load(code, WORD, BPF_REG_3, BPF_REG_10, TEMP_AT);
	}
}

void writer__widen(struct hook_writer *writer, uint32_t bits, uint32_t first, bool is_signed,
		   uint8_t dst)
{
	int32_t right = (int32_t)(64 - bits);

	if (right == 0)
		return;
	code__alu_imm(&writer->code, BPF_LSH, dst, right - (int32_t)first);
	code__alu_imm(&writer->code, is_signed ? BPF_ARSH : BPF_RSH, dst, right);
}

static void extend(struct hook_writer *writer, const struct hook_value *value, uint8_t dst)
{
	if (value->is_bit_field)
		writer__widen(writer, value->bit_size, value->bit_offset, value->is_signed, dst);
	else
		writer__widen(writer, 8 * value->size, 0, value->is_signed, dst);
}

static bool is_width(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static bool is_sound(const struct hook_value *value)
{
	uint32_t bits = 8 * value->size;

	if (!is_width(value->size))
		return false;
	return !value->is_bit_field ||
	       (value->bit_size > 0 && (uint32_t)value->bit_offset + value->bit_size <= bits);
}

/* A field of the context may be loaded as it is, if it is where loads of that size may be. */
static bool is_plain_field(const struct hook_value *value)
{
	return value->base == HOOK_BASE_FIELD && value->step_count == 0 &&
	       value->index % value->size == 0;
}

static void load_uncached(struct hook_writer *writer, uint32_t index, uint8_t dst)
{
	const struct hook_value *value = &writer->hook->values[index];
	struct code *code = &writer->code;

	if (is_plain_field(value)) {
		code__load(code, value->size, dst, REG_CONTEXT, (int16_t)value->index);
	} else if (value->step_count == 0 && value->base != HOOK_BASE_FIELD) {
		writer__load_base(writer, index, dst);
	} else {
		writer__load_base(writer, index, BPF_REG_3);
		follow(writer, value);
		writer__read_bytes(writer, BPF_REG_3, value->size,
				   value->is_user && value->base != HOOK_BASE_FIELD);
		code__load(code, value->size, dst, BPF_REG_10, TEMP_AT);
	}
	extend(writer, value, dst);
}

void writer__load_base(struct hook_writer *writer, uint32_t index, uint8_t dst)
{
	const struct hook_value *value = &writer->hook->values[index];
	uint32_t word;

	if (writer->end == HOOK_END_LEAVE && writer__is_saved(writer, index, &word))
		code__load(&writer->code, WORD, dst, BPF_REG_10,
			   (int16_t)(SAVED_AT + (int32_t)offsetof(struct policy_pending, words) +
				     (int32_t)(WORD * word)));
	else if (value->usdt)
		writer__load_operand(writer, value, dst);
	else
		load_base(writer, value, dst);
}

void writer__load_number(struct hook_writer *writer, uint32_t index, uint8_t dst)
{
	if (index >= writer->hook->value_count || !is_sound(&writer->hook->values[index])) {
		writer__refuse(writer, "a number that is none");
		return;
	}
	load_uncached(writer, index, dst);
}

void writer__load_address(struct hook_writer *writer, uint32_t index, uint8_t dst)
{
	if (index >= writer->hook->value_count) {
		writer__refuse(writer, "a value that is not there");
		return;
	}
	writer__load_base(writer, index, BPF_REG_3);
	follow(writer, &writer->hook->values[index]);
	if (dst != BPF_REG_3)
		code__move(&writer->code, dst, BPF_REG_3);
}

/* ---- operands of USDT probes ---- */

void writer__load_operand_address(struct hook_writer *writer, const struct hook_value *value,
				  uint8_t dst)
{
	const struct hook_usdt *usdt = value->usdt;
	struct code *code = &writer->code;

	if (!usdt || (usdt->kind != HOOK_USDT_MEMORY && usdt->kind != HOOK_USDT_INDEXED)) {
		writer__refuse(writer, "the address of what is not in memory");
		return;
	}
	code__load(code, WORD, BPF_REG_3, REG_CONTEXT, usdt->base_offset);
	if (usdt->kind == HOOK_USDT_INDEXED) {
		code__load(code, WORD, BPF_REG_1, REG_CONTEXT, usdt->index_offset);
		code__alu_imm(code, BPF_MUL, BPF_REG_1, usdt->scale);
		code__alu(code, BPF_ADD, BPF_REG_3, BPF_REG_1);
	}
	code__load_imm64(code, BPF_REG_1, (uint64_t)usdt->constant);
	code__alu(code, BPF_ADD, BPF_REG_3, BPF_REG_1);
	if (dst != BPF_REG_3)
		code__move(code, dst, BPF_REG_3);
}

void writer__load_operand(struct hook_writer *writer, const struct hook_value *value, uint8_t dst)
{
	const struct hook_usdt *usdt = value->usdt;
	struct code *code = &writer->code;

	if (!is_width(usdt->size)) {
		writer__refuse(writer, "an operand of no size");
		return;
	}
	switch (usdt->kind) {
	case HOOK_USDT_UNKNOWN:
		writer__refuse(writer, "an operand that is not known");
		return;
	case HOOK_USDT_CONSTANT:
		code__load_imm64(code, dst, (uint64_t)usdt->constant);
		break;
	case HOOK_USDT_REGISTER:
		code__load(code, WORD, dst, REG_CONTEXT, usdt->base_offset);
		break;
	case HOOK_USDT_MEMORY:
	case HOOK_USDT_INDEXED:
		writer__load_operand_address(writer, value, BPF_REG_3);
		writer__read_bytes(writer, BPF_REG_3, usdt->size, true);
		code__load(code, usdt->size, dst, BPF_REG_10, TEMP_AT);
		break;
	}
	writer__widen(writer, 8u * usdt->size, 0, usdt->is_signed, dst);
}
