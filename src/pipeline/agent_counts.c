/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a config's events is counted in the kernel: asked of its programs before they are loaded, all metrics of a ring
 * together, for a record that one of them needs here has to come here for all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/count.h"
#include "pipeline/internal.h"
#include "pipeline/stream.h"

/* The metrics of one stream of events. */
struct counted_stream {
	struct agent_config *config;
	uint32_t index;
};

#define for_each_route(counted, route)                                                             \
	for (uint32_t route##_i = 0; route##_i < (counted)->config->route_count; route##_i++)      \
		for (struct route *route = &(counted)->config->routes[route##_i];                  \
		     route && counts_events(route, (counted)->index); route = NULL)

static bool counts_events(const struct route *route, uint32_t stream)
{
	return route->count && route->count->aggregate && !route->error &&
	       route->metric->stream == stream;
}

/* The first one that the kernel cannot count, or NULL. */
static const struct route *find_refused(const struct counted_stream *counted)
{
	for_each_route(counted, route) if (route->count->why_user_space) return route;
	return NULL;
}

/* Without memory for the reason the plan says less. */
static void stay_here(const struct counted_stream *counted, const char *why)
{
	for_each_route(counted, route)
	{
		route->count->is_in_kernel = false;
		if (!route->count->why_user_space)
			route->count->why_user_space = strdup(why);
	}
}

static uint32_t list_aggregates(const struct counted_stream *counted, bool is_only_counted,
				struct aggregate *list)
{
	uint32_t count = 0;

	for_each_route(counted, route)
	{
		route->count->is_in_kernel = true;
		route->count->is_all_there_is = is_only_counted;
		route->count->index = count;
		list[count++] = route->count->aggregate->aggregate;
	}
	return count;
}

static int ask_program(struct agent *agent, const struct counted_stream *counted,
		       struct aggregate *list, struct err *err)
{
	const struct stream_spec *stream = &counted->config->spec->streams[counted->index];
	struct program *program = counted->config->programs[stream->program];
	bool is_only_counted = agent->options.has_no_consumers ||
			       counted->config->spec->has_no_consumers;
	enum rung most = is_only_counted ? RUNG_PRUNED : RUNG_SLOT;
	const struct route *refused = find_refused(counted);
	uint32_t count = list_aggregates(counted, is_only_counted, list);

	if (count > 0 && refused) {
		__cleanup(x_freep) char *why =
			str_printf("metric '%s' of the same data source needs its records here",
				   refused->metric->name);

		stay_here(counted, why ? why : "");
		count = 0;
	}
	if (count == 0)
		most = RUNG_QUIET_RING;
	return program__want_aggregate(program, stream->map, count ? list : NULL, count, most, err);
}

static int plan_stream(struct agent *agent, const struct counted_stream *counted, struct err *err)
{
	__cleanup(x_freep) struct aggregate *list =
		new_array(struct aggregate, (size_t)counted->config->route_count + 1);
	struct err reason = ERR_INIT;
	char text[512];
	int r;

	if (!list)
		return err__set(err, -ENOMEM, NULL, "no memory to count events");
	if (counted->config->is_loaded) {
		stay_here(counted, "its programs run already");
		return 0;
	}
	if (agent->options.leaves_programs_alone) {
		stay_here(counted, "--no-rewrite");
		return 0;
	}
	r = ask_program(agent, counted, list, &reason);
	if (r < 0) {
		err__format(&reason, text, sizeof(text));
		stay_here(counted, text);
	}
	err__done(&reason);
	return r == -ENOMEM ? err__set(err, r, NULL, "no memory to count events") : 0;
}

int agent_plan_counts(struct agent *agent, struct agent_config *config, struct err_list *errors)
{
	struct counted_stream counted = { .config = config };
	struct err err = ERR_INIT;
	int r = 0;

	for (; r == 0 && counted.index < config->stream_count; counted.index++) {
		const struct stream *stream = config->streams[counted.index];

		if (stream && !stream__error(stream) &&
		    stream__spec(stream)->mode == STREAM_MODE_EVENTS)
			r = plan_stream(agent, &counted, &err);
	}
	if (r < 0)
		err_list__add(errors, &err);
	return r;
}

bool agent_counts_in_programs(const struct agent_config *config)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		if (config->routes[i].count && config->routes[i].count->aggregate)
			return true;
	return false;
}
