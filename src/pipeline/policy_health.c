/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was received, lost, dropped and remembered on the way of events, by the names that Tetragon's dashboards ask for. All of
 * them are there from the first scrape on, be it as 0.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/policies_private.h"
#include "pipeline/policy_series.h"
#include "pipeline/who.h"

enum health_family {
	HEALTH_RECEIVED,
	HEALTH_LOST,
	HEALTH_ERRORS,
	HEALTH_QUEUED,
	HEALTH_QUEUE_LOST,
	HEALTH_MESSAGES,
	HEALTH_MISSED,
	HEALTH_UNKNOWN,
	HEALTH_CACHE_SIZE,
	HEALTH_CACHE_CAPACITY,
	HEALTH_CACHE_EVICTIONS,
	HEALTH_CACHE_MISSES,
	HEALTH_MAP_ENTRIES,
	HEALTH_MAP_CAPACITY,
	HEALTH_MAP_ERRORS,
	HEALTH_EXPORTED,
	HEALTH_EXPORTED_BYTES,
	HEALTH_LAST_EXPORTED,
	HEALTH_LIMITED,
	HEALTH_OVERFLOWED,
	HEALTH_COUNT,
};
_Static_assert(HEALTH_COUNT == POLICY_HEALTH_FAMILIES, "the list has room for all");

static const struct {
	const char *name, *help, *labels[2];
	bool is_gauge;
} rows[HEALTH_COUNT] = {
	[HEALTH_RECEIVED] = { .name = "tetragon_observer_ringbuf_events_received_total",
			      .help = "Records that came through the ring." },
	[HEALTH_LOST] = { .name = "tetragon_observer_ringbuf_events_lost_total",
			  .help = "Records for which the ring had no room." },
	[HEALTH_ERRORS] = { .name = "tetragon_observer_ringbuf_errors_total",
			    .help = "Records that could not be read." },
	[HEALTH_QUEUED] = { .name = "tetragon_observer_ringbuf_queue_events_received_total",
			    .help = "Records that waited for their turn." },
	[HEALTH_QUEUE_LOST] = { .name = "tetragon_observer_ringbuf_queue_events_lost_total",
				.help = "Beginnings of calls that made room for others before their end came." },
	[HEALTH_MESSAGES] = { .name = "tetragon_msg_op_total",
			      .help = "Records by what they tell of, by Tetragon's number.",
			      .labels = { "msg_op" } },
	[HEALTH_MISSED] = { .name = "tetragon_bpf_missed_events_total",
			    .help = "Events that the kernel could not send.",
			    .labels = { "error", "msg_op" } },
	[HEALTH_UNKNOWN] = { .name = "tetragon_events_missing_process_info_total",
			     .help = "Events of processes that nobody knew." },
	[HEALTH_CACHE_SIZE] = { .name = "tetragon_process_cache_size",
				.help = "Processes that are remembered.",
				.is_gauge = true },
	[HEALTH_CACHE_CAPACITY] = { .name = "tetragon_process_cache_capacity",
				    .help = "Processes that can be remembered.",
				    .is_gauge = true },
	[HEALTH_CACHE_EVICTIONS] = { .name = "tetragon_process_cache_evictions_total",
				     .help = "Processes that ended and were forgotten before their time." },
	[HEALTH_CACHE_MISSES] = { .name = "tetragon_process_cache_misses_total",
				  .help = "Processes that were looked for and not found.",
				  .labels = { "operation" } },
	[HEALTH_MAP_ENTRIES] = { .name = "tetragon_map_entries",
				 .help = "Entries of the kernel's table of processes.",
				 .labels = { "map" },
				 .is_gauge = true },
	[HEALTH_MAP_CAPACITY] = { .name = "tetragon_map_capacity",
				  .help = "How many the kernel's table of processes can have.",
				  .labels = { "map" },
				  .is_gauge = true },
	[HEALTH_MAP_ERRORS] = { .name = "tetragon_map_errors_update_total",
				.help = "Processes that found no room in the kernel's table.",
				.labels = { "map" } },
	[HEALTH_EXPORTED] = { .name = "tetragon_events_exported_total",
			      .help = "Events that were written: to the output, the file, a client of the socket." },
	[HEALTH_EXPORTED_BYTES] = { .name = "tetragon_events_exported_bytes_total",
				    .help = "Bytes of these." },
	[HEALTH_LAST_EXPORTED] = { .name = "tetragon_events_last_exported_timestamp",
				   .help = "When the last of them was; 0: never.",
				   .is_gauge = true },
	[HEALTH_LIMITED] = { .name = "tetragon_export_ratelimit_events_dropped_total",
			     .help = "Events that were too many in a minute." },
	[HEALTH_OVERFLOWED] = { .name = "tetragon_notify_overflowed_events_total",
				.help = "Events that somebody missed who was behind." },
};

int policy_health__open(struct policy_series *series, struct registry *registry, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < HEALTH_COUNT && r >= 0; i++) {
		const struct family_spec spec = {
			.name = rows[i].name,
			.help = rows[i].help,
			.kind = rows[i].is_gauge ? FAMILY_KIND_GAUGE : FAMILY_KIND_COUNTER,
			.label_names = rows[i].labels,
			.label_count = rows[i].labels[1]   ? 2
				       : rows[i].labels[0] ? 1
							   : 0,
		};

		r = registry__family(registry, &spec, &series->health[i], err);
	}
	return r;
}

static void set_with(const struct policies *policies, enum health_family which,
		     const char *const *labels, double value)
{
	struct family *family = policies->series->health[which];
	struct text_slice values[2];
	uint32_t series;

	for (uint32_t i = 0; i < family__label_count(family); i++)
		values[i] = (struct text_slice){ labels[i], strlen(labels[i]) };
	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, value);
}

static void set(const struct policies *policies, enum health_family which, uint64_t value)
{
	set_with(policies, which, NULL, (double)value);
}

/* ---- by what they tell of ------------------------------------------------------------------------------- */

/* Numbers of Tetragon's protocol between kernel and agent. */
static const struct {
	const char *number;
	enum process_event_kind kind; /* of hooks; NONE: of processes, by … */
	uint32_t record;              /* … WHO_RECORD_… */
} messages[] = {
	{ "5", PROCESS_EVENT_NONE, WHO_RECORD_EXEC },
	{ "7", PROCESS_EVENT_NONE, WHO_RECORD_EXIT },
	{ "13", PROCESS_EVENT_KPROBE, 0 },
	{ "14", PROCESS_EVENT_TRACEPOINT, 0 },
	{ "15", PROCESS_EVENT_UPROBE, 0 },
	{ "16", PROCESS_EVENT_LSM, 0 },
	{ "23", PROCESS_EVENT_NONE, WHO_RECORD_FORK },
	{ "28", PROCESS_EVENT_USDT, 0 },
};

/* What hooks had no room for: of those that are attached by kind, and of all there ever were. */
static uint64_t sum_lost(const struct policies *policies, uint64_t *of_kind)
{
	uint64_t sum = 0;

	vec_for_each(&policies->list, policy)
		for (uint32_t i = 0;
		     (*policy)->is_on && policies->figure_rows && i < (*policy)->program.hook_count;
		     i++) {
			const struct policy_hook *hook = (*policy)->hooks[i].compiled;
			uint32_t rules = hook->code.rule_count ? hook->code.rule_count : 1;

			for (uint32_t k = 0; k < rules; k++)
				of_kind[policy_hook_event_kind(hook)] +=
					policies->figure_rows[hook->code.first_figures + k].lost;
		}
	for (uint32_t i = 0; policies->figure_rows && i < POLICY_FIGURES_MAX; i++)
		sum += policies->figure_rows[i].lost;
	return sum;
}

static void set_messages(const struct policies *policies,
			 const struct policy_stream_figures *figures,
			 const struct who_report *report, const uint64_t *lost)
{
	for (size_t i = 0; i < array_size(messages); i++) {
		enum process_event_kind kind = messages[i].kind;
		const char *const missed[] = { "ENOSPC", messages[i].number };
		bool is_hook = kind != PROCESS_EVENT_NONE;
		uint32_t record = messages[i].record;

		set_with(policies, HEALTH_MESSAGES, &messages[i].number,
			 (double)(is_hook ? figures->of_kind[kind]
					  : report->engine.records[record]));
		set_with(policies, HEALTH_MISSED, missed,
			 (double)(is_hook ? lost[kind] : report->engine.lost[record]));
	}
}

/* ---- the rest ------------------------------------------------------------------------------------------- */

static void set_processes(const struct policies *policies, const struct who_report *report,
			  const struct policy_stream_figures *figures)
{
	static const char *const map[] = { "execve_map" }; /* Tetragon's, which has the same */
	static const char *const get[] = { "get" };

	set(policies, HEALTH_UNKNOWN, figures->unknown_processes);
	set(policies, HEALTH_CACHE_SIZE, report->processes.live + report->processes.remembered);
	set(policies, HEALTH_CACHE_CAPACITY, PROCESS_MAX);
	set(policies, HEALTH_CACHE_EVICTIONS, report->processes.evicted);
	set_with(policies, HEALTH_CACHE_MISSES, get, (double)figures->unknown_processes);
	set_with(policies, HEALTH_MAP_ENTRIES, map, (double)report->processes.live);
	set_with(policies, HEALTH_MAP_CAPACITY, map, WHO_PROCESSES_MAX);
	set_with(policies, HEALTH_MAP_ERRORS, map, (double)report->engine.processes_full);
}

static void set_exports(const struct policies *policies)
{
	const struct policy_exports *exports = &policies->exports;

	set(policies, HEALTH_EXPORTED, exports->events[POLICY_EXPORT_WRITTEN]);
	set(policies, HEALTH_EXPORTED_BYTES, exports->bytes);
	set_with(policies, HEALTH_LAST_EXPORTED, NULL, (double)(exports->last_ns / NS_PER_S));
	set(policies, HEALTH_LIMITED, exports->events[POLICY_EXPORT_LIMITED]);
	set(policies, HEALTH_OVERFLOWED, exports->events[POLICY_EXPORT_OVERFLOWED]);
}

void policy_health__collect(const struct policies *policies)
{
	uint64_t lost[PROCESS_EVENT_KIND_COUNT] = { 0 };
	struct policy_stream_figures figures;
	struct who_report report;

	if (!policies->engine)
		return;
	policy_stream__figures(policies, &figures);
	who__report(policies->options.who, &report);
	set(policies, HEALTH_RECEIVED, figures.received);
	set(policies, HEALTH_LOST, sum_lost(policies, lost));
	set(policies, HEALTH_ERRORS, figures.malformed);
	set(policies, HEALTH_QUEUED, figures.received - figures.malformed);
	set(policies, HEALTH_QUEUE_LOST, figures.unfinished);
	set_messages(policies, &figures, &report, lost);
	set_processes(policies, &report, &figures);
	set_exports(policies);
}
