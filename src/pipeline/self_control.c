/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_control.h"

#include <string.h>

#include "base/mem.h"
#include "pipeline/internal.h"
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

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	const char *label; /* or NULL */
} rows[SELF_CONTROL_FAMILIES] = {
	[FAMILY_CLIENTS] = { "sonde_control_clients", "Connections of the control socket.",
			     FAMILY_KIND_GAUGE, NULL },
	[FAMILY_STREAMS] = { "sonde_control_streams",
			     "Connections of the control socket that lines are sent to.",
			     FAMILY_KIND_GAUGE, NULL },
	[FAMILY_QUEUE_BYTES] = { "sonde_control_queue_bytes",
				 "What clients of the control socket have not taken yet.",
				 FAMILY_KIND_GAUGE, NULL },
	[FAMILY_ACCEPTED] = { "sonde_control_accepted_total",
			      "Connections of the control socket that were accepted.",
			      FAMILY_KIND_COUNTER, NULL },
	[FAMILY_REFUSED] = { "sonde_control_refused_total",
			     "Connections of the control socket closed at once: too many, or of another user.",
			     FAMILY_KIND_COUNTER, "reason" },
	[FAMILY_CUT] = { "sonde_control_cut_total",
			 "Connections of the control socket cut because the client took too long.",
			 FAMILY_KIND_COUNTER, NULL },
	[FAMILY_REQUESTS] = { "sonde_control_requests_total",
			      "Requests to the control socket, by what came of them.",
			      FAMILY_KIND_COUNTER, "result" },
	[FAMILY_LINES] = { "sonde_control_lines_total",
			   "Lines sent to clients of the control socket.", FAMILY_KIND_COUNTER,
			   NULL },
	[FAMILY_DROPPED] = { "sonde_control_dropped_total",
			     "Lines that clients of the control socket were too slow for.",
			     FAMILY_KIND_COUNTER, NULL },
};

int self_control__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct family_spec spec = {
			.name = rows[i].name,
			.help = rows[i].help,
			.kind = rows[i].kind,
			.label_names = &rows[i].label,
			.label_count = rows[i].label ? 1 : 0,
		};

		r = registry__family(agent->registry, &spec, &ret_families[i], err);
	}
	return r;
}

static void set(struct family *family, const char *label, double value)
{
	const struct text_slice values[] = { { label, label ? strlen(label) : 0 } };
	uint32_t series;

	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, value);
}

void self_control__collect(const struct agent *agent, struct family *const *families)
{
	if (!agent->control)
		return;

	struct control_figures figures = control_server__figures(agent->control);

	set(families[FAMILY_CLIENTS], NULL, figures.clients);
	set(families[FAMILY_STREAMS], NULL, figures.streams);
	set(families[FAMILY_QUEUE_BYTES], NULL, (double)figures.queue_bytes);
	set(families[FAMILY_ACCEPTED], NULL, (double)figures.accepted);
	set(families[FAMILY_REFUSED], "clients", (double)figures.refused);
	set(families[FAMILY_REFUSED], "user", (double)figures.denied);
	set(families[FAMILY_CUT], NULL, (double)figures.timed_out);
	set(families[FAMILY_REQUESTS], "success", (double)figures.succeeded);
	set(families[FAMILY_REQUESTS], "failure", (double)figures.failed);
	set(families[FAMILY_REQUESTS], "malformed", (double)figures.malformed);
	set(families[FAMILY_LINES], NULL, (double)figures.lines);
	set(families[FAMILY_DROPPED], NULL, (double)figures.dropped);
}
