/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/bpf.h>

#include "pipeline/internal.h"

uint32_t agent__config_count(const struct agent *agent)
{
	return (uint32_t)agent->configs.len;
}

static uint32_t count_parts(const struct agent_config *config)
{
	uint32_t count = 0, i;

	for (i = 0; i < config->spec->program_count; i++)
		if (config->programs && config->programs[i])
			count += program__part_count(config->programs[i]);
	return count;
}

static bool wants_kernel_types(const struct agent_config *config)
{
	for (uint32_t i = 0; i < config->spec->program_count; i++)
		if (config->programs && config->programs[i] &&
		    program__facts(config->programs[i])->wants_kernel_types)
			return true;
	return false;
}

bool agent_config_is_running(const struct agent_config *config)
{
	if (config->error || !config->programs)
		return false;
	for (uint32_t i = 0; i < config->spec->program_count; i++)
		for (uint32_t k = 0; k < program__part_count(config->programs[i]); k++)
			if (program__part(config->programs[i], k)->state == PART_STATE_ATTACHED)
				return true;
	return config->spec->program_count == 0;
}

bool agent__policy(const struct agent *agent, uint32_t index, uint32_t policy,
		   struct policy_view *ret_view)
{
	const struct agent_config *config = agent->configs.items[index];
	const struct policy_spec *own = config->spec->policies;

	for (uint32_t i = 0; config->policies && policies__view(config->policies, i, ret_view);
	     i++) {
		bool is_own = ret_view->spec >= own &&
			      ret_view->spec < own + config->spec->policy_count;

		if (is_own && policy-- == 0)
			return true;
	}
	return false;
}

static uint32_t count_hooks(const struct agent *agent, uint32_t index)
{
	struct policy_view view;
	uint32_t count = 0;

	for (uint32_t i = 0; agent__policy(agent, index, i, &view); i++)
		if (view.state == POLICY_STATE_ENABLED)
			count += view.hooks;
	return count;
}

static bool has_enabled_policy(const struct agent *agent, uint32_t index)
{
	struct policy_view view;

	for (uint32_t i = 0; agent__policy(agent, index, i, &view); i++)
		if (view.state == POLICY_STATE_ENABLED)
			return true;
	return false;
}

struct config_view agent__config(const struct agent *agent, uint32_t index)
{
	const struct agent_config *config = agent->configs.items[index];

	return (struct config_view){
		.name = config->spec->name,
		.origin = config->spec->origin,
		.part_count = count_parts(config),
		.metric_count = config->route_count,
		.span_count = config->span_count,
		.error = config->error,
		.is_running = agent_config_is_running(config),
		.hook_count = count_hooks(agent, index),
		.is_partly_running = config->error && has_enabled_policy(agent, index),
		.warning_count = config->spec->warning_count,
		.param_count = config->spec->param_count,
		.help = config->spec->help,
		.wants_kernel_types = wants_kernel_types(config),
	};
}

struct param_view agent__param(const struct agent *agent, uint32_t index, uint32_t param)
{
	const struct param_spec *spec = &agent->configs.items[index]->spec->params[param];

	return (struct param_view){
		.name = spec->name,
		.help = spec->help,
		.type = spec->type,
		.value = spec->value,
	};
}

struct warning_view agent__warning(const struct agent *agent, uint32_t index, uint32_t warning)
{
	const struct spec_text *text = &agent->configs.items[index]->spec->warnings[warning];

	return (struct warning_view){ .at = &text->at, .text = text->text };
}

const struct part *agent__part(const struct agent *agent, uint32_t index, uint32_t part)
{
	const struct agent_config *config = agent->configs.items[index];
	uint32_t i;

	for (i = 0; i < config->spec->program_count; i++) {
		uint32_t count = config->programs && config->programs[i]
					 ? program__part_count(config->programs[i])
					 : 0;

		if (part < count)
			return program__part(config->programs[i], part);
		part -= count;
	}
	return NULL;
}

const char *metric_kind_name(enum metric_kind kind)
{
	switch (kind) {
	case METRIC_KIND_COUNTER:
		return "counter";
	case METRIC_KIND_GAUGE:
		return "gauge";
	case METRIC_KIND_HISTOGRAM:
		return "histogram";
	}
	return "";
}

static const char *method_name(const struct route *route)
{
	if (route->table)
		return table_method_name(table_source__method(route->table));
	if (route->events)
		return route->map.type == BPF_MAP_TYPE_RINGBUF ? "ring buffer" : "perf buffer";
	if (route->counted)
		return route->stream->mode == STREAM_MODE_SNAPSHOT ? "iterators" : "user space";
	return "";
}

struct metric_view agent__metric(const struct agent *agent, uint32_t index, uint32_t metric)
{
	const struct route *route = &agent->configs.items[index]->routes[metric];

	return (struct metric_view){
		.name = route->metric->name,
		.help = route->metric->help,
		.map = route->stream->map,
		.kind = metric_kind_name(route->metric->kind),
		.method = method_name(route),
		.error = route->error ? route->error : route->last_error,
		.series = route->family ? family__series_count(route->family) : 0,
	};
}

struct span_view agent__span(const struct agent *agent, uint32_t index, uint32_t span)
{
	const struct span_route *route = &agent->configs.items[index]->spans[span];
	bool is_on_purpose;
	const char *why_off = span_export__why_off(agent->span_export, &is_on_purpose);

	return (struct span_view){
		.name = route->span->name,
		.map = route->stream->map,
		.target = why_off ? NULL : span_export__target(agent->span_export),
		.why_off = why_off,
		.error = route->error,
		.received = route->ledger.seen,
	};
}
