/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/hook.h"
#include "emit/insn.h"

/* Of BPF_OP() >> 4. */
static const char *const operators[] = { "+=",  "-=", "*=", "/=", "|=",   "&=",   "<<=", ">>=",
					 "neg", "%=", "^=", "=",  "s>>=", "swap", "?",   "?" };
static const char *const comparisons[] = { "", "==", ">", ">=", "&",  "!=",  "s>", "s>=",
					   "", "",   "<", "<=", "s<", "s<=", "?",  "?" };

/* NULL: the instruction names nothing. */
static const char *name_at(const struct hook_image *image, size_t at)
{
	vec_for_each(&image->relocations, relocation)
		if (relocation->at == at)
			return relocation->name;
	return NULL;
}

static void add_operand(const struct bpf_insn *insn, struct strbuf *text)
{
	if (BPF_SRC(insn->code) == BPF_X)
		strbuf__printf(text, "r%u", insn->src_reg);
	else
		strbuf__printf(text, "%d", insn->imm);
}

static void add_jump(const struct bpf_insn *insn, size_t at, const char *name, struct strbuf *text)
{
	if (insn->code == INSN_EXIT) {
		strbuf__add_text(text, "exit");
	} else if (insn_is_call(insn)) {
		if (name)
			strbuf__printf(text, "call %s", name);
		else
			strbuf__printf(text, "call helper %d", insn->imm);
	} else {
		if (insn_next(insn) == INSN_BRANCH) {
			strbuf__printf(text, "if r%u %s ", insn->dst_reg,
				       comparisons[BPF_OP(insn->code) >> 4]);
			add_operand(insn, text);
			strbuf__add_char(text, ' ');
		}
		strbuf__printf(text, "goto %lld",
			       (long long)at + 1 + (long long)insn_jump_offset(insn));
	}
}

static void add_wide(const struct bpf_insn *insn, const char *name, struct strbuf *text)
{
	uint64_t number = (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm;

	strbuf__printf(text, "r%u = ", insn->dst_reg);
	if (!name)
		strbuf__printf(text, "0x%llx", (unsigned long long)number);
	else if (insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		strbuf__printf(text, "&%s[0] + %d", name, insn[1].imm);
	else
		strbuf__printf(text, "map %s", name);
}

static void add_memory(const struct bpf_insn *insn, struct strbuf *text)
{
	uint32_t bits = 8 * insn_access_bytes(insn);

	if (BPF_CLASS(insn->code) == BPF_LDX)
		strbuf__printf(text, "r%u = *(u%u *)(r%u %+d)", insn->dst_reg, bits, insn->src_reg,
			       insn->off);
	else if (BPF_CLASS(insn->code) == BPF_ST)
		strbuf__printf(text, "*(u%u *)(r%u %+d) = %d", bits, insn->dst_reg, insn->off,
			       insn->imm);
	else
		strbuf__printf(text, "%s*(u%u *)(r%u %+d) = r%u",
			       !insn_is_atomic(insn)   ? ""
			       : insn->imm == BPF_XCHG ? "exchange "
						       : "add ",
			       bits, insn->dst_reg, insn->off, insn->src_reg);
}

static void add_one(const struct hook_image *image, size_t at, struct strbuf *text)
{
	const struct bpf_insn *insn = &image->insns.items[at];
	uint8_t class = BPF_CLASS(insn->code);

	strbuf__printf(text, "%4zu  ", at);
	if (insn_is_load_imm64(insn)) {
		add_wide(insn, name_at(image, at), text);
	} else if (insn_is_jump_class(insn)) {
		add_jump(insn, at, name_at(image, at), text);
	} else if (class != BPF_ALU && class != BPF_ALU64) {
		add_memory(insn, text);
	} else {
		strbuf__printf(text, "%c%u %s ", class == BPF_ALU64 ? 'r' : 'w', insn->dst_reg,
			       operators[BPF_OP(insn->code) >> 4]);
		add_operand(insn, text);
	}
	strbuf__add_char(text, '\n');
}

void hook_image__format(const struct hook_image *image, struct strbuf *text)
{
	for (size_t at = 0; at < image->insns.len; at++) {
		add_one(image, at, text);
		if (insn_is_load_imm64(&image->insns.items[at]))
			at++;
	}
}
