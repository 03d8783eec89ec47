/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "decode/ops.h"
#include "pipeline/policies_private.h"
#include "pipeline/policy_series.h"

/* ---- families ------------------------------------------------------------------------------------------ */

#define PROCESS_LABELS "namespace", "workload", "pod", "binary", "node_name"

enum other_family {
	OTHER_LOADED,
	OTHER_MEMORY,
	OTHER_ACTIONS,
	OTHER_RESULTS,
	OTHER_RUN_SECONDS,
	OTHER_RUNS,
	OTHER_INSTRUCTIONS,
	OTHER_SCOPE_CGROUPS,
	OTHER_SCOPE_LEFT_OUT,
	OTHER_SCOPE_WAITING,
	OTHER_OVERHEAD_SECONDS,
	OTHER_OVERHEAD_RUNS,
	OTHER_MISSED_PROGRAMS,
	OTHER_COUNT,
};

#define COUNTED(name_, help_, ...)                                                                 \
	{                                                                                          \
		.name = name_, .help = help_, .kind = FAMILY_KIND_COUNTER, .keeps_values = true,   \
		.label_names = (const char *const[]){ __VA_ARGS__ },                               \
		.label_count = sizeof((const char *const[]){ __VA_ARGS__ }) /                      \
			       sizeof(const char *),                                               \
	}
#define TOLD(name_, help_, kind_, ...)                                                             \
	{                                                                                          \
		.name = name_, .help = help_, .kind = kind_,                                       \
		.label_names = (const char *const[]){ __VA_ARGS__ },                               \
		.label_count = sizeof((const char *const[]){ __VA_ARGS__ }) /                      \
			       sizeof(const char *),                                               \
	}

static const struct family_spec event_specs[] = {
	COUNTED("tetragon_events_total", "Events, whether anybody wanted to see them or not.",
		"type", PROCESS_LABELS),
	COUNTED("tetragon_policy_events_total", "Events of each policy and hook.", "policy", "hook",
		PROCESS_LABELS),
	COUNTED("tetragon_syscalls_total", "System calls that policies on raw_syscalls counted.",
		"syscall", PROCESS_LABELS),
};

static const struct family_spec other_specs[OTHER_COUNT] = {
	[OTHER_LOADED] = TOLD("tetragon_tracingpolicy_loaded", "Policies by state.",
			      FAMILY_KIND_GAUGE, "state"),
	[OTHER_MEMORY] = TOLD("tetragon_tracingpolicy_kernel_memory_bytes",
			      "Memory of the kernel that a policy takes for itself.",
			      FAMILY_KIND_GAUGE, "policy", "policy_namespace"),
	[OTHER_ACTIONS] = TOLD("tetragon_tracingpolicy_selector_actions_total",
			       "Actions that were taken, or would have been (monitor_).",
			       FAMILY_KIND_COUNTER, "action", "hook", "hook_index", "policy",
			       "policy_namespace", "selector_index", "selector_label"),
	[OTHER_RESULTS] = TOLD("sonde_policy_selector_total",
			       "What became of calls for which a selector of a policy decided.",
			       FAMILY_KIND_COUNTER, "policy", "policy_namespace", "hook",
			       "selector", "result"),
	[OTHER_RUN_SECONDS] = TOLD("sonde_policy_hook_run_seconds_total",
				   "How long a hook's programs ran, while the kernel timed them.",
				   FAMILY_KIND_COUNTER, "policy", "policy_namespace", "hook"),
	[OTHER_RUNS] = TOLD("sonde_policy_hook_runs_total",
			    "How often a hook's programs ran, while the kernel counted.",
			    FAMILY_KIND_COUNTER, "policy", "policy_namespace", "hook"),
	[OTHER_INSTRUCTIONS] = TOLD("sonde_policy_hook_instructions",
				    "Instructions of a hook's programs.", FAMILY_KIND_GAUGE,
				    "policy", "policy_namespace", "hook"),
	[OTHER_SCOPE_CGROUPS] = { .name = "sonde_policy_scope_cgroups",
				  .help = "Cgroups that selectors of pods, containers and the host "
					  "choose.",
				  .kind = FAMILY_KIND_GAUGE },
	[OTHER_SCOPE_LEFT_OUT] = { .name = "sonde_policy_scope_left_out",
				   .help = "Cgroups that they choose and for which the kernel's "
					   "table has no room.",
				   .kind = FAMILY_KIND_GAUGE },
	[OTHER_SCOPE_WAITING] = { .name = "sonde_policy_scope_waiting",
				  .help = "Cgroups of containers of which nobody has told yet what "
					  "they ask for.",
				  .kind = FAMILY_KIND_GAUGE },
	[OTHER_OVERHEAD_SECONDS] = TOLD("tetragon_overhead_program_seconds_total",
					"The same as sonde_policy_hook_run_seconds_total.",
					FAMILY_KIND_COUNTER, "attach", "policy", "policy_namespace",
					"section", "sensor"),
	[OTHER_OVERHEAD_RUNS] = TOLD(
		"tetragon_overhead_program_runs_total", "The same as sonde_policy_hook_runs_total.",
		FAMILY_KIND_COUNTER, "attach", "policy", "policy_namespace", "section", "sensor"),
	[OTHER_MISSED_PROGRAMS] =
		TOLD("tetragon_missed_prog_probes_total",
		     "Times that a hook's programs did not run, for they were running already.",
		     FAMILY_KIND_COUNTER, "attach", "policy"),
};

const char *policy_syscall_name(uint32_t number)
{
	return number & POLICY_SYSCALL_32 ? decode_syscall_name_32(number & ~POLICY_SYSCALL_32)
					  : decode_syscall_name(number, true);
}

/* Families that the registry before had are the same, so that a reload changes nothing of what was counted. */
static int open_families(struct policy_series *series, struct registry *registry, struct err *err)
{
	struct family **events[] = { &series->events, &series->policy_events, &series->syscalls };
	int r = 0;

	for (size_t i = 0; i < array_size(event_specs) && r == 0; i++)
		r = registry__family(registry, &event_specs[i], events[i], err);
	for (size_t i = 0; i < OTHER_COUNT && r == 0; i++)
		r = registry__family(registry, &other_specs[i], &series->others[i], err);
	return r < 0 ? r : policy_health__open(series, registry, err);
}

int policies__open_metrics(struct policies *policies, struct registry *registry, struct err *err)
{
	if (!policies->series) {
		policies->series = new_zero(struct policy_series);
		if (policies->series)
			policies->series->others = new_array(struct family *, OTHER_COUNT);
		if (policies->series)
			policies->series->health = new_array(struct family *,
							     POLICY_HEALTH_FAMILIES);
		if (!policies->series || !policies->series->others || !policies->series->health)
			return err__set(err, -ENOMEM, NULL, "no memory for series of policies");
	}
	return open_families(policies->series, registry, err);
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void set(struct policies *policies, enum other_family which, const char *const *labels,
		double value)
{
	struct family *family = policies->series->others[which];
	struct text_slice values[POLICY_SERIES_LABELS_MAX];
	uint32_t series;

	for (uint32_t i = 0; i < family__label_count(family); i++)
		values[i] = (struct text_slice){ labels[i], strlen(labels[i]) };
	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, value);
}

/* Of which Tetragon knows six; those that sonde has no use for are 0, as its dashboards expect. */
static void set_states(struct policies *policies)
{
	static const char *const states[] = { "enabled",    "disabled",          "error",
					      "load_error", "partially_enabled", "skipped" };

	for (size_t i = 0; i < array_size(states); i++) {
		double count = 0;

		vec_for_each(&policies->list, policy)
			if (str_eq(policy_state_name((*policy)->state), states[i]))
				count++;
		set(policies, OTHER_LOADED, &states[i], count);
	}
}

struct hook_labels {
	const char *policy, *namespace, *hook;
};

static const char *namespace_of(const struct policy *policy)
{
	return policy->spec->kube_namespace ? policy->spec->kube_namespace : "";
}

static void set_results(struct policies *policies, const struct hook_labels *labels,
			const char *selector, const struct policy_figures *figures)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "matched", figures->matched },
		{ "posted", figures->posted },
		{ "not_posted", figures->not_posted },
		{ "rate_limited", figures->limited },
		{ "lost", figures->lost },
		{ "enforced", figures->enforced },
		{ "monitored", figures->monitored },
		{ "uncounted", figures->uncounted },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		const char *const values[] = { labels->policy, labels->namespace, labels->hook,
					       selector, rows[i].name };

		set(policies, OTHER_RESULTS, values, (double)rows[i].value);
	}
}

static const char *enforcement_name(enum policy_action action)
{
	switch (action) {
	case POLICY_ACTION_SIGKILL:
	case POLICY_ACTION_SIGNAL:
		return "signal";
	case POLICY_ACTION_OVERRIDE:
		return "override";
	case POLICY_ACTION_NOTIFY_ENFORCER:
		return "notify_enforcer";
	case POLICY_ACTION_SET:
		return "set";
	default:
		return NULL;
	}
}

/* Enforcing actions of one selector are taken together: one figure is that of each. */
static void set_actions(struct policies *policies, const struct policy *policy,
			const struct attached_hook *hook, uint32_t rule,
			const struct policy_figures *figures)
{
	const struct hook_code *code = &hook->compiled->code;
	const struct hook_rule *own = code->rule_count ? &code->rules[rule] : NULL;
	char hook_index[16], selector_index[16], monitored[32];
	const struct hook_spec *spec = hook->compiled->site->hook;
	const char *values[] = { "post",
				 hook->name,
				 hook_index,
				 policy->spec->name,
				 namespace_of(policy),
				 selector_index,
				 own && own->label ? own->label : "" };

	(void)snprintf(hook_index, sizeof(hook_index), "%u", spec ? spec->index : 0);
	(void)snprintf(selector_index, sizeof(selector_index), "%u", rule);
	set(policies, OTHER_ACTIONS, values, (double)figures->posted);
	values[0] = "nopost";
	set(policies, OTHER_ACTIONS, values, (double)figures->not_posted);
	for (uint32_t i = 0; own && i < own->action_count; i++) {
		const char *name = enforcement_name(own->actions[i].kind);

		if (!name)
			continue;
		values[0] = name;
		set(policies, OTHER_ACTIONS, values, (double)figures->enforced);
		(void)snprintf(monitored, sizeof(monitored), "monitor_%s", name);
		values[0] = monitored;
		set(policies, OTHER_ACTIONS, values, (double)figures->monitored);
	}
}

/* What Tetragon calls the part of itself that serves such a hook. */
static const char *sensor_of(const struct attached_hook *hook)
{
	switch (policy_hook_event_kind(hook->compiled)) {
	case PROCESS_EVENT_TRACEPOINT:
		return "generic_tracepoint";
	case PROCESS_EVENT_UPROBE:
		return "generic_uprobe";
	case PROCESS_EVENT_USDT:
		return "generic_usdt";
	case PROCESS_EVENT_LSM:
		return "generic_lsm";
	default:
		return "generic_kprobe";
	}
}

/* "kprobe:__x64_sys_read" without its kind. */
static const char *attach_of(const struct attached_hook *hook)
{
	const char *colon = strchr(hook->name, ':');

	return colon ? colon + 1 : hook->name;
}

static void set_overhead(struct policies *policies, const struct policy *policy,
			 const struct attached_hook *hook,
			 const struct hook_program_figures *program)
{
	const char *const labels[] = { attach_of(hook), policy->spec->name, namespace_of(policy),
				       hook->how ? hook->how : "", sensor_of(hook) };

	set(policies, OTHER_MISSED_PROGRAMS, labels, (double)program->missed_runs);
	if (program->run_count == 0)
		return; /* the kernel does not count */
	set(policies, OTHER_OVERHEAD_RUNS, labels, (double)program->run_count);
	set(policies, OTHER_OVERHEAD_SECONDS, labels, (double)program->run_time_ns / 1e9);
}

static void set_hook(struct policies *policies, const struct policy *policy,
		     const struct attached_hook *hook)
{
	const struct hook_code *code = &hook->compiled->code;
	const char *const labels[] = { policy->spec->name, namespace_of(policy), hook->name };
	const struct hook_labels names = { labels[0], labels[1], labels[2] };
	struct hook_program_figures program;

	for (uint32_t i = 0; i < (code->rule_count ? code->rule_count : 1); i++) {
		const struct policy_figures *figures =
			&policies->figure_rows[code->first_figures + i];
		char selector[16];

		(void)snprintf(selector, sizeof(selector), "%u", i);
		set_results(policies, &names, selector, figures);
		set_actions(policies, policy, hook, i, figures);
	}
	hook_engine__figures(policies->engine, code->id, &program);
	set(policies, OTHER_INSTRUCTIONS, labels, program.instructions);
	set_overhead(policies, policy, hook, &program);
	if (program.run_count == 0)
		return; /* the kernel does not count */
	set(policies, OTHER_RUNS, labels, (double)program.run_count);
	set(policies, OTHER_RUN_SECONDS, labels, (double)program.run_time_ns / 1e9);
}

static void set_scopes(struct policies *policies)
{
	const struct policy_cgroups *cgroups = &policies->cgroups;

	if (cgroups->scopes.len == 0)
		return;
	set(policies, OTHER_SCOPE_CGROUPS, NULL, (double)cgroups->written);
	set(policies, OTHER_SCOPE_LEFT_OUT, NULL, (double)cgroups->left_out);
	set(policies, OTHER_SCOPE_WAITING, NULL, (double)cgroups->waiting);
}

void policies__collect(struct policies *policies)
{
	if (!policies->series || policies->list.len == 0)
		return;
	policies__drain(policies);
	policy_series__settle(policies);
	set_states(policies);
	vec_for_each(&policies->list, policy) {
		const char *const labels[] = { (*policy)->spec->name, namespace_of(*policy) };

		if (!(*policy)->is_on || !policies->figure_rows)
			continue;
		set(policies, OTHER_MEMORY, labels, (double)(*policy)->memory_bytes);
		for (uint32_t i = 0; i < (*policy)->program.hook_count; i++)
			set_hook(policies, *policy, &(*policy)->hooks[i]);
	}
	set_scopes(policies);
	policy_health__collect(policies);
}
