/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_runtimes.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"
#include "pipeline/who_runtimes.h"

#define GETTER(name, expression)                                                                   \
	static double get_##name(const struct runtime_figures *figures)                            \
	{                                                                                          \
		return (double)(expression);                                                       \
	}

GETTER(asked, figures->asked)
GETTER(coalesced, figures->coalesced)
GETTER(dropped, figures->dropped)
GETTER(found, figures->found)
GETTER(given_up, figures->given_up)
GETTER(lists, figures->lists)
GETTER(queued, figures->queued)
GETTER(request_seconds, (double)figures->request_ns / NS_PER_S)
GETTER(requests, figures->requests)
GETTER(retried, figures->retried)
GETTER(truncated, figures->truncated)
GETTER(unknown, figures->unknown)
GETTER(up, figures->state == RUNTIME_STATE_UP)

/* By socket. */
static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct runtime_figures *figures);
} rows[] = {
	{ "sonde_runtime_asked_total", "Containers that the runtime was asked for.",
	  FAMILY_KIND_COUNTER, get_asked },
	{ "sonde_runtime_coalesced_total", "Of these, while the same one was asked for already.",
	  FAMILY_KIND_COUNTER, get_coalesced },
	{ "sonde_runtime_dropped_total",
	  "Of these, because too many were waiting, or there was no socket.", FAMILY_KIND_COUNTER,
	  get_dropped },
	{ "sonde_runtime_found_total", "Containers that the runtime told of.", FAMILY_KIND_COUNTER,
	  get_found },
	{ "sonde_runtime_given_up_total", "Containers that the runtime said nothing about in time.",
	  FAMILY_KIND_COUNTER, get_given_up },
	{ "sonde_runtime_lists_total", "Lists of containers that the runtime gave.",
	  FAMILY_KIND_COUNTER, get_lists },
	{ "sonde_runtime_queued", "Containers that wait for an answer.", FAMILY_KIND_GAUGE,
	  get_queued },
	{ "sonde_runtime_request_seconds_total", "How long requests took, all together.",
	  FAMILY_KIND_COUNTER, get_request_seconds },
	{ "sonde_runtime_requests_total", "Requests to the runtime.", FAMILY_KIND_COUNTER,
	  get_requests },
	{ "sonde_runtime_retried_total", "Requests that were made again.", FAMILY_KIND_COUNTER,
	  get_retried },
	{ "sonde_runtime_truncated_total",
	  "Containers with labels or texts longer than their bounds.", FAMILY_KIND_COUNTER,
	  get_truncated },
	{ "sonde_runtime_unknown_total", "Containers that the runtime does not know.",
	  FAMILY_KIND_COUNTER, get_unknown },
	{ "sonde_runtime_up", "Whether the last try to reach the runtime went well.",
	  FAMILY_KIND_GAUGE, get_up },
};

/* By socket and cause, behind those. */
enum { FAMILY_FAILURES = array_size(rows), FAMILY_COUNT };
_Static_assert((int)FAMILY_COUNT == SELF_RUNTIMES_FAMILIES,
	       "self_runtimes.h says how many families there are");

static const struct self_family failures = { "sonde_runtime_failures_total",
					     "Requests to the runtime that failed, by cause.",
					     FAMILY_KIND_COUNTER,
					     { "cause", "socket" } };

int self_runtimes__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct self_family family = {
			rows[i].name, rows[i].help, rows[i].kind, { "socket" }
		};

		r = self_family__open(&family, agent->registry, &ret_families[i], err);
	}
	return r < 0 ? r
		     : self_family__open(&failures, agent->registry, &ret_families[FAMILY_FAILURES],
					 err);
}

static void collect_one(const struct runtime_figures *figures, const char *socket,
			struct family *const *families)
{
	for (size_t i = 0; i < array_size(rows); i++)
		self_set(families[i], rows[i].get(figures), socket);
	for (size_t i = 0; i < RUNTIME_FAILURE_COUNT; i++) {
		self_set(families[FAMILY_FAILURES], (double)figures->failures[i],
			 runtime_failure_name((enum runtime_failure)i), socket);
	}
}

void self_runtimes__collect(const struct agent *agent, struct family *const *families)
{
	const struct who_runtimes *runtimes = who__runtimes(agent->who);

	for (uint32_t i = 0; runtimes && i < who_runtimes__count(runtimes); i++) {
		struct runtime_figures figures;

		who_runtimes__figures(runtimes, i, &figures);
		if (figures.state != RUNTIME_STATE_ABSENT)
			collect_one(&figures, who_runtimes__socket(runtimes, i), families);
	}
}
