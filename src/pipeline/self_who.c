/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_who.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"

#define GETTER(name, expression)                                                                   \
	static double get_##name(const struct who_report *figures)                                 \
	{                                                                                          \
		return (double)(expression);                                                       \
	}

GETTER(cgroups, figures->identity.cgroups)
GETTER(dead_cgroups, figures->identity.dead_cgroups)
GETTER(containers, figures->identity.containers)
GETTER(dead_containers, figures->identity.dead_containers)
GETTER(waiting, figures->identity.waiting_containers)
GETTER(pods, figures->identity.pods)
GETTER(lookups, figures->identity.lookups)
GETTER(misses, figures->identity.misses)
GETTER(late_names, figures->identity.named_late)
GETTER(late_seconds, (double)figures->identity.late_ns / NS_PER_S)
GETTER(refused, figures->identity.refused)
GETTER(forgotten, figures->identity.forgotten)
GETTER(wanted, figures->wanted.wanted)
GETTER(identity_bytes, figures->identity.bytes)
GETTER(wanted_mntns, figures->wanted.mntns)
GETTER(left_out, figures->wanted.left_out)
GETTER(unwanted, figures->wanted.refused)

GETTER(engine, figures->has_engine)
GETTER(malformed, figures->engine.malformed)
GETTER(processes, figures->processes.live)
GETTER(processes_ended, figures->processes.remembered)
GETTER(process_texts, figures->processes.text_bytes)
GETTER(processes_dropped, figures->processes.dropped)
GETTER(processes_evicted, figures->processes.evicted)
GETTER(processes_missed, figures->processes.missed)
GETTER(arguments_lost, figures->processes.arguments_lost)
GETTER(processes_full, figures->engine.processes_full)
GETTER(unattributed, figures->unattributed)

/* What has to be there for a figure to mean something. */
enum needs { NEEDS_NOTHING, NEEDS_ENGINE, NEEDS_PROCESSES, NEEDS_FILTER };

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct who_report *figures);
	enum needs needs;
} rows[] = {
	{ "sonde_identity_bytes", "Memory for what is known of cgroups, containers and pods.",
	  FAMILY_KIND_GAUGE, get_identity_bytes, NEEDS_NOTHING },
	{ "sonde_identity_cgroups", "Cgroups that are there.", FAMILY_KIND_GAUGE, get_cgroups,
	  NEEDS_NOTHING },
	{ "sonde_identity_cgroups_dead", "Cgroups that are gone and remembered.", FAMILY_KIND_GAUGE,
	  get_dead_cgroups, NEEDS_NOTHING },
	{ "sonde_identity_cgroups_forgotten_total",
	  "Cgroups that were gone and had to be forgotten before their time.", FAMILY_KIND_COUNTER,
	  get_forgotten, NEEDS_NOTHING },
	{ "sonde_identity_cgroups_refused_total", "Cgroups for which there was no room.",
	  FAMILY_KIND_COUNTER, get_refused, NEEDS_NOTHING },
	{ "sonde_identity_containers", "Containers that are there.", FAMILY_KIND_GAUGE,
	  get_containers, NEEDS_NOTHING },
	{ "sonde_identity_containers_dead", "Containers that are gone and remembered.",
	  FAMILY_KIND_GAUGE, get_dead_containers, NEEDS_NOTHING },
	{ "sonde_identity_containers_waiting",
	  "Containers that a runtime told of and no cgroup was seen of.", FAMILY_KIND_GAUGE,
	  get_waiting, NEEDS_NOTHING },
	{ "sonde_identity_engine",
	  "Whether the kernel tells who comes and goes; otherwise it is looked for.",
	  FAMILY_KIND_GAUGE, get_engine, NEEDS_NOTHING },
	{ "sonde_identity_late_names_total",
	  "Containers whose name came later than their first cgroup.", FAMILY_KIND_COUNTER,
	  get_late_names, NEEDS_NOTHING },
	{ "sonde_identity_late_seconds_total", "How much later names came, all together.",
	  FAMILY_KIND_COUNTER, get_late_seconds, NEEDS_NOTHING },
	{ "sonde_identity_lookups_total", "Times that somebody asked who it was.",
	  FAMILY_KIND_COUNTER, get_lookups, NEEDS_NOTHING },
	{ "sonde_identity_misses_total", "Times that nobody knew.", FAMILY_KIND_COUNTER, get_misses,
	  NEEDS_NOTHING },
	{ "sonde_identity_pods", "Pods that are known.", FAMILY_KIND_GAUGE, get_pods,
	  NEEDS_NOTHING },
	{ "sonde_identity_records_malformed_total",
	  "Records of the kernel that were not understood.", FAMILY_KIND_COUNTER, get_malformed,
	  NEEDS_ENGINE },
	{ "sonde_identity_wanted_cgroups", "Cgroups that the filters want.", FAMILY_KIND_GAUGE,
	  get_wanted, NEEDS_FILTER },
	{ "sonde_identity_wanted_left_out",
	  "Cgroups that the filters want and for which the kernel's table has no room.",
	  FAMILY_KIND_GAUGE, get_left_out, NEEDS_FILTER },
	{ "sonde_identity_wanted_mntns", "Mount namespaces that the filters of gadgets want.",
	  FAMILY_KIND_GAUGE, get_wanted_mntns, NEEDS_FILTER },
	{ "sonde_identity_wanted_refused_total",
	  "Cgroups that were wanted when the kernel's table had no room for them.",
	  FAMILY_KIND_COUNTER, get_unwanted, NEEDS_FILTER },
	{ "sonde_process_arguments_lost_total", "Execs whose arguments are not known whole.",
	  FAMILY_KIND_COUNTER, get_arguments_lost, NEEDS_PROCESSES },
	{ "sonde_process_dropped_total",
	  "Processes that were not taken: there was no room for them.", FAMILY_KIND_COUNTER,
	  get_processes_dropped, NEEDS_PROCESSES },
	{ "sonde_process_ended", "Processes that have ended and are remembered.", FAMILY_KIND_GAUGE,
	  get_processes_ended, NEEDS_PROCESSES },
	{ "sonde_process_evicted_total",
	  "Processes that had ended and were forgotten before their time.", FAMILY_KIND_COUNTER,
	  get_processes_evicted, NEEDS_PROCESSES },
	{ "sonde_process_live", "Processes that are there.", FAMILY_KIND_GAUGE, get_processes,
	  NEEDS_PROCESSES },
	{ "sonde_process_missed_total", "Processes that came without what had to come before.",
	  FAMILY_KIND_COUNTER, get_processes_missed, NEEDS_PROCESSES },
	{ "sonde_process_refused_total", "Processes for which the kernel's table had no room.",
	  FAMILY_KIND_COUNTER, get_processes_full, NEEDS_PROCESSES },
	{ "sonde_process_text_bytes", "Size of all that is kept of names and arguments.",
	  FAMILY_KIND_GAUGE, get_process_texts, NEEDS_PROCESSES },
	{ "sonde_process_unattributed_total", "Execs in a cgroup that was not known.",
	  FAMILY_KIND_COUNTER, get_unattributed, NEEDS_PROCESSES },
};

/* By kind of record; behind those of the table above. */
enum { FAMILY_RECORDS = array_size(rows), FAMILY_LOST, FAMILY_COUNT };
_Static_assert((int)FAMILY_COUNT == SELF_WHO_FAMILIES,
	       "self_who.h says how many families there are");

static const struct self_family by_kind[] = {
	{ "sonde_identity_records_total",
	  "Records of the kernel that were taken in, by kind.",
	  FAMILY_KIND_COUNTER,
	  { "kind" } },
	{ "sonde_identity_records_lost_total",
	  "Records that found no room in the kernel's ring, by kind.",
	  FAMILY_KIND_COUNTER,
	  { "kind" } },
};

static const char *const kinds[WHO_RECORD_COUNT] = {
	[WHO_RECORD_CGROUP_MADE] = "cgroup_made",
	[WHO_RECORD_CGROUP_REMOVED] = "cgroup_removed",
	[WHO_RECORD_ARGUMENTS] = "arguments",
	[WHO_RECORD_EXEC] = "exec",
	[WHO_RECORD_FORK] = "fork",
	[WHO_RECORD_EXIT] = "exit",
	[WHO_RECORD_SEED] = "seed",
	[WHO_RECORD_ENVIRONMENT] = "environment",
	[WHO_RECORD_MOVED] = "moved",
};

int self_who__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct self_family family = {
			rows[i].name, rows[i].help, rows[i].kind, { NULL }
		};

		r = self_family__open(&family, agent->registry, &ret_families[i], err);
	}
	for (size_t i = 0; i < array_size(by_kind) && r >= 0; i++)
		r = self_family__open(&by_kind[i], agent->registry,
				      &ret_families[FAMILY_RECORDS + i], err);
	return r;
}

static bool has(const struct who_report *figures, enum needs needs)
{
	switch (needs) {
	case NEEDS_NOTHING:
		return true;
	case NEEDS_ENGINE:
		return figures->has_engine;
	case NEEDS_PROCESSES:
		return figures->has_processes;
	case NEEDS_FILTER:
		return figures->has_filter;
	}
	return false;
}

static void set_kinds(struct family *family, const uint64_t *values)
{
	for (size_t i = 0; i < array_size(kinds); i++)
		if (kinds[i])
			self_set(family, (double)values[i], kinds[i]);
}

void self_who__collect(const struct agent *agent, struct family *const *families)
{
	struct who_report figures;

	if (!who__is_running(agent->who))
		return;
	who__report(agent->who, &figures);
	for (size_t i = 0; i < array_size(rows); i++)
		if (has(&figures, rows[i].needs))
			self_set(families[i], rows[i].get(&figures));
	if (!figures.has_engine)
		return;
	set_kinds(families[FAMILY_RECORDS], figures.engine.records);
	set_kinds(families[FAMILY_LOST], figures.engine.lost);
}
