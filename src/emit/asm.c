/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/asm.h"

#include <errno.h>

#include "emit/insn.h"

#define NOT_PLACED (-1)

void code__done(struct code *code)
{
	vec_done(&code->insns);
	vec_done(&code->jumps);
	vec_done(&code->labels);
}

void code__reset(struct code *code)
{
	code->insns.len = code->jumps.len = code->labels.len = 0;
	code->error = 0;
}

static void fail(struct code *code, int error)
{
	if (code->error == 0)
		code->error = error;
}

static void add(struct code *code, struct bpf_insn insn)
{
	if (code->insns.len >= CODE_MAX_INSNS)
		fail(code, -E2BIG);
	else if (vec_push(&code->insns, insn) < 0)
		fail(code, -ENOMEM);
}

/* ---- labels ---- */

uint32_t code__label(struct code *code)
{
	if (vec_push(&code->labels, NOT_PLACED) < 0) {
		fail(code, -ENOMEM);
		return 0;
	}
	return (uint32_t)code->labels.len - 1;
}

void code__place(struct code *code, uint32_t label)
{
	if (label >= code->labels.len || code->labels.items[label] != NOT_PLACED)
		fail(code, -EINVAL);
	else
		code->labels.items[label] = (int32_t)code->insns.len;
}

static void add_jump(struct code *code, struct bpf_insn insn, uint32_t label)
{
	struct code_jump jump = { (uint32_t)code->insns.len, label };

	if (vec_push(&code->jumps, jump) < 0)
		fail(code, -ENOMEM);
	add(code, insn);
}

static int resolve(struct code *code, const struct code_jump *jump, struct err *err)
{
	struct bpf_insn *insn = &code->insns.items[jump->at];
	int32_t place = jump->label < code->labels.len ? code->labels.items[jump->label]
						       : NOT_PLACED;
	int32_t distance = place - (int32_t)jump->at - 1;

	if (place == NOT_PLACED || place >= (int32_t)code->insns.len)
		return err__set(err, -EINVAL, NULL, "instruction %u jumps to nowhere", jump->at);
	if (insn_is_call(insn)) {
		insn->imm = distance;
		return 0;
	}
	if (distance < INT16_MIN || distance > INT16_MAX)
		return err__set(err, -EINVAL, NULL, "instruction %u jumps too far", jump->at);
	insn->off = (int16_t)distance;
	return 0;
}

int code__finish(struct code *code, struct err *err)
{
	if (code->error == -E2BIG)
		return err__set(err, -E2BIG, NULL, "more than %d instructions", CODE_MAX_INSNS);
	if (code->error < 0)
		return err__set(err, code->error, NULL, "instructions cannot be written");
	vec_for_each(&code->jumps, jump) {
		int r = resolve(code, jump, err);

		if (r < 0)
			return r;
	}
	code->jumps.len = 0;
	return 0;
}

/* ---- values ---- */

void code__move(struct code *code, uint8_t dst, uint8_t src)
{
	code__alu(code, BPF_MOV, dst, src);
}

void code__move_imm(struct code *code, uint8_t dst, int32_t value)
{
	code__alu_imm(code, BPF_MOV, dst, value);
}

void code__alu(struct code *code, uint8_t op, uint8_t dst, uint8_t src)
{
	add(code, (struct bpf_insn){
			  .code = BPF_ALU64 | op | BPF_X,
			  .dst_reg = dst & 0xf,
			  .src_reg = src & 0xf,
		  });
}

void code__alu_imm(struct code *code, uint8_t op, uint8_t dst, int32_t value)
{
	add(code, (struct bpf_insn){
			  .code = BPF_ALU64 | op | BPF_K,
			  .dst_reg = dst & 0xf,
			  .imm = value,
		  });
}

static void load_wide(struct code *code, uint8_t dst, uint8_t kind, uint32_t low, uint32_t high)
{
	add(code, (struct bpf_insn){
			  .code = INSN_LOAD_IMM64,
			  .dst_reg = dst & 0xf,
			  .src_reg = kind & 0xf,
			  .imm = (int32_t)low,
		  });
	add(code, (struct bpf_insn){ .imm = (int32_t)high });
}

void code__load_imm64(struct code *code, uint8_t dst, uint64_t value)
{
	load_wide(code, dst, 0 /* a number */, (uint32_t)value, (uint32_t)(value >> 32));
}

void code__load_map(struct code *code, uint8_t dst, int map_fd)
{
	load_wide(code, dst, BPF_PSEUDO_MAP_FD, (uint32_t)map_fd, 0);
}

void code__load_map_value(struct code *code, uint8_t dst, int map_fd, uint32_t offset)
{
	load_wide(code, dst, BPF_PSEUDO_MAP_VALUE, (uint32_t)map_fd, offset);
}

/* ---- memory ---- */

static uint8_t size_code(struct code *code, uint32_t bytes)
{
	switch (bytes) {
	case 1:
		return BPF_B;
	case 2:
		return BPF_H;
	case 4:
		return BPF_W;
	case 8:
		return BPF_DW;
	}
	fail(code, -EINVAL);
	return BPF_DW;
}

void code__load(struct code *code, uint32_t bytes, uint8_t dst, uint8_t base, int16_t offset)
{
	add(code, (struct bpf_insn){
			  .code = (uint8_t)(BPF_LDX | BPF_MEM | size_code(code, bytes)),
			  .dst_reg = dst & 0xf,
			  .src_reg = base & 0xf,
			  .off = offset,
		  });
}

void code__store(struct code *code, uint32_t bytes, uint8_t base, int16_t offset, uint8_t src)
{
	add(code, (struct bpf_insn){
			  .code = (uint8_t)(BPF_STX | BPF_MEM | size_code(code, bytes)),
			  .dst_reg = base & 0xf,
			  .src_reg = src & 0xf,
			  .off = offset,
		  });
}

void code__store_imm(struct code *code, uint32_t bytes, uint8_t base, int16_t offset, int32_t value)
{
	add(code, (struct bpf_insn){
			  .code = (uint8_t)(BPF_ST | BPF_MEM | size_code(code, bytes)),
			  .dst_reg = base & 0xf,
			  .off = offset,
			  .imm = value,
		  });
}

static void add_atomic(struct code *code, int32_t op, uint8_t base, int16_t offset, uint8_t src)
{
	add(code, (struct bpf_insn){
			  .code = BPF_STX | BPF_ATOMIC | BPF_DW,
			  .dst_reg = base & 0xf,
			  .src_reg = src & 0xf,
			  .off = offset,
			  .imm = op,
		  });
}

void code__atomic_add(struct code *code, uint8_t base, int16_t offset, uint8_t src)
{
	add_atomic(code, BPF_ADD, base, offset, src);
}

void code__exchange(struct code *code, uint8_t base, int16_t offset, uint8_t reg)
{
	add_atomic(code, BPF_XCHG, base, offset, reg);
}

/* ---- control ---- */

void code__jump(struct code *code, uint32_t label)
{
	add_jump(code, (struct bpf_insn){ .code = BPF_JMP | BPF_JA }, label);
}

void code__jump_if(struct code *code, uint8_t op, uint8_t reg, uint8_t other, uint32_t label)
{
	add_jump(code,
		 (struct bpf_insn){
			 .code = BPF_JMP | op | BPF_X,
			 .dst_reg = reg & 0xf,
			 .src_reg = other & 0xf,
		 },
		 label);
}

void code__jump_if_imm(struct code *code, uint8_t op, uint8_t reg, int32_t value, uint32_t label)
{
	add_jump(code,
		 (struct bpf_insn){
			 .code = BPF_JMP | op | BPF_K,
			 .dst_reg = reg & 0xf,
			 .imm = value,
		 },
		 label);
}

void code__call_helper(struct code *code, int32_t helper)
{
	add(code, (struct bpf_insn){ .code = INSN_CALL, .imm = helper });
}

void code__call(struct code *code, uint32_t label)
{
	add_jump(code, (struct bpf_insn){ .code = INSN_CALL, .src_reg = BPF_PSEUDO_CALL }, label);
}

void code__exit(struct code *code)
{
	add(code, (struct bpf_insn){ .code = INSN_EXIT });
}
