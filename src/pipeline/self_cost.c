/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_cost.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/internal.h"

/* ---- of each program ------------------------------------------------------------------------------------- */

struct part_family {
	const char *name, *help;
	enum family_kind kind;
	bool is_of_statistics; /* absent where the kernel keeps none for us */
	double (*get)(const struct part_cost *part);
};

static double get_memory(const struct part_cost *part)
{
	return (double)part->memory_bytes;
}
static double get_missed_runs(const struct part_cost *part)
{
	return part->last.has_missed_runs ? (double)part->last.missed_runs : (double)NAN;
}
static double get_run_seconds(const struct part_cost *part)
{
	return part->time_ns.total / (double)NS_PER_S;
}
static double get_runs(const struct part_cost *part)
{
	return part->runs.total;
}

static const struct part_family part_families[] = {
	{ "sonde_program_memory_bytes", "Kernel memory of a program and its machine code.",
	  FAMILY_KIND_GAUGE, false, get_memory },
	{ "sonde_program_missed_runs_total",
	  "Runs that did not take place because the program was running on that CPU already.",
	  FAMILY_KIND_COUNTER, false, get_missed_runs },
	{ "sonde_program_run_seconds_total",
	  "Time that a program ran; estimated from samples unless sonde_program_statistics_info "
	  "says exact.",
	  FAMILY_KIND_COUNTER, true, get_run_seconds },
	{ "sonde_program_runs_total", "How often a program ran; estimated likewise.",
	  FAMILY_KIND_COUNTER, true, get_runs },
};

/* ---- of each metric and span ----------------------------------------------------------------------------- */

enum { OUTPUT_COST, OUTPUT_MEMORY };

struct output_family {
	const char *name, *help;
	enum family_kind kind;
};

static const struct output_family metric_families[] = {
	[OUTPUT_COST] = { "sonde_metric_cost_seconds_total",
			  "Time that programs ran for a metric: its share of "
			  "sonde_program_run_seconds_total.",
			  FAMILY_KIND_COUNTER },
	[OUTPUT_MEMORY] = { "sonde_metric_kernel_memory_bytes",
			    "Kernel memory of a metric's map, and its share of programs and other "
			    "maps.",
			    FAMILY_KIND_GAUGE },
};

static const struct output_family span_families[] = {
	[OUTPUT_COST] = { "sonde_spans_cost_seconds_total",
			  "Time that programs ran for a span: its share of "
			  "sonde_program_run_seconds_total.",
			  FAMILY_KIND_COUNTER },
	[OUTPUT_MEMORY] = { "sonde_spans_kernel_memory_bytes",
			    "Kernel memory of a span's ring buffer, and its share of programs and "
			    "other maps.",
			    FAMILY_KIND_GAUGE },
};

_Static_assert(array_size(part_families) == SELF_COST_PART_FAMILIES, "as the header says");
_Static_assert(array_size(metric_families) == SELF_COST_OUTPUT_FAMILIES, "as the header says");
_Static_assert(array_size(span_families) == SELF_COST_OUTPUT_FAMILIES, "as the header says");

/* ---- opening --------------------------------------------------------------------------------------------- */

static int open_outputs(struct registry *registry, const struct output_family *rows,
			const char *label, struct family **ret_families, struct err *err)
{
	const char *const labels[] = { "config", label };
	int r = 0;

	for (size_t i = 0; i < SELF_COST_OUTPUT_FAMILIES && r >= 0; i++) {
		const struct family_spec spec = { .name = rows[i].name,
						  .help = rows[i].help,
						  .kind = rows[i].kind,
						  .label_names = labels,
						  .label_count = array_size(labels) };

		r = registry__family(registry, &spec, &ret_families[i], err);
	}
	return r;
}

static int open_parts(struct self_cost *self, struct registry *registry, struct err *err)
{
	static const char *const labels[] = { "config", "program" };
	int r = 0;

	for (size_t i = 0; i < array_size(part_families) && r >= 0; i++) {
		const struct family_spec spec = { .name = part_families[i].name,
						  .help = part_families[i].help,
						  .kind = part_families[i].kind,
						  .label_names = labels,
						  .label_count = array_size(labels) };

		r = registry__family(registry, &spec, &self->parts[i], err);
	}
	return r;
}

static int open_statistics(struct self_cost *self, struct registry *registry, struct err *err)
{
	static const char *const config[] = { "config" };
	static const char *const statistics[] = { "mode", "reason" };
	const struct {
		struct family_spec spec;
		struct family **family;
	} rows[] = {
		{ { .name = "sonde_program_sampled_seconds_total",
		    .help = "Time in which runs of programs were watched.",
		    .kind = FAMILY_KIND_COUNTER,
		    .label_names = config,
		    .label_count = array_size(config) },
		  &self->sampled },
		{ { .name = "sonde_program_covered_seconds_total",
		    .help = "Time that the watched time stands for.",
		    .kind = FAMILY_KIND_COUNTER,
		    .label_names = config,
		    .label_count = array_size(config) },
		  &self->covered },
		{ { .name = "sonde_program_statistics_info",
		    .help = "How run times of programs are known (sampled, exact), or why not.",
		    .kind = FAMILY_KIND_GAUGE,
		    .label_names = statistics,
		    .label_count = array_size(statistics) },
		  &self->statistics },
	};
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++)
		r = registry__family(registry, &rows[i].spec, rows[i].family, err);
	return r;
}

int self_cost__init(struct self_cost *self, struct registry *registry, struct err *err)
{
	int r = open_parts(self, registry, err);

	if (r >= 0)
		r = open_outputs(registry, metric_families, "metric", self->metrics, err);
	if (r >= 0)
		r = open_outputs(registry, span_families, "span", self->spans, err);
	return r < 0 ? r : open_statistics(self, registry, err);
}

/* ---- collecting ------------------------------------------------------------------------------------------ */

static void set_value(struct family *family, const char *first, const char *second, double value)
{
	const struct text_slice labels[] = { { first, strlen(first) }, { second, strlen(second) } };
	uint32_t series;

	if (!isnan(value) && family__series(family, labels, &series, NULL) >= 0)
		family__set(family, series, value);
}

static void collect_output(struct family *const *families, const char *config, const char *name,
			   struct output_cost cost, bool has_statistics)
{
	if (has_statistics)
		set_value(families[OUTPUT_COST], config, name, cost.kernel_seconds);
	set_value(families[OUTPUT_MEMORY], config, name, cost.memory_bytes);
}

static void collect_parts(struct self_cost *self, const struct config_cost *cost,
			  const char *config, bool has_statistics)
{
	for (uint32_t i = 0; i < cost->part_count; i++) {
		const struct part_cost *part = &cost->parts[i];

		for (size_t k = 0; part->is_loaded && k < array_size(part_families); k++)
			if (has_statistics || !part_families[k].is_of_statistics)
				set_value(self->parts[k], config, part->part->name,
					  part_families[k].get(part));
	}
}

static void collect_config(struct self_cost *self, const struct agent_config *config,
			   bool has_statistics)
{
	const struct config_cost *cost = config->cost;
	const char *name = config->spec->name;

	collect_parts(self, cost, name, has_statistics);
	for (uint32_t i = 0; i < config->route_count; i++)
		collect_output(self->metrics, name, config->routes[i].metric->name,
			       config_cost__output(cost, i), has_statistics);
	for (uint32_t i = 0; i < config->span_count; i++)
		collect_output(self->spans, name, config->spans[i].span->name,
			       config_cost__output(cost, config->route_count + i), has_statistics);
	if (has_statistics) {
		set_value(self->sampled, name, "", (double)cost->clock.sampled_ns / 1e9);
		set_value(self->covered, name, "", (double)cost->clock.covered_ns / 1e9);
	}
}

void self_cost__collect(struct self_cost *self, struct agent *agent)
{
	enum cost_mode mode;

	cost_meter__refresh(agent->cost_meter);
	mode = cost_meter__mode(agent->cost_meter);
	set_value(self->statistics, cost_mode_name(mode), cost_meter__reason(agent->cost_meter), 1);
	agent_for_each_config(agent, config) {
		if (!config->cost)
			continue;
		config_cost__refresh(config->cost);
		collect_config(self, config, mode == COST_SAMPLED || mode == COST_EXACT);
	}
}
