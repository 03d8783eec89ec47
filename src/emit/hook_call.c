/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "emit/hook_private.h"

#define WORD sizeof(uint64_t)

static int16_t pending_at(size_t offset)
{
	return (int16_t)(SAVED_AT + (int32_t)offset);
}

static int16_t key_at(size_t offset)
{
	return (int16_t)(PENDING_AT + (int32_t)offset);
}

bool hook_code__decides_at_return(const struct hook_code *hook)
{
	if (!hook->has_return)
		return false;
	for (uint32_t i = 0; i < hook->rule_count; i++)
		if (hook->rules[i].return_test_count || hook->rules[i].return_action_count)
			return true;
	return hook->return_value_action != POLICY_ACTION_NONE;
}

/* A value that is asked for at the return, or the size of one. */
static bool is_wanted_at_return(const struct hook_code *hook, uint32_t value)
{
	if (hook->values[value].is_at_return)
		return true;
	for (uint32_t i = 0; i < hook->value_count; i++)
		if (hook->values[i].is_at_return && hook->values[i].size_value == value)
			return true;
	return false;
}

/* Registers have other things in them when a function returns; what is called with a list of arguments keeps it. */
static bool is_lost_at_return(const struct hook_code *hook, uint32_t value)
{
	return hook->has_return && hook->context == HOOK_CONTEXT_REGISTERS &&
	       hook->values[value].base != HOOK_BASE_RETURN &&
	       hook->values[value].base != HOOK_BASE_TASK && is_wanted_at_return(hook, value);
}

bool writer__is_saved(const struct hook_writer *writer, uint32_t value, uint32_t *ret_word)
{
	uint32_t word = 0;

	if (!is_lost_at_return(writer->hook, value))
		return false;
	for (uint32_t i = 0; i < value; i++)
		word += is_lost_at_return(writer->hook, i);
	*ret_word = word;
	return word < POLICY_PENDING_WORDS;
}

static void store_key(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__call_helper(code, BPF_FUNC_get_current_pid_tgid);
	code__store(code, WORD, BPF_REG_10, key_at(offsetof(struct policy_pending_key, thread)),
		    BPF_REG_0);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			key_at(offsetof(struct policy_pending_key, hook)),
			(int32_t)writer->hook->id);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			key_at(offsetof(struct policy_pending_key, pad)), 0);
}

static void store_words(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t word, stored = 0;

	for (uint32_t i = 0; i < writer->hook->value_count; i++) {
		if (!is_lost_at_return(writer->hook, i))
			continue;
		if (!writer__is_saved(writer, i, &word)) {
			writer__refuse(writer, "more values of the entry than its end can be told");
			return;
		}
		writer__load_base(writer, i, BPF_REG_1);
		code__store(code, WORD, BPF_REG_10,
			    pending_at(offsetof(struct policy_pending, words) + WORD * word),
			    BPF_REG_1);
		stored++;
	}
	for (; stored < POLICY_PENDING_WORDS; stored++)
		code__store_imm(code, WORD, BPF_REG_10,
				pending_at(offsetof(struct policy_pending, words) + WORD * stored),
				0);
}

void writer__begin_call(struct hook_writer *writer, bool is_posted)
{
	struct code *code = &writer->code;
	bool has_rules = writer->hook->rule_count > 1;

	store_words(writer);
	if (is_posted) {
		code__load(code, WORD, BPF_REG_0, REG_FRAME,
			   offsetof(struct policy_frame, record) +
				   offsetof(struct policy_record, entry_time_ns));
	} else {
		code__call_helper(code, BPF_FUNC_ktime_get_ns);
	}
	code__store(code, WORD, BPF_REG_10,
		    pending_at(offsetof(struct policy_pending, entry_time_ns)), BPF_REG_0);
	if (has_rules)
		code__store(code, sizeof(uint32_t), BPF_REG_10,
			    pending_at(offsetof(struct policy_pending, rule)), REG_RULE);
	else
		code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
				pending_at(offsetof(struct policy_pending, rule)), 0);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			pending_at(offsetof(struct policy_pending, flags)),
			is_posted ? POLICY_PENDING_POSTED : 0);
	store_key(writer);
	writer__load_map(writer, BPF_REG_1, "policy_pending");
	writer__stack(writer, BPF_REG_2, PENDING_AT);
	writer__stack(writer, BPF_REG_3, SAVED_AT);
	code__move_imm(code, BPF_REG_4, BPF_ANY);
	code__call_helper(code, BPF_FUNC_map_update_elem);
}

void writer__end_call(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	store_key(writer);
	writer__load_map(writer, BPF_REG_1, "policy_pending");
	writer__stack(writer, BPF_REG_2, PENDING_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, writer->exit);
	for (size_t offset = 0; offset < sizeof(struct policy_pending); offset += WORD) {
		code__load(code, WORD, BPF_REG_1, BPF_REG_0, (int16_t)offset);
		code__store(code, WORD, BPF_REG_10, pending_at(offset), BPF_REG_1);
	}
	code__load(code, sizeof(uint32_t), REG_RULE, BPF_REG_0,
		   offsetof(struct policy_pending, rule));
	writer__load_map(writer, BPF_REG_1, "policy_pending");
	writer__stack(writer, BPF_REG_2, PENDING_AT);
	code__call_helper(code, BPF_FUNC_map_delete_elem);
}
