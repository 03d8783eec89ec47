/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_events.h"

#include <string.h>

#include "base/mem.h"
#include "pipeline/event_file.h"
#include "pipeline/internal.h"

enum { FAMILY_EVENTS, FAMILY_BYTES, FAMILY_LOST, FAMILY_ROTATIONS, FAMILY_FAILURES };

static const struct {
	const char *name;
	const char *help;
	const char *label; /* or NULL */
} rows[SELF_EVENTS_FAMILIES] = {
	[FAMILY_EVENTS] = { "sonde_event_file_events_total",
			    "Events of policies that came to the file of events, by what became of them.",
			    "result" },
	[FAMILY_BYTES] = { "sonde_event_file_written_bytes_total",
			   "Bytes written to the file of events.", NULL },
	[FAMILY_LOST] = { "sonde_event_file_lost_lines_total",
			  "Lines that the file of events could not take.", NULL },
	[FAMILY_ROTATIONS] = { "sonde_event_file_rotations_total",
			       "Times that the file of events was put aside.", NULL },
	[FAMILY_FAILURES] = { "sonde_event_file_failures_total",
			      "What went wrong with the file of events, or those put aside.",
			      NULL },
};

int self_events__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct family_spec spec = {
			.name = rows[i].name,
			.help = rows[i].help,
			.kind = FAMILY_KIND_COUNTER,
			.label_names = &rows[i].label,
			.label_count = rows[i].label ? 1 : 0,
		};

		r = registry__family(agent->registry, &spec, &ret_families[i], err);
	}
	return r;
}

static void set(struct family *family, const char *label, uint64_t value)
{
	const struct text_slice values[] = { { label, label ? strlen(label) : 0 } };
	uint32_t series;

	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, (double)value);
}

void self_events__collect(const struct agent *agent, struct family *const *families)
{
	struct event_file_figures figures;

	if (!agent->event_file)
		return;
	event_file__figures(agent->event_file, &figures);
	set(families[FAMILY_EVENTS], "written", figures.written);
	set(families[FAMILY_EVENTS], "dropped", figures.dropped);
	set(families[FAMILY_EVENTS], "filtered", figures.export.filtered);
	set(families[FAMILY_EVENTS], "limited", figures.export.limited);
	set(families[FAMILY_BYTES], NULL, figures.file.written_bytes);
	set(families[FAMILY_LOST], NULL, figures.file.lost_lines);
	set(families[FAMILY_ROTATIONS], NULL, figures.file.rotations);
	set(families[FAMILY_FAILURES], NULL, figures.file.failures);
}
