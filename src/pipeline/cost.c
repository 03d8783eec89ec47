/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/cost.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/apportion.h"
#include "pipeline/internal.h"

#define SCRATCH_ROWS 4      /* struct turn has so many */
#define MAPS_OF_PART_MAX 64 /* what the verifier lets a program refer to */

/* ---- making: which parts and maps there are -------------------------------------------------------------- */

static void count_all(const struct agent_config *config, struct config_cost *cost)
{
	for (uint32_t i = 0; i < config->spec->program_count; i++) {
		if (!config->programs[i])
			continue;
		cost->part_count += program__part_count(config->programs[i]);
		cost->map_count += program__map_count(config->programs[i]);
	}
	cost->output_count = config->route_count + config->span_count;
}

static int make_arrays(struct config_cost *cost, struct err *err)
{
	/* One more of each, so that none of nothing is no failure. */
	cost->parts = new_array(struct part_cost, cost->part_count + 1);
	cost->maps = new_array(struct map_cost, cost->map_count + 1);
	cost->scratch = new_array(double, SCRATCH_ROWS *(size_t)cost->output_count + 1);
	cost->outputs = new_array(struct output_samples, cost->output_count + 1);
	cost->part_marks = new_array(bool, (size_t)cost->part_count * cost->output_count + 1);
	cost->map_marks = new_array(bool, (size_t)cost->map_count * cost->output_count + 1);
	if (!cost->parts || !cost->maps || !cost->outputs || !cost->scratch || !cost->part_marks ||
	    !cost->map_marks)
		return err__set(err, -ENOMEM, NULL, "no memory for the cost of a config");
	return 0;
}

static void fill(const struct agent_config *config, struct config_cost *cost)
{
	struct part_cost *part = cost->parts;
	struct map_cost *map = cost->maps;

	for (uint32_t i = 0; i < config->spec->program_count; i++) {
		const struct program *program = config->programs[i];

		if (!program)
			continue;
		for (uint32_t index = 0; index < program__part_count(program); index++, part++)
			*part = (struct part_cost){
				.part = program__part(program, index),
				.program = program,
				.index = index,
				.is_loaded = program__figures(program, index, &part->last) == 0,
				.memory_bytes = program__part_memory(program, index),
			};
		for (uint32_t index = 0; index < program__map_count(program); index++, map++) {
			*map = (struct map_cost){ .program = program, .index = index };
			program__map_figures(program, index, &map->figures);
		}
	}
}

/* ---- making: who pays ------------------------------------------------------------------------------------ */

static void mark_uses(const struct config_cost *cost, const struct part_cost *part, bool *row)
{
	uint32_t ids[MAPS_OF_PART_MAX];
	int count = program__part_maps(part->program, part->index, ids, array_size(ids));

	for (int i = 0; i < count; i++)
		for (uint32_t map = 0; map < cost->map_count; map++)
			row[map] |= cost->maps[map].figures.id == ids[i];
}

static bool feeds(const struct agent_config *config, const struct map_cost *map,
		  const struct stream_spec *stream)
{
	return config->programs[stream->program] == map->program && stream->map &&
	       str_eq(stream->map, map->figures.name);
}

static void mark_feeds(const struct agent_config *config, const struct map_cost *map, bool *row)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		row[i] = !config->routes[i].error && feeds(config, map, config->routes[i].stream);
	for (uint32_t i = 0; i < config->span_count; i++)
		row[config->route_count + i] = !config->spans[i].error &&
					       feeds(config, map, config->spans[i].stream);
}

static uint32_t count_marks(const bool *row, uint32_t count)
{
	uint32_t marks = 0;

	for (uint32_t i = 0; i < count; i++)
		marks += row[i];
	return marks;
}

static int find_payers(const struct agent_config *config, struct config_cost *cost, struct err *err)
{
	uint32_t outputs = cost->output_count;
	__cleanup(x_freep) bool *uses = new_array(bool,
						  (size_t)cost->part_count * cost->map_count + 1);
	__cleanup(x_freep) bool *fed = new_array(bool, (size_t)cost->map_count *outputs + 1);
	__cleanup(x_freep) bool *is_variables = new_array(bool, cost->map_count + 1);
	__cleanup(x_freep) bool *is_left_out = new_array(bool, outputs + 1);
	const struct apportion_input input = {
		.programs = cost->part_count,
		.maps = cost->map_count,
		.outputs = outputs,
		.uses = uses,
		.feeds = fed,
		.is_left_out = is_left_out,
		.is_variables = is_variables,
	};
	int r;

	if (!uses || !fed || !is_variables || !is_left_out)
		return err__set(err, -ENOMEM, NULL, "no memory to apportion costs");
	for (uint32_t i = 0; i < cost->part_count; i++)
		mark_uses(cost, &cost->parts[i], uses + (size_t)i * cost->map_count);
	for (uint32_t i = 0; i < cost->map_count; i++) {
		mark_feeds(config, &cost->maps[i], fed + (size_t)i * outputs);
		is_variables[i] = cost->maps[i].figures.is_variables;
	}
	for (uint32_t i = 0; i < config->route_count; i++)
		is_left_out[i] = config->routes[i].error != NULL;
	for (uint32_t i = 0; i < config->span_count; i++)
		is_left_out[config->route_count + i] = config->spans[i].error != NULL;
	r = apportion(&input, cost->part_marks, cost->map_marks, err);
	for (uint32_t i = 0; i < cost->part_count; i++)
		cost->parts[i].payers = count_marks(cost->part_marks + (size_t)i * outputs,
						    outputs);
	for (uint32_t i = 0; i < cost->map_count; i++)
		cost->maps[i].payers = count_marks(cost->map_marks + (size_t)i * outputs, outputs);
	return r;
}

static const struct ledger *ledger_of(const struct agent_config *config, uint32_t output)
{
	return output < config->route_count ? &config->routes[output].ledger
					    : &config->spans[output - config->route_count].ledger;
}

static const char *name_of(const struct agent_config *config, uint32_t output)
{
	return output < config->route_count
		       ? config->routes[output].metric->name
		       : config->spans[output - config->route_count].span->name;
}

static bool is_span(const struct agent_config *config, uint32_t output)
{
	return output >= config->route_count;
}

static void begin_output(struct output_samples *output, const struct ledger *ledger)
{
	output->last_agent_ns = ledger->agent_ns;
	output->last_seen = ledger->seen;
}

/* ---- making: what was before a reload -------------------------------------------------------------------- */

static void carry_parts(struct config_cost *cost, const struct config_cost *before)
{
	for (uint32_t i = 0; i < cost->part_count; i++)
		for (uint32_t k = 0; k < before->part_count; k++)
			if (str_eq(cost->parts[i].part->name, before->parts[k].part->name)) {
				cost->parts[i].time_ns.total = before->parts[k].time_ns.total;
				cost->parts[i].runs.total = before->parts[k].runs.total;
			}
}

static void carry_outputs(struct config_cost *cost, const struct config_cost *before)
{
	for (uint32_t i = 0; i < cost->output_count; i++)
		for (uint32_t k = 0; k < before->output_count; k++)
			if (is_span(cost->config, i) == is_span(before->config, k) &&
			    str_eq(name_of(cost->config, i), name_of(before->config, k)))
				cost->outputs[i].time_ns.total = before->outputs[k].time_ns.total;
}

/* What outputs that are gone had paid so far, the others have paid: the sums stay equal, and no counter falls. */
static void spread_rest(struct config_cost *cost)
{
	double rest = 0;

	for (uint32_t i = 0; i < cost->part_count; i++)
		rest += cost->parts[i].time_ns.total;
	for (uint32_t i = 0; i < cost->output_count; i++)
		rest -= cost->outputs[i].time_ns.total;
	for (uint32_t i = 0; rest > 0 && i < cost->output_count; i++)
		cost->outputs[i].time_ns.total += rest / cost->output_count;
}

static void carry_totals(struct config_cost *cost, const struct config_cost *before)
{
	cost->clock.sampled_ns = before->clock.sampled_ns;
	cost->clock.covered_ns = before->clock.covered_ns;
	carry_parts(cost, before);
	carry_outputs(cost, before);
	spread_rest(cost);
}

int config_cost__new(const struct agent_config *config, struct config_cost **ret_cost,
		     struct err *err)
{
	struct config_cost *cost = new_zero(struct config_cost);
	int r;

	if (!cost)
		return err__set(err, -ENOMEM, NULL, "no memory for the cost of a config");
	cost->config = config;
	cost->clock.since_ns = clock_monotonic_ns();
	count_all(config, cost);
	r = make_arrays(cost, err);
	if (r >= 0) {
		fill(config, cost);
		/* After a reload the ledgers are not new. */
		for (uint32_t i = 0; i < cost->output_count; i++)
			begin_output(&cost->outputs[i], ledger_of(config, i));
		if (config->before && config->before->cost)
			carry_totals(cost, config->before->cost);
		r = find_payers(config, cost, err);
	}
	if (r < 0) {
		config_cost__free(cost);
		return r;
	}
	*ret_cost = cost;
	return 0;
}

struct config_cost *config_cost__free(struct config_cost *cost)
{
	if (!cost)
		return NULL;
	free(cost->parts);
	free(cost->maps);
	free(cost->outputs);
	free(cost->scratch);
	free(cost->part_marks);
	free(cost->map_marks);
	free(cost);
	return NULL;
}

/* ---- figures --------------------------------------------------------------------------------------------- */

void config_cost__refresh(struct config_cost *cost)
{
	/* A hundred files of /proc a scrape would be a third of its time. */
	for (uint32_t i = 0; i < cost->map_count; i++)
		if (cost->maps[i].figures.is_growing)
			cost->maps[i].figures.memory_bytes =
				program__map_memory(cost->maps[i].program, cost->maps[i].index);
	for (uint32_t i = 0; i < cost->part_count; i++) {
		struct part_cost *part = &cost->parts[i];
		struct part_figures now;

		if (program__figures(part->program, part->index, &now) == 0)
			part->last.missed_runs = now.missed_runs;
	}
}

uint64_t config_cost__map_memory(const struct config_cost *cost)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < cost->map_count; i++)
		sum += cost->maps[i].figures.memory_bytes;
	return sum;
}

struct output_cost config_cost__output(const struct config_cost *cost, uint32_t output)
{
	const struct output_samples *samples = &cost->outputs[output];
	struct output_cost figures = {
		.kernel_seconds = samples->time_ns.total / (double)NS_PER_S,
		.kernel_ns_per_s = sample__rate(&samples->time_ns, &cost->clock),
		.runs_per_s = sample__rate(&samples->runs, &cost->clock),
		.agent_ns_per_s = sample__exact_rate(&samples->agent_ns, &cost->clock),
	};

	for (uint32_t i = 0; i < cost->part_count; i++)
		if (cost->part_marks[(size_t)i * cost->output_count + output])
			figures.memory_bytes += (double)cost->parts[i].memory_bytes /
						cost->parts[i].payers;
	for (uint32_t i = 0; i < cost->map_count; i++)
		if (cost->map_marks[(size_t)i * cost->output_count + output])
			figures.memory_bytes += (double)cost->maps[i].figures.memory_bytes /
						cost->maps[i].payers;
	return figures;
}

/* ---- intervals ------------------------------------------------------------------------------------------- */

void config_cost__begin_window(struct config_cost *cost)
{
	cost->is_in_window = true;
	for (uint32_t i = 0; i < cost->part_count; i++)
		(void)program__figures(cost->parts[i].program, cost->parts[i].index,
				       &cost->parts[i].last); /* of one that is not loaded: zeros */
}

/* How often it moved lately; NAN: nobody knows. */
static double moves_of(const struct config_cost *cost, uint32_t output, int64_t interval_ns)
{
	const struct agent_config *config = cost->config;
	const struct ledger *ledger = ledger_of(config, output);
	bool is_table = !is_span(config, output) && config->routes[output].table;
	bool is_gauge = !is_span(config, output) &&
			config->routes[output].metric->kind == METRIC_KIND_GAUGE;

	if (is_gauge || (is_table && !ledger->has_moves) || interval_ns <= 0)
		return (double)NAN;
	if (is_table)
		return ledger->moves_per_s;
	return (double)(ledger->seen - cost->outputs[output].last_seen) * (double)NS_PER_S /
	       (double)interval_ns;
}

/* What one interval has brought, output by output. */
struct turn {
	struct config_cost *cost;
	int64_t window_ns;
	double factor;
	double *moves_per_s, *parts; /* of the outputs */
	double *time_ns, *runs;      /* of the outputs, seen in the window */
};

static void turn_part(const struct turn *turn, uint32_t index)
{
	struct config_cost *cost = turn->cost;
	struct part_cost *part = &cost->parts[index];
	struct part_figures now = part->last;
	double time_ns, runs;

	(void)program__figures(part->program, part->index, &now);
	/* What others had the kernel count outside of our windows is not ours to tell. */
	if (turn->window_ns <= 0)
		part->last = now;
	time_ns = (double)(now.run_time_ns - part->last.run_time_ns);
	runs = (double)(now.run_count - part->last.run_count);
	part->last = now;
	sample__add(&part->time_ns, &cost->clock, time_ns, turn->factor);
	sample__add(&part->runs, &cost->clock, runs, turn->factor);
	if (runs <= 0)
		return;
	apportion_run_time(cost->part_marks + (size_t)index * cost->output_count, turn->moves_per_s,
			   cost->output_count, runs * (double)NS_PER_S / (double)turn->window_ns,
			   turn->parts);
	for (uint32_t i = 0; i < cost->output_count; i++) {
		turn->time_ns[i] += time_ns * turn->parts[i];
		turn->runs[i] += runs * turn->parts[i];
	}
}

static void turn_output(const struct turn *turn, uint32_t index)
{
	struct config_cost *cost = turn->cost;
	struct output_samples *output = &cost->outputs[index];
	const struct ledger *ledger = ledger_of(cost->config, index);

	sample__add(&output->time_ns, &cost->clock, turn->time_ns[index], turn->factor);
	sample__add(&output->runs, &cost->clock, turn->runs[index], turn->factor);
	sample__add(&output->agent_ns, &cost->clock,
		    (double)(ledger->agent_ns - output->last_agent_ns), 1);
	begin_output(output, ledger);
}

void config_cost__end_interval(struct config_cost *cost, int64_t window_ns, int64_t now_ns)
{
	int64_t interval_ns = now_ns - cost->clock.since_ns;
	uint32_t count = cost->output_count;
	struct turn turn = {
		.cost = cost,
		.window_ns = window_ns,
		.factor = sample_clock__turn(&cost->clock, window_ns, now_ns),
		.moves_per_s = cost->scratch,
		.parts = cost->scratch + count,
		.time_ns = cost->scratch + 2 * (size_t)count,
		.runs = cost->scratch + 3 * (size_t)count,
	};

	cost->is_in_window = false;
	memset(cost->scratch, 0, SCRATCH_ROWS * (size_t)count * sizeof(*cost->scratch));
	for (uint32_t i = 0; i < count; i++)
		turn.moves_per_s[i] = moves_of(cost, i, interval_ns);
	for (uint32_t i = 0; i < cost->part_count; i++)
		turn_part(&turn, i);
	for (uint32_t i = 0; i < count; i++)
		turn_output(&turn, i);
}
