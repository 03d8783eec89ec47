/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_ASM_H
#define SRC_EMIT_ASM_H

/*
 * An assembler for short pieces of eBPF: one call per instruction, labels for jumps forwards and backwards.
 * A code owns its instructions; it remembers the first thing that went wrong and code__finish() tells it.
 * Whoever makes eBPF by hand writes into one and gives it to splice.c, or to the kernel.
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/vec.h"

#define CODE_MAX_INSNS 8192

struct code_jump { /* a jump or call whose label was not placed yet */
	uint32_t at;
	uint32_t label;
};

struct code {
	VEC(struct bpf_insn) insns;  /* owned */
	VEC(struct code_jump) jumps; /* owned */
	VEC(int32_t) labels;         /* owned; where each is, -1: not placed */
	int error;                   /* 0, or the negative errno of the first failure */
};

#define CODE_INIT                                                                                  \
	{                                                                                          \
		.error = 0                                                                         \
	}

void code__done(struct code *code);
/* Empties it for the next piece. */
void code__reset(struct code *code);
/* Resolves labels. -EINVAL for a label without a place or too far away, -E2BIG, -ENOMEM. */
int code__finish(struct code *code, struct err *err);

/* ---- values; registers are BPF_REG_0 … BPF_REG_10, op is BPF_ADD, BPF_AND, … ---- */
void code__move(struct code *code, uint8_t dst, uint8_t src);
void code__move_imm(struct code *code, uint8_t dst, int32_t value);
void code__alu(struct code *code, uint8_t op, uint8_t dst, uint8_t src);
void code__alu_imm(struct code *code, uint8_t op, uint8_t dst, int32_t value);
void code__load_imm64(struct code *code, uint8_t dst, uint64_t value);
void code__load_map(struct code *code, uint8_t dst, int map_fd);
/* Address of a byte of the only element of an array map. */
void code__load_map_value(struct code *code, uint8_t dst, int map_fd, uint32_t offset);

/* ---- memory; bytes is 1, 2, 4 or 8 ---- */
void code__load(struct code *code, uint32_t bytes, uint8_t dst, uint8_t base, int16_t offset);
void code__store(struct code *code, uint32_t bytes, uint8_t base, int16_t offset, uint8_t src);
void code__store_imm(struct code *code, uint32_t bytes, uint8_t base, int16_t offset,
		     int32_t value);
void code__atomic_add(struct code *code, uint8_t base, int16_t offset, uint8_t src);
/* Swaps 8 bytes with the register (since Linux 5.12). */
void code__exchange(struct code *code, uint8_t base, int16_t offset, uint8_t reg);

/* ---- control; op is BPF_JEQ, BPF_JGT, … and compares 64 bits; constants are sign-extended ---- */
uint32_t code__label(struct code *code);
void code__place(struct code *code, uint32_t label); /* here */
void code__jump(struct code *code, uint32_t label);
void code__jump_if(struct code *code, uint8_t op, uint8_t reg, uint8_t other, uint32_t label);
void code__jump_if_imm(struct code *code, uint8_t op, uint8_t reg, int32_t value, uint32_t label);
void code__call_helper(struct code *code, int32_t helper);
void code__call(struct code *code, uint32_t label); /* a function of the same piece */
void code__exit(struct code *code);

#endif
