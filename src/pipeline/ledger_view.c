/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/ledger_view.h"

#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "pipeline/internal.h"

static bool has_statistics(const struct agent *agent)
{
	enum cost_mode mode = cost_meter__mode(agent->cost_meter);

	return mode == COST_SAMPLED || mode == COST_EXACT;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

static void add_ledger(struct ledger_row *row, const struct ledger *ledger)
{
	row->seen = ledger->seen;
	row->kept = ledger->kept;
	row->filtered = ledger->filtered;
	row->decode_errors = ledger->decode_errors;
	row->lost = ledger->lost;
	row->vanished = ledger->vanished;
	row->read_errors = ledger->read_errors;
	row->rows = ledger->last_rows;
	row->read_seconds = (double)ledger->last_read_ns / NS_PER_S;
	row->agent_seconds = (double)ledger->agent_ns / NS_PER_S;
}

static void add_cost(struct ledger_row *row, const struct agent *agent,
		     const struct agent_config *config, uint32_t output)
{
	struct output_cost cost;

	row->kernel_seconds = row->kernel_ns_per_s = row->runs_per_s = (double)NAN;
	row->agent_ns_per_s = row->memory_bytes = (double)NAN;
	if (!config->cost)
		return;
	cost = config_cost__output(config->cost, output);
	row->agent_ns_per_s = cost.agent_ns_per_s;
	row->memory_bytes = cost.memory_bytes;
	if (!has_statistics(agent))
		return;
	row->kernel_seconds = cost.kernel_seconds;
	row->kernel_ns_per_s = cost.kernel_ns_per_s;
	row->runs_per_s = cost.runs_per_s;
}

static struct ledger_row metric_row(const struct agent *agent, const struct agent_config *config,
				    uint32_t config_index, uint32_t index)
{
	const struct route *route = &config->routes[index];
	struct metric_view view = agent__metric(agent, config_index, index);
	struct ledger_row row = {
		.config = config->spec->name,
		.name = view.name,
		.kind = view.kind,
		.map = view.map,
		.error = view.error,
		.is_active = !route->error && (route->table || route->events || route->counted),
		.fill_ratio = route__fill_ratio(route),
		.series = view.series,
		.scrape_bytes = agent->scrapes.count ? (double)route->ledger.last_bytes
						     : (double)NAN,
	};

	if (route->family) {
		row.series_limit = family__limit(route->family);
		row.overflowed = family__overflowed(route->family);
	}
	add_ledger(&row, &route->ledger);
	add_cost(&row, agent, config, index);
	return row;
}

static struct ledger_row span_row(const struct agent *agent, const struct agent_config *config,
				  uint32_t index)
{
	const struct span_route *route = &config->spans[index];
	struct ledger_row row = {
		.config = config->spec->name,
		.name = route->span->name,
		.kind = "span",
		.map = route->stream->map,
		.error = route->error,
		.is_active = route->events != NULL,
		.fill_ratio = route->events ? route->peak_fill : (double)NAN,
		.scrape_bytes = (double)NAN,
	};

	add_ledger(&row, &route->ledger);
	add_cost(&row, agent, config, config->route_count + index);
	return row;
}

uint32_t agent__ledger_count(const struct agent *agent)
{
	uint32_t count = 0;

	agent_for_each_config(agent, config)
		count += config->route_count + config->span_count;
	return count;
}

struct ledger_row agent__ledger_row(const struct agent *agent, uint32_t index)
{
	uint32_t config_index = 0;

	agent_for_each_config(agent, config) {
		if (index < config->route_count)
			return metric_row(agent, config, config_index, index);
		index -= config->route_count;
		if (index < config->span_count)
			return span_row(agent, config, index);
		index -= config->span_count;
		config_index++;
	}
	return (struct ledger_row){ .config = "", .name = "", .kind = "", .map = "" };
}

/* ---- summary --------------------------------------------------------------------------------------------- */

struct ledger_summary agent__ledger_summary(const struct agent *agent)
{
	struct ledger_summary summary = {
		.mode = cost_mode_name(cost_meter__mode(agent->cost_meter)),
		.reason = cost_meter__reason(agent->cost_meter),
		.interval_seconds = (double)agent->options.ledger_interval_ns / NS_PER_S,
		.window_seconds = (double)agent->options.ledger_window_ns / NS_PER_S,
		.has_statistics = has_statistics(agent),
		.scrapes = agent->scrapes.count,
		.scrape_bytes = agent->scrapes.last_bytes,
		.scrape_seconds = agent->scrapes.count ? (double)agent->scrapes.last_ns / NS_PER_S
						       : (double)NAN,
	};

	/* Those of one config; all have the same windows, but for one that came late. */
	agent_for_each_config(agent, config)
		if (config->cost &&
		    (double)config->cost->clock.sampled_ns / NS_PER_S > summary.sampled_seconds)
			summary.sampled_seconds = (double)config->cost->clock.sampled_ns / NS_PER_S;
	return summary;
}

void ledger_summary__format(const struct ledger_summary *summary, struct strbuf *out)
{
	if (str_eq(summary->mode, "sampled"))
		strbuf__printf(out, "Kernel time is sampled: %g s in every %g s, %.1f s so far.",
			       summary->window_seconds, summary->interval_seconds,
			       summary->sampled_seconds);
	else if (str_eq(summary->mode, "exact"))
		strbuf__add_text(
			out, "Kernel time is exact: the kernel keeps BPF statistics all the time.");
	else
		strbuf__printf(out, "Kernel time is not known: %s.", summary->reason);
	if (summary->scrapes == 0)
		strbuf__add_text(out,
				 " Nobody has asked for the metrics yet, so maps were not read.");
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static void json_summary(const struct agent *agent, struct json_writer *json)
{
	struct ledger_summary summary = agent__ledger_summary(agent);
	struct strbuf text = STRBUF_INIT;

	ledger_summary__format(&summary, &text);
	json__add_text(json, "version", agent->options.version);
	json__begin_object(json, "statistics");
	json__add_text(json, "mode", summary.mode);
	json__add_text(json, "reason", summary.reason[0] ? summary.reason : NULL);
	json__add_text(json, "text", strbuf__text(&text));
	json__add_double(json, "interval_seconds", summary.interval_seconds);
	json__add_double(json, "window_seconds", summary.window_seconds);
	json__add_double(json, "sampled_seconds", summary.sampled_seconds);
	json__end_object(json);
	json__begin_object(json, "scrapes");
	json__add_u64(json, "count", summary.scrapes);
	json__add_u64(json, "last_bytes", summary.scrape_bytes);
	json__add_double(json, "last_seconds", summary.scrape_seconds);
	json__end_object(json);
	strbuf__done(&text);
}

static void json_row(const struct ledger_row *row, struct json_writer *json)
{
	const struct {
		const char *name;
		double value;
	} doubles[] = {
		{ "kernel_ns_per_second", row->kernel_ns_per_s },
		{ "agent_ns_per_second", row->agent_ns_per_s },
		{ "runs_per_second", row->runs_per_s },
		{ "kernel_seconds", row->kernel_seconds },
		{ "agent_seconds", row->agent_seconds },
		{ "kernel_memory_bytes", row->memory_bytes },
		{ "fill_ratio", row->fill_ratio },
		{ "read_seconds", row->read_seconds },
		{ "scrape_bytes", row->scrape_bytes },
	};
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "series", row->series },
		{ "series_limit", row->series_limit },
		{ "rows", row->rows },
		{ "seen", row->seen },
		{ "kept", row->kept },
		{ "filtered", row->filtered },
		{ "decode_errors", row->decode_errors },
		{ "lost", row->lost },
		{ "overflowed", row->overflowed },
		{ "read_errors", row->read_errors },
		{ "vanished", row->vanished },
	};

	json__begin_object(json, NULL);
	json__add_text(json, "config", row->config);
	json__add_text(json, "name", row->name);
	json__add_text(json, "kind", row->kind);
	json__add_text(json, "map", row->map);
	json__add_bool(json, "active", row->is_active);
	json__add_text(json, "error", row->error);
	for (size_t i = 0; i < array_size(doubles); i++)
		json__add_double(json, doubles[i].name, doubles[i].value);
	for (size_t i = 0; i < array_size(counts); i++)
		json__add_u64(json, counts[i].name, counts[i].value);
	json__end_object(json);
}

void agent__format_ledger(const struct agent *agent, struct strbuf *out)
{
	struct json_writer json = { .out = out };
	uint32_t count = agent__ledger_count(agent);

	json__begin_object(&json, NULL);
	json_summary(agent, &json);
	json__begin_array(&json, "metrics");
	for (uint32_t i = 0; i < count; i++) {
		struct ledger_row row = agent__ledger_row(agent, i);

		json_row(&row, &json);
	}
	json__end_array(&json);
	json__end_object(&json);
	strbuf__add_char(out, '\n');
}
