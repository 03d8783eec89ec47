/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "emit/hook_private.h"

#define SIGNAL_KILL 9

/* ---- which there are ---- */

struct hook_actions hook_code__actions(const struct hook_code *hook, enum hook_end end,
				       uint32_t rule)
{
	struct hook_actions none = { NULL, 0 };
	const struct hook_rule *of;

	if (rule >= hook->rule_count)
		return none;
	of = &hook->rules[rule];
	if (end == HOOK_END_LEAVE)
		return (struct hook_actions){ of->return_actions, of->return_action_count };
	return (struct hook_actions){ of->actions, of->action_count };
}

bool hook_actions__has(struct hook_actions actions, enum policy_action kind)
{
	for (uint32_t i = 0; i < actions.count; i++)
		if (actions.items[i].kind == kind)
			return true;
	return false;
}

/* By what the program returns: where it is not the registers that are changed. */
bool hook_code__replaces_return(const struct hook_code *hook, enum hook_end end)
{
	if (hook->context != HOOK_CONTEXT_CALL || end != HOOK_END_ENTER)
		return false;
	if (hook->is_enforcer)
		return true;
	for (uint32_t i = 0; i < hook->rule_count; i++)
		if (hook_actions__has(hook_code__actions(hook, end, i), POLICY_ACTION_OVERRIDE))
			return true;
	return false;
}

void writer__for_rules(struct hook_writer *writer,
		       void (*write)(struct hook_writer *writer, uint32_t rule))
{
	struct code *code = &writer->code;
	uint32_t done;

	if (writer->hook->rule_count <= 1) {
		write(writer, 0);
		return;
	}
	done = code__label(code);
	for (uint32_t i = 0; i < writer->hook->rule_count; i++) {
		uint32_t next = code__label(code);
		uint64_t known = writer->known;

		code__jump_if_imm(code, BPF_JNE, REG_RULE, (int32_t)i, next);
		write(writer, i);
		writer->known = known;
		code__jump(code, done);
		code__place(code, next);
	}
	code__place(code, done);
}

/* ---- what they do ---- */

static void send_signal(struct hook_writer *writer, int32_t signal)
{
	code__move_imm(&writer->code, BPF_REG_1, signal);
	code__call_helper(&writer->code, BPF_FUNC_send_signal);
}

static void override(struct hook_writer *writer, const struct hook_action *action)
{
	struct code *code = &writer->code;

	if (action->assignment_count) {
		code__store_imm(code, sizeof(uint64_t), BPF_REG_10, RETURN_AT,
				(int32_t)writer->rule + 1);
	} else if (writer->context == HOOK_CONTEXT_REGISTERS) {
		code__move(code, BPF_REG_1, REG_CONTEXT);
		code__move_imm(code, BPF_REG_2, action->number);
		code__call_helper(code, BPF_FUNC_override_return);
	} else if (writer->returns_value) {
		code__store_imm(code, sizeof(uint64_t), BPF_REG_10, RETURN_AT, action->number);
	} else {
		writer__refuse(writer, "what is returned cannot be replaced there");
	}
}

static void store_note_key(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__call_helper(code, BPF_FUNC_get_current_pid_tgid);
	code__store(code, sizeof(uint64_t), BPF_REG_10,
		    KEY_AT + (int16_t)offsetof(struct policy_note_key, thread), BPF_REG_0);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			KEY_AT + (int16_t)offsetof(struct policy_note_key, policy),
			(int32_t)writer->hook->policy);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			KEY_AT + (int16_t)offsetof(struct policy_note_key, pad), 0);
}

/* The enforcer's programs look for the note at the calls that the policy lists; a signal needs none of them. */
static void notify(struct hook_writer *writer, const struct hook_action *action)
{
	struct code *code = &writer->code;

	if (action->number == 0) {
		send_signal(writer, action->signal);
		return;
	}
	store_note_key(writer);
	code__store_imm(code, sizeof(int32_t), BPF_REG_10,
			TEMP_AT + (int16_t)offsetof(struct policy_note, error), action->number);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			TEMP_AT + (int16_t)offsetof(struct policy_note, signal), action->signal);
	writer__load_map(writer, BPF_REG_1, "policy_notes");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	writer__stack(writer, BPF_REG_3, TEMP_AT);
	code__move_imm(code, BPF_REG_4, BPF_ANY);
	code__call_helper(code, BPF_FUNC_map_update_elem);
}

static void forget_note(struct hook_writer *writer)
{
	store_note_key(writer);
	writer__load_map(writer, BPF_REG_1, "policy_notes");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(&writer->code, BPF_FUNC_map_delete_elem);
}

static void track(struct hook_writer *writer, const struct hook_action *action, const char *routine)
{
	writer__load_address(writer, action->value, BPF_REG_1);
	code__move_imm(&writer->code, BPF_REG_2, (int32_t)writer->hook->policy);
	writer__call(writer, routine);
}

#define SET_BYTES 4 /* as the original does it */

static void set(struct hook_writer *writer, const struct hook_action *action)
{
	struct code *code = &writer->code;

	if (action->value >= writer->hook->value_count) {
		writer__refuse(writer, "a value that is not there");
		return;
	}
	writer__load_operand_address(writer, &writer->hook->values[action->value], BPF_REG_1);
	code__store_imm(code, SET_BYTES, BPF_REG_10, TEMP_AT, action->number);
	writer__stack(writer, BPF_REG_2, TEMP_AT);
	code__move_imm(code, BPF_REG_3, SET_BYTES);
	code__call_helper(code, BPF_FUNC_probe_write_user);
}

static void do_action(struct hook_writer *writer, const struct hook_action *action)
{
	switch (action->kind) {
	case POLICY_ACTION_SIGKILL:
		send_signal(writer, SIGNAL_KILL);
		return;
	case POLICY_ACTION_SIGNAL:
		send_signal(writer, action->number);
		return;
	case POLICY_ACTION_OVERRIDE:
		override(writer, action);
		return;
	case POLICY_ACTION_NOTIFY_ENFORCER:
		notify(writer, action);
		return;
	case POLICY_ACTION_CLEANUP_ENFORCER:
		forget_note(writer);
		return;
	case POLICY_ACTION_TRACK_SOCK:
		track(writer, action, "track_socket");
		return;
	case POLICY_ACTION_UNTRACK_SOCK:
		track(writer, action, "untrack_socket");
		return;
	case POLICY_ACTION_SET:
		set(writer, action);
		return;
	case POLICY_ACTION_NONE:
	case POLICY_ACTION_POST:
	case POLICY_ACTION_NO_POST:
	case POLICY_ACTION_GET_URL: /* by user space, which sees the record */
	case POLICY_ACTION_DNS_LOOKUP:
		return;
	}
}

static void do_all(struct hook_writer *writer, struct hook_actions actions, bool is_enforcement)
{
	for (uint32_t i = 0; i < actions.count; i++)
		if (actions.items[i].is_enforcement == is_enforcement)
			do_action(writer, &actions.items[i]);
}

static bool has_enforcement(struct hook_actions actions)
{
	for (uint32_t i = 0; i < actions.count; i++)
		if (actions.items[i].is_enforcement)
			return true;
	return false;
}

/* What enforces not while the policy only monitors; either is counted, once for all of the rule. */
static void act(struct hook_writer *writer, uint32_t rule)
{
	struct hook_actions actions = hook_code__actions(writer->hook, writer->end, rule);
	struct code *code = &writer->code;
	uint32_t monitors, done;

	writer->rule = rule;
	do_all(writer, actions, false);
	if (!has_enforcement(actions))
		return;
	monitors = code__label(code);
	done = code__label(code);
	writer__unless_switched(writer, POLICY_SWITCH_ENFORCE, monitors);
	do_all(writer, actions, true);
	writer__add_figure(writer, offsetof(struct policy_figures, enforced));
	code__jump(code, done);
	code__place(code, monitors);
	writer__add_figure(writer, offsetof(struct policy_figures, monitored));
	code__place(code, done);
}

static bool does_something(struct hook_actions actions)
{
	for (uint32_t i = 0; i < actions.count; i++)
		if (actions.items[i].kind != POLICY_ACTION_POST &&
		    actions.items[i].kind != POLICY_ACTION_NO_POST)
			return true;
	return false;
}

void writer__act(struct hook_writer *writer)
{
	for (uint32_t i = 0; i < writer->hook->rule_count; i++)
		if (does_something(hook_code__actions(writer->hook, writer->end, i))) {
			writer__for_rules(writer, act);
			return;
		}
}

/* ---- registers of user space ---- */

static const struct hook_action *find_assignments(const struct hook_code *hook, enum hook_end end,
						  uint32_t rule)
{
	struct hook_actions actions = hook_code__actions(hook, end, rule);

	for (uint32_t i = 0; i < actions.count; i++)
		if (actions.items[i].assignment_count)
			return &actions.items[i];
	return NULL;
}

bool hook_code__sets_registers(const struct hook_code *hook, enum hook_end end)
{
	for (uint32_t i = 0; i < hook->rule_count; i++)
		if (find_assignments(hook, end, i))
			return true;
	return false;
}

/* Where its memory cannot be read, the rest stays as it is: half a way back is none. */
static void assign(struct hook_writer *writer, const struct hook_assignment *assignment,
		   uint32_t done)
{
	struct code *code = &writer->code;
	bool is_constant = assignment->source == HOOK_SOURCE_CONSTANT;

	code__load_imm64(code, BPF_REG_3, (uint64_t)assignment->constant);
	if (!is_constant) {
		code__load(code, sizeof(uint64_t), BPF_REG_1, REG_CONTEXT, assignment->from);
		writer__widen(writer, 8u * assignment->from_size, 0, false, BPF_REG_1);
		code__alu(code, BPF_ADD, BPF_REG_3, BPF_REG_1);
	}
	if (assignment->source == HOOK_SOURCE_MEMORY) {
		writer__read_bytes(writer, BPF_REG_3, sizeof(uint64_t), true);
		code__jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, done);
		code__load(code, sizeof(uint64_t), BPF_REG_3, BPF_REG_10, TEMP_AT);
	}
	code__store(code, assignment->to_size, REG_CONTEXT, assignment->to, BPF_REG_3);
}

void writer__set_registers(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t done = code__label(code);

	for (uint32_t rule = 0; rule < writer->hook->rule_count; rule++) {
		const struct hook_action *action = find_assignments(writer->hook, writer->end,
								    rule);
		uint32_t next = code__label(code);

		if (!action)
			continue;
		code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_10, RETURN_AT);
		code__jump_if_imm(code, BPF_JNE, BPF_REG_1, (int32_t)rule + 1, next);
		for (uint32_t i = 0; i < action->assignment_count; i++)
			assign(writer, &action->assignments[i], done);
		code__jump(code, done);
		code__place(code, next);
	}
	code__place(code, done);
}

/* ---- an enforcer: what was noted for the thread, at a call that the policy lists ---- */

/* What the note says, from the stack: it is dropped before. */
static void obey_note(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t no_signal = code__label(code), done = code__label(code);

	code__load(code, sizeof(uint32_t), BPF_REG_1, BPF_REG_10,
		   TEMP_AT + (int16_t)offsetof(struct policy_note, signal));
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_1, 0, no_signal);
	code__call_helper(code, BPF_FUNC_send_signal);
	code__place(code, no_signal);
	code__load(code, sizeof(int32_t), BPF_REG_2, BPF_REG_10,
		   TEMP_AT + (int16_t)offsetof(struct policy_note, error));
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_2, 0, done);
	code__alu_imm(code, BPF_LSH, BPF_REG_2, 32);
	code__alu_imm(code, BPF_ARSH, BPF_REG_2, 32);
	if (writer->context == HOOK_CONTEXT_REGISTERS) {
		code__move(code, BPF_REG_1, REG_CONTEXT);
		code__call_helper(code, BPF_FUNC_override_return);
	} else if (writer->returns_value) {
		code__store(code, sizeof(uint64_t), BPF_REG_10, RETURN_AT, BPF_REG_2);
	}
	code__place(code, done);
}

void writer__enforce_note(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t monitors = code__label(code);

	store_note_key(writer);
	writer__load_map(writer, BPF_REG_1, "policy_notes");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, writer->exit);
	code__load(code, sizeof(struct policy_note), BPF_REG_1, BPF_REG_0, 0);
	code__store(code, sizeof(struct policy_note), BPF_REG_10, TEMP_AT, BPF_REG_1);
	writer__load_map(writer, BPF_REG_1, "policy_notes");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_delete_elem);
	writer__find_figures(writer, writer->exit);
	writer__unless_switched(writer, POLICY_SWITCH_ENFORCE, monitors);
	obey_note(writer);
	writer__add_figure(writer, offsetof(struct policy_figures, enforced));
	code__jump(code, writer->exit);
	code__place(code, monitors);
	writer__add_figure(writer, offsetof(struct policy_figures, monitored));
}
