/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/insn.h"

#define BIT(reg) (1u << (reg))
#define CALL_ARGUMENTS (BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5))
#define CALL_CLOBBERS (BIT(0) | CALL_ARGUMENTS)

enum insn_next insn_next(const struct bpf_insn *insn)
{
	if (!insn_is_jump_class(insn) || insn_is_call(insn))
		return INSN_NEXT;
	if (BPF_OP(insn->code) == BPF_EXIT)
		return INSN_END;
	return BPF_OP(insn->code) == BPF_JA ? INSN_GOTO : INSN_BRANCH;
}

int64_t insn_jump_offset(const struct bpf_insn *insn)
{
	/* "gotol", since Linux 6.6: the long jump has its distance where others have a constant. */
	return insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off;
}

uint32_t insn_access_bytes(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static bool has_source(const struct bpf_insn *insn)
{
	return BPF_SRC(insn->code) == BPF_X;
}

static uint32_t alu_reads(const struct bpf_insn *insn)
{
	uint32_t op = BPF_OP(insn->code);

	/* The source bit of a byte swap says which order, not where from. */
	if (op == BPF_NEG || op == BPF_END)
		return BIT(insn->dst_reg);
	return (op == BPF_MOV ? 0 : BIT(insn->dst_reg)) |
	       (has_source(insn) ? BIT(insn->src_reg) : 0);
}

static uint32_t jump_reads(const struct bpf_insn *insn)
{
	if (insn_is_call(insn))
		return CALL_ARGUMENTS;
	if (BPF_OP(insn->code) == BPF_EXIT)
		return BIT(0);
	if (BPF_OP(insn->code) == BPF_JA)
		return 0;
	return BIT(insn->dst_reg) | (has_source(insn) ? BIT(insn->src_reg) : 0);
}

static bool is_compare_exchange(const struct bpf_insn *insn)
{
	return insn_is_atomic(insn) && insn->imm == BPF_CMPXCHG;
}

uint32_t insn_reads(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return alu_reads(insn);
	case BPF_LDX:
		return BIT(insn->src_reg);
	case BPF_ST:
		return BIT(insn->dst_reg);
	case BPF_STX:
		return BIT(insn->dst_reg) | BIT(insn->src_reg) |
		       (is_compare_exchange(insn) ? BIT(0) : 0);
	case BPF_LD: /* of a packet: r6 is the context */
		return insn_is_load_imm64(insn)
			       ? 0
			       : BIT(6) |
					 (BPF_MODE(insn->code) == BPF_IND ? BIT(insn->src_reg) : 0);
	default:
		return jump_reads(insn);
	}
}

uint32_t insn_writes(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_LDX:
		return BIT(insn->dst_reg);
	case BPF_ST:
		return 0;
	case BPF_STX:
		if (!insn_is_atomic(insn) || !(insn->imm & BPF_FETCH))
			return 0;
		return is_compare_exchange(insn) ? BIT(0) : BIT(insn->src_reg);
	case BPF_LD:
		return insn_is_load_imm64(insn) ? BIT(insn->dst_reg) : CALL_CLOBBERS;
	default:
		return insn_is_call(insn) ? CALL_CLOBBERS : 0;
	}
}
