/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_condition.h"

#include "base/mem.h"
#include "base/str.h"
#include "filter/label_selector.h"

static int match_binary(struct process_filter_figures *figures, struct process_condition *condition,
			const struct process_event *event)
{
	(void)figures;
	return pattern_list__match(&condition->patterns, &event->process->binary);
}

static int match_arguments(struct process_filter_figures *figures,
			   struct process_condition *condition, const struct process_event *event)
{
	(void)figures;
	return pattern_list__match(&condition->patterns, &event->process->arguments);
}

static int match_parent_binary(struct process_filter_figures *figures,
			       struct process_condition *condition,
			       const struct process_event *event)
{
	(void)figures;
	return event->parent ? pattern_list__match(&condition->patterns, &event->parent->binary)
			     : 0;
}

static int match_parent_arguments(struct process_filter_figures *figures,
				  struct process_condition *condition,
				  const struct process_event *event)
{
	(void)figures;
	return event->parent ? pattern_list__match(&condition->patterns, &event->parent->arguments)
			     : 0;
}

static int match_ancestor_binary(struct process_filter_figures *figures,
				 struct process_condition *condition,
				 const struct process_event *event)
{
	int worst = 0;

	(void)figures;
	for (uint32_t i = 0; i < event->ancestor_count; i++) {
		int r = pattern_list__match(&condition->patterns, &event->ancestors[i]->binary);

		if (r > 0)
			return 1;
		if (r < 0)
			worst = r;
	}
	return worst;
}

static int match_container_id(struct process_filter_figures *figures,
			      struct process_condition *condition,
			      const struct process_event *event)
{
	(void)figures;
	return pattern_list__match(&condition->patterns, &event->process->container);
}

static int match_container_name(struct process_filter_figures *figures,
				struct process_condition *condition,
				const struct process_event *event)
{
	const struct pod_view *pod = event->process->pod;

	(void)figures;
	return pod && pod->container
		       ? pattern_list__match(&condition->patterns, &pod->container->name)
		       : 0;
}

static int match_pod(struct process_filter_figures *figures, struct process_condition *condition,
		     const struct process_event *event)
{
	(void)figures;
	return event->process->pod
		       ? pattern_list__match(&condition->patterns, &event->process->pod->name)
		       : 0;
}

static int match_namespace_pattern(struct process_filter_figures *figures,
				   struct process_condition *condition,
				   const struct process_event *event)
{
	(void)figures;
	return event->process->pod
		       ? pattern_list__match(&condition->patterns, &event->process->pod->namespace)
		       : 0;
}

static bool text_list__has(const struct text_list *list, const char *data, size_t len)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->texts[i].len == len &&
		    (len == 0 || memcmp(list->texts[i].data, data, len) == 0))
			return true;
	return false;
}

/* "" is what is in no pod. */
static int match_namespace(struct process_filter_figures *figures,
			   struct process_condition *condition, const struct process_event *event)
{
	const struct pod_view *pod = event->process->pod;

	(void)figures;
	return pod ? text_list__has(&condition->texts, pod->namespace.data, pod->namespace.len)
		   : text_list__has(&condition->texts, "", 0);
}

static bool is_probe(const struct process_view *process)
{
	return process && process->pod && process->pod->container &&
	       process->pod->container->is_maybe_exec_probe;
}

static int match_health_check(struct process_filter_figures *figures,
			      struct process_condition *condition,
			      const struct process_event *event)
{
	(void)figures;
	return (is_probe(event->process) || is_probe(event->parent)) == condition->is_wanted;
}

static int match_init_tree(struct process_filter_figures *figures,
			   struct process_condition *condition, const struct process_event *event)
{
	const struct optional_bool *is_in = &event->process->is_in_init_tree;

	(void)figures;
	return (is_in->is_set && is_in->value) == condition->is_wanted;
}

static int match_labels(struct process_filter_figures *figures, struct process_condition *condition,
			const struct process_event *event)
{
	const struct pod_view *pod = event->process->pod;

	(void)figures;
	for (uint32_t i = 0; pod && i < condition->selectors.count; i++)
		if (label_selector__match(condition->selectors.selectors[i], pod->labels,
					  pod->label_count))
			return 1;
	return 0;
}

static bool matches_set(const struct capability_condition *set, uint64_t bits)
{
	switch (set->kind) {
	case CAPABILITY_SET_NONE:
		return true;
	case CAPABILITY_SET_ANY:
		return (bits & set->bits) != 0;
	case CAPABILITY_SET_ALL:
		return (bits & set->bits) == set->bits;
	case CAPABILITY_SET_EXACTLY:
		return bits == set->bits;
	case CAPABILITY_SET_EMPTY:
		return (bits & set->bits) == 0;
	}
	return false;
}

static int match_capabilities(struct process_filter_figures *figures,
			      struct process_condition *condition,
			      const struct process_event *event)
{
	const struct capabilities_view *has = event->process->capabilities;

	(void)figures;
	return has && matches_set(&condition->permitted, has->permitted) &&
	       matches_set(&condition->effective, has->effective) &&
	       matches_set(&condition->inheritable, has->inheritable);
}

static bool pid_list__has(const struct pid_list *list, uint32_t pid)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->pids[i] == pid)
			return true;
	return false;
}

static int match_pid(struct process_filter_figures *figures, struct process_condition *condition,
		     const struct process_event *event)
{
	(void)figures;
	return pid_list__has(&condition->pids, event->process->pid.value);
}

static bool is_followed(const struct process_condition *condition, uint32_t pid)
{
	return pid_list__has(&condition->pids, pid) ||
	       map__find(&condition->followed, &pid, sizeof(pid));
}

/* Those of the list and their descendants, as far as events tell of them. */
static int match_pid_set(struct process_filter_figures *figures,
			 struct process_condition *condition, const struct process_event *event)
{
	uint32_t pid = event->process->pid.value;

	if (is_followed(condition, pid))
		return 1;
	if (!event->parent || !is_followed(condition, event->parent->pid.value))
		return 0;
	if (condition->followed.len >= PROCESS_FILTER_FOLLOWED_MAX ||
	    map__set(&condition->followed, &pid, sizeof(pid), condition, NULL) < 0)
		figures->not_followed++;
	return 1;
}

static int match_kind(struct process_filter_figures *figures, struct process_condition *condition,
		      const struct process_event *event)
{
	(void)figures;
	return condition->kinds >> event->kind & 1;
}

static int match_policy(struct process_filter_figures *figures, struct process_condition *condition,
			const struct process_event *event)
{
	(void)figures;
	return event->policy_name.len > 0 &&
	       text_list__has(&condition->texts, event->policy_name.data, event->policy_name.len);
}

/* Alphabetical. */
static const struct process_key keys[] = {
	{ "ancestor_binary_regex", process_condition_parse_patterns, match_ancestor_binary,
	  .needs_process = true },
	{ "arguments_regex", process_condition_parse_patterns, match_arguments,
	  .needs_process = true },
	{ "binary_regex", process_condition_parse_patterns, match_binary, .needs_process = true },
	{ "capabilities", process_condition_parse_capabilities, match_capabilities,
	  .needs_process = true },
	{ "cel_expression", process_condition_refuse_expression, .match = NULL },
	{ "container_id", process_condition_parse_patterns, match_container_id,
	  .needs_process = true },
	{ "container_name_regex", process_condition_parse_patterns, match_container_name,
	  .needs_process = true },
	{ "event_set", process_condition_parse_kinds, match_kind, .is_forecast = true },
	{ "health_check", process_condition_parse_bool, match_health_check,
	  .needs_process = false },
	{ "in_init_tree", process_condition_parse_bool, match_init_tree, .needs_process = true },
	{ "labels", process_condition_parse_selectors, match_labels, .needs_process = true },
	{ "namespace", process_condition_parse_texts, match_namespace, .needs_process = true },
	{ "namespace_regex", process_condition_parse_patterns, match_namespace_pattern,
	  .needs_process = true },
	{ "parent_arguments_regex", process_condition_parse_patterns, match_parent_arguments,
	  .needs_process = true },
	{ "parent_binary_regex", process_condition_parse_patterns, match_parent_binary,
	  .needs_process = true },
	{ "pid", process_condition_parse_pids, match_pid, .needs_process = true },
	{ "pid_set", process_condition_parse_pids, match_pid_set, .needs_process = true,
	  .is_pid_set = true },
	{ "pod_regex", process_condition_parse_patterns, match_pod, .needs_process = true },
	{ "policy_names", process_condition_parse_texts, match_policy, .is_forecast = true },
};

const struct process_key *process_key_find(const char *name)
{
	for (size_t i = 0; i < array_size(keys); i++)
		if (filter_text_is_key(keys[i].name, name))
			return &keys[i];
	return NULL;
}

const char *process_key_nearest(const char *name)
{
	const char *names[array_size(keys)];

	for (size_t i = 0; i < array_size(keys); i++)
		names[i] = keys[i].name;
	return str_nearest(name, names, array_size(names));
}

void process_condition__done(struct process_condition *condition)
{
	pattern_list__done(&condition->patterns);
	map__done(&condition->followed, NULL);
}
