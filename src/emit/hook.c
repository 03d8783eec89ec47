/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/hook.h"

#include <errno.h>
#include <stddef.h>

#include "emit/hook_private.h"
#include "emit/insn.h"

/* ---- writing ---- */

void writer__refuse(struct hook_writer *writer, const char *complaint)
{
	if (writer->error == 0) {
		writer->error = -EINVAL;
		writer->complaint = complaint;
	}
}

static void relocate(struct hook_writer *writer, int kind, const char *name)
{
	struct hook_relocation relocation = { .at = (uint32_t)writer->code.insns.len,
					      .name = name };

	relocation.kind = kind;
	if (vec_push(&writer->relocations, relocation) < 0 && writer->error == 0)
		writer->error = -ENOMEM;
}

void writer__load_map(struct hook_writer *writer, uint8_t dst, const char *name)
{
	relocate(writer, HOOK_RELOCATION_MAP, name);
	code__load_map(&writer->code, dst, 0 /* put in later */);
}

void writer__load_map_value(struct hook_writer *writer, uint8_t dst, const char *name,
			    uint32_t offset)
{
	relocate(writer, HOOK_RELOCATION_MAP_VALUE, name);
	code__load_map_value(&writer->code, dst, 0 /* put in later */, offset);
}

void writer__call(struct hook_writer *writer, const char *routine)
{
	relocate(writer, HOOK_RELOCATION_ROUTINE, routine);
	code__call_helper(&writer->code, 0 /* put in later */);
}

void writer__stack(struct hook_writer *writer, uint8_t dst, int32_t offset)
{
	code__move(&writer->code, dst, BPF_REG_10);
	code__alu_imm(&writer->code, BPF_ADD, dst, offset);
}

void writer__jump_if(struct hook_writer *writer, uint8_t op, uint8_t reg, uint64_t number,
		     uint32_t label)
{
	struct code *code = &writer->code;

	if ((uint64_t)(int64_t)(int32_t)number == number) {
		code__jump_if_imm(code, op, reg, (int32_t)number, label);
		return;
	}
	code__load_imm64(code, BPF_REG_2, number);
	code__jump_if(code, op, reg, BPF_REG_2, label);
}

/* ---- the whole program ---- */

/* On to `label` unless one of the bits of the hook's switches is set. */
static void unless_switched(struct hook_writer *writer, int32_t bits, uint32_t label)
{
	struct code *code = &writer->code;
	uint32_t is_set = code__label(code);

	writer__load_map_value(writer, BPF_REG_1, "policy_switches", writer->hook->id);
	code__load(code, 1, BPF_REG_1, BPF_REG_1, 0);
	code__jump_if_imm(code, BPF_JSET, BPF_REG_1, bits, is_set);
	code__jump(code, label);
	code__place(code, is_set);
}

static void write_rules(struct hook_writer *writer, uint32_t decided, uint32_t out)
{
	const struct hook_code *hook = writer->hook;
	struct code *code = &writer->code;

	for (uint32_t i = 0; i < hook->rule_count; i++) {
		const struct hook_rule *rule = &hook->rules[i];
		uint32_t next = i + 1 < hook->rule_count ? code__label(code) : out;

		for (uint32_t j = 0; j < rule->test_count; j++)
			writer__test(writer, &rule->tests[j], next);
		if (hook->rule_count > 1)
			code__move_imm(code, REG_RULE, (int32_t)i);
		if (next == out)
			break;
		code__jump(code, decided);
		code__place(code, next);
	}
}

static void write_end(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__place(code, writer->out);
	code__move_imm(code, BPF_REG_0, 0);
	code__exit(code);
}

static void write_program(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t decided = code__label(code);

	writer->out = code__label(code);
	code__move(code, REG_CONTEXT, BPF_REG_1);
	unless_switched(writer, POLICY_SWITCH_ON, writer->out);
	write_rules(writer, decided, writer->out);
	code__place(code, decided);
	writer__find_figures(writer, writer->out);
	writer__add_figure(writer, offsetof(struct policy_figures, matched));
	writer__count(writer);
	write_end(writer);
}

static enum hook_context context_of(const struct hook_code *code, enum hook_end end)
{
	return end == HOOK_END_LEAVE && code->context == HOOK_CONTEXT_SYSCALL_ENTER
		       ? HOOK_CONTEXT_SYSCALL_EXIT
		       : code->context;
}

int hook_emit(const struct hook_code *code, enum hook_end end,
	      const struct hook_emit_options *options, struct hook_image *ret_image,
	      struct err *err)
{
	struct hook_writer writer = {
		.hook = code, .end = end, .options = options, .context = context_of(code, end)
	};
	int r;

	write_program(&writer);
	r = writer.error < 0 ? err__set(err, writer.error, NULL, "hook %u cannot be written: %s",
					code->id, writer.complaint ? writer.complaint : "no memory")
			     : code__finish(&writer.code, err);
	if (r == 0) {
		ret_image->insns.items = writer.code.insns.items;
		ret_image->insns.len = writer.code.insns.len;
		ret_image->insns.capacity = writer.code.insns.capacity;
		ret_image->relocations.items = writer.relocations.items;
		ret_image->relocations.len = writer.relocations.len;
		ret_image->relocations.capacity = writer.relocations.capacity;
		writer.code.insns.items = NULL;
		writer.relocations.items = NULL;
	}
	code__done(&writer.code);
	vec_done(&writer.relocations);
	return r;
}

void hook_image__done(struct hook_image *image)
{
	vec_done(&image->insns);
	vec_done(&image->relocations);
}
