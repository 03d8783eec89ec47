/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_control.h"

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"
#include "web/control.h"

enum {
	FAMILY_CLIENTS,
	FAMILY_STREAMS,
	FAMILY_QUEUE_BYTES,
	FAMILY_ACCEPTED,
	FAMILY_REFUSED,
	FAMILY_CUT,
	FAMILY_REQUESTS,
	FAMILY_LINES,
	FAMILY_DROPPED,
};

static const struct self_family rows[SELF_CONTROL_FAMILIES] = {
	[FAMILY_CLIENTS] = { "sonde_control_clients",
			     "Connections of the control socket.",
			     FAMILY_KIND_GAUGE,
			     { NULL } },
	[FAMILY_STREAMS] = { "sonde_control_streams",
			     "Connections of the control socket that lines are sent to.",
			     FAMILY_KIND_GAUGE,
			     { NULL } },
	[FAMILY_QUEUE_BYTES] = { "sonde_control_queue_bytes",
				 "What clients of the control socket have not taken yet.",
				 FAMILY_KIND_GAUGE,
				 { NULL } },
	[FAMILY_ACCEPTED] = { "sonde_control_accepted_total",
			      "Connections of the control socket that were accepted.",
			      FAMILY_KIND_COUNTER,
			      { NULL } },
	[FAMILY_REFUSED] = { "sonde_control_refused_total",
			     "Connections of the control socket closed at once: too many, or of another user.",
			     FAMILY_KIND_COUNTER,
			     { "reason" } },
	[FAMILY_CUT] = { "sonde_control_cut_total",
			 "Connections of the control socket cut because the client took too long.",
			 FAMILY_KIND_COUNTER,
			 { NULL } },
	[FAMILY_REQUESTS] = { "sonde_control_requests_total",
			      "Requests to the control socket, by what came of them.",
			      FAMILY_KIND_COUNTER,
			      { "result" } },
	[FAMILY_LINES] = { "sonde_control_lines_total",
			   "Lines sent to clients of the control socket.",
			   FAMILY_KIND_COUNTER,
			   { NULL } },
	[FAMILY_DROPPED] = { "sonde_control_dropped_total",
			     "Lines that clients of the control socket were too slow for.",
			     FAMILY_KIND_COUNTER,
			     { NULL } },
};

int self_control__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++)
		r = self_family__open(&rows[i], agent->registry, &ret_families[i], err);
	return r;
}

void self_control__collect(const struct agent *agent, struct family *const *families)
{
	if (!agent->control)
		return;

	struct control_figures figures = control_server__figures(agent->control);

	self_set(families[FAMILY_CLIENTS], figures.clients);
	self_set(families[FAMILY_STREAMS], figures.streams);
	self_set(families[FAMILY_QUEUE_BYTES], (double)figures.queue_bytes);
	self_set(families[FAMILY_ACCEPTED], (double)figures.accepted);
	self_set(families[FAMILY_REFUSED], (double)figures.refused, "clients");
	self_set(families[FAMILY_REFUSED], (double)figures.denied, "user");
	self_set(families[FAMILY_CUT], (double)figures.timed_out);
	self_set(families[FAMILY_REQUESTS], (double)figures.succeeded, "success");
	self_set(families[FAMILY_REQUESTS], (double)figures.failed, "failure");
	self_set(families[FAMILY_REQUESTS], (double)figures.malformed, "malformed");
	self_set(families[FAMILY_LINES], (double)figures.lines);
	self_set(families[FAMILY_DROPPED], (double)figures.dropped);
}
