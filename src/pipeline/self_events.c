/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_events.h"

#include "base/mem.h"
#include "pipeline/event_file.h"
#include "pipeline/event_socket.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"

enum {
	FAMILY_EVENTS,
	FAMILY_BYTES,
	FAMILY_LOST,
	FAMILY_ROTATIONS,
	FAMILY_FAILURES,
	FAMILY_CLIENTS,
	FAMILY_CONNECTIONS,
	FAMILY_LINES,
};

static const struct self_family rows[SELF_EVENTS_FAMILIES] = {
	[FAMILY_EVENTS] = { "sonde_event_file_events_total",
			    "Events of policies that came to the file of events, by what became of them.",
			    FAMILY_KIND_COUNTER,
			    { "result" } },
	[FAMILY_BYTES] = { "sonde_event_file_written_bytes_total",
			   "Bytes written to the file of events.",
			   FAMILY_KIND_COUNTER,
			   { NULL } },
	[FAMILY_LOST] = { "sonde_event_file_lost_lines_total",
			  "Lines that the file of events could not take.",
			  FAMILY_KIND_COUNTER,
			  { NULL } },
	[FAMILY_ROTATIONS] = { "sonde_event_file_rotations_total",
			       "Times that the file of events was put aside.",
			       FAMILY_KIND_COUNTER,
			       { NULL } },
	[FAMILY_FAILURES] = { "sonde_event_file_failures_total",
			      "What went wrong with the file of events, or those put aside.",
			      FAMILY_KIND_COUNTER,
			      { NULL } },
	[FAMILY_CLIENTS] = { "sonde_event_socket_clients",
			     "Who is connected to the socket of events.",
			     FAMILY_KIND_GAUGE,
			     { NULL } },
	[FAMILY_CONNECTIONS] = { "sonde_event_socket_connections_total",
				 "Who has connected to the socket of events, and who could not.",
				 FAMILY_KIND_COUNTER,
				 { "result" } },
	[FAMILY_LINES] = { "sonde_event_socket_lines_total",
			   "Lines for clients of the socket of events; dropped: a client was behind.",
			   FAMILY_KIND_COUNTER,
			   { "result" } },
};

int self_events__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++)
		r = self_family__open(&rows[i], agent->registry, &ret_families[i], err);
	return r;
}

static void collect_file(const struct event_file *file, struct family *const *families)
{
	struct event_file_figures figures;

	event_file__figures(file, &figures);
	self_set(families[FAMILY_EVENTS], (double)figures.written, "written");
	self_set(families[FAMILY_EVENTS], (double)figures.dropped, "dropped");
	self_set(families[FAMILY_EVENTS], (double)figures.export.filtered, "filtered");
	self_set(families[FAMILY_EVENTS], (double)figures.export.limited, "limited");
	self_set(families[FAMILY_BYTES], (double)figures.file.written_bytes);
	self_set(families[FAMILY_LOST], (double)figures.file.lost_lines);
	self_set(families[FAMILY_ROTATIONS], (double)figures.file.rotations);
	self_set(families[FAMILY_FAILURES], (double)figures.file.failures);
}

static void collect_socket(const struct event_socket *socket, struct family *const *families)
{
	struct event_socket_figures figures;

	event_socket__figures(socket, &figures);
	self_set(families[FAMILY_CLIENTS], (double)figures.clients);
	self_set(families[FAMILY_CONNECTIONS], (double)figures.connected, "accepted");
	self_set(families[FAMILY_CONNECTIONS], (double)figures.refused, "refused");
	self_set(families[FAMILY_LINES], (double)figures.written, "written");
	self_set(families[FAMILY_LINES], (double)figures.dropped, "dropped");
}

void self_events__collect(const struct agent *agent, struct family *const *families)
{
	if (agent->event_file)
		collect_file(agent->event_file, families);
	if (agent->event_socket)
		collect_socket(agent->event_socket, families);
}
