/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "emit/hook_private.h"

#define NO_RULE 0xffff

static int16_t record_at(size_t offset)
{
	return (int16_t)(offsetof(struct policy_frame, record) + offset);
}

static void store_imm(struct hook_writer *writer, uint32_t size, size_t offset, int32_t number)
{
	code__store_imm(&writer->code, size, REG_FRAME, record_at(offset), number);
}

/* ---- what rules differ in ---- */

static enum policy_action last_action(struct hook_actions actions)
{
	return actions.count ? actions.items[actions.count - 1].kind : POLICY_ACTION_POST;
}

static uint64_t number_mask(const struct hook_code *hook)
{
	uint64_t mask = 0;

	for (uint32_t i = 0; i < hook->value_count; i++)
		if (hook_value__is_number(&hook->values[i]) ||
		    hook->values[i].class == POLICY_CLASS_NOTHING)
			mask |= 1ull << i;
	return mask;
}

/* On to the end when the same was posted not long ago. */
static void limit(struct hook_writer *writer, const struct hook_action *action, uint32_t rule)
{
	struct code *code = &writer->code;
	uint32_t may = code__label(code);

	code__move(code, BPF_REG_1, REG_FRAME);
	code__move_imm(code, BPF_REG_2, (int32_t)rule);
	code__move_imm(code, BPF_REG_3, (int32_t)action->rate_scope);
	code__load_imm64(code, BPF_REG_4, (uint64_t)action->rate_ns);
	code__move_imm(code, BPF_REG_5, (int32_t)number_mask(writer->hook));
	writer__call(writer, "may_post");
	code__jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, may);
	writer__add_figure(writer, offsetof(struct policy_figures, limited));
	code__jump(code, writer->out);
	code__place(code, may);
}

static void take_stack(struct hook_writer *writer, uint64_t flags, size_t offset)
{
	struct code *code = &writer->code;

	code__move(code, BPF_REG_1, REG_CONTEXT);
	writer__load_map(writer, BPF_REG_2, "policy_stacks");
	code__move_imm(code, BPF_REG_3, (int32_t)flags);
	code__call_helper(code, BPF_FUNC_get_stackid);
	code__store(code, sizeof(int32_t), REG_FRAME, record_at(offset), BPF_REG_0);
}

/* Its pointers have types, which the verifier wants to see: they are loaded as they are. */
static void take_image_hash(struct hook_writer *writer)
{
	const struct hook_file *file = &writer->hook->file;
	struct code *code = &writer->code;

	if (writer->context != HOOK_CONTEXT_CALL) {
		writer__refuse(writer, "the hash of a file that nobody has");
		return;
	}
	code__load(code, sizeof(uint64_t), BPF_REG_2, REG_CONTEXT,
		   (int16_t)(sizeof(uint64_t) * file->argument));
	if (file->is_member)
		code__load(code, sizeof(uint64_t), BPF_REG_2, BPF_REG_2, file->offset);
	code__move(code, BPF_REG_1, REG_FRAME);
	writer__call(writer, "capture_image_hash");
}

static void post(struct hook_writer *writer, const struct hook_action *action, uint32_t rule)
{
	if (action->rate_ns > 0)
		limit(writer, action, rule);
	if (action->wants_kernel_stack)
		take_stack(writer, 0, offsetof(struct policy_record, kernel_stack));
	if (action->wants_user_stack)
		take_stack(writer, BPF_F_USER_STACK, offsetof(struct policy_record, user_stack));
	if (action->wants_image_hash)
		take_image_hash(writer);
}

static void mark_monitored(struct hook_writer *writer, struct hook_actions actions)
{
	struct code *code = &writer->code;
	uint32_t monitors, enforces;

	for (uint32_t i = 0; i < actions.count; i++) {
		if (!actions.items[i].is_enforcement)
			continue;
		monitors = code__label(code);
		enforces = code__label(code);
		writer__unless_switched(writer, POLICY_SWITCH_ENFORCE, monitors);
		code__jump(code, enforces);
		code__place(code, monitors);
		code__load(code, 1, BPF_REG_1, REG_FRAME,
			   record_at(offsetof(struct policy_record, flags)));
		code__alu_imm(code, BPF_OR, BPF_REG_1, POLICY_FLAG_MONITORED);
		code__store(code, 1, REG_FRAME, record_at(offsetof(struct policy_record, flags)),
			    BPF_REG_1);
		code__place(code, enforces);
		return;
	}
}

static void finish_rule(struct hook_writer *writer, uint32_t rule)
{
	struct hook_actions actions = hook_code__actions(writer->hook, writer->end, rule);

	if (hook_actions__has(actions, POLICY_ACTION_NO_POST))
		return; /* it does not come here */
	store_imm(writer, sizeof(uint16_t), offsetof(struct policy_record, rule),
		  writer->hook->rule_count ? (int32_t)rule : NO_RULE);
	store_imm(writer, sizeof(uint8_t), offsetof(struct policy_record, action),
		  (int32_t)last_action(actions));
	mark_monitored(writer, actions);
	for (uint32_t i = 0; i < actions.count; i++)
		if (actions.items[i].kind == POLICY_ACTION_POST)
			post(writer, &actions.items[i], rule);
}

/* ---- the whole ---- */

static void capture_all(struct hook_writer *writer)
{
	const struct hook_code *hook = writer->hook;

	for (uint32_t i = 0; i < hook->value_count; i++)
		if (hook->values[i].is_captured &&
		    hook->values[i].is_at_return == (writer->end == HOOK_END_LEAVE))
			writer__capture(writer, i);
}

static void store_entry_time(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_10,
		   (int16_t)(SAVED_AT + (int32_t)offsetof(struct policy_pending, entry_time_ns)));
	code__store(code, sizeof(uint64_t), REG_FRAME,
		    record_at(offsetof(struct policy_record, entry_time_ns)), BPF_REG_1);
}

/* Rules that post nothing leave; false: all of them. */
static bool leave_silent(struct hook_writer *writer)
{
	const struct hook_code *hook = writer->hook;
	uint32_t silent = 0;

	for (uint32_t i = 0; i < hook->rule_count; i++) {
		if (!hook_actions__has(hook_code__actions(hook, writer->end, i),
				       POLICY_ACTION_NO_POST))
			continue;
		silent++;
		if (hook->rule_count > 1)
			code__jump_if_imm(&writer->code, BPF_JEQ, REG_RULE, (int32_t)i,
					  writer->leave);
	}
	return silent == 0 || silent < hook->rule_count;
}

static void begin_record(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__move(code, BPF_REG_1, REG_FRAME);
	writer__call(writer, "begin_record");
	store_imm(writer, sizeof(uint32_t), offsetof(struct policy_record, hook),
		  (int32_t)writer->hook->id);
	if (!writer->keeps_process_time) {
		code__move(code, BPF_REG_1, REG_FRAME);
		writer__call(writer, "name_process");
		return;
	}
	code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_10, PROCESS_TIME_AT);
	code__store(code, sizeof(uint64_t), REG_FRAME,
		    record_at(offsetof(struct policy_record, process_time_ns)), BPF_REG_1);
}

bool writer__record(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	bool is_leave = writer->end == HOOK_END_LEAVE;

	if (!leave_silent(writer))
		return false;
	writer__need_frame(writer);
	writer->leave = writer->out;
	begin_record(writer);
	capture_all(writer);
	if (writer->hook->has_return && !is_leave) {
		code__load(code, 1, BPF_REG_1, REG_FRAME,
			   record_at(offsetof(struct policy_record, flags)));
		code__alu_imm(code, BPF_OR, BPF_REG_1, POLICY_FLAG_RETURNS);
		code__store(code, 1, REG_FRAME, record_at(offsetof(struct policy_record, flags)),
			    BPF_REG_1);
	}
	if (is_leave || hook_code__decides_at_return(writer->hook))
		store_entry_time(writer);
	writer__for_rules(writer, finish_rule);
	for (uint32_t i = 0; i < writer->hook->value_count && !is_leave; i++)
		if (writer->hook->values[i].is_captured)
			writer__send_rest(writer, i);
	code__move(code, BPF_REG_1, REG_FRAME);
	code__move(code, BPF_REG_2, REG_FIGURES);
	code__move_imm(code, BPF_REG_3, is_leave ? POLICY_RECORD_RETURN : POLICY_RECORD_HOOK);
	writer__call(writer, "send_record");
	return true;
}
