/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/hook.h"

#include <inttypes.h>

#include "base/mem.h"

#define NAME(names, value)                                                                         \
	((size_t)(value) < array_size(names) && (names)[value] ? (names)[value] : "?")

static const char *const contexts[] = {
	[HOOK_CONTEXT_REGISTERS] = "registers",           [HOOK_CONTEXT_CALL] = "call",
	[HOOK_CONTEXT_RAW_TRACEPOINT] = "raw tracepoint", [HOOK_CONTEXT_TRACEPOINT] = "tracepoint",
	[HOOK_CONTEXT_SYSCALL_ENTER] = "sys_enter",       [HOOK_CONTEXT_SYSCALL_EXIT] = "sys_exit",
};
static const char *const bases[] = {
	[HOOK_BASE_ARGUMENT] = "argument",
	[HOOK_BASE_SYSCALL] = "syscall argument",
	[HOOK_BASE_SYSCALL_NUMBER] = "syscall number",
	[HOOK_BASE_FIELD] = "field at",
	[HOOK_BASE_RETURN] = "result",
	[HOOK_BASE_TASK] = "task",
	[HOOK_BASE_REGISTERS] = "register at",
};
static const bool has_index[] = {
	[HOOK_BASE_ARGUMENT] = true,
	[HOOK_BASE_SYSCALL] = true,
	[HOOK_BASE_FIELD] = true,
	[HOOK_BASE_REGISTERS] = true,
};
static const char *const forms[] = {
	[HOOK_FORM_RECORD] = "record",       [HOOK_FORM_DYNAMIC] = "dynamic",
	[HOOK_FORM_DENTRY] = "dentry",       [HOOK_FORM_DESCRIPTOR] = "descriptor",
	[HOOK_FORM_VECTOR] = "vector",       [HOOK_FORM_ITERATOR] = "iterator",
	[HOOK_FORM_LOAD_INFO] = "load_info",
};
static const char *const classes[] = {
	[POLICY_CLASS_NUMBER] = "number",
	[POLICY_CLASS_TEXT] = "text",
	[POLICY_CLASS_BYTES] = "bytes",
	[POLICY_CLASS_PATH] = "path",
	[POLICY_CLASS_SOCKET] = "socket",
	[POLICY_CLASS_PACKET] = "packet",
	[POLICY_CLASS_ADDRESS] = "address",
	[POLICY_CLASS_CREDENTIALS] = "credentials",
	[POLICY_CLASS_USER_NAMESPACE] = "user namespace",
	[POLICY_CLASS_CAPABILITY] = "capability",
	[POLICY_CLASS_CAPABILITIES] = "capabilities",
	[POLICY_CLASS_BPF_ATTRIBUTES] = "bpf attributes",
	[POLICY_CLASS_BPF_MAP] = "bpf map",
	[POLICY_CLASS_BPF_PROGRAM] = "bpf program",
	[POLICY_CLASS_PERF_EVENT] = "perf event",
	[POLICY_CLASS_MODULE] = "module",
	[POLICY_CLASS_SYSCALL] = "syscall",
	[POLICY_CLASS_NOTHING] = "nothing",
};
static const char *const tests[] = {
	[HOOK_TEST_SCOPE] = "scope",
	[HOOK_TEST_PID] = "pid",
	[HOOK_TEST_NUMBER] = "number",
	[HOOK_TEST_BINARY] = "binary",
	[HOOK_TEST_PARENT_BINARY] = "parent binary",
	[HOOK_TEST_NAMESPACE] = "namespace",
	[HOOK_TEST_NAMESPACE_CHANGE] = "namespace change",
	[HOOK_TEST_CAPABILITY] = "capability",
	[HOOK_TEST_CAPABILITY_CHANGE] = "capability change",
	[HOOK_TEST_FILE_TYPE] = "file type",
	[HOOK_TEST_SOCKET] = "socket",
	[HOOK_TEST_TEXT] = "text",
	[HOOK_TEST_CAPABILITIES_GAINED] = "capabilities gained",
	[HOOK_TEST_EXPRESSION] = "expression",
};
static const char *const ops[] = {
	[HOOK_NUMBER_EQUAL] = "in",       [HOOK_NUMBER_MASK] = "any bit of",
	[HOOK_NUMBER_SET] = "in",         [HOOK_NUMBER_GREATER] = "greater than",
	[HOOK_NUMBER_LESS] = "less than",
};
static const char *const text_ops[] = {
	[POLICY_TEXT_EQUAL] = "is",
	[POLICY_TEXT_PREFIX] = "begins with",
	[POLICY_TEXT_POSTFIX] = "ends with",
	[POLICY_TEXT_SUBSTRING] = "has",
	[POLICY_TEXT_SUBSTRING_ANY_CASE] = "has, in any case,",
};
static const char *const socket_parts[] = {
	[POLICY_SOCKET_SOURCE_ADDRESS] = "source address",
	[POLICY_SOCKET_DESTINATION_ADDRESS] = "destination address",
	[POLICY_SOCKET_SOURCE_PORT] = "source port",
	[POLICY_SOCKET_DESTINATION_PORT] = "destination port",
	[POLICY_SOCKET_PROTOCOL] = "protocol",
	[POLICY_SOCKET_FAMILY] = "family",
	[POLICY_SOCKET_STATE] = "state",
};
static const char *const capability_sets[] = {
	[POLICY_CAPABILITIES_EFFECTIVE] = "effective",
	[POLICY_CAPABILITIES_INHERITABLE] = "inheritable",
	[POLICY_CAPABILITIES_PERMITTED] = "permitted",
};
static const char *const actions[] = {
	[POLICY_ACTION_NONE] = "nothing",
	[POLICY_ACTION_POST] = "post",
	[POLICY_ACTION_SIGKILL] = "kill",
	[POLICY_ACTION_OVERRIDE] = "override with",
	[POLICY_ACTION_GET_URL] = "get url",
	[POLICY_ACTION_DNS_LOOKUP] = "look up name",
	[POLICY_ACTION_NO_POST] = "post nothing",
	[POLICY_ACTION_SIGNAL] = "send signal",
	[POLICY_ACTION_TRACK_SOCK] = "track",
	[POLICY_ACTION_UNTRACK_SOCK] = "untrack",
	[POLICY_ACTION_NOTIFY_ENFORCER] = "notify enforcer of",
	[POLICY_ACTION_CLEANUP_ENFORCER] = "drop note to enforcer",
	[POLICY_ACTION_SET] = "set to",
};
static const char *const rate_scopes[] = {
	[POLICY_RATE_THREAD] = "thread",
	[POLICY_RATE_PROCESS] = "process",
	[POLICY_RATE_GLOBAL] = "machine",
};

/* ---- values ---- */

static void add_operand(const struct hook_usdt *usdt, struct strbuf *text)
{
	strbuf__printf(text, " = %s%u bytes: ", usdt->is_signed ? "signed " : "", usdt->size);
	if (usdt->kind == HOOK_USDT_CONSTANT) {
		strbuf__printf(text, "%" PRId64, usdt->constant);
		return;
	}
	strbuf__printf(text, "register at %d", usdt->base_offset);
	if (usdt->kind == HOOK_USDT_INDEXED)
		strbuf__printf(text, " + register at %d * %u", usdt->index_offset, usdt->scale);
	if (usdt->kind != HOOK_USDT_REGISTER)
		strbuf__printf(text, " + %" PRId64 " followed", usdt->constant);
}

static void add_way(const struct hook_value *value, struct strbuf *text)
{
	for (uint32_t i = 0; i < value->step_count; i++)
		strbuf__printf(text, " +%d%s", value->steps[i].offset,
			       value->steps[i].is_followed ? " ->" : "");
	if (value->is_user)
		strbuf__add_text(text, " in user memory");
	if (value->is_anywhere)
		strbuf__add_text(text, " in any memory");
}

static bool is_number(const struct hook_value *value)
{
	return value->class == POLICY_CLASS_NUMBER || value->class == POLICY_CLASS_CAPABILITY ||
	       value->class == POLICY_CLASS_CAPABILITIES || value->class == POLICY_CLASS_SYSCALL;
}

static void add_value(const struct hook_value *value, uint32_t index, struct strbuf *text)
{
	strbuf__printf(text, "  value %u: %s", index, NAME(bases, value->base));
	if ((size_t)value->base < array_size(has_index) && has_index[value->base])
		strbuf__printf(text, " %u", value->index);
	if (value->usdt)
		add_operand(value->usdt, text);
	if (value->is_address)
		strbuf__add_text(text, ", an address");
	add_way(value, text);
	strbuf__printf(text, ": %s", NAME(classes, value->class));
	if (is_number(value))
		strbuf__printf(text, " of %u%s bytes", value->size,
			       value->is_signed ? " signed" : "");
	if (value->is_bit_field)
		strbuf__printf(text, ", %u bits from %u", value->bit_size, value->bit_offset);
	if (value->form != HOOK_FORM_PLAIN)
		strbuf__printf(text, " from %s", NAME(forms, value->form));
	if (value->size_value != HOOK_NONE)
		strbuf__printf(text, ", as long as value %u", value->size_value);
	if (value->max_size)
		strbuf__printf(text, ", at most %u bytes", value->max_size);
	strbuf__printf(text, "%s%s\n", value->is_at_return ? ", at return" : "",
		       value->is_captured ? ", captured" : "");
}

/* ---- tests ---- */

static void add_number(uint64_t number, bool is_signed, struct strbuf *text)
{
	if (is_signed)
		strbuf__printf(text, "%" PRId64, (int64_t)number);
	else
		strbuf__add_u64(text, number);
}

static void add_ranges(const struct hook_test *test, bool is_signed, struct strbuf *text)
{
	for (uint32_t i = 0; i < test->range_count; i++) {
		const struct hook_range *range = &test->ranges[i];

		strbuf__add_char(text, ' ');
		if (test->op == HOOK_NUMBER_MASK) {
			strbuf__printf(text, "0x%" PRIx64, range->first);
			continue;
		}
		add_number(range->first, is_signed, text);
		if (range->last == range->first)
			continue;
		strbuf__add_char(text, ':');
		add_number(range->last, is_signed, text);
	}
}

static void add_texts(const struct hook_test *test, struct strbuf *text)
{
	for (uint32_t i = 0; i < test->text_count; i++) {
		strbuf__add_text(text, i ? ", \"" : " \"");
		for (uint32_t k = 0; k < test->texts[i].size; k++) {
			uint8_t byte = test->texts[i].bytes[k];

			if (byte < ' ' || byte >= 0x7f || byte == '"' || byte == '\\')
				strbuf__printf(text, "\\x%02x", byte);
			else
				strbuf__add_char(text, (char)byte);
		}
		strbuf__add_char(text, '"');
	}
}

static void add_numbers(const struct hook_test *test, bool is_signed, struct strbuf *text)
{
	strbuf__printf(text, " %s", NAME(ops, test->op));
	add_ranges(test, is_signed, text);
}

static const char *const operations[HOOK_OPERATION_COUNT] = {
	[HOOK_OPERATION_ADD] = "add",
	[HOOK_OPERATION_SUBTRACT] = "subtract",
	[HOOK_OPERATION_AND] = "and",
	[HOOK_OPERATION_OR] = "or",
	[HOOK_OPERATION_XOR] = "xor",
	[HOOK_OPERATION_EQUAL] = "equal",
	[HOOK_OPERATION_NOT_EQUAL] = "not-equal",
	[HOOK_OPERATION_LESS] = "less",
	[HOOK_OPERATION_LESS_EQUAL] = "less-or-equal",
	[HOOK_OPERATION_GREATER] = "greater",
	[HOOK_OPERATION_GREATER_EQUAL] = "greater-or-equal",
	[HOOK_OPERATION_IS_ZERO] = "is-zero",
	[HOOK_OPERATION_COMPLEMENT] = "complement",
	[HOOK_OPERATION_NEGATE] = "negate",
	[HOOK_OPERATION_CAST] = "cast",
};

/* Operands first, as it is worked out. */
static void add_expression(const struct hook_expression *expression, struct strbuf *text)
{
	for (uint32_t i = 0; i < expression->term_count; i++) {
		const struct hook_term *term = &expression->terms[i];

		strbuf__add_text(text, i ? ", " : " ");
		if (term->operation == HOOK_OPERATION_VALUE)
			strbuf__printf(text, "value %u", term->value);
		else if (term->operation == HOOK_OPERATION_NUMBER)
			strbuf__printf(text, "%" PRId64, (int64_t)term->number);
		else
			strbuf__printf(text, "%s %s%u", NAME(operations, term->operation),
				       term->is_signed ? "i" : "u", term->size * 8u);
	}
}

/* What is behind the name of a test. */
static void add_question(const struct hook_code *code, const struct hook_test *test,
			 struct strbuf *text)
{
	bool is_signed = test->kind == HOOK_TEST_NUMBER && test->value < code->value_count &&
			 code->values[test->value].is_signed;

	switch (test->kind) {
	case HOOK_TEST_SCOPE:
	case HOOK_TEST_BINARY:
	case HOOK_TEST_PARENT_BINARY:
		strbuf__printf(text, " bit %u", test->index);
		break;
	case HOOK_TEST_NAMESPACE:
		strbuf__printf(text, " %u", test->index);
		add_numbers(test, false, text);
		break;
	case HOOK_TEST_CAPABILITY:
	case HOOK_TEST_CAPABILITY_CHANGE:
		strbuf__printf(text, " %s", NAME(capability_sets, test->index));
		break;
	case HOOK_TEST_SOCKET:
		strbuf__printf(text, " %s", NAME(socket_parts, test->index));
		if (test->set == HOOK_NONE)
			add_numbers(test, false, text);
		break;
	case HOOK_TEST_TEXT:
		strbuf__printf(text, " %s", NAME(text_ops, test->index));
		add_texts(test, text);
		break;
	case HOOK_TEST_PID:
	case HOOK_TEST_NUMBER:
		add_numbers(test, is_signed, text);
		break;
	case HOOK_TEST_EXPRESSION:
		add_expression(test->expression, text);
		break;
	case HOOK_TEST_NAMESPACE_CHANGE:
	case HOOK_TEST_FILE_TYPE:
	case HOOK_TEST_CAPABILITIES_GAINED:
		break;
	}
}

static void add_test(const struct hook_code *code, const struct hook_test *test, const char *word,
		     struct strbuf *text)
{
	strbuf__printf(text, "    %s %s%s", word, test->is_negated ? "not " : "",
		       NAME(tests, test->kind));
	if (test->value != HOOK_NONE)
		strbuf__printf(text, " value %u", test->value);
	if (test->other_value != HOOK_NONE)
		strbuf__printf(text, " over value %u", test->other_value);
	add_question(code, test, text);
	if (test->set != HOOK_NONE)
		strbuf__printf(text, " (set %u)", test->set);
	if (test->mask)
		strbuf__printf(text, " mask 0x%" PRIx64, test->mask);
	if (test->is_own_namespace)
		strbuf__add_text(text, ", in its own namespace");
	if (test->follows_forks)
		strbuf__add_text(text, ", or of an ancestor");
	strbuf__add_char(text, '\n');
}

/* ---- actions ---- */

static bool has_number(enum policy_action kind)
{
	return kind == POLICY_ACTION_OVERRIDE || kind == POLICY_ACTION_SIGNAL ||
	       kind == POLICY_ACTION_NOTIFY_ENFORCER || kind == POLICY_ACTION_SET;
}

static void add_assignment(const struct hook_assignment *assignment, struct strbuf *text)
{
	strbuf__printf(text, "%u bytes at %d = ", assignment->to_size, assignment->to);
	if (assignment->source != HOOK_SOURCE_CONSTANT)
		strbuf__printf(text, "%u bytes at %d + ", assignment->from_size, assignment->from);
	strbuf__printf(text, "%" PRId64 "%s", assignment->constant,
		       assignment->source == HOOK_SOURCE_MEMORY ? " followed" : "");
}

static void add_action(const struct hook_action *action, const char *word, struct strbuf *text)
{
	strbuf__printf(text, "    %s %s", word, NAME(actions, action->kind));
	for (uint32_t i = 0; i < action->assignment_count; i++) {
		strbuf__add_text(text, i ? ", " : " ");
		add_assignment(&action->assignments[i], text);
	}
	if (has_number(action->kind) && action->assignment_count == 0)
		strbuf__printf(text, " %d", action->number);
	if (action->signal)
		strbuf__printf(text, " and signal %d", action->signal);
	if (action->value != HOOK_NONE)
		strbuf__printf(text, " value %u", action->value);
	if (action->rate_ns)
		strbuf__printf(text, ", once in %" PRId64 " ns for each %s", action->rate_ns,
			       NAME(rate_scopes, action->rate_scope));
	strbuf__printf(text, "%s%s%s%s\n", action->wants_kernel_stack ? ", kernel stack" : "",
		       action->wants_user_stack ? ", user stack" : "",
		       action->wants_image_hash ? ", hash of the file" : "",
		       action->is_enforcement ? ", enforcing" : "");
}

static bool wants_image_hash(const struct hook_code *code)
{
	for (uint32_t i = 0; i < code->rule_count; i++)
		for (uint32_t k = 0; k < code->rules[i].action_count; k++)
			if (code->rules[i].actions[k].wants_image_hash)
				return true;
	return false;
}

static void add_rule(const struct hook_code *code, uint32_t index, struct strbuf *text)
{
	const struct hook_rule *rule = &code->rules[index];

	strbuf__printf(text, "  rule %u", index);
	if (rule->label)
		strbuf__printf(text, " '%s'", rule->label);
	strbuf__add_char(text, '\n');
	for (uint32_t i = 0; i < rule->test_count; i++)
		add_test(code, &rule->tests[i], "when", text);
	for (uint32_t i = 0; i < rule->action_count; i++)
		add_action(&rule->actions[i], "do", text);
	for (uint32_t i = 0; i < rule->return_test_count; i++)
		add_test(code, &rule->return_tests[i], "at return, when", text);
	for (uint32_t i = 0; i < rule->return_action_count; i++)
		add_action(&rule->return_actions[i], "at return, do", text);
}

/* ---- the whole ---- */

static void add_counts(const struct hook_code *code, struct strbuf *text)
{
	strbuf__add_text(text, "  count");
	if (code->count_parts & HOOK_COUNT_BINARY)
		strbuf__add_text(text, " by binary");
	if (code->count_parts & HOOK_COUNT_CGROUP)
		strbuf__add_text(text, " by cgroup");
	if (code->has_call_table)
		strbuf__printf(text, " in table %u", code->call_table);
	if (code->count_parts & HOOK_COUNT_SYSCALL)
		strbuf__printf(text, " by syscall in value %u", code->syscall_value);
	strbuf__add_text(text, code->can_have_events ? "\n" : ", never tell\n");
}

void hook_code__format(const struct hook_code *code, struct strbuf *text)
{
	strbuf__printf(text, "hook %u: %s", code->id, NAME(contexts, code->context));
	if (code->context == HOOK_CONTEXT_CALL)
		strbuf__printf(text, " of %u", code->argument_count);
	strbuf__printf(text, "%s%s%s%s\n", code->has_return ? ", with return" : "",
		       code->is_preemptible ? ", preemptible" : "",
		       code->is_chained ? ", chained" : "", code->is_enforcer ? ", enforcer" : "");
	if (code->hides_registers)
		strbuf__add_text(text, "  registers are hidden\n");
	for (uint32_t i = 0; i < code->value_count; i++)
		add_value(&code->values[i], i, text);
	for (uint32_t i = 0; i < code->rule_count; i++)
		add_rule(code, i, text);
	if (wants_image_hash(code))
		strbuf__printf(text,
			       code->file.is_member ? "  file: argument %u +%d\n"
						    : "  file: argument %u\n",
			       code->file.argument, code->file.offset);
	if (code->return_value_action != POLICY_ACTION_NONE)
		strbuf__printf(text, "  %s the result\n", NAME(actions, code->return_value_action));
	if (!code->is_enforcer)
		add_counts(code, text);
}
