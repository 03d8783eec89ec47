/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_route.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench.h"
#include "config/facts.h"
#include "host/host.h"
#include "sink/prometheus.h"

static const struct step_pair op_pairs[] = {
	{ "0", "read" },  { "1", "write" },  { "2", "open" },   { "3", "close" },
	{ "4", "fsync" }, { "5", "rename" }, { "6", "unlink" }, { "7", "stat" },
};

static const struct step_spec uint_steps[] = { { .decoder = "uint" } };
static const struct step_spec string_steps[] = { { .decoder = "string" } };
static const struct step_spec op_steps[] = {
	{ .decoder = "uint" },
	{ .decoder = "static_map",
	  .pairs = op_pairs,
	  .pair_count = array_size(op_pairs),
	  .has_pairs = true },
};

static const struct field_spec fields[] = {
	{ .name = "pid", .size = 4, .steps = uint_steps, .step_count = 1 },
	{ .name = "op", .size = 4, .steps = op_steps, .step_count = 2 },
	{ .name = "comm", .size = 16, .steps = string_steps, .step_count = 1 },
	{ .name = "cgroup_id", .size = 8, .steps = uint_steps, .step_count = 1 },
};

static const struct label_spec labels[] = {
	{ .name = "pid", .field = 0, .steps = uint_steps, .step_count = 1 },
	{ .name = "op", .field = 1, .steps = op_steps, .step_count = 2 },
	{ .name = "comm", .field = 2, .steps = string_steps, .step_count = 1 },
	{ .name = "cgroup_id", .field = 3, .steps = uint_steps, .step_count = 1 },
};

/* An array has its index for a key, and no more than one label. */
static const struct stream_spec streams[] = {
	{ .name = "rows",
	  .map = "sonde_bench",
	  .mode = STREAM_MODE_TABLE,
	  .fields = fields,
	  .field_count = 4 },
	{ .name = "array",
	  .map = "sonde_bench",
	  .mode = STREAM_MODE_TABLE,
	  .fields = fields,
	  .field_count = 1 },
};

static const struct metric_spec metrics[] = {
	{ .name = "bench_total",
	  .help = "Benchmark",
	  .kind = METRIC_KIND_COUNTER,
	  .stream = 0,
	  .labels = labels,
	  .label_count = 4,
	  .scale = 1 },
	{ .name = "bench_total",
	  .help = "Benchmark",
	  .kind = METRIC_KIND_COUNTER,
	  .stream = 1,
	  .labels = labels,
	  .label_count = 1,
	  .scale = 1 },
};

static void check(int r, struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "bench: %s\n", err->text);
	_Exit(2);
}

void bench_route__open(struct bench_route *bench, const struct bench_table *table, uint64_t limit)
{
	const struct fact_map map = { .name = "sonde_bench",
				      .type = table->info.type,
				      .key_size = table->info.key_size,
				      .value_size = table->info.value_size,
				      .max_entries = table->info.max_entries };
	const struct object_facts facts = { .path = "", .maps = &map, .map_count = 1 };
	struct plan_env env = { .decode = &bench->agent.decode, .facts = &facts };
	struct err err = ERR_INIT;

	*bench = (struct bench_route){
		.spec = { .name = "bench", .streams = streams, .stream_count = 2 },
		.metric = metrics[table->info.key_size == sizeof(uint32_t)],
	};
	bench->metric.limit = limit;
	check(host__open("/", &bench->agent.host, &err), &err);
	bench->agent.decode.host = bench->agent.host;
	check(registry__new(&bench->agent.registry, &err), &err);
	env.registry = bench->agent.registry;
	check(plan_route(&bench->spec, &bench->metric, &env, &bench->route, &err), &err);
	check(table_source__open(&table->info, host__possible_cpus(bench->agent.host),
				 &bench->route.table, &err),
	      &err);
	bench->config = (struct agent_config){ .spec = &bench->spec,
					       .routes = &bench->route,
					       .route_count = 1 };
	bench_check(vec_push(&bench->agent.configs, &bench->config), "no memory");
}

void bench_route__close(struct bench_route *bench)
{
	route__done(&bench->route);
	registry__free(bench->agent.registry);
	host__close(bench->agent.host);
	vec_done(&bench->agent.configs);
	strbuf__done(&bench->text);
}

double bench_route__scrape_ms(struct bench_route *bench)
{
	double start = bench_now_ms();

	bench->agent.generation++;
	registry__begin(bench->agent.registry,
			&(struct family_pass){ .generation = bench->agent.generation,
					       .wall_ns = clock_wall_ns(),
					       .monotonic_ns = clock_monotonic_ns() });
	scrape_config(&bench->agent, &bench->config);
	bench_check(registry__end(bench->agent.registry), "no memory");
	strbuf__reset(&bench->text);
	prometheus__write(bench->agent.registry, NAME_ESCAPING_UNDERSCORES, &bench->text);
	scrape_sweep(&bench->agent);
	return bench_now_ms() - start;
}
