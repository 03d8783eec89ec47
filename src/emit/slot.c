/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/slot.h"

#include <errno.h>

#define WORD 8u
#define RECORD BPF_REG_6
#define SLOT BPF_REG_7 /* where the key is built */
#define SIZE BPF_REG_8
#define INDEX_AT (-4)
#define CONTEXT_AT (-16)
#define FLAGS_AT (-24)

static uint32_t round_up(uint32_t size)
{
	return (size + WORD - 1) & ~(WORD - 1);
}

uint32_t slot_layout__key_offset(const struct slot_layout *layout)
{
	return round_up(layout->record_size);
}

uint32_t slot_layout__word_offset(const struct slot_layout *layout)
{
	return slot_layout__key_offset(layout) + round_up(layout->key_size);
}

uint32_t slot_layout__size(const struct slot_layout *layout)
{
	return slot_layout__word_offset(layout) + WORD;
}

static int check(const struct slot_range *slots, struct err *err)
{
	if (slots->layout.record_size > INT16_MAX || slots->layout.key_size > INT16_MAX ||
	    slot_layout__size(&slots->layout) > INT16_MAX)
		return err__set(err, -E2BIG, NULL,
				"a record of %u bytes and its key of %u are too large for a slot",
				slots->layout.record_size, slots->layout.key_size);
	if (slots->count == 0 || (slots->lock == SLOT_LOCK_NONE && slots->count != 1))
		return err__set(err, -EINVAL, NULL, "%u slots cannot be told apart", slots->count);
	return 0;
}

/* ---- taking and giving back ---- */

static void count_in_control(struct code *code, int control_fd, enum slot_control what)
{
	code__load_map_value(code, BPF_REG_1, control_fd, what);
	code__move_imm(code, BPF_REG_2, 1);
	code__atomic_add(code, BPF_REG_1, 0, BPF_REG_2);
}

static void lookup(const struct slot_range *slots, uint32_t index, struct code *code)
{
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10, INDEX_AT, (int32_t)index);
	code__move(code, BPF_REG_2, BPF_REG_10);
	code__alu_imm(code, BPF_ADD, BPF_REG_2, INDEX_AT);
	code__load_map(code, BPF_REG_1, slots->fd);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
}

/* The slot is in r0; on to `taken` when it was free. */
static void take_word(const struct slot_range *slots, uint32_t taken, struct code *code)
{
	int16_t offset = (int16_t)slot_layout__word_offset(&slots->layout);
	uint32_t is_used = code__label(code);

	if (slots->lock == SLOT_LOCK_EXCHANGE) {
		code__move_imm(code, BPF_REG_1, 1);
		code__exchange(code, BPF_REG_0, offset, BPF_REG_1);
		code__jump_if_imm(code, BPF_JEQ, BPF_REG_1, 0, taken);
	} else {
		code__load(code, WORD, BPF_REG_1, BPF_REG_0, offset);
		code__jump_if_imm(code, BPF_JNE, BPF_REG_1, 0, is_used);
		code__store_imm(code, WORD, BPF_REG_0, offset, 1);
		code__jump(code, taken);
	}
	code__place(code, is_used);
}

/* r0: a slot that is ours, or 0. */
static void take_slot(const struct slot_range *slots, struct code *code)
{
	uint32_t out = code__label(code);

	for (uint32_t i = 0; i < slots->count; i++) {
		lookup(slots, slots->first + i, code);
		if (slots->lock == SLOT_LOCK_NONE)
			break;
		code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, out);
		take_word(slots, out, code);
	}
	if (slots->lock != SLOT_LOCK_NONE) {
		count_in_control(code, slots->control_fd, SLOT_CONTROL_NO_SLOT);
		code__move_imm(code, BPF_REG_0, 0);
	}
	code__place(code, out);
}

static void release_slot(const struct slot_range *slots, uint8_t slot, struct code *code)
{
	if (slots->lock != SLOT_LOCK_NONE)
		code__store_imm(code, WORD, slot, (int16_t)slot_layout__word_offset(&slots->layout),
				0);
}

static int finish_zero(struct code *code, struct err *err)
{
	code__move_imm(code, BPF_REG_0, 0);
	code__exit(code);
	return code__finish(code, err);
}

int slot_emit_reserve(const struct slot_range *slots, struct code *code, struct err *err)
{
	int r = check(slots, err);

	if (r < 0)
		return r;
	take_slot(slots, code);
	code__exit(code);
	return code__finish(code, err);
}

int slot_emit_discard(const struct slot_range *slots, struct code *code, struct err *err)
{
	int r = check(slots, err);

	if (r < 0)
		return r;
	release_slot(slots, BPF_REG_1, code);
	return finish_zero(code, err);
}

/* ---- counting ---- */

/* Brings what is counted to its registers, keeps what the helper will need, and has a place for the key. */
static void enter(const struct slot_counting *counting, uint32_t out, struct code *code)
{
	switch (counting->helper) {
	case SLOT_HELPER_SUBMIT:
		code__move(code, RECORD, BPF_REG_1);
		code__move(code, SLOT, BPF_REG_1);
		return;
	case SLOT_HELPER_OUTPUT:
		code__move(code, RECORD, BPF_REG_2);
		code__move(code, SIZE, BPF_REG_3);
		break;
	case SLOT_HELPER_PERF_OUTPUT:
		code__move(code, RECORD, BPF_REG_4);
		code__move(code, SIZE, BPF_REG_5);
		code__store(code, WORD, BPF_REG_10, CONTEXT_AT, BPF_REG_1);
		code__store(code, WORD, BPF_REG_10, FLAGS_AT, BPF_REG_3);
		break;
	}
	take_slot(&counting->slots, code);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, out);
	code__move(code, SLOT, BPF_REG_0);
}

static void send(const struct slot_counting *counting, struct code *code)
{
	switch (counting->helper) {
	case SLOT_HELPER_SUBMIT:
		code__load_map(code, BPF_REG_1, counting->ring_fd);
		code__move(code, BPF_REG_2, RECORD);
		code__move_imm(code, BPF_REG_3, (int32_t)counting->send_size);
		code__move_imm(code, BPF_REG_4, BPF_RB_NO_WAKEUP);
		code__call_helper(code, BPF_FUNC_ringbuf_output);
		break;
	case SLOT_HELPER_OUTPUT:
		code__load_map(code, BPF_REG_1, counting->ring_fd);
		code__move(code, BPF_REG_2, RECORD);
		code__move(code, BPF_REG_3, SIZE);
		code__move_imm(code, BPF_REG_4, BPF_RB_NO_WAKEUP);
		code__call_helper(code, BPF_FUNC_ringbuf_output);
		break;
	case SLOT_HELPER_PERF_OUTPUT:
		code__load(code, WORD, BPF_REG_1, BPF_REG_10, CONTEXT_AT);
		code__load_map(code, BPF_REG_2, counting->ring_fd);
		code__load(code, WORD, BPF_REG_3, BPF_REG_10, FLAGS_AT);
		code__move(code, BPF_REG_4, RECORD);
		code__move(code, BPF_REG_5, SIZE);
		code__call_helper(code, BPF_FUNC_perf_event_output);
		break;
	}
}

/* While somebody wants to see records. */
static void send_if_wanted(const struct slot_counting *counting, struct code *code)
{
	uint32_t out;

	if (counting->ring_fd < 0)
		return;
	out = code__label(code);
	code__load_map_value(code, BPF_REG_1, counting->slots.control_fd, SLOT_CONTROL_EVENTS);
	code__load(code, WORD, BPF_REG_1, BPF_REG_1, 0);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_1, 0, out);
	send(counting, code);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, out);
	count_in_control(code, counting->slots.control_fd, SLOT_CONTROL_NO_RING);
	code__place(code, out);
}

static int count_all(const struct slot_counting *counting, struct code *code, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < counting->aggregate_count; i++) {
		struct aggregate_code source = counting->aggregates[i];

		source.key_offset = slot_layout__key_offset(&counting->slots.layout);
		/* A slot may be read at any address; what is passed to the other helpers may be on the stack. */
		source.is_aligned = counting->helper != SLOT_HELPER_SUBMIT;
		r = aggregate_emit(&source, code, err);
	}
	return r;
}

int slot_emit_counting(const struct slot_counting *counting, struct code *code, struct err *err)
{
	int r = check(&counting->slots, err);
	uint32_t out;

	if (r < 0)
		return r;
	out = code__label(code);
	enter(counting, out, code);
	r = count_all(counting, code, err);
	if (r < 0)
		return r;
	send_if_wanted(counting, code);
	release_slot(&counting->slots, SLOT, code);
	code__place(code, out);
	return finish_zero(code, err);
}

int slot_emit_quiet(enum slot_helper helper, struct code *code, struct err *err)
{
	switch (helper) {
	case SLOT_HELPER_SUBMIT:
		code__move_imm(code, BPF_REG_2, BPF_RB_NO_WAKEUP);
		code__call_helper(code, BPF_FUNC_ringbuf_submit);
		return finish_zero(code, err);
	case SLOT_HELPER_OUTPUT:
		code__move_imm(code, BPF_REG_4, BPF_RB_NO_WAKEUP);
		code__call_helper(code, BPF_FUNC_ringbuf_output);
		code__exit(code);
		return code__finish(code, err);
	case SLOT_HELPER_PERF_OUTPUT:
		break;
	}
	return err__set(err, -EOPNOTSUPP, NULL, "a perf buffer wakes up whom it likes");
}
