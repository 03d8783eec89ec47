/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_who.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/internal.h"

#define GETTER(name, expression)                                                                   \
	static double get_##name(const struct who_figures *figures)                                \
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
GETTER(unwanted, figures->wanted.refused)

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct who_figures *figures);
	bool needs_filter;
} rows[SELF_WHO_FAMILIES] = {
	{ "sonde_identity_cgroups", "Cgroups that are there.", FAMILY_KIND_GAUGE, get_cgroups,
	  false },
	{ "sonde_identity_cgroups_dead", "Cgroups that are gone and remembered.", FAMILY_KIND_GAUGE,
	  get_dead_cgroups, false },
	{ "sonde_identity_cgroups_forgotten_total",
	  "Cgroups that were gone and had to be forgotten before their time.", FAMILY_KIND_COUNTER,
	  get_forgotten, false },
	{ "sonde_identity_cgroups_refused_total", "Cgroups for which there was no room.",
	  FAMILY_KIND_COUNTER, get_refused, false },
	{ "sonde_identity_containers", "Containers that are there.", FAMILY_KIND_GAUGE,
	  get_containers, false },
	{ "sonde_identity_containers_dead", "Containers that are gone and remembered.",
	  FAMILY_KIND_GAUGE, get_dead_containers, false },
	{ "sonde_identity_containers_waiting",
	  "Containers that a runtime told of and no cgroup was seen of.", FAMILY_KIND_GAUGE,
	  get_waiting, false },
	{ "sonde_identity_late_names_total",
	  "Containers whose name came later than their first cgroup.", FAMILY_KIND_COUNTER,
	  get_late_names, false },
	{ "sonde_identity_late_seconds_total", "How much later names came, all together.",
	  FAMILY_KIND_COUNTER, get_late_seconds, false },
	{ "sonde_identity_lookups_total", "Times that somebody asked who it was.",
	  FAMILY_KIND_COUNTER, get_lookups, false },
	{ "sonde_identity_misses_total", "Times that nobody knew.", FAMILY_KIND_COUNTER, get_misses,
	  false },
	{ "sonde_identity_pods", "Pods that are known.", FAMILY_KIND_GAUGE, get_pods, false },
	{ "sonde_identity_wanted_cgroups", "Cgroups that the filters want.", FAMILY_KIND_GAUGE,
	  get_wanted, true },
	{ "sonde_identity_wanted_refused_total",
	  "Cgroups that the filters want and for which the kernel's table had no room.",
	  FAMILY_KIND_COUNTER, get_unwanted, true },
};

int self_who__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct family_spec spec = {
			.name = rows[i].name,
			.help = rows[i].help,
			.kind = rows[i].kind,
		};

		r = registry__family(agent->registry, &spec, &ret_families[i], err);
	}
	return r;
}

void self_who__collect(const struct agent *agent, struct family *const *families)
{
	struct who_figures figures;

	if (!who__is_running(agent->who))
		return;
	who__figures(agent->who, &figures);
	for (size_t i = 0; i < array_size(rows); i++) {
		uint32_t series;

		if (rows[i].needs_filter && !who__has_filter(agent->who))
			continue;
		if (family__series(families[i], NULL, &series, NULL) >= 0)
			family__set(families[i], series, rows[i].get(&figures));
	}
}
