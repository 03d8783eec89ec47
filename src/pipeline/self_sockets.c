/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_sockets.h"

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"

#define GETTER(name)                                                                               \
	static double get_##name(const struct sockets_report *report)                              \
	{                                                                                          \
		return (double)report->name;                                                       \
	}

GETTER(entries)
GETTER(pruned)
GETTER(refused)
GETTER(sees_releases)

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct sockets_report *report);
} rows[] = {
	{ "sonde_sockets", "Sockets of which it is known whose they are.", FAMILY_KIND_GAUGE,
	  get_entries },
	{ "sonde_sockets_pruned_total", "Entries of sockets that were gone, and nobody had told.",
	  FAMILY_KIND_COUNTER, get_pruned },
	{ "sonde_sockets_refused_total",
	  "Times that a socket was not noted: the kernel's table had no room.", FAMILY_KIND_COUNTER,
	  get_refused },
	{ "sonde_sockets_releases_told",
	  "Whether the kernel tells when a socket without a connection is closed.",
	  FAMILY_KIND_GAUGE, get_sees_releases },
};
_Static_assert((int)array_size(rows) == SELF_SOCKETS_FAMILIES,
	       "self_sockets.h says how many families there are");

int self_sockets__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct self_family family = {
			rows[i].name, rows[i].help, rows[i].kind, { NULL }
		};

		r = self_family__open(&family, agent->registry, &ret_families[i], err);
	}
	return r;
}

void self_sockets__collect(const struct agent *agent, struct family *const *families)
{
	struct sockets_report report;

	sockets__report(agent->sockets, &report);
	if (!report.is_running)
		return;
	for (size_t i = 0; i < array_size(rows); i++)
		self_set(families[i], rows[i].get(&report));
}
