/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "host/host.h"
#include "pipeline/internal.h"
#include "pipeline/self_control.h"
#include "pipeline/self_cost.h"
#include "pipeline/self_events.h"
#include "pipeline/self_family.h"
#include "pipeline/self_follow.h"
#include "pipeline/self_gadget.h"
#include "pipeline/self_ledger.h"
#include "pipeline/self_reload.h"
#include "pipeline/self_runtimes.h"
#include "pipeline/self_sockets.h"
#include "pipeline/self_web.h"
#include "pipeline/self_who.h"
#include "pipeline/span_metrics.h"

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

/* HTTP statuses that are shown from the start, as client_golang presets them. */
static const unsigned int preset_statuses[] = { 200, 500, 503 };

struct self_metrics {
	struct family *families[SELF_COUNT];                  /* the registry's */
	struct family *process[array_size(process_families)]; /* the registry's */
	struct family *ledgers[SELF_LEDGER_FAMILIES];         /* the registry's */
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

static int open_families(struct agent *agent, struct self_metrics *self, struct err *err)
{
	size_t i;
	int r = 0;

	for (i = 0; i < SELF_COUNT && r >= 0; i++)
		r = self_family__open(&self_families[i], agent->registry, &self->families[i], err);
	for (i = 0; i < array_size(process_families) && r >= 0; i++) {
		const struct self_family family = { process_families[i].name,
						    process_families[i].help,
						    process_families[i].kind,
						    { NULL } };

		r = self_family__open(&family, agent->registry, &self->process[i], err);
	}
	if (r >= 0)
		r = self_ledger__open(agent, self->ledgers, err);
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

static void collect_part(struct self_metrics *self, const struct agent_config *config,
			 uint32_t program, uint32_t index, bool has_stats)
{
	const struct part *part = program__part(config->programs[program], index);
	struct part_figures figures;
	char id[NUM_U64_MAX_LEN + 1];

	self_set(self->families[SELF_PART_ATTACHED], part->state == PART_STATE_ATTACHED,
		 config->spec->name, part->name);
	if (part->is_stood_in_for)
		self_set(self->families[SELF_PART_STOOD_IN_FOR], 1, config->spec->name, part->name);
	/* Without an id (not loaded here) there is nothing that the original would have shown. */
	if (part->id == 0)
		return;
	id[num_format_u64(id, part->id)] = '\0';
	self_set(self->families[SELF_PROGRAM_INFO], 1, config->spec->name, part->name, part->tag,
		 id);
	self_set(self->families[SELF_PROGRAM_ATTACHED], part->state == PART_STATE_ATTACHED, id);
	if (!has_stats || program__figures(config->programs[program], index, &figures) < 0)
		return;
	self_set(self->families[SELF_PROGRAM_RUN_TIME], (double)figures.run_time_ns / 1e9, id);
	self_set(self->families[SELF_PROGRAM_RUN_COUNT], (double)figures.run_count, id);
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
		self_set(self->families[SELF_MAP_MEMORY],
			 (double)config_cost__map_memory(config->cost), config->spec->name);
}

static void collect_process(struct self_metrics *self, struct agent *agent)
{
	struct process_figures figures;
	size_t i;

	host__process_figures(agent->host, &figures);
	for (i = 0; i < array_size(process_families); i++) {
		double value;

		memcpy(&value, (const char *)&figures + process_families[i].offset, sizeof(value));
		self_set(self->process[i], value);
	}
}

static void collect_http(struct self_metrics *self)
{
	size_t i;

	for (i = 0; i < array_size(preset_statuses); i++) {
		char code[NUM_U64_MAX_LEN + 1];

		code[num_format_u64(code, preset_statuses[i])] = '\0';
		self_set(self->families[SELF_HTTP_REQUESTS], (double)self->replies[i], code);
	}
	self_set(self->families[SELF_HTTP_IN_FLIGHT], (double)self->in_flight);
}

static void collect_scrapes(struct self_metrics *self, const struct scrape_figures *figures)
{
	self_set(self->families[SELF_SCRAPES], (double)figures->count);
	if (figures->count == 0)
		return;
	self_set(self->families[SELF_SCRAPE_BYTES], (double)figures->last_bytes);
	self_set(self->families[SELF_SCRAPE_SECONDS], (double)figures->last_ns / 1e9);
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
	self_set(self->families[SELF_BUILD_INFO], 1, agent->options.branch, architecture(), "linux",
		 "C " __VERSION__, agent->options.revision, "", agent->options.version);
	collect_http(self);
	self_reload__collect(agent, self->reload);
	self_web__collect(agent, self->web);
	self_control__collect(agent, self->control);
	self_events__collect(agent, self->events);
	self_who__collect(agent, self->who);
	self_runtimes__collect(agent, self->runtimes);
	collect_process(self, agent);
	self_set(self->families[SELF_LOG_SUPPRESSED], (double)log_suppressed());
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
		self_set(self->families[SELF_ENABLED_CONFIGS], 1, config->spec->name);
		self_set(self->families[SELF_DECODER_ERRORS], (double)config->decoder_errors,
			 config->spec->name);
		collect_programs(self, agent, config);
		self_ledger__collect(config, self->ledgers);
		for (uint32_t i = 0; i < config->span_count; i++)
			span_metrics__collect_route(&self->spans, config->spec->name,
						    &config->spans[i]);
	}
}
