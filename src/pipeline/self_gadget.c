/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_gadget.h"

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"
#include "pipeline/stream.h"

enum { FAMILY_EVENTS, FAMILY_LOST, FAMILY_RUNG, FAMILY_COUNT };
_Static_assert((int)FAMILY_COUNT == SELF_GADGET_FAMILIES,
	       "self_gadget.h says how many families there are");

static const struct self_family rows[] = {
	[FAMILY_EVENTS] = { "sonde_gadget_events_total",
			    "Events of the gadget that came to user space.",
			    FAMILY_KIND_COUNTER,
			    { "gadget", "map" } },
	[FAMILY_LOST] = { "sonde_gadget_lost_events_total",
			  "Events of the gadget that were neither counted nor shown, or counted and not shown.",
			  FAMILY_KIND_COUNTER,
			  { "gadget", "map" } },
	[FAMILY_RUNG] = { "sonde_gadget_rung",
			  "How far down the program's events are counted, always 1.",
			  FAMILY_KIND_GAUGE,
			  { "gadget", "map", "program", "rung" } },
};

int self_gadget__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++)
		r = self_family__open(&rows[i], agent->registry, &ret_families[i], err);
	return r;
}

static void collect_rungs(const struct agent_config *config, const struct stream_spec *stream,
			  struct family *family)
{
	const struct program *program = config->programs[stream->program];

	for (uint32_t i = 0; i < program__rung_count(program, stream->map); i++) {
		const struct rung_view *view = program__rung(program, stream->map, i);

		self_set(family, 1, config->spec->name, stream->map, view->program,
			 rung_name(view->rung));
	}
}

static void collect_stream(const struct agent_config *config, struct stream *stream,
			   struct family *const *families)
{
	const struct stream_spec *spec = stream__spec(stream);
	struct stream_figures figures;

	stream__read_losses(stream);
	stream__figures(stream, &figures);
	self_set(families[FAMILY_EVENTS], (double)figures.received, config->spec->name, spec->map);
	self_set(families[FAMILY_LOST], (double)figures.lost, config->spec->name, spec->map);
	collect_rungs(config, spec, families[FAMILY_RUNG]);
}

void self_gadget__collect(struct agent *agent, struct family *const *families)
{
	agent_for_each_config(agent, config) {
		for (uint32_t i = 0; config->is_loaded && i < config->stream_count; i++) {
			struct stream *stream = config->streams[i];

			if (stream && !stream__error(stream) &&
			    stream__spec(stream)->mode == STREAM_MODE_EVENTS)
				collect_stream(config, stream, families);
		}
	}
}
