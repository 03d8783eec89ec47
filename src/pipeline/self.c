/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "host/host.h"
#include "pipeline/internal.h"
#include "pipeline/self_control.h"
#include "pipeline/self_cost.h"
#include "pipeline/self_events.h"
#include "pipeline/self_follow.h"
#include "pipeline/self_gadget.h"
#include "pipeline/self_reload.h"
#include "pipeline/self_runtimes.h"
#include "pipeline/self_sockets.h"
#include "pipeline/self_web.h"
#include "pipeline/self_who.h"
#include "pipeline/span_metrics.h"

#define SELF_LABELS_MAX 7

enum self_id {
	SELF_ENABLED_CONFIGS,
	SELF_PROGRAM_INFO,
	SELF_PROGRAM_ATTACHED,
	SELF_PROGRAM_RUN_TIME,
	SELF_PROGRAM_RUN_COUNT,
	SELF_DECODER_ERRORS,
	SELF_BUILD_INFO,
	SELF_HTTP_REQUESTS,
	SELF_HTTP_IN_FLIGHT,
	SELF_MAP_MEMORY,
	SELF_LOG_SUPPRESSED,
	SELF_SCRAPES,
	SELF_SCRAPE_BYTES,
	SELF_SCRAPE_SECONDS,
	SELF_PART_ATTACHED,
	SELF_PART_STOOD_IN_FOR,
	SELF_COUNT,
};

struct self_family {
	const char *name;
	const char *help;
	enum family_kind kind;
	const char *labels[SELF_LABELS_MAX + 1];
};

/* Names and help texts of the first group are ebpf_exporter's (exporter.go), so that recorded series go on. */
static const struct self_family self_families[SELF_COUNT] = {
	[SELF_ENABLED_CONFIGS] = { "ebpf_exporter_enabled_configs",
				   "The set of enabled configs",
				   FAMILY_KIND_GAUGE,
				   { "name" } },
	[SELF_PROGRAM_INFO] = { "ebpf_exporter_ebpf_program_info",
				"Info about ebpf programs",
				FAMILY_KIND_GAUGE,
				{ "config", "program", "tag", "id" } },
	[SELF_PROGRAM_ATTACHED] = { "ebpf_exporter_ebpf_program_attached",
				    "Whether a program is attached",
				    FAMILY_KIND_GAUGE,
				    { "id" } },
	[SELF_PROGRAM_RUN_TIME] = { "ebpf_exporter_ebpf_program_run_time_seconds",
				    "How long has the program been executing",
				    FAMILY_KIND_COUNTER,
				    { "id" } },
	[SELF_PROGRAM_RUN_COUNT] = { "ebpf_exporter_ebpf_program_run_count_total",
				     "How many times has the program been executed",
				     FAMILY_KIND_COUNTER,
				     { "id" } },
	[SELF_DECODER_ERRORS] = { "ebpf_exporter_decoder_errors_total",
				  "How many times has decoders encountered errors",
				  FAMILY_KIND_COUNTER,
				  { "config" } },
	[SELF_BUILD_INFO] = { "ebpf_exporter_build_info",
			      "A metric with a constant '1' value labeled by version, revision, branch, goversion from "
			      "which ebpf_exporter was built, and the goos and goarch for the build.",
			      FAMILY_KIND_GAUGE,
			      { "branch", "goarch", "goos", "goversion", "revision", "tags",
				"version" } },
	[SELF_HTTP_REQUESTS] = { "promhttp_metric_handler_requests_total",
				 "Total number of scrapes by HTTP status code.",
				 FAMILY_KIND_COUNTER,
				 { "code" } },
	[SELF_HTTP_IN_FLIGHT] = { "promhttp_metric_handler_requests_in_flight",
				  "Current number of scrapes being served.",
				  FAMILY_KIND_GAUGE,
				  { NULL } },
	[SELF_MAP_MEMORY] = { "sonde_config_map_memory_bytes",
			      "Kernel memory of a config's maps.",
			      FAMILY_KIND_GAUGE,
			      { "config" } },
	[SELF_LOG_SUPPRESSED] = { "sonde_log_suppressed_total",
				  "Log messages held back by the rate limit.",
				  FAMILY_KIND_COUNTER,
				  { NULL } },
	[SELF_SCRAPES] = { "sonde_scrapes_total",
			   "Expositions that were made before this one.",
			   FAMILY_KIND_COUNTER,
			   { NULL } },
	[SELF_SCRAPE_BYTES] = { "sonde_scrape_bytes",
				"Size of the previous exposition, uncompressed.",
				FAMILY_KIND_GAUGE,
				{ NULL } },
	[SELF_SCRAPE_SECONDS] = { "sonde_scrape_seconds",
				  "Time that the previous exposition took to read and write.",
				  FAMILY_KIND_GAUGE,
				  { NULL } },
	[SELF_PART_ATTACHED] = { "sonde_program_attached",
				 "Whether a program is attached, also of those that cannot be loaded "
				 "here (the page at / says why).",
				 FAMILY_KIND_GAUGE,
				 { "config", "program" } },
	[SELF_PART_STOOD_IN_FOR] = { "sonde_program_stood_in_for",
				     "Programs that are not attached because an alternative does their work.",
				     FAMILY_KIND_GAUGE,
				     { "config", "program" } },
};

/* ---- process_*: as Prometheus' process collector names them ---- */

struct process_family {
	const char *name;
	const char *help;
	enum family_kind kind;
	size_t offset;
};

#define FIGURE(field) offsetof(struct process_figures, field)
static const struct process_family process_families[] = {
	{ "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
	  FAMILY_KIND_COUNTER, FIGURE(cpu_seconds) },
	{ "process_max_fds", "Maximum number of open file descriptors.", FAMILY_KIND_GAUGE,
	  FIGURE(max_fds) },
	{ "process_network_receive_bytes_total",
	  "Number of bytes received by the process over the network.", FAMILY_KIND_COUNTER,
	  FIGURE(network_receive_bytes) },
	{ "process_network_transmit_bytes_total",
	  "Number of bytes sent by the process over the network.", FAMILY_KIND_COUNTER,
	  FIGURE(network_transmit_bytes) },
	{ "process_open_fds", "Number of open file descriptors.", FAMILY_KIND_GAUGE,
	  FIGURE(open_fds) },
	{ "process_resident_memory_bytes", "Resident memory size in bytes.", FAMILY_KIND_GAUGE,
	  FIGURE(resident_bytes) },
	{ "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
	  FAMILY_KIND_GAUGE, FIGURE(start_time_s) },
	{ "process_virtual_memory_bytes", "Virtual memory size in bytes.", FAMILY_KIND_GAUGE,
	  FIGURE(virtual_bytes) },
	{ "process_virtual_memory_max_bytes",
	  "Maximum amount of virtual memory available in bytes.", FAMILY_KIND_GAUGE,
	  FIGURE(virtual_max_bytes) },
};

/* ---- sonde_metric_*: the ledger of each metric ---- */

struct ledger_family {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct route *route);
};

static double get_active(const struct route *route)
{
	return !route->error && (route->table || route->events || route->counted);
}
static double get_agent_seconds(const struct route *route)
{
	return (double)route->ledger.agent_ns / 1e9;
}
static double get_decode_errors(const struct route *route)
{
	return (double)route->ledger.decode_errors;
}
static double get_expired(const struct route *route)
{
	return route->family ? (double)family__expired(route->family) : 0;
}
static double get_fill(const struct route *route)
{
	return route__fill_ratio(route);
}
static double get_filtered(const struct route *route)
{
	return (double)route->ledger.filtered;
}
static double get_cache_keys(const struct route *route)
{
	return route->cache ? (double)label_cache__count(route->cache) : 0;
}
static double get_cache_limit(const struct route *route)
{
	return route->cache ? (double)label_cache__bound(route->cache) : (double)NAN;
}
static double get_kept(const struct route *route)
{
	return (double)route->ledger.kept;
}
static double get_limit(const struct route *route)
{
	return route->family ? (double)family__limit(route->family) : (double)NAN;
}
/* Absent where nobody counts it. */
static double get_map_overflow(const struct route *route)
{
	return route->overflow.table ? (double)route->overflow.total : (double)NAN;
}
static double get_lost(const struct route *route)
{
	/* A ring buffer keeps no count: only the program knows, if it counts. */
	if (route->stream->transport == STREAM_TRANSPORT_RINGBUF && !route->lost)
		return NAN;
	return (double)route->ledger.lost;
}
static double get_moved(const struct route *route)
{
	return route->family ? (double)family__moved(route->family) : 0;
}
static double get_overflowed(const struct route *route)
{
	return route->family ? (double)family__overflowed(route->family) : 0;
}
static double get_read_errors(const struct route *route)
{
	return (double)route->ledger.read_errors;
}
static double get_read_seconds(const struct route *route)
{
	return (double)route->ledger.last_read_ns / 1e9;
}
static double get_replaced(const struct route *route)
{
	return route->family ? (double)family__replaced_bytes(route->family) : 0;
}
static double get_rows(const struct route *route)
{
	return (double)route->ledger.last_rows;
}
static double get_scrape_bytes(const struct route *route)
{
	return (double)route->ledger.last_bytes;
}
static double get_seen(const struct route *route)
{
	return (double)route->ledger.seen;
}
static double get_series(const struct route *route)
{
	return route->family ? (double)family__series_count(route->family) : 0;
}
static double get_shortened(const struct route *route)
{
	return route->family ? (double)family__shortened_values(route->family) : 0;
}
static double get_unremembered(const struct route *route)
{
	return (double)route->ledger.unremembered;
}
static double get_uncached(const struct route *route)
{
	return (double)route->ledger.uncached;
}
static double get_vanished(const struct route *route)
{
	return (double)route->ledger.vanished;
}

static const struct ledger_family ledger_families[] = {
	{ "sonde_metric_active",
	  "Whether the metric is read (0: left out, the page at / says why).", FAMILY_KIND_GAUGE,
	  get_active },
	{ "sonde_metric_agent_seconds_total",
	  "Time that sonde itself spent on the metric: reading, decoding, adding, writing.",
	  FAMILY_KIND_COUNTER, get_agent_seconds },
	{ "sonde_metric_decode_errors_total",
	  "Rows or events that could not be turned into labels.", FAMILY_KIND_COUNTER,
	  get_decode_errors },
	{ "sonde_metric_expired_series_total", "Series that left because of their ttl.",
	  FAMILY_KIND_COUNTER, get_expired },
	{ "sonde_metric_filtered_total", "Rows or events that a decoder refused on purpose.",
	  FAMILY_KIND_COUNTER, get_filtered },
	{ "sonde_metric_kept_total", "Rows or events that were added to a series.",
	  FAMILY_KIND_COUNTER, get_kept },
	{ "sonde_metric_label_cache_keys", "Keys whose labels are remembered.", FAMILY_KIND_GAUGE,
	  get_cache_keys },
	{ "sonde_metric_label_cache_limit", "Most keys whose labels may be remembered.",
	  FAMILY_KIND_GAUGE, get_cache_limit },
	{ "sonde_metric_lost_samples_total", "Events that the kernel had no room for.",
	  FAMILY_KIND_COUNTER, get_lost },
	{ "sonde_metric_map_fill_ratio",
	  "Share of the map's entries that were in use when it was last read; not of arrays.",
	  FAMILY_KIND_GAUGE, get_fill },
	{ "sonde_metric_map_overflow_total",
	  "What had no room in the map and went to the overflow series: of a counter what was added, of a histogram the "
	  "observations.",
	  FAMILY_KIND_COUNTER, get_map_overflow },
	{ "sonde_metric_moved_series_total",
	  "Series that left, and whose value went to the overflow series.", FAMILY_KIND_COUNTER,
	  get_moved },
	{ "sonde_metric_overflowed_total",
	  "Additions to the overflow series because the limit was reached.", FAMILY_KIND_COUNTER,
	  get_overflowed },
	{ "sonde_metric_read_errors_total", "Passes over the map that failed.", FAMILY_KIND_COUNTER,
	  get_read_errors },
	{ "sonde_metric_read_seconds", "Time that reading and decoding took in this scrape.",
	  FAMILY_KIND_GAUGE, get_read_seconds },
	{ "sonde_metric_replaced_bytes_total", "Bytes of label values that were no valid UTF-8.",
	  FAMILY_KIND_COUNTER, get_replaced },
	{ "sonde_metric_rows", "Rows of the map in this scrape.", FAMILY_KIND_GAUGE, get_rows },
	{ "sonde_metric_scrape_bytes",
	  "Bytes of the metric in the previous exposition, uncompressed.", FAMILY_KIND_GAUGE,
	  get_scrape_bytes },
	{ "sonde_metric_seen_total", "Rows or events that were read.", FAMILY_KIND_COUNTER,
	  get_seen },
	{ "sonde_metric_series", "Series that are known.", FAMILY_KIND_GAUGE, get_series },
	{ "sonde_metric_series_limit", "Most series that may be known.", FAMILY_KIND_GAUGE,
	  get_limit },
	{ "sonde_metric_shortened_values_total",
	  "Label values that were cut as they were too long.", FAMILY_KIND_COUNTER, get_shortened },
	{ "sonde_metric_unremembered_total",
	  "Rows that could not be added yet, because there was no room to remember how much was.",
	  FAMILY_KIND_COUNTER, get_unremembered },
	{ "sonde_metric_uncached_total",
	  "Decodings that could not be remembered because the label cache was full.",
	  FAMILY_KIND_COUNTER, get_uncached },
	{ "sonde_metric_vanished_keys_total", "Keys deleted by the program while the map was read.",
	  FAMILY_KIND_COUNTER, get_vanished },
};

/* HTTP statuses that are shown from the start, as client_golang presets them. */
static const unsigned int preset_statuses[] = { 200, 500, 503 };

struct self_metrics {
	struct family *families[SELF_COUNT];                  /* the registry's */
	struct family *process[array_size(process_families)]; /* the registry's */
	struct family *ledgers[array_size(ledger_families)];  /* the registry's */
	struct family *reload[SELF_RELOAD_FAMILIES];          /* the registry's */
	struct family *control[SELF_CONTROL_FAMILIES];        /* the registry's */
	struct family *events[SELF_EVENTS_FAMILIES];          /* the registry's */
	struct family *web[SELF_WEB_FAMILIES];                /* the registry's */
	struct family *runtimes[SELF_RUNTIMES_FAMILIES];
	struct family *follow[SELF_FOLLOW_FAMILIES];
	struct family *gadget[SELF_GADGET_FAMILIES];
	struct family *sockets[SELF_SOCKETS_FAMILIES];
	struct family *who[SELF_WHO_FAMILIES];
	struct self_cost cost;
	struct span_metrics spans;
	uint64_t replies[array_size(preset_statuses)];
	uint64_t in_flight;
};

static int open_family(struct agent *agent, const struct self_family *self,
		       struct family **ret_family, struct err *err)
{
	struct family_spec spec = {
		.name = self->name,
		.help = self->help,
		.kind = self->kind,
		.label_names = self->labels,
	};

	while (self->labels[spec.label_count])
		spec.label_count++;
	return registry__family(agent->registry, &spec, ret_family, err);
}

static int open_families(struct agent *agent, struct self_metrics *self, struct err *err)
{
	size_t i;
	int r = 0;

	for (i = 0; i < SELF_COUNT && r >= 0; i++)
		r = open_family(agent, &self_families[i], &self->families[i], err);
	for (i = 0; i < array_size(process_families) && r >= 0; i++) {
		const struct self_family family = { process_families[i].name,
						    process_families[i].help,
						    process_families[i].kind,
						    { NULL } };

		r = open_family(agent, &family, &self->process[i], err);
	}
	for (i = 0; i < array_size(ledger_families) && r >= 0; i++) {
		const struct self_family family = { ledger_families[i].name,
						    ledger_families[i].help,
						    ledger_families[i].kind,
						    { "config", "metric" } };

		r = open_family(agent, &family, &self->ledgers[i], err);
	}
	if (r >= 0)
		r = self_reload__open(agent, self->reload, err);
	if (r >= 0)
		r = self_web__open(agent, self->web, err);
	if (r >= 0)
		r = self_control__open(agent, self->control, err);
	if (r >= 0)
		r = self_events__open(agent, self->events, err);
	if (r >= 0)
		r = self_who__open(agent, self->who, err);
	if (r >= 0)
		r = self_follow__open(agent, self->follow, err);
	if (r >= 0)
		r = self_gadget__open(agent, self->gadget, err);
	if (r >= 0)
		r = self_sockets__open(agent, self->sockets, err);
	if (r >= 0)
		r = self_runtimes__open(agent, self->runtimes, err);
	if (r >= 0)
		r = self_cost__init(&self->cost, agent->registry, err);
	return r < 0 ? r : span_metrics__init(&self->spans, agent->registry, err);
}

int self_metrics__reopen(struct self_metrics *self, struct agent *agent, struct err *err)
{
	return open_families(agent, self, err);
}

int self_metrics__new(struct agent *agent, struct self_metrics **ret_self, struct err *err)
{
	struct self_metrics *self = new_zero(struct self_metrics);
	int r;

	if (!self)
		return err__set(err, -ENOMEM, NULL, "no memory for self-metrics");
	r = open_families(agent, self, err);
	if (r < 0) {
		free(self);
		return r;
	}
	*ret_self = self;
	return 0;
}

struct self_metrics *self_metrics__free(struct self_metrics *self)
{
	free(self);
	return NULL;
}

void self_metrics__note_request(struct self_metrics *self)
{
	self->in_flight++;
}

void self_metrics__note_reply(struct self_metrics *self, unsigned int status)
{
	size_t i;

	if (self->in_flight)
		self->in_flight--;
	for (i = 0; i < array_size(preset_statuses); i++)
		if (preset_statuses[i] == status)
			self->replies[i]++;
}

/* ---- collecting ---------------------------------------------------------------------------------------- */

/* One value under label texts; a family that cannot grow shows what it has. */
static void set_value(struct family *family, const char *const *labels, size_t count, double value)
{
	struct text_slice values[SELF_LABELS_MAX];
	uint32_t series;
	size_t i;

	for (i = 0; i < count; i++)
		values[i] = (struct text_slice){ labels[i], strlen(labels[i]) };
	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, value);
}

#define set(self, id, value, ...)                                                                  \
	do {                                                                                       \
		const char *const set_labels[] = { __VA_ARGS__ };                                  \
		set_value((self)->families[id], set_labels, array_size(set_labels), (value));      \
	} while (0)

static void collect_part(struct self_metrics *self, const struct agent_config *config,
			 uint32_t program, uint32_t index, bool has_stats)
{
	const struct part *part = program__part(config->programs[program], index);
	struct part_figures figures;
	char id[NUM_U64_MAX_LEN + 1];

	set(self, SELF_PART_ATTACHED, part->state == PART_STATE_ATTACHED, config->spec->name,
	    part->name);
	if (part->is_stood_in_for)
		set(self, SELF_PART_STOOD_IN_FOR, 1, config->spec->name, part->name);
	/* Without an id (not loaded here) there is nothing that the original would have shown. */
	if (part->id == 0)
		return;
	id[num_format_u64(id, part->id)] = '\0';
	set(self, SELF_PROGRAM_INFO, 1, config->spec->name, part->name, part->tag, id);
	set(self, SELF_PROGRAM_ATTACHED, part->state == PART_STATE_ATTACHED, id);
	if (!has_stats || program__figures(config->programs[program], index, &figures) < 0)
		return;
	set(self, SELF_PROGRAM_RUN_TIME, (double)figures.run_time_ns / 1e9, id);
	set(self, SELF_PROGRAM_RUN_COUNT, (double)figures.run_count, id);
}

static void collect_programs(struct self_metrics *self, struct agent *agent,
			     const struct agent_config *config)
{
	bool has_stats = host__bpf_stats_enabled(agent->host) == 1;
	uint32_t i, part;

	for (i = 0; i < config->spec->program_count; i++) {
		if (!config->programs || !config->programs[i])
			continue;
		for (part = 0; part < program__part_count(config->programs[i]); part++)
			collect_part(self, config, i, part, has_stats);
	}
	if (config->cost)
		set(self, SELF_MAP_MEMORY, (double)config_cost__map_memory(config->cost),
		    config->spec->name);
}

static void collect_ledgers(struct self_metrics *self, const struct agent_config *config)
{
	uint32_t i;
	size_t k;

	for (i = 0; i < config->route_count; i++) {
		const struct route *route = &config->routes[i];
		const char *const labels[] = { config->spec->name, route->metric->name };

		for (k = 0; k < array_size(ledger_families); k++) {
			double value = ledger_families[k].get(route);

			if (!isnan(value)) /* what cannot be known is absent */
				set_value(self->ledgers[k], labels, array_size(labels), value);
		}
	}
}

static void collect_process(struct self_metrics *self, struct agent *agent)
{
	struct process_figures figures;
	size_t i;

	host__process_figures(agent->host, &figures);
	for (i = 0; i < array_size(process_families); i++) {
		double value;

		memcpy(&value, (const char *)&figures + process_families[i].offset, sizeof(value));
		if (!isnan(value))
			set_value(self->process[i], NULL, 0, value);
	}
}

static void collect_http(struct self_metrics *self)
{
	size_t i;

	for (i = 0; i < array_size(preset_statuses); i++) {
		char code[NUM_U64_MAX_LEN + 1];

		code[num_format_u64(code, preset_statuses[i])] = '\0';
		set(self, SELF_HTTP_REQUESTS, (double)self->replies[i], code);
	}
	set_value(self->families[SELF_HTTP_IN_FLIGHT], NULL, 0, (double)self->in_flight);
}

static void collect_scrapes(struct self_metrics *self, const struct scrape_figures *figures)
{
	set_value(self->families[SELF_SCRAPES], NULL, 0, (double)figures->count);
	if (figures->count == 0)
		return;
	set_value(self->families[SELF_SCRAPE_BYTES], NULL, 0, (double)figures->last_bytes);
	set_value(self->families[SELF_SCRAPE_SECONDS], NULL, 0, (double)figures->last_ns / 1e9);
}

static const char *architecture(void)
{
#if defined(__x86_64__)
	return "amd64"; /* Go's words: existing dashboards join on them */
#elif defined(__aarch64__)
	return "arm64";
#else
	return "unknown";
#endif
}

void self_metrics__collect(struct self_metrics *self, struct agent *agent)
{
	/* goversion: the toolchain, so that the label is there and says something true. */
	set(self, SELF_BUILD_INFO, 1, agent->options.branch, architecture(), "linux",
	    "C " __VERSION__, agent->options.revision, "", agent->options.version);
	collect_http(self);
	self_reload__collect(agent, self->reload);
	self_web__collect(agent, self->web);
	self_control__collect(agent, self->control);
	self_events__collect(agent, self->events);
	self_who__collect(agent, self->who);
	self_runtimes__collect(agent, self->runtimes);
	collect_process(self, agent);
	set_value(self->families[SELF_LOG_SUPPRESSED], NULL, 0, (double)log_suppressed());
	collect_scrapes(self, &agent->scrapes);
	if (agent->span_export)
		span_metrics__collect_export(&self->spans, agent->span_export);
	if (agent->is_detached)
		return;
	self_cost__collect(&self->cost, agent);
	self_follow__collect(agent, self->follow);
	self_gadget__collect(agent, self->gadget);
	self_sockets__collect(agent, self->sockets);
	agent_for_each_config(agent, config) {
		set(self, SELF_ENABLED_CONFIGS, 1, config->spec->name);
		set(self, SELF_DECODER_ERRORS, (double)config->decoder_errors, config->spec->name);
		collect_programs(self, agent, config);
		collect_ledgers(self, config);
		for (uint32_t i = 0; i < config->span_count; i++)
			span_metrics__collect_route(&self->spans, config->spec->name,
						    &config->spans[i]);
	}
}
