/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/route.h"
#include "pipeline/who_wanted.h"
#include "source/source.h"

/* Names in bpf/who.bpf.c. */
#define RING_NAME "who_records"
#define FIGURES_NAME "who_figures"
#define PROCESSES_NAME "who_processes"
#define SEED_NAME "who_seed"
#define ENVIRONMENT_NAME "who_wants_environment"

static const struct program_spec engine_spec = {
	.name = "who",
	.kind = OBJECT_KIND_BUILTIN,
	.object = "who",
};

struct who_engine {
	struct who_engine_options options;
	struct program *program;      /* owned */
	struct event_source *ring;    /* owned */
	struct table_source *counted; /* owned; the kernel's figures */
	int event_fd;                 /* borrowed from the program */
	struct who_engine_figures figures;
};

/* ---- records ------------------------------------------------------------------------------------------- */

static void take(struct who_engine *engine, const void *data, size_t len)
{
	struct who_header header;

	if (len < sizeof(header)) {
		engine->figures.malformed++;
		return;
	}
	memcpy(&header, data, sizeof(header));
	/* The ring pads records to a multiple of eight. */
	if (header.version != WHO_VERSION || header.size > len || header.size < sizeof(header) ||
	    header.kind == 0 || header.kind >= WHO_RECORD_COUNT) {
		engine->figures.malformed++;
		return;
	}
	engine->figures.records[header.kind]++;
	engine->options.take(engine->options.ctx, &header, data, header.size);
}

static void on_sample(void *ctx, uint32_t cpu, const void *data, size_t len)
{
	(void)cpu;
	take(ctx, data, len);
}

static int on_row(void *ctx, const void *row)
{
	take(ctx, row, sizeof(struct who_seed));
	return 0;
}

int who_engine__seed(struct who_engine *engine, struct err *err)
{
	return program__iterate(engine->program, SEED_NAME, sizeof(struct who_seed), on_row, engine,
				err);
}

bool who_engine__drain_all(struct who_engine *engine)
{
	uint64_t end = event_source__end(engine->ring);

	who_engine__drain(engine);
	return event_source__has_read(engine->ring, end);
}

void who_engine__drain(struct who_engine *engine)
{
	(void)event_source__drain(engine->ring); /* what it could not read now it reads next time */
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static const struct part *find_part(const struct who_engine *engine, const char *name)
{
	const struct part *part;

	for (uint32_t i = 0; (part = program__part(engine->program, i)); i++)
		if (str_eq(part->name, name))
			return part;
	return NULL;
}

static bool is_attached(const struct who_engine *engine, const char *name)
{
	const struct part *part = find_part(engine, name);

	return part && part->state == PART_STATE_ATTACHED;
}

static int check_cgroups(const struct who_engine *engine, struct err *err)
{
	static const char *const names[] = { "who_cgroup_made", "who_cgroup_removed" };

	for (size_t i = 0; i < array_size(names); i++) {
		const struct part *part = find_part(engine, names[i]);

		if (!is_attached(engine, names[i]))
			return err__set(err, -EOPNOTSUPP, NULL, "%s is not told: %s", names[i],
					part && part->reason ? part->reason : "no reason is known");
	}
	return 0;
}

bool who_engine__has_processes(const struct who_engine *engine)
{
	return is_attached(engine, "who_exec") && is_attached(engine, "who_fork") &&
	       is_attached(engine, "who_exit");
}

const struct program *who_engine__program(const struct who_engine *engine)
{
	return engine->program;
}

static int open_sources(struct who_engine *engine, struct err *err)
{
	const struct event_sink_fns fns = { .sample = on_sample, .ctx = engine };
	struct program_map found;
	struct map_info map;
	int r = program__map(engine->program, RING_NAME, &found, err);

	if (r < 0)
		return r;
	map = map_info_of(&found);
	engine->event_fd = found.fd;
	r = event_source__open(&map, 1, &fns, &engine->ring, err);
	if (r >= 0)
		r = program__map(engine->program, FIGURES_NAME, &found, err);
	if (r < 0)
		return r;
	map = map_info_of(&found);
	return table_source__open(&map, engine->options.possible_cpus, &engine->counted, err);
}

/* With the maps that only these use. */
static int leave_out_processes(struct who_engine *engine, struct err *err)
{
	static const char *const parts[] = { "who_exec", "who_fork", "who_exit", "who_moved",
					     "who_seed" };
	static const char *const maps[] = { "who_processes", "who_exec_scratch",
					    "who_arguments_scratch", "wanted_cgroups",
					    "wanted_mntns" };
	int r = 0;

	for (size_t i = 0; i < array_size(parts) && r == 0; i++)
		r = program__leave_out(engine->program, parts[i], "nobody asks for processes", err);
	for (size_t i = 0; i < array_size(maps) && r == 0; i++)
		r = program__leave_out_map(engine->program, maps[i], err);
	return r;
}

static int plan(struct who_engine *engine, struct err *err)
{
	int r = program__plan(engine->program, err);

	if (r < 0)
		return r;
	r = program__want_sparse(engine->program, PROCESSES_NAME);
	if (r < 0)
		return err__set(err, r, NULL, "the table of processes");
	if (engine->options.level == WHO_LEVEL_CGROUPS)
		return leave_out_processes(engine, err);
	if (engine->options.wants_environment)
		r = program__add_constant(engine->program, ENVIRONMENT_NAME, 1 /* true */, err);
	if (r < 0)
		return r;
	return engine->options.wanted
		       ? who_wanted__lend_engine(engine->options.wanted, engine->program, err)
		       : 0;
}

static int open_all(struct who_engine *engine, struct err *err)
{
	int r = program__open(&engine_spec, &engine->options.program, &engine->program, err);

	if (r >= 0)
		r = plan(engine, err);
	if (r >= 0)
		r = program__load(engine->program, err);
	/* The ring is there before the first record. */
	if (r >= 0)
		r = open_sources(engine, err);
	if (r >= 0)
		r = program__attach(engine->program, err);
	return r < 0 ? r : check_cgroups(engine, err);
}

int who_engine__open(const struct who_engine_options *options, struct who_engine **ret_engine,
		     struct err *err)
{
	struct who_engine *engine = new_zero(struct who_engine);
	int r;

	if (!engine)
		return err__set(err, -ENOMEM, NULL, "no memory for the engine");
	engine->options = *options;
	engine->event_fd = -1;
	r = open_all(engine, err);
	if (r < 0) {
		who_engine__close(engine);
		return r;
	}
	*ret_engine = engine;
	return 0;
}

struct who_engine *who_engine__close(struct who_engine *engine)
{
	if (!engine)
		return NULL;
	engine->ring = event_source__close(engine->ring);
	engine->counted = table_source__close(engine->counted);
	program__close(engine->program);
	free(engine);
	return NULL;
}

int who_engine__event_fd(const struct who_engine *engine)
{
	return engine->event_fd;
}

/* ---- figures ------------------------------------------------------------------------------------------- */

static int read_counted(void *ctx, const struct row_batch *rows)
{
	struct who_engine *engine = ctx;
	struct who_figures row;

	if (rows->len == 0 || rows->value_count == 0)
		return 0;
	memcpy(&row, rows->values, sizeof(row));
	memcpy(engine->figures.lost, row.lost, sizeof(engine->figures.lost));
	engine->figures.processes_full = row.processes_full;
	return 0;
}

void who_engine__figures(struct who_engine *engine, struct who_engine_figures *ret_figures)
{
	/* What cannot be read stays as it was. */
	(void)table_source__read(engine->counted, read_counted, engine, NULL);
	*ret_figures = engine->figures;
}
