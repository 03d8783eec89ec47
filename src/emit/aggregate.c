/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/aggregate.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define WORD 8u
#define RECORD BPF_REG_6
#define KEY BPF_REG_7
#define VALUE BPF_REG_0 /* address of the value, while it is added to */
#define NUMBER BPF_REG_1
#define TEMP BPF_REG_2
#define SLOT BPF_REG_3

static bool fits_imm(uint64_t number)
{
	return (uint64_t)(int64_t)(int32_t)number == number;
}

/* ---- loads ---- */

static void load_integer(struct code *code, uint8_t dst, const struct aggregate_field *field,
			 bool is_aligned)
{
	int32_t shift = (int32_t)(64 - 8 * field->size);

	/* A packed record may have it anywhere; memory other than the stack is taken at any address. */
	if (is_aligned && field->offset % field->size != 0) {
		code__move_imm(code, dst, 0);
		for (uint32_t i = 0; i < field->size; i++) {
			code__load(code, 1, TEMP, RECORD, (int16_t)(field->offset + i));
			if (i > 0)
				code__alu_imm(code, BPF_LSH, TEMP, (int32_t)(8 * i));
			code__alu(code, BPF_OR, dst, TEMP);
		}
	} else {
		code__load(code, field->size, dst, RECORD, (int16_t)field->offset);
	}
	if (field->is_signed && shift > 0) {
		code__alu_imm(code, BPF_LSH, dst, shift);
		code__alu_imm(code, BPF_ARSH, dst, shift);
	}
}

/* The largest load that may be done there. */
static uint32_t piece_at(uint32_t offset, uint32_t len, bool is_aligned)
{
	uint32_t size = WORD;

	while (size > len || (is_aligned && offset % size != 0))
		size /= 2;
	return size;
}

/* Up to 8 bytes, the first one lowest, zeros behind them. */
static void load_bytes(struct code *code, uint8_t dst, uint32_t offset, uint32_t len,
		       bool is_aligned)
{
	uint32_t done = 0;

	while (done < len) {
		uint32_t size = piece_at(offset + done, len - done, is_aligned);

		code__load(code, size, done == 0 ? dst : TEMP, RECORD, (int16_t)(offset + done));
		if (done > 0) {
			code__alu_imm(code, BPF_LSH, TEMP, (int32_t)(8 * done));
			code__alu(code, BPF_OR, dst, TEMP);
		}
		done += size;
	}
}

static uint32_t word_len(uint32_t len, uint32_t done)
{
	return len - done < WORD ? len - done : WORD;
}

/* ---- conditions: what does not hold leaves ---- */

struct inverse {
	uint8_t for_unsigned, for_signed;
};
static const struct inverse inverses[] = {
	[AGGREGATE_OP_EQUAL] = { BPF_JNE, BPF_JNE },
	[AGGREGATE_OP_NOT_EQUAL] = { BPF_JEQ, BPF_JEQ },
	[AGGREGATE_OP_LESS] = { BPF_JGE, BPF_JSGE },
	[AGGREGATE_OP_LESS_EQUAL] = { BPF_JGT, BPF_JSGT },
	[AGGREGATE_OP_GREATER] = { BPF_JLE, BPF_JSLE },
	[AGGREGATE_OP_GREATER_EQUAL] = { BPF_JLT, BPF_JSLT },
};

static void jump_if_number(struct code *code, uint8_t op, uint64_t number, uint32_t label)
{
	if (fits_imm(number)) {
		code__jump_if_imm(code, op, NUMBER, (int32_t)number, label);
		return;
	}
	code__load_imm64(code, TEMP, number);
	code__jump_if(code, op, NUMBER, TEMP, label);
}

static void check_integer(const struct aggregate_code *source,
			  const struct aggregate_condition *condition, uint32_t out,
			  struct code *code)
{
	const struct inverse *inverse = &inverses[condition->op];

	load_integer(code, NUMBER, &condition->field, source->is_aligned);
	jump_if_number(code,
		       condition->field.is_signed ? inverse->for_signed : inverse->for_unsigned,
		       condition->number, out);
}

/* A shorter text is compared with its NUL: what is behind that counts for nothing. */
static void check_text(const struct aggregate_code *source,
		       const struct aggregate_condition *condition, uint32_t out, struct code *code)
{
	const struct aggregate_field *field = &condition->field;
	uint32_t len = condition->text_len < field->size ? condition->text_len + 1 : field->size;
	bool is_equal = condition->op == AGGREGATE_OP_EQUAL;
	uint32_t differs = is_equal ? out : code__label(code);

	for (uint32_t done = 0; done < len; done += WORD) {
		uint32_t bytes = word_len(len, done);
		uint64_t wanted = 0;

		if (done < condition->text_len)
			memcpy(&wanted, condition->text + done,
			       word_len(condition->text_len, done));
		load_bytes(code, NUMBER, field->offset + done, bytes, source->is_aligned);
		jump_if_number(code, BPF_JNE, wanted, differs);
	}
	if (is_equal)
		return;
	code__jump(code, out);
	code__place(code, differs);
}

/* ---- slots ---- */

/* Of 1 << k or less for an integer below: how many bits it has, 0 to 64, in SLOT. No branch: one path to verify. */
static void bit_length(struct code *code)
{
	code__move_imm(code, SLOT, 0);
	for (int32_t step = 32; step > 0; step /= 2) {
		code__move(code, TEMP, NUMBER);
		code__alu_imm(code, BPF_RSH, TEMP, step);
		code__alu_imm(code, BPF_NEG, TEMP, 0);
		code__alu_imm(code, BPF_RSH, TEMP, 63); /* 1: something is up there */
		code__alu_imm(code, BPF_MUL, TEMP, step);
		code__alu(code, BPF_RSH, NUMBER, TEMP);
		code__alu(code, BPF_ADD, SLOT, TEMP);
	}
	code__alu(code, BPF_ADD, SLOT, NUMBER); /* what is left is the highest bit, or 0 */
}

/* Negative numbers become 0. */
static void cut_negative(const struct aggregate_field *field, struct code *code)
{
	if (!field->is_signed)
		return;
	code__move(code, TEMP, NUMBER);
	code__alu_imm(code, BPF_ARSH, TEMP, 63);
	code__alu_imm(code, BPF_XOR, TEMP, -1);
	code__alu(code, BPF_AND, NUMBER, TEMP);
}

static void slot_of_list(const struct aggregate_value *value, struct code *code)
{
	uint8_t op = value->field.is_signed ? BPF_JSLE : BPF_JLE;
	uint32_t found = code__label(code);

	for (uint32_t i = 0; i < value->boundary_count; i++) {
		code__move_imm(code, SLOT, (int32_t)i);
		jump_if_number(code, op, (uint64_t)value->boundaries[i], found);
	}
	code__move_imm(code, SLOT, (int32_t)value->boundary_count);
	code__place(code, found);
}

/* From NUMBER; the verifier sees that SLOT is one. */
static void find_slot(const struct aggregate_value *value, struct code *code)
{
	int32_t last = (int32_t)value->slot_count - 1;
	uint32_t is_below;

	if (value->slots == AGGREGATE_SLOTS_LIST) {
		slot_of_list(value, code);
		return;
	}
	cut_negative(&value->field, code);
	if (value->slots == AGGREGATE_SLOTS_FLOOR)
		code__alu_imm(code, BPF_RSH, NUMBER, 1);
	bit_length(code);
	is_below = code__label(code);
	code__jump_if_imm(code, BPF_JLE, SLOT, last, is_below);
	code__move_imm(code, SLOT, last);
	code__place(code, is_below);
}

/* ---- the key ---- */

#define ALIVE BPF_REG_4 /* all ones until a NUL came by */
#define ONES BPF_REG_5
#define HIGHS BPF_REG_0
#define END BPF_REG_9

/*
 * A string, everything behind its NUL cleared, 8 bytes at a time. For a word w, t = (w - 0x01…) & ~w & 0x80… has the high
 * bit of its first NUL as its lowest bit, or is 0: ((t & -t) >> 7) - 1 has all bits below that NUL, or all.
 */
static void add_word(struct code *code, bool is_last)
{
	code__alu(code, BPF_AND, NUMBER, ALIVE);
	code__move(code, TEMP, NUMBER);
	code__alu(code, BPF_SUB, TEMP, ONES);
	code__move(code, SLOT, NUMBER);
	code__alu_imm(code, BPF_XOR, SLOT, -1);
	code__alu(code, BPF_AND, TEMP, SLOT);
	code__alu(code, BPF_AND, TEMP, HIGHS); /* t */
	code__move(code, SLOT, TEMP);
	code__alu_imm(code, BPF_NEG, SLOT, 0); /* -t */
	if (!is_last) {
		code__move(code, END, TEMP);
		code__alu(code, BPF_OR, END, SLOT);
		code__alu_imm(code, BPF_ARSH, END, 63);
		code__alu_imm(code, BPF_XOR, END, -1); /* all ones when t is 0 */
		code__alu(code, BPF_AND, ALIVE, END);
	}
	code__alu(code, BPF_AND, SLOT, TEMP);
	code__alu_imm(code, BPF_RSH, SLOT, 7);
	code__alu_imm(code, BPF_SUB, SLOT, 1);
	code__alu(code, BPF_AND, NUMBER, SLOT);
}

static void begin_string(struct code *code)
{
	code__move_imm(code, ALIVE, -1);
	code__load_imm64(code, ONES, 0x0101010101010101);
	code__load_imm64(code, HIGHS, 0x8080808080808080);
}

static void add_bytes(const struct aggregate_code *source, const struct aggregate_field *field,
		      uint32_t to, struct code *code)
{
	bool is_string = field->type == AGGREGATE_TYPE_STRING;

	if (is_string)
		begin_string(code);
	for (uint32_t done = 0; done < field->size; done += WORD) {
		load_bytes(code, NUMBER, field->offset + done, word_len(field->size, done),
			   source->is_aligned);
		if (is_string)
			add_word(code, done + WORD >= field->size);
		code__store(code, WORD, KEY, (int16_t)(to + done), NUMBER);
	}
}

static void add_key(const struct aggregate_code *source, uint32_t index, struct code *code)
{
	const struct aggregate_key *key = &source->aggregate->keys[index];
	uint32_t to = source->key_offset + source->layout->keys[index].offset;

	if (key->transform == AGGREGATE_TRANSFORM_SLOT) {
		load_integer(code, NUMBER, &key->field, source->is_aligned);
		cut_negative(&key->field, code);
		bit_length(code);
		code__store(code, WORD, KEY, (int16_t)to, SLOT);
		return;
	}
	add_bytes(source, &key->field, to, code);
}

static void add_keys(const struct aggregate_code *source, struct code *code)
{
	if (source->aggregate->key_count == 0)
		code__store_imm(code, WORD, KEY, (int16_t)source->key_offset, 0);
	for (uint32_t i = 0; i < source->aggregate->key_count; i++)
		add_key(source, i, code);
}

/* ---- the value ---- */

static void name_key(const struct aggregate_code *source, struct code *code)
{
	code__load_map(code, BPF_REG_1, source->counts_fd);
	code__move(code, BPF_REG_2, KEY);
	code__alu_imm(code, BPF_ADD, BPF_REG_2, (int32_t)source->key_offset);
}

/* r0 is never NULL: a key that cannot be had is spared. */
static void find_value(const struct aggregate_code *source, struct code *code)
{
	uint32_t found = code__label(code);

	name_key(source, code);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JNE, VALUE, 0, found);
	name_key(source, code);
	code__load_map_value(code, BPF_REG_3, source->spare_fd, source->layout->value_size);
	code__move_imm(code, BPF_REG_4, BPF_NOEXIST);
	code__call_helper(code, BPF_FUNC_map_update_elem);
	name_key(source, code);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JNE, VALUE, 0, found);
	code__load_map_value(code, VALUE, source->spare_fd, 0);
	code__place(code, found);
}

static void add_one(struct code *code, uint32_t offset)
{
	code__move_imm(code, TEMP, 1);
	code__atomic_add(code, VALUE, (int16_t)offset, TEMP);
}

static void add_value(const struct aggregate_code *source, struct code *code)
{
	const struct aggregate_value *value = &source->aggregate->value;
	const struct aggregate_layout *layout = source->layout;

	add_one(code, layout->count_offset);
	if (value->kind == AGGREGATE_KIND_COUNT)
		return;
	load_integer(code, NUMBER, &value->field, source->is_aligned);
	if (value->kind == AGGREGATE_KIND_LAST) {
		code__store(code, WORD, VALUE, (int16_t)layout->number_offset, NUMBER);
		return;
	}
	code__atomic_add(code, VALUE, (int16_t)layout->number_offset, NUMBER);
	if (value->kind != AGGREGATE_KIND_SLOTS)
		return;
	find_slot(value, code);
	code__alu_imm(code, BPF_LSH, SLOT, 3);
	code__alu(code, BPF_ADD, VALUE, SLOT);
	add_one(code, layout->slots_offset);
}

/* ---- all of it ---- */

int aggregate_emit(const struct aggregate_code *source, struct code *code, struct err *err)
{
	const struct aggregate *aggregate = source->aggregate;
	uint32_t out;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return err__set(err, -EOPNOTSUPP, NULL,
				"strings are cut 8 bytes at a time, the first one lowest");
	if (source->key_offset % WORD != 0 ||
	    source->key_offset + source->layout->key_size > INT16_MAX)
		return err__set(err, -EINVAL, NULL, "no key can be at %u", source->key_offset);
	out = code__label(code);
	for (uint32_t i = 0; i < aggregate->condition_count; i++) {
		const struct aggregate_condition *condition = &aggregate->conditions[i];

		if (condition->field.type == AGGREGATE_TYPE_INTEGER)
			check_integer(source, condition, out, code);
		else
			check_text(source, condition, out, code);
	}
	add_keys(source, code);
	find_value(source, code);
	add_value(source, code);
	code__place(code, out);
	return 0;
}
