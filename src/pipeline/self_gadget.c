/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_gadget.h"

#include <string.h>

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/stream.h"

enum { FAMILY_EVENTS, FAMILY_LOST, FAMILY_RUNG, FAMILY_COUNT };
_Static_assert((int)FAMILY_COUNT == SELF_GADGET_FAMILIES,
	       "self_gadget.h says how many families there are");

static const char *const by_map[] = { "gadget", "map" };
static const char *const by_program[] = { "gadget", "map", "program", "rung" };

static const struct family_spec specs[] = {
	[FAMILY_EVENTS] = { .name = "sonde_gadget_events_total",
			    .help = "Events of the gadget that came to user space.",
			    .kind = FAMILY_KIND_COUNTER,
			    .label_names = by_map,
			    .label_count = array_size(by_map) },
	[FAMILY_LOST] = { .name = "sonde_gadget_lost_events_total",
			  .help = "Events of the gadget that were neither counted nor shown, or counted and not shown.",
			  .kind = FAMILY_KIND_COUNTER,
			  .label_names = by_map,
			  .label_count = array_size(by_map) },
	[FAMILY_RUNG] = { .name = "sonde_gadget_rung",
			  .help = "How far down the program's events are counted, always 1.",
			  .kind = FAMILY_KIND_GAUGE,
			  .label_names = by_program,
			  .label_count = array_size(by_program) },
};

int self_gadget__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(specs) && r >= 0; i++)
		r = registry__family(agent->registry, &specs[i], &ret_families[i], err);
	return r;
}

static struct text_slice slice_of(const char *text)
{
	return (struct text_slice){ text, strlen(text) };
}

static void set(struct family *family, const struct text_slice *labels, double value)
{
	uint32_t series;

	if (family__series(family, labels, &series, NULL) >= 0)
		family__set(family, series, value);
}

static void collect_rungs(const struct agent_config *config, const struct stream_spec *stream,
			  struct family *family)
{
	const struct program *program = config->programs[stream->program];

	for (uint32_t i = 0; i < program__rung_count(program, stream->map); i++) {
		const struct rung_view *view = program__rung(program, stream->map, i);
		const struct text_slice labels[] = { slice_of(config->spec->name),
						     slice_of(stream->map), slice_of(view->program),
						     slice_of(rung_name(view->rung)) };

		set(family, labels, 1);
	}
}

static void collect_stream(const struct agent_config *config, struct stream *stream,
			   struct family *const *families)
{
	const struct stream_spec *spec = stream__spec(stream);
	const struct text_slice labels[] = { slice_of(config->spec->name), slice_of(spec->map) };
	struct stream_figures figures;

	stream__read_losses(stream);
	stream__figures(stream, &figures);
	set(families[FAMILY_EVENTS], labels, (double)figures.received);
	set(families[FAMILY_LOST], labels, (double)figures.lost);
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
