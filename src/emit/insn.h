/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_INSN_H
#define SRC_EMIT_INSN_H

/*
 * What one eBPF instruction does: which registers it reads and writes, how wide, where it may go.
 * Plain functions over the kernel's struct bpf_insn; they own nothing and never look past the instruction.
 * flow.c and sites.c ask; whoever looks for dead code needs the same answers.
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#define INSN_LOAD_IMM64 (BPF_LD | BPF_IMM | BPF_DW) /* takes two places of an array */
#define INSN_CALL (BPF_JMP | BPF_CALL)
#define INSN_EXIT (BPF_JMP | BPF_EXIT)
#define INSN_STACK_BYTES 512

static inline bool insn_is_call(const struct bpf_insn *insn)
{
	return insn->code == INSN_CALL;
}
/* A helper of the kernel, by its number. */
static inline bool insn_calls_helper(const struct bpf_insn *insn, int32_t helper)
{
	return insn_is_call(insn) && insn->src_reg == 0 && insn->imm == helper;
}
/* A function of the same program. */
static inline bool insn_calls_subprogram(const struct bpf_insn *insn)
{
	return insn_is_call(insn) && insn->src_reg == BPF_PSEUDO_CALL;
}
static inline bool insn_is_load_imm64(const struct bpf_insn *insn)
{
	return insn->code == INSN_LOAD_IMM64;
}
static inline bool insn_is_store(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_ST || BPF_CLASS(insn->code) == BPF_STX;
}
static inline bool insn_is_atomic(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC;
}
static inline bool insn_is_jump_class(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32;
}

enum insn_next {
	INSN_NEXT,   /* goes on behind it */
	INSN_GOTO,   /* goes to its target only */
	INSN_BRANCH, /* either of both */
	INSN_END,    /* leaves the function */
};
enum insn_next insn_next(const struct bpf_insn *insn);
/* Of INSN_GOTO and INSN_BRANCH: how far behind the next instruction the target is. */
int64_t insn_jump_offset(const struct bpf_insn *insn);

/* Bytes that a load or store moves: 1, 2, 4 or 8. */
uint32_t insn_access_bytes(const struct bpf_insn *insn);
/* Registers as bits, r0 the lowest. A call reads the five arguments (how many it has is not known here) and
 * writes r0 to r5. */
uint32_t insn_reads(const struct bpf_insn *insn);
uint32_t insn_writes(const struct bpf_insn *insn);

#endif
