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

void writer__unless_switched(struct hook_writer *writer, int32_t bits, uint32_t label)
{
	struct code *code = &writer->code;

	writer__load_map_value(writer, BPF_REG_1, "policy_switches", writer->hook->id);
	code__load(code, 1, BPF_REG_1, BPF_REG_1, 0);
	code__alu_imm(code, BPF_AND, BPF_REG_1, bits);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_1, 0, label);
}

/* ---- which rule ---- */

static bool uses_frame(const struct hook_test *tests, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (hook_test__uses_frame(&tests[i]))
			return true;
	return false;
}

static bool tests_use_frame(const struct hook_code *hook, enum hook_end end)
{
	for (uint32_t i = 0; i < hook->rule_count; i++) {
		const struct hook_rule *rule = &hook->rules[i];

		if (end == HOOK_END_LEAVE ? uses_frame(rule->return_tests, rule->return_test_count)
					  : uses_frame(rule->tests, rule->test_count))
			return true;
	}
	return false;
}

/* Goes on with REG_RULE, and with what is known whichever rule it is. */
static void write_rules(struct hook_writer *writer)
{
	const struct hook_code *hook = writer->hook;
	struct code *code = &writer->code;
	uint32_t decided = code__label(code);
	uint64_t known_when_decided = UINT64_MAX;

	for (uint32_t i = 0; i < hook->rule_count; i++) {
		const struct hook_rule *rule = &hook->rules[i];
		/* Behind one that asks nothing no other is reached. */
		bool is_last = i + 1 == hook->rule_count || rule->test_count == 0;
		uint32_t next = is_last ? writer->leave : code__label(code);
		uint64_t known_next = writer->known;

		for (uint32_t j = 0; j < rule->test_count; j++) {
			writer__test(writer, &rule->tests[j], next);
			/* Where the first fails all is known that is known behind it, but what others put into the same
			 * register later. */
			known_next = j == 0 ? writer->known : known_next & writer->known;
		}
		if (hook->rule_count > 1)
			code__move_imm(code, REG_RULE, (int32_t)i);
		known_when_decided &= writer->known;
		if (is_last)
			break;
		code__jump(code, decided);
		code__place(code, next);
		writer->known = known_next;
	}
	code__place(code, decided);
	if (hook->rule_count)
		writer->known = known_when_decided;
}

static void write_return_tests(struct hook_writer *writer, uint32_t index)
{
	const struct hook_rule *rule = &writer->hook->rules[index];

	if (index >= writer->hook->rule_count)
		return;
	for (uint32_t i = 0; i < rule->return_test_count; i++)
		writer__test(writer, &rule->return_tests[i], writer->leave);
}

/* ---- what is counted ---- */

static void count_rule(struct hook_writer *writer, uint32_t index)
{
	struct hook_actions actions = hook_code__actions(writer->hook, writer->end, index);

	if (hook_actions__has(actions, POLICY_ACTION_NO_POST))
		writer__add_figure(writer, offsetof(struct policy_figures, not_posted));
	else
		writer__count(writer);
}

static bool has_silent_rule(const struct hook_writer *writer)
{
	for (uint32_t i = 0; i < writer->hook->rule_count; i++)
		if (hook_actions__has(hook_code__actions(writer->hook, writer->end, i),
				      POLICY_ACTION_NO_POST))
			return true;
	return false;
}

static void write_counting(struct hook_writer *writer)
{
	bool is_silent = has_silent_rule(writer);

	writer__add_figure(writer, offsetof(struct policy_figures, matched));
	/* Who asks for the process once needs not do it again for the record. */
	writer->keeps_process_time = !is_silent && writer->hook->can_have_events &&
				     writer->hook->count_parts & HOOK_COUNT_BINARY;
	if (is_silent)
		writer__for_rules(writer, count_rule);
	else
		writer__count(writer);
}

/* ---- the whole program ---- */

static void write_return(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	if (writer->hook->is_chained) {
		code__move(code, BPF_REG_1, REG_CONTEXT);
		writer__load_map(writer, BPF_REG_2,
				 writer->end == HOOK_END_ENTER ? "policy_chain_enter"
							       : "policy_chain_exit");
		code__move_imm(code, BPF_REG_3, (int32_t)writer->hook->id);
		code__call_helper(code, BPF_FUNC_tail_call);
	}
	if (writer->sets_registers)
		writer__set_registers(writer);
	code__move_imm(code, BPF_REG_0, 0);
	if (writer->returns_value) {
		uint32_t done = code__label(code);

		/* A new verifier wants to see that it is an error, or nothing. */
		code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_10, RETURN_AT);
		code__jump_if_imm(code, BPF_JSGT, BPF_REG_1, 0, done);
		code__jump_if_imm(code, BPF_JSLT, BPF_REG_1, -4095, done);
		code__move(code, BPF_REG_0, BPF_REG_1);
		code__place(code, done);
	}
	code__exit(code);
}

/* There was no frame: nothing could be decided, or told. */
static void write_unframed(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__place(code, writer->unframed);
	if (writer->hook->rule_count > 1)
		code__move_imm(code, REG_RULE, 0);
	writer__find_figures(writer, writer->exit);
	writer__add_figure(writer, offsetof(struct policy_figures, lost));
	code__jump(code, writer->exit);
}

static void write_end(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	if (writer->uses_frame) {
		code__jump(code, writer->out);
		write_unframed(writer);
		code__place(code, writer->out);
		if (writer->tests_use_frame)
			code__jump_if_imm(code, BPF_JEQ, REG_FRAME, 0, writer->exit);
		code__store_imm(code, sizeof(uint64_t), REG_FRAME,
				offsetof(struct policy_frame, busy), 0);
	} else {
		code__place(code, writer->out);
	}
	code__place(code, writer->exit);
	write_return(writer);
}

static void write_enter(struct hook_writer *writer)
{
	const struct hook_code *hook = writer->hook;
	bool decides_later = hook_code__decides_at_return(hook);

	writer__unless_switched(writer, POLICY_SWITCH_ON, writer->exit);
	if (hook->is_enforcer) {
		writer__enforce_note(writer);
		return;
	}
	write_rules(writer);
	writer__find_figures(writer, writer->leave);
	if (!decides_later)
		write_counting(writer);
	writer__act(writer);
	if (decides_later)
		writer__begin_call(writer, false /* nothing was posted yet */);
	if (!hook->can_have_events)
		return;
	writer__unless_switched(writer, POLICY_SWITCH_EVENTS, writer->leave);
	if (writer__record(writer) && hook->has_return && !decides_later)
		writer__begin_call(writer, true /* its record is in the ring */);
}

static void track_returned(struct hook_writer *writer)
{
	enum policy_action action = writer->hook->return_value_action;
	bool tracks = action == POLICY_ACTION_TRACK_SOCK;

	if (!tracks && action != POLICY_ACTION_UNTRACK_SOCK)
		return;
	for (uint32_t i = 0; i < writer->hook->value_count; i++) {
		if (writer->hook->values[i].base != HOOK_BASE_RETURN)
			continue;
		writer__load_address(writer, i, BPF_REG_1);
		code__move_imm(&writer->code, BPF_REG_2, (int32_t)writer->hook->policy);
		writer__call(writer, tracks ? "track_socket" : "untrack_socket");
		return;
	}
	writer__refuse(writer, "a returned socket that nobody looks at");
}

static void write_leave(struct hook_writer *writer)
{
	const struct hook_code *hook = writer->hook;
	bool decides_here = hook_code__decides_at_return(hook);

	if (!decides_here)
		writer__unless_switched(writer, POLICY_SWITCH_EVENTS, writer->exit);
	writer__end_call(writer);
	if (decides_here)
		writer__for_rules(writer, write_return_tests);
	writer__find_figures(writer, writer->leave);
	if (decides_here) {
		write_counting(writer);
		track_returned(writer);
		writer__act(writer);
	}
	if (!hook->can_have_events)
		return;
	if (decides_here)
		writer__unless_switched(writer, POLICY_SWITCH_EVENTS, writer->leave);
	(void)writer__record(writer); /* nothing comes behind it */
}

static void write_program(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	writer->exit = code__label(code);
	writer->out = code__label(code);
	writer->unframed = code__label(code);
	writer->tests_use_frame = tests_use_frame(writer->hook, writer->end);
	writer->leave = writer->tests_use_frame ? writer->out : writer->exit;
	writer->returns_value = hook_code__replaces_return(writer->hook, writer->end);
	code__move(code, REG_CONTEXT, BPF_REG_1);
	if (writer->tests_use_frame)
		code__move_imm(code, REG_FRAME, 0);
	writer->sets_registers = hook_code__sets_registers(writer->hook, writer->end);
	if (writer->sets_registers && writer->context != HOOK_CONTEXT_REGISTERS)
		writer__refuse(writer, "registers of what has none are set");
	if (writer->returns_value || writer->sets_registers)
		code__store_imm(code, sizeof(uint64_t), BPF_REG_10, RETURN_AT, 0);
	if (writer->end == HOOK_END_ENTER)
		write_enter(writer);
	else
		write_leave(writer);
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
