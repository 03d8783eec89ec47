/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/overflow.h"

#include <errno.h>

#include "emit/insn.h"

#define SLOT_INDEX (-4) /* from r10: the array's key */
#define KEY BPF_REG_6
#define BUCKET BPF_REG_1
#define SLOT BPF_REG_3

static int check(const struct overflow_layout *layout, struct err *err)
{
	uint32_t size = layout->bucket_size;

	if (layout->slot_count == 0 || layout->slot_count > OVERFLOW_SLOTS_MAX)
		return err__set(err, -EINVAL, NULL, "%u slots; 1 to %d are possible",
				layout->slot_count, OVERFLOW_SLOTS_MAX);
	if (size != 0 && size != 1 && size != 2 && size != 4 && size != 8)
		return err__set(err, -EINVAL, NULL,
				"a bucket of %u bytes; 1, 2, 4 or 8 can be read", size);
	if (size != 0 && (layout->bucket_offset % size != 0 || layout->bucket_offset > INT16_MAX))
		return err__set(err, -EINVAL, NULL, "a bucket at byte %u cannot be read at once",
				layout->bucket_offset);
	if (layout->first > INT32_MAX - OVERFLOW_SLOTS_MAX)
		return err__set(err, -EINVAL, NULL, "bucket %d is too large", layout->first);
	return 0;
}

/* Buckets are unsigned; comparing with a constant is, too, as long as it is not negative. */
static void slot_of_range(const struct overflow_layout *layout, uint32_t out, struct code *code)
{
	int32_t last = layout->first + (int32_t)layout->slot_count - 1;

	if (last < 0) {
		code__jump(code, out);
		return;
	}
	if (layout->first > 0)
		code__jump_if_imm(code, BPF_JLT, BUCKET, layout->first, out);
	code__jump_if_imm(code, BPF_JGT, BUCKET, last, out);
	code__move(code, SLOT, BUCKET);
	if (layout->first != 0)
		code__alu_imm(code, BPF_SUB, SLOT, layout->first);
}

static void slot_of_list(const struct overflow_layout *layout, uint32_t out, struct code *code)
{
	uint32_t found = code__label(code);

	for (uint32_t i = 0; i < layout->bucket_count; i++) {
		code__move_imm(code, SLOT, (int32_t)layout->buckets[i].slot);
		code__jump_if_imm(code, BPF_JEQ, BUCKET, layout->buckets[i].bucket, found);
	}
	code__jump(code, out);
	code__place(code, found);
}

static void choose_slot(const struct overflow_layout *layout, uint32_t out, struct code *code)
{
	if (layout->bucket_size == 0) {
		code__move_imm(code, SLOT, 0);
		return;
	}
	code__load(code, layout->bucket_size, BUCKET, KEY, (int16_t)layout->bucket_offset);
	if (layout->buckets)
		slot_of_list(layout, out, code);
	else
		slot_of_range(layout, out, code);
}

int overflow_emit(const struct overflow_layout *layout, int overflow_fd, struct code *code,
		  struct err *err)
{
	uint32_t out;
	int r = check(layout, err);

	if (r < 0)
		return r;
	out = code__label(code);
	if (layout->bucket_size)
		code__move(code, KEY, BPF_REG_2);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, out);
	choose_slot(layout, out, code); /* r0 is 0 from here on */
	code__store(code, 4, BPF_REG_10, SLOT_INDEX, SLOT);
	code__move(code, BPF_REG_2, BPF_REG_10);
	code__alu_imm(code, BPF_ADD, BPF_REG_2, SLOT_INDEX);
	code__load_map(code, BPF_REG_1, overflow_fd);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__place(code, out);
	code__exit(code);
	return code__finish(code, err);
}
