/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_web.h"

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"
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

static double get_reply_bytes(const struct web_figures *figures)
{
	return (double)figures->reply_bytes;
}

static double get_crowded(const struct web_figures *figures)
{
	return (double)figures->crowded;
}

static double get_shared(const struct web_figures *figures)
{
	return (double)figures->shared;
}

static double get_unauthorized(const struct web_figures *figures)
{
	return (double)figures->unauthorized;
}

static double get_unchecked(const struct web_figures *figures)
{
	return (double)figures->unchecked;
}

static double get_checks(const struct web_figures *figures)
{
	return (double)figures->checks;
}

static double get_check_seconds(const struct web_figures *figures)
{
	return (double)figures->check_ns / 1e9;
}

static double get_checks_waiting(const struct web_figures *figures)
{
	return figures->checks_waiting;
}

static double get_limited(const struct web_figures *figures)
{
	return (double)figures->limited;
}

static double get_config_current(const struct web_figures *figures)
{
	return figures->is_security_current;
}

static double get_config_reads(const struct web_figures *figures)
{
	return (double)figures->security_taken;
}

static double get_config_failures(const struct web_figures *figures)
{
	return (double)figures->security_refused;
}

static double get_unfinished_tls(const struct web_figures *figures)
{
	return (double)figures->unfinished_tls;
}

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct web_figures *figures);
	bool needs_security; /* shown with a web config only */
} rows[SELF_WEB_FAMILIES] = {
	{ "sonde_http_auth_busy_total",
	  "Requests refused because too many passwords waited to be checked.", FAMILY_KIND_COUNTER,
	  get_unchecked, true },
	{ "sonde_http_auth_checks_total", "Passwords that were checked against their hash.",
	  FAMILY_KIND_COUNTER, get_checks, true },
	{ "sonde_http_auth_checks_waiting", "Passwords that wait to be checked, or are being so.",
	  FAMILY_KIND_GAUGE, get_checks_waiting, true },
	{ "sonde_http_auth_refused_total", "Requests without valid name and password.",
	  FAMILY_KIND_COUNTER, get_unauthorized, true },
	{ "sonde_http_auth_seconds_total", "Time that checking passwords took, off the loop.",
	  FAMILY_KIND_COUNTER, get_check_seconds, true },
	{ "sonde_http_bad_requests_total",
	  "Requests answered with an error for their form or size.", FAMILY_KIND_COUNTER,
	  get_bad_requests, false },
	{ "sonde_http_config_current",
	  "Whether the server is secured as the web config says; 0: a changed one could not be taken.",
	  FAMILY_KIND_GAUGE, get_config_current, true },
	{ "sonde_http_config_failures_total",
	  "Times that a changed web config, or a file it names, could not be taken.",
	  FAMILY_KIND_COUNTER, get_config_failures, true },
	{ "sonde_http_config_reads_total",
	  "Times that a changed web config, or a file it names, was taken.", FAMILY_KIND_COUNTER,
	  get_config_reads, true },
	{ "sonde_http_connections", "Connections that are open.", FAMILY_KIND_GAUGE, get_open,
	  false },
	{ "sonde_http_connections_accepted_total", "Connections that were accepted.",
	  FAMILY_KIND_COUNTER, get_accepted, false },
	{ "sonde_http_connections_refused_total",
	  "Connections closed at once because too many were open.", FAMILY_KIND_COUNTER,
	  get_refused, false },
	{ "sonde_http_reply_bytes", "Size of the replies that are on their way, shared ones once.",
	  FAMILY_KIND_GAUGE, get_reply_bytes, false },
	{ "sonde_http_requests_cut_total",
	  "Requests and replies that took a client longer than it may.", FAMILY_KIND_COUNTER,
	  get_timed_out, false },
	{ "sonde_http_replies_crowded_total",
	  "Requests refused because replies that nobody took held too much memory.",
	  FAMILY_KIND_COUNTER, get_crowded, false },
	{ "sonde_http_replies_shared_total",
	  "Scrapes answered with what was made for another one that they waited for.",
	  FAMILY_KIND_COUNTER, get_shared, false },
	{ "sonde_http_requests_limited_total", "Requests over the rate that the web config allows.",
	  FAMILY_KIND_COUNTER, get_limited, true },
	{ "sonde_http_tls_unfinished_total",
	  "TLS connections that ended before their first request.", FAMILY_KIND_COUNTER,
	  get_unfinished_tls, true },
};

int self_web__open(struct agent *agent, struct family **ret_families, struct err *err)
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

void self_web__collect(const struct agent *agent, struct family *const *families)
{
	if (!agent->web)
		return;

	struct web_figures figures = web_server__figures(agent->web);

	for (size_t i = 0; i < array_size(rows); i++)
		if (!rows[i].needs_security || figures.is_secured)
			self_set(families[i], rows[i].get(&figures));
}
