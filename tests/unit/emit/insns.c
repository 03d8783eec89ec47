/* SPDX-License-Identifier: Apache-2.0 */
#include "insns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "emit/insn.h"

static const char *const operators[] = {
	[BPF_ADD >> 4] = "+=",
	[BPF_SUB >> 4] = "-=",
	[BPF_MUL >> 4] = "*=",
	[BPF_DIV >> 4] = "/=",
	[BPF_OR >> 4] = "|=",
	[BPF_AND >> 4] = "&=",
	[BPF_LSH >> 4] = "<<=",
	[BPF_RSH >> 4] = ">>=",
	[BPF_NEG >> 4] = "neg",
	[BPF_MOD >> 4] = "%=",
	[BPF_XOR >> 4] = "^=",
	[BPF_MOV >> 4] = "=",
	[BPF_ARSH >> 4] = "s>>=",
	[BPF_END >> 4] = "swap",
	[0xe] = "?",
	[0xf] = "?",
};

static const char *const comparisons[] = {
	[BPF_JA >> 4] = "ja",
	[BPF_JEQ >> 4] = "==",
	[BPF_JGT >> 4] = ">",
	[BPF_JGE >> 4] = ">=",
	[BPF_JSET >> 4] = "&",
	[BPF_JNE >> 4] = "!=",
	[BPF_JSGT >> 4] = "s>",
	[BPF_JSGE >> 4] = "s>=",
	[BPF_CALL >> 4] = "call",
	[BPF_EXIT >> 4] = "exit",
	[BPF_JLT >> 4] = "<",
	[BPF_JLE >> 4] = "<=",
	[BPF_JSLT >> 4] = "s<",
	[BPF_JSLE >> 4] = "s<=",
	[0xe] = "?",
	[0xf] = "?",
};

static int format_operand(const struct bpf_insn *insn, char *text, size_t size)
{
	return BPF_SRC(insn->code) == BPF_X ? snprintf(text, size, "r%u", insn->src_reg)
					    : snprintf(text, size, "%d", insn->imm);
}

static int format_jump(const struct bpf_insn *insn, size_t at, char *text, size_t size)
{
	long target = (long)at + 1 + (long)insn_jump_offset(insn);
	char operand[32];

	if (insn_calls_subprogram(insn))
		return snprintf(text, size, "call @%ld", (long)at + 1 + insn->imm);
	if (insn_is_call(insn))
		return snprintf(text, size, "call helper %d", insn->imm);
	if (insn->code == INSN_EXIT)
		return snprintf(text, size, "exit");
	if (insn_next(insn) == INSN_GOTO)
		return snprintf(text, size, "goto %ld", target);
	(void)format_operand(insn, operand, sizeof(operand));
	return snprintf(text, size, "if r%u %s %s goto %ld", insn->dst_reg,
			comparisons[insn->code >> 4], operand, target);
}

static int format_memory(const struct bpf_insn *insn, char *text, size_t size)
{
	uint32_t bits = 8 * insn_access_bytes(insn);

	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return snprintf(text, size, "r%u = *(u%u *)(r%u %+d)", insn->dst_reg, bits,
				insn->src_reg, insn->off);
	case BPF_ST:
		return snprintf(text, size, "*(u%u *)(r%u %+d) = %d", bits, insn->dst_reg,
				insn->off, insn->imm);
	default:
		return snprintf(text, size, "%s*(u%u *)(r%u %+d) = r%u",
				insn_is_atomic(insn) ? "atomic " : "", bits, insn->dst_reg,
				insn->off, insn->src_reg);
	}
}

static int format_one(const struct bpf_insn *insn, size_t at, char *text, size_t size)
{
	uint8_t class = BPF_CLASS(insn->code);
	char operand[32];

	if (insn_is_load_imm64(insn))
		return snprintf(text, size, "r%u = %s 0x%llx", insn->dst_reg,
				insn->src_reg == BPF_PSEUDO_MAP_FD ? "map" : "wide",
				(unsigned long long)(uint32_t)insn[1].imm << 32 |
					(uint32_t)insn->imm);
	if (insn_is_jump_class(insn))
		return format_jump(insn, at, text, size);
	if (class != BPF_ALU && class != BPF_ALU64)
		return format_memory(insn, text, size);
	(void)format_operand(insn, operand, sizeof(operand));
	return snprintf(text, size, "%c%u %s %s", class == BPF_ALU64 ? 'r' : 'w', insn->dst_reg,
			operators[insn->code >> 4], operand);
}

void insns_format(const struct bpf_insn *insns, size_t count, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t at = 0; at < count && len < size; at++) {
		len += (size_t)snprintf(text + len, size - len, "%zu: ", at);
		if (len < size)
			len += (size_t)format_one(&insns[at], at, text + len, size - len);
		if (len < size)
			len += (size_t)snprintf(text + len, size - len, "\n");
		if (insn_is_load_imm64(&insns[at]))
			at++;
	}
}

void assert_listing(const struct bpf_insn *insns, size_t count, const char *expected)
{
	char text[4096];

	insns_format(insns, count, text, sizeof(text));
	assert_string_equal(text, expected);
}
