/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/dialect.h"
#include "pipeline/internal.h"
#include "sink/openmetrics.h"
#include "sink/prometheus.h"

uint32_t agent_count_routes(const struct agent *agent, const struct family *family)
{
	uint32_t count = 0;

	agent_for_each_config(agent, config)
		for (uint32_t i = 0; i < config->route_count; i++)
			count += config->routes[i].family == family;
	return count;
}

/* Routes of one family share what it takes: whose rows became which line is not known any more. */
static void note_written(struct agent *agent, const struct family *family, size_t bytes, int64_t ns)
{
	uint32_t count = agent_count_routes(agent, family);

	if (count == 0)
		return;
	agent_for_each_config(agent, config)
		for (uint32_t i = 0; i < config->route_count; i++) {
			struct route *route = &config->routes[i];

			if (route->family != family)
				continue;
			route->ledger.last_bytes = bytes / count;
			route->ledger.agent_ns += (uint64_t)ns / count;
		}
}

static void write_family(const struct agent *agent, const struct family *family,
			 const struct exposition *exposition, struct strbuf *out)
{
	const struct openmetrics_options options = { .escaping = exposition->escaping };

	switch (exposition->format) {
	case TEXT_FORMAT_PROMETHEUS:
		prometheus__write_family(family, exposition->escaping, out);
		break;
	case TEXT_FORMAT_OPENMETRICS_0_0_1:
	case TEXT_FORMAT_OPENMETRICS_1_0_0:
		openmetrics__write_family(agent->registry, family, &options, out);
		break;
	}
}

/* What the originals tell of themselves, and keep telling where they are replaced. */
static const struct {
	const char *dialect;
	const char *prefix; /* of names of families */
} own_families[] = {
	{ "ebpf_exporter", "ebpf_exporter_" },
	{ "ebpf_exporter", "process_" },
	{ "ebpf_exporter", "promhttp_" },
	{ "tracing_policy", "tetragon_" },
};

static bool is_of(const struct agent *agent, const struct family *family, const char *dialect)
{
	for (size_t i = 0; i < array_size(own_families); i++)
		if (str_eq(own_families[i].dialect, dialect) &&
		    str_starts(family__name(family), own_families[i].prefix))
			return true;
	agent_for_each_config(agent, config) {
		if (!config->spec->dialect || !str_eq(config->spec->dialect->name, dialect))
			continue;
		for (uint32_t i = 0; i < config->route_count; i++)
			if (config->routes[i].family == family)
				return true;
	}
	return false;
}

void exposition_write(struct agent *agent, const char *dialect, const struct exposition *exposition,
		      struct strbuf *out)
{
	int64_t begin_ns = clock_monotonic_ns();
	const struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(agent->registry, &cursor))) {
		size_t begin = out->len;
		int64_t now_ns;

		if (dialect && !is_of(agent, family, dialect))
			continue;
		if (family__shown_count(family) > 0)
			write_family(agent, family, exposition, out);
		now_ns = clock_monotonic_ns();
		note_written(agent, family, out->len - begin, now_ns - begin_ns);
		begin_ns = now_ns;
	}
	if (exposition->format != TEXT_FORMAT_PROMETHEUS)
		openmetrics__write_end(out);
}
