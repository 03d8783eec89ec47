/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rows, events and spans of a config come from, once its programs are loaded: opened, watched by the loop,
 * closed. agent.c does it at a start, reload.c while the places change.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "pipeline/count.h"
#include "pipeline/count_source.h"
#include "pipeline/internal.h"

/* The map, if there is one, in which the program counts what its ring had no room for. */
static int open_losses(struct agent *agent, struct agent_config *config, struct route *route,
		       struct err *err)
{
	struct program_map found;
	struct map_info map;
	int r;

	if (!route->stream->lost_map)
		return 0;
	r = program__map(config->programs[route->stream->program], route->stream->lost_map, &found,
			 err);
	if (r < 0)
		return r;
	map = map_info_of(&found);
	return table_source__open(&map, host__possible_cpus(agent->host), &route->lost, err);
}

static int open_source(struct agent *agent, struct agent_config *config, struct route *route,
		       struct err *err)
{
	struct map_info map;
	int r = route->count ? count_source__open(route, config->programs[route->stream->program],
						  host__possible_cpus(agent->host), err)
			     : 0;

	if (r < 0 || (route->count && route->stream->mode != STREAM_MODE_TABLE))
		return r;
	r = program__map(config->programs[route->stream->program], route->stream->map, &route->map,
			 err);
	if (r < 0)
		return r;
	if (route->stream->mode == STREAM_MODE_EVENTS) {
		r = open_losses(agent, config, route, err);
		return r < 0 ? r : event_open(route, err);
	}
	map = map_info_of(&route->map);
	r = table_source__open(&map, host__possible_cpus(agent->host), &route->table, err);
	return r < 0 ? r
		     : route__open_overflow(route, config->programs[route->stream->program],
					    host__possible_cpus(agent->host), err);
}

int agent_open_sources(struct agent *agent, struct agent_config *config, enum stream_mode mode,
		       struct err *err)
{
	uint32_t i;

	for (i = 0; i < config->route_count; i++) {
		struct route *route = &config->routes[i];
		int r;

		if (route->stream->mode != mode)
			continue;
		if (route->error) {
			log_warn("config \"%s\": metric left out: %s", config->spec->name,
				 route->error);
			continue;
		}
		if (route->count)
			count__prepare(route->count);
		for (uint32_t label = 0; !route->count && label < route->label_count; label++)
			decode_chain__prepare(route->labels[label].chain);
		route_whens__prepare(&route->whens);
		r = open_source(agent, config, route, err);
		if (r < 0)
			return err__wrap(err, r, &route->metric->at, "metric '%s'",
					 route->metric->name);
	}
	return 0;
}

static int open_span(struct agent_config *config, struct span_route *route, struct err *err)
{
	int r;

	if (route->error) {
		log_warn("config \"%s\": span left out: %s", config->spec->name, route->error);
		return 0;
	}
	r = program__map(config->programs[route->stream->program], route->stream->map, &route->map,
			 err);
	if (r >= 0)
		r = span_route__open(route, err);
	return r < 0 ? err__wrap(err, r, &route->span->at, "span '%s'", route->span->name) : 0;
}

/* Without anybody who wants them spans are not even read: the program finds its ring full, which costs it least. */
int agent_open_spans(struct agent *agent, struct agent_config *config, struct err *err)
{
	const char *why_off;
	bool is_on_purpose;
	int r = 0;

	if (config->span_count == 0)
		return 0;
	span_export__start(agent->span_export);
	why_off = span_export__why_off(agent->span_export, &is_on_purpose);
	if (why_off)
		log_at(is_on_purpose ? LOG_INFO : LOG_WARN, NULL,
		       "config \"%s\": spans are not exported: %s", config->spec->name, why_off);
	for (uint32_t i = 0; r >= 0 && i < config->span_count; i++) {
		config->spans[i].demand = why_off ? DEMAND_NONE : DEMAND_RECORD;
		if (!why_off)
			r = open_span(config, &config->spans[i], err);
	}
	return r;
}

static void set_pace(struct agent *agent, int64_t interval_ns)
{
	if (agent->drain_interval_ns == interval_ns || !agent->drain)
		return;
	if (loop__set_timer(agent->drain, interval_ns, interval_ns) < 0)
		return; /* it goes on as it was */
	agent->drain_interval_ns = interval_ns;
	agent_watch_streams(agent, interval_ns == EVENT_DRAIN_NS);
}

/* So that rings are never more than half full at a steady rate: gadgets have rings of 256 KiB, which hold 300 large
 * records. */
static int64_t choose_pace(struct agent *agent, uint32_t fill_percent)
{
	static const struct {
		uint32_t fill_percent;
		int64_t interval_ns;
	} paces[] = {
		{ 40, NS_PER_MS / 4 },
		{ 10, NS_PER_MS },
		{ 1, 4 * NS_PER_MS },
	};
	int64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < array_size(paces); i++) {
		if (fill_percent < paces[i].fill_percent)
			continue;
		agent->busy_until_ns = now_ns + EVENT_BUSY_NS;
		return paces[i].interval_ns;
	}
	return now_ns < agent->busy_until_ns ? paces[array_size(paces) - 1].interval_ns
					     : EVENT_DRAIN_NS;
}

static void drain(void *ctx)
{
	struct agent *agent = ctx;
	uint32_t fill_percent = 0;

	event_drain(agent);
	agent_for_each_config(agent, config)
		if (agent_fill_percent(config) > fill_percent)
			fill_percent = agent_fill_percent(config);
	set_pace(agent, choose_pace(agent, fill_percent));
}

void agent_drain_busy(struct agent *agent)
{
	agent->busy_until_ns = clock_monotonic_ns() + EVENT_BUSY_NS;
	drain(agent);
}

static void follow_cgroups(void *ctx, int fd, uint32_t events)
{
	struct agent *agent = ctx;
	struct cgroup_tree *tree = host__cgroups_opened(agent->host);

	(void)fd;
	(void)events;
	if (tree)
		cgroup_tree__run(tree);
}

static bool has_events(const struct agent *agent)
{
	uint32_t i;

	agent_for_each_config(agent, config) {
		if (agent_streams_run(config))
			return true;
		for (i = 0; i < config->route_count; i++)
			if (config->routes[i].events)
				return true;
		for (i = 0; i < config->span_count; i++)
			if (config->spans[i].events)
				return true;
	}
	return false;
}

int agent_watch(struct agent *agent, struct err *err)
{
	struct cgroup_tree *tree = host__cgroups_opened(agent->host);
	int r = 0;

	if ((has_events(agent) || who__is_running(agent->who)) && !agent->drain) {
		agent->drain_interval_ns = EVENT_DRAIN_NS;
		r = loop__add_timer(agent->options.loop, EVENT_DRAIN_NS, EVENT_DRAIN_NS, drain,
				    agent, &agent->drain, err);
	}
	if (r >= 0 && agent->drain_interval_ns == EVENT_DRAIN_NS)
		agent_watch_streams(agent, true);
	if (r >= 0 && tree && cgroup_tree__event_fd(tree) >= 0 && !agent->cgroups)
		r = loop__add_fd(agent->options.loop, cgroup_tree__event_fd(tree), EPOLLIN,
				 follow_cgroups, agent, &agent->cgroups, err);
	if (r >= 0 && agent->options.ledger_interval_ns > 0 && !agent->cost_meter)
		r = cost_meter__start(agent,
				      &(struct cost_options){ agent->options.ledger_interval_ns,
							      agent->options.ledger_window_ns },
				      &agent->cost_meter, err);
	return r;
}

void agent_config__close_events(struct agent_config *config)
{
	uint32_t i;

	for (i = 0; i < config->route_count; i++)
		config->routes[i].events = event_source__close(config->routes[i].events);
	for (i = 0; i < config->span_count; i++)
		config->spans[i].events = event_source__close(config->spans[i].events);
	agent_stop_streams(config);
}
