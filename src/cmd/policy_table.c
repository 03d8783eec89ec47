/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_table.h"

#include "base/mem.h"
#include "config/load.h"

static const char *const kinds[] = {
	[HOOK_KIND_KPROBE] = "kprobe",
	[HOOK_KIND_FENTRY] = "fentry",
	[HOOK_KIND_TRACEPOINT] = "tracepoint",
	[HOOK_KIND_RAW_TRACEPOINT] = "raw tracepoint",
	[HOOK_KIND_UPROBE] = "uprobe",
	[HOOK_KIND_USDT] = "usdt",
	[HOOK_KIND_LSM] = "lsm",
};

static const char *const actions[] = {
	[ACTION_KIND_NONE] = "",
	[ACTION_KIND_POST] = "Post",
	[ACTION_KIND_NO_POST] = "NoPost",
	[ACTION_KIND_SIGKILL] = "Sigkill",
	[ACTION_KIND_SIGNAL] = "Signal",
	[ACTION_KIND_OVERRIDE] = "Override",
	[ACTION_KIND_GET_URL] = "GetUrl",
	[ACTION_KIND_DNS_LOOKUP] = "DnsLookup",
	[ACTION_KIND_TRACK_SOCK] = "TrackSock",
	[ACTION_KIND_UNTRACK_SOCK] = "UntrackSock",
	[ACTION_KIND_NOTIFY_ENFORCER] = "NotifyEnforcer",
	[ACTION_KIND_CLEANUP_ENFORCER] = "CleanupEnforcerNotification",
	[ACTION_KIND_SET] = "Set",
};

#define ACTION_COUNT array_size(actions)

/* ---- words ---------------------------------------------------------------------------------- */

static void add_word(struct strbuf *out, const char *separator, const char *word)
{
	if (out->len > 0)
		strbuf__add_text(out, separator);
	strbuf__add_text(out, word);
}

static void add_places(const struct hook_spec *hook, struct strbuf *out)
{
	for (uint32_t i = 0; i < hook->symbol_count; i++)
		strbuf__printf(out, "%s%s", i ? "," : ":", hook->symbols[i].text);
	for (uint32_t i = 0; i < hook->offset_count; i++)
		strbuf__printf(out, "%s+0x%llx", i ? "," : ":",
			       (unsigned long long)hook->offsets[i].value);
	for (uint32_t i = 0; i < hook->address_count; i++)
		strbuf__printf(out, "%s0x%llx", i ? "," : ":",
			       (unsigned long long)hook->addresses[i].value);
}

/* "kprobe sys_read", "tracepoint sched/sched_switch", "uprobe /bin/x:main", "usdt /bin/x:provider/name" */
static void add_hook(const struct hook_spec *hook, struct strbuf *out)
{
	strbuf__printf(out, "%s ", kinds[hook->kind]);
	if (hook->file.text)
		strbuf__add_text(out, hook->file.text);
	if (hook->provider)
		strbuf__printf(out, ":%s/", hook->provider);
	if (hook->subsystem)
		strbuf__printf(out, "%s/", hook->subsystem);
	if (hook->call.text)
		strbuf__add_text(out, hook->call.text);
	add_places(hook, out);
}

static void add_shown(const struct hook_spec *hook, struct strbuf *out)
{
	for (uint32_t i = 0; i < hook->arg_count; i++)
		add_word(out, ", ", hook->args[i].type.text);
	for (uint32_t i = 0; i < hook->data_count; i++)
		add_word(out, ", ", hook->data[i].resolve.text);
	if (hook->ret) {
		add_word(out, ", ", "-> ");
		strbuf__add_text(out, hook->ret->type.text);
	}
}

/* ---- what is done --------------------------------------------------------------------------- */

static uint32_t actions_of(const struct hook_spec *hook)
{
	uint32_t kinds_done = 0;

	for (uint32_t i = 0; i < hook->rule_count; i++) {
		const struct rule_spec *rule = &hook->rules[i];

		if (rule->action_count == 0)
			kinds_done |= 1u << ACTION_KIND_POST;
		for (uint32_t k = 0; k < rule->action_count; k++)
			kinds_done |= 1u << rule->actions[k].kind;
		for (uint32_t k = 0; k < rule->return_action_count; k++)
			kinds_done |= 1u << rule->return_actions[k].kind;
	}
	if (hook->rule_count == 0)
		kinds_done |= 1u << ACTION_KIND_POST;
	return kinds_done | (hook->ret_action ? 1u << hook->ret_action : 0);
}

static void add_done(const struct hook_spec *hook, struct strbuf *out)
{
	uint32_t kinds_done = actions_of(hook);

	for (size_t i = 0; i < ACTION_COUNT; i++)
		if (kinds_done & 1u << i)
			add_word(out, ", ", actions[i]);
}

/* ---- what is needed ------------------------------------------------------------------------- */

static bool does(const struct hook_spec *hook, enum action_kind kind)
{
	return actions_of(hook) & 1u << kind;
}

static bool needs_functions(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return (hook->kind == HOOK_KIND_KPROBE || hook->kind == HOOK_KIND_FENTRY) &&
	       !hook->is_syscall;
}

static bool needs_uprobes(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return hook->kind == HOOK_KIND_UPROBE || hook->kind == HOOK_KIND_USDT;
}

static bool needs_lsm(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return hook->kind == HOOK_KIND_LSM;
}

static bool is_security(const struct hook_spec *hook)
{
	return hook->call.text && str_starts(hook->call.text, "security_");
}

static bool needs_fmod_ret(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return hook->kind == HOOK_KIND_KPROBE && does(hook, ACTION_KIND_OVERRIDE) &&
	       is_security(hook);
}

static bool needs_injection(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return hook->kind == HOOK_KIND_KPROBE && does(hook, ACTION_KIND_OVERRIDE) &&
	       !is_security(hook);
}

static bool needs_user_registers(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return hook->kind == HOOK_KIND_UPROBE && does(hook, ACTION_KIND_OVERRIDE);
}

static bool needs_user_memory(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	return does(hook, ACTION_KIND_SET);
}

static bool needs_types(const struct policy_spec *policy, const struct hook_spec *hook)
{
	bool has_way = false;

	(void)policy;
	for (uint32_t i = 0; i < hook->arg_count; i++)
		has_way |= hook->args[i].resolve.text != NULL;
	for (uint32_t i = 0; i < hook->data_count; i++)
		has_way |= hook->data[i].source == DATA_SOURCE_TASK;
	return has_way;
}

static bool names_containers(const struct scope_spec *scope)
{
	return scope && scope->has_containers;
}

static bool needs_containers(const struct policy_spec *policy, const struct hook_spec *hook)
{
	bool is_scoped = names_containers(policy->scope);

	for (uint32_t i = 0; i < hook->rule_count; i++)
		is_scoped |= names_containers(hook->rules[i].scope);
	return is_scoped;
}

static bool needs_image_hash(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)policy;
	for (uint32_t i = 0; i < hook->rule_count; i++)
		for (uint32_t k = 0; k < hook->rules[i].action_count; k++)
			if (hook->rules[i].actions[k].wants_image_hash)
				return true;
	return false;
}

static bool needs_nodes(const struct policy_spec *policy, const struct hook_spec *hook)
{
	(void)hook;
	return policy->node_count > 0;
}

static const struct {
	bool (*is_needed)(const struct policy_spec *policy, const struct hook_spec *hook);
	const char *text;
} needs[] = {
	{ needs_functions, "kprobes or fentry" },
	{ needs_uprobes, "uprobes" },
	{ needs_lsm, "bpf among the LSMs" },
	{ needs_fmod_ret, "fmod_ret" },
	{ needs_injection, "error injection" },
	{ needs_user_registers, "registers that uprobes may set" },
	{ needs_user_memory, "memory of processes that may be written" },
	{ needs_types, "types of the kernel (BTF)" },
	{ needs_image_hash, "IMA" },
	{ needs_containers, "containers that are known" },
	{ needs_nodes, "labels of the node" },
};

static void add_needs(const struct policy_spec *policy, const struct hook_spec *hook,
		      struct strbuf *out)
{
	for (size_t i = 0; i < array_size(needs); i++)
		if (needs[i].is_needed(policy, hook))
			add_word(out, ", ", needs[i].text);
}

/* ---- rows ----------------------------------------------------------------------------------- */

enum column { COLUMN_POLICY, COLUMN_HOOK, COLUMN_SHOWS, COLUMN_RULES, COLUMN_DOES, COLUMN_NEEDS };

static void add_name(const struct policy_spec *policy, struct strbuf *out)
{
	if (policy->kube_namespace)
		strbuf__printf(out, "%s/", policy->kube_namespace);
	strbuf__add_text(out, policy->name);
}

static void add_row(struct table *table, struct strbuf *texts)
{
	const char *cells[POLICY_TABLE_COLUMNS];

	for (size_t i = 0; i < POLICY_TABLE_COLUMNS; i++) {
		table->has_failed |= strbuf__status(&texts[i]) < 0;
		cells[i] = texts[i].len > 0 ? strbuf__text(&texts[i]) : "-";
	}
	table__add_row(table, cells);
	for (size_t i = 0; i < POLICY_TABLE_COLUMNS; i++)
		strbuf__done(&texts[i]);
}

static void add_hook_row(const struct policy_spec *policy, const struct hook_spec *hook,
			 struct table *table)
{
	struct strbuf texts[POLICY_TABLE_COLUMNS] = { STRBUF_INIT };

	add_name(policy, &texts[COLUMN_POLICY]);
	add_hook(hook, &texts[COLUMN_HOOK]);
	add_shown(hook, &texts[COLUMN_SHOWS]);
	strbuf__printf(&texts[COLUMN_RULES], "%u", hook->rule_count);
	add_done(hook, &texts[COLUMN_DOES]);
	add_needs(policy, hook, &texts[COLUMN_NEEDS]);
	add_row(table, texts);
}

/* What a policy asks for beside hooks, or that it asks for nothing. */
static void add_rest(const struct policy_spec *policy, struct table *table)
{
	struct strbuf texts[POLICY_TABLE_COLUMNS] = { STRBUF_INIT };

	if (!policy->wants_library_loads && policy->hook_count > 0)
		return;
	add_name(policy, &texts[COLUMN_POLICY]);
	if (policy->wants_library_loads) {
		strbuf__add_text(&texts[COLUMN_HOOK], "loader");
		strbuf__add_text(&texts[COLUMN_SHOWS], "libraries that are mapped");
		strbuf__add_text(&texts[COLUMN_DOES], "Post");
	}
	add_row(table, texts);
}

void policy_table_header(struct table *table)
{
	static const char *const cells[POLICY_TABLE_COLUMNS] = { "POLICY", "HOOK", "SHOWS",
								 "RULES",  "DOES", "NEEDS" };

	table->has_header = true;
	table__add_row(table, cells);
}

void policy_table_add(const struct spec *spec, struct table *table)
{
	for (uint32_t i = 0; i < spec->policy_count; i++) {
		const struct policy_spec *policy = &spec->policies[i];

		for (uint32_t k = 0; k < policy->hook_count; k++)
			add_hook_row(policy, &policy->hooks[k], table);
		add_rest(policy, table);
	}
}
