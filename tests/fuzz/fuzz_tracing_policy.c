/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: any text ends in a spec whose indexes all point somewhere, which prints, or in errors with positions.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_values(const struct policy_spec *policy, const struct value_spec *values,
			 uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		require(values[i].text[values[i].len] == '\0' &&
			(values[i].list == SPEC_NONE || values[i].list < policy->list_count));
}

static void check_match(const struct policy_spec *policy, const struct hook_spec *hook,
			const struct match_spec *match)
{
	uint32_t limit = 0;

	if (match->subject == MATCH_SUBJECT_ARG)
		limit = hook->arg_count;
	else if (match->subject == MATCH_SUBJECT_DATA)
		limit = hook->data_count;
	else if (match->subject == MATCH_SUBJECT_RETURN)
		limit = hook->ret != NULL;
	require(match->path && match->arg_count <= MATCH_MAX_ARGS);
	for (uint32_t i = 0; i < match->arg_count; i++)
		require(match->args[i] < limit);
	require(match->subject != MATCH_SUBJECT_NAMESPACE ||
		__builtin_popcount(match->namespace_kinds) == 1);
	check_values(policy, match->values, match->value_count);
}

static void check_action(const struct hook_spec *hook, const struct action_spec *action)
{
	require(action->path && action->kind != ACTION_KIND_NONE && action->rate_ns <= INT64_MAX);
	if (action->kind == ACTION_KIND_TRACK_SOCK || action->kind == ACTION_KIND_UNTRACK_SOCK ||
	    action->kind == ACTION_KIND_SET)
		require(action->arg < hook->arg_count);
}

static void check_hook(const struct policy_spec *policy, const struct hook_spec *hook)
{
	require(hook->path && (hook->kind == HOOK_KIND_UPROBE) == !hook->call.text);
	if (hook->call.text)
		check_values(policy, &hook->call, 1);
	for (uint32_t i = 0; i < hook->rule_count; i++) {
		const struct rule_spec *rule = &hook->rules[i];

		for (uint32_t k = 0; k < rule->match_count; k++)
			check_match(policy, hook, &rule->matches[k]);
		for (uint32_t k = 0; k < rule->action_count; k++)
			check_action(hook, &rule->actions[k]);
		for (uint32_t k = 0; k < rule->return_action_count; k++)
			check_action(hook, &rule->return_actions[k]);
	}
}

static void check_spec(const struct spec *spec)
{
	struct strbuf out = STRBUF_INIT;

	require(spec->policy_count > 0);
	for (uint32_t i = 0; i < spec->policy_count; i++) {
		const struct policy_spec *policy = &spec->policies[i];

		require(policy->name && policy->name[0]);
		for (uint32_t k = 0; k < policy->hook_count; k++)
			check_hook(policy, &policy->hooks[k]);
		for (uint32_t k = 0; k < policy->enforcer_count; k++)
			check_values(policy, policy->enforcers[k].calls,
				     policy->enforcers[k].call_count);
	}
	spec__format(spec, &out);
	require(strbuf__status(&out) == 0 && out.len > 0);
	strbuf__done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	int r;

	require(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	r = config_load_text(
		dialect_find("tracing_policy"),
		&(struct dialect_input){
			.name = "fuzz", .origin = "fuzz.yaml", .text = text, .len = len },
		&spec, &errors);
	require(r < 0 ? errors.len > 0 : errors.len == 0);
	for (size_t i = 0; i < errors.len; i++)
		require(errors.items[i].text && errors.items[i].at.file);
	if (spec)
		check_spec(spec);
	err_list__done(&errors);
	spec__free(spec);
	free(text);
	return 0;
}
