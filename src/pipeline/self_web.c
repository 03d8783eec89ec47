/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_web.h"

#include "base/mem.h"
#include "pipeline/internal.h"
#include "web/server.h"

static double get_open(const struct web_figures *figures)
{
	return figures->open;
}

static double get_accepted(const struct web_figures *figures)
{
	return (double)figures->accepted;
}

static double get_refused(const struct web_figures *figures)
{
	return (double)figures->refused;
}

static double get_timed_out(const struct web_figures *figures)
{
	return (double)figures->timed_out;
}

static double get_bad_requests(const struct web_figures *figures)
{
	return (double)figures->bad_requests;
}

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct web_figures *figures);
} rows[SELF_WEB_FAMILIES] = {
	{ "sonde_http_bad_requests_total",
	  "Requests answered with an error for their form or size.", FAMILY_KIND_COUNTER,
	  get_bad_requests },
	{ "sonde_http_connections", "Connections that are open.", FAMILY_KIND_GAUGE, get_open },
	{ "sonde_http_connections_accepted_total", "Connections that were accepted.",
	  FAMILY_KIND_COUNTER, get_accepted },
	{ "sonde_http_connections_refused_total",
	  "Connections closed at once because too many were open.", FAMILY_KIND_COUNTER,
	  get_refused },
	{ "sonde_http_requests_cut_total",
	  "Requests and replies that took a client longer than it may.", FAMILY_KIND_COUNTER,
	  get_timed_out },
};

int self_web__open(struct agent *agent, struct family **ret_families, struct err *err)
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

void self_web__collect(const struct agent *agent, struct family *const *families)
{
	if (!agent->web)
		return;

	struct web_figures figures = web_server__figures(agent->web);

	for (size_t i = 0; i < array_size(rows); i++) {
		uint32_t series;

		if (family__series(families[i], NULL, &series, NULL) >= 0)
			family__set(families[i], series, rows[i].get(&figures));
	}
}
