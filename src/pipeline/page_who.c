/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/page_who.h"

#include <errno.h>
#include <inttypes.h>

#include "pipeline/internal.h"
#include "pipeline/who_runtimes.h"

#define OWN_LINES 4 /* beside those of runtimes */

struct lines {
	const char **items; /* arena, as the texts */
	size_t count;
	struct arena *arena;
	bool is_short; /* no memory for one of them */
};

static void add(struct lines *lines, const char *text)
{
	if (text)
		lines->items[lines->count++] = text;
	else
		lines->is_short = true;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void add_containers(struct lines *lines, const struct who_report *report)
{
	const struct identity_figures *figures = &report->identity;

	add(lines,
	    arena__printf(lines->arena,
			  "%" PRIu64 " container%s and %" PRIu64 " pod%s in %" PRIu64
			  " cgroups; %" PRIu64 " container%s that ended remembered. %s",
			  figures->containers, plural(figures->containers), figures->pods,
			  plural(figures->pods), figures->cgroups, figures->dead_containers,
			  plural(figures->dead_containers),
			  report->has_engine ? "The kernel tells who comes and goes."
					     : "The kernel does not tell who comes and goes."));
}

static void add_processes(struct lines *lines, const struct who_report *report)
{
	if (report->has_processes)
		add(lines,
		    arena__printf(lines->arena, "%" PRIu64 " process%s.", report->processes.live,
				  report->processes.live == 1 ? "" : "es"));
}

static void add_filter(struct lines *lines, const struct who_report *report)
{
	const struct who_wanted_figures *figures = &report->wanted;

	if (!report->has_filter)
		return;
	add(lines, arena__printf(lines->arena, "Only %" PRIu64 " of the cgroups %s wanted.",
				 figures->wanted, figures->wanted == 1 ? "is" : "are"));
	if (figures->left_out > 0)
		add(lines, arena__printf(lines->arena,
					 "%" PRIu64 " more should be: there is no room for them.",
					 figures->left_out));
}

static void add_runtime(struct lines *lines, const char *socket,
			const struct runtime_figures *figures)
{
	const char *name = figures->runtime[0] ? figures->runtime : "A container runtime";

	if (figures->state == RUNTIME_STATE_UP)
		add(lines,
		    arena__printf(lines->arena, "%s %s at %s told of %" PRIu64 " container%s.",
				  name, figures->version, socket, figures->found,
				  plural(figures->found)));
	else
		add(lines,
		    arena__printf(lines->arena, "%s at %s is not to be had: names wait for it.",
				  name, socket));
}

static void add_runtimes(struct lines *lines, const struct who_runtimes *runtimes)
{
	for (uint32_t i = 0; runtimes && i < who_runtimes__count(runtimes); i++) {
		struct runtime_figures figures;

		who_runtimes__figures(runtimes, i, &figures);
		if (figures.state != RUNTIME_STATE_ABSENT)
			add_runtime(lines, who_runtimes__socket(runtimes, i), &figures);
	}
}

int page_who__make(const struct agent *agent, struct arena *arena, const char *const **ret_lines,
		   size_t *ret_count)
{
	const struct who_runtimes *runtimes = who__runtimes(agent->who);
	size_t most = OWN_LINES + (runtimes ? who_runtimes__count(runtimes) : 0);
	struct lines lines = { .items = arena_array(arena, const char *, most), .arena = arena };
	struct who_report report;

	if (!lines.items)
		return -ENOMEM;
	if (who__is_running(agent->who)) {
		who__report(agent->who, &report);
		add_containers(&lines, &report);
		add_processes(&lines, &report);
		add_filter(&lines, &report);
		add_runtimes(&lines, runtimes);
	}
	*ret_lines = lines.items;
	*ret_count = lines.count;
	return lines.is_short ? -ENOMEM : 0;
}
