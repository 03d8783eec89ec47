/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "enrich/process.h"
#include "host/host.h"
#include "metric/registry.h"
#include "pipeline/policies_private.h"
#include "pipeline/policy_series.h"
#include "pipeline/route.h"
#include "pipeline/who.h"

#define COUNTS_NAME "policy_counts"
#define FIGURES_NAME "policy_figures"
/* A hash is a large number; below are numbers of processes whose binary has none. */
#define FIRST_HASH (1ull << 32)
/* Bounds of what is remembered of binaries, and of processes that ended and whose counts were not read yet. */
#define BINARIES_MAX 16384
#define ENDED_MAX 4096
#define IMAGES_MAX 16 /* of a process that are looked through */
/* How long counts of a new container wait for its name. */
#define NAME_NS (10 * NS_PER_S)

/* A key of the kernel's map. */
struct counted {
	struct policy_count_key key;
	uint64_t last; /* what it had when it was added to series */
	int64_t seen_ns;
	uint32_t events, policy_events, syscalls; /* series; SPEC_NONE: none */
	uint64_t
		image_ns; /* when the image began that they are named by, of a number of a process */
	bool is_named;    /* these are known */
	bool is_over;     /* nobody can count under it any more */
};

/* ---- what series say of a process ---- */

struct process_labels {
	const char *namespace, *workload, *pod, *binary, *node;
};

static void blank_unwanted(const struct policies *policies, struct process_labels *labels)
{
	uint32_t wanted = policies->options.labels;

	if (!(wanted & POLICY_LABEL_NAMESPACE))
		labels->namespace = "";
	if (!(wanted & POLICY_LABEL_WORKLOAD))
		labels->workload = "";
	if (!(wanted & POLICY_LABEL_POD))
		labels->pod = "";
	if (!(wanted & POLICY_LABEL_BINARY))
		labels->binary = "";
	labels->node = wanted & POLICY_LABEL_NODE ? policies->options.node : "";
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static struct process_labels labels_of(const struct policies *policies,
				       const struct identity *identity, const char *binary)
{
	struct process_labels labels = { "", "", "", text_or_empty(binary), "" };

	if (identity && identity->pod) {
		labels.namespace = text_or_empty(identity->pod->namespace);
		labels.pod = text_or_empty(identity->pod->name);
	}
	blank_unwanted(policies, &labels);
	return labels;
}

static struct text_slice slice(const char *text)
{
	return (struct text_slice){ text, strlen(text) };
}

/* first: what the family has before the labels of processes. SPEC_NONE: no memory. */
static uint32_t find_series(struct family *family, const char *const *first, uint32_t first_count,
			    const struct process_labels *labels)
{
	struct text_slice values[POLICY_SERIES_LABELS_MAX];
	uint32_t count = first_count, series;

	for (uint32_t i = 0; i < first_count; i++)
		values[i] = slice(first[i]);
	values[count++] = slice(labels->namespace);
	values[count++] = slice(labels->workload);
	values[count++] = slice(labels->pod);
	values[count++] = slice(labels->binary);
	values[count++] = slice(labels->node);
	return family__series(family, values, &series, NULL) < 0 ? SPEC_NONE : series;
}

/* ---- binaries by what the kernel counts them under ---- */

static void remember_binary(struct map *map, size_t max, uint64_t key, const char *binary)
{
	char *text;
	void *old;

	if (map->len >= max || map__find(map, &key, sizeof(key)))
		return;
	text = strdup(binary);
	if (text && map__set(map, &key, sizeof(key), text, &old) < 0)
		free(text);
}

/* Of a process whose binary has no hash, the image that is counted under its number; a later one may have a hash. */
static const struct process *find_image(struct policies *policies, uint64_t number)
{
	const struct process_table *table = who__processes(policies->options.who);
	const struct process *last = table ? process_table__find(table, (uint32_t)number) : NULL;
	const struct process *image = last;

	for (int i = 0; i < IMAGES_MAX && image && image->key.tgid == number; i++) {
		if (!image->binary_hash)
			return image;
		image = process_table__parent(table, image);
	}
	return last;
}

static const char *find_binary(struct policies *policies, uint64_t number)
{
	const struct process *image;

	if (number >= FIRST_HASH)
		return map__find(&policies->series->binaries, &number, sizeof(number));
	image = find_image(policies, number);
	return image ? image->binary : map__find(&policies->series->ended, &number, sizeof(number));
}

/* Under the number of a process counts what has no hash, and what a process does while it ends, whatever it is. */
static void remember_ended(struct policies *policies, const struct process *process)
{
	const struct process *image = find_image(policies, process->key.tgid);

	if (policies->series->ended.len >= ENDED_MAX)
		policy_series__settle(policies); /* which forgets them */
	remember_binary(&policies->series->ended, ENDED_MAX, process->key.tgid,
			image ? image->binary : process->binary);
}

static const char *const event_types[PROCESS_EVENT_KIND_COUNT] = {
	[PROCESS_EVENT_EXEC] = "PROCESS_EXEC",
	[PROCESS_EVENT_EXIT] = "PROCESS_EXIT",
	[PROCESS_EVENT_KPROBE] = "PROCESS_KPROBE",
	[PROCESS_EVENT_LOADER] = "PROCESS_LOADER",
	[PROCESS_EVENT_LSM] = "PROCESS_LSM",
	[PROCESS_EVENT_TRACEPOINT] = "PROCESS_TRACEPOINT",
	[PROCESS_EVENT_UPROBE] = "PROCESS_UPROBE",
	[PROCESS_EVENT_USDT] = "PROCESS_USDT",
};

/* Rates of what has not happened yet are 0 and not nothing: dashboards ask for them. */
static void show_types(struct policies *policies)
{
	static const struct process_labels nobody = { "", "", "", "", "" };
	struct family *events = policies->series->events;

	for (size_t i = 0; i < array_size(event_types); i++) {
		uint32_t found = event_types[i] ? find_series(events, &event_types[i], 1, &nobody)
						: SPEC_NONE;

		if (found != SPEC_NONE)
			family__add(events, found, 0);
	}
}

void policy_series__count_process(struct policies *policies, enum process_event_kind kind,
				  const struct process *process)
{
	const char *type = event_types[kind];
	struct policy_series *series = policies->series;
	struct process_labels labels;
	uint32_t found;

	if (!series)
		return;
	if (process->binary_hash)
		remember_binary(&series->binaries, BINARIES_MAX, process->binary_hash,
				process->binary);
	if (kind == PROCESS_EVENT_EXIT)
		remember_ended(policies, process);
	labels = labels_of(policies, who__find(policies->options.who, process->cgroup_id),
			   process->binary);
	found = find_series(series->events, &type, 1, &labels);
	if (found != SPEC_NONE)
		family__add(series->events, found, 1);
}

/* ---- keys ---- */

static const char *syscall_text(uint32_t number, char buffer[32])
{
	const char *name = policy_syscall_name(number);

	if (name)
		return name;
	(void)snprintf(buffer, 32, "%u", number & ~POLICY_SYSCALL_32);
	return buffer;
}

/* False: its container has no name yet. */
static bool name_counted(struct policies *policies, struct counted *counted)
{
	const struct policy *policy = policies->by_hook[counted->key.hook];
	const struct identity *identity = counted->key.cgroup_id ? who__find(policies->options.who,
									     counted->key.cgroup_id)
								 : NULL;
	struct policy_series *series = policies->series;
	const struct attached_hook *hook;
	struct process_labels labels;
	const char *first[2];
	char number[32];

	if (identity && identity->container && !identity->container->is_told &&
	    clock_monotonic_ns() - counted->seen_ns < NAME_NS && !identity->is_dead)
		return false;
	hook = &policy->hooks[policies->hook_index[counted->key.hook]];
	labels = labels_of(policies, identity, find_binary(policies, counted->key.binary_hash));
	first[0] = event_types[policy_hook_event_kind(hook->compiled)];
	counted->events = find_series(series->events, first, 1, &labels);
	first[0] = policy->spec->name;
	first[1] = hook->name;
	counted->policy_events = find_series(series->policy_events, first, 2, &labels);
	first[0] = syscall_text(counted->key.label, number);
	counted->syscalls = counted->key.label == UINT32_MAX
				    ? SPEC_NONE
				    : find_series(series->syscalls, first, 1, &labels);
	counted->is_named = counted->events != SPEC_NONE && counted->policy_events != SPEC_NONE;
	return counted->is_named;
}

static bool is_of_process(const struct counted *counted)
{
	return counted->key.binary_hash > 0 && counted->key.binary_hash < FIRST_HASH;
}

/* A process that became another image without a hash goes on under its number, and not under its name. */
static void check_image(struct policies *policies, struct counted *counted)
{
	const struct process *image;

	if (!is_of_process(counted))
		return;
	image = find_image(policies, counted->key.binary_hash);
	if (!image || image->key.time_ns == counted->image_ns)
		return;
	counted->image_ns = image->key.time_ns;
	counted->is_named = false;
}

/* Its container is gone, or its process: under another one's number others count. */
static bool is_over(struct policies *policies, const struct counted *counted)
{
	const struct identity *identity = counted->key.cgroup_id ? who__find(policies->options.who,
									     counted->key.cgroup_id)
								 : NULL;
	const struct process *process;

	if (identity && identity->is_dead)
		return true;
	if (!is_of_process(counted))
		return false;
	process = process_table__find(who__processes(policies->options.who),
				      (uint32_t)counted->key.binary_hash);
	if (process)
		return process->end_ns != 0;
	/* One that was never known gets the time that records may be late. */
	return map__find(&policies->series->ended, &counted->key.binary_hash, sizeof(uint64_t)) ||
	       clock_monotonic_ns() - counted->seen_ns >= NAME_NS;
}

static void add_count(struct policy_series *series, struct counted *counted, uint64_t count)
{
	uint64_t delta = count - counted->last;

	counted->last = count;
	if (delta == 0)
		return;
	family__add(series->events, counted->events, delta);
	family__add(series->policy_events, counted->policy_events, delta);
	if (counted->syscalls != SPEC_NONE)
		family__add(series->syscalls, counted->syscalls, delta);
}

static struct counted *find_counted(struct policies *policies, const struct policy_count_key *key)
{
	struct counted *counted = map__find(&policies->series->keys, key, sizeof(*key));

	if (counted || key->hook >= POLICY_HOOKS_MAX || !policies->by_hook[key->hook])
		return counted;
	counted = new_zero(struct counted);
	if (!counted)
		return NULL;
	counted->key = *key;
	counted->seen_ns = clock_monotonic_ns();
	if (map__set(&policies->series->keys, key, sizeof(*key), counted, NULL) < 0) {
		free(counted);
		return NULL;
	}
	return counted;
}

void policy_series__take_count(struct policies *policies, const struct policy_count_key *key,
			       uint64_t sum)
{
	struct counted *counted = find_counted(policies, key);

	if (!counted)
		return;
	check_image(policies, counted);
	if (!counted->is_named && !name_counted(policies, counted))
		return;
	add_count(policies->series, counted, sum);
	counted->is_over = is_over(policies, counted);
}

static int take_rows(void *ctx, const struct row_batch *rows)
{
	struct policies *policies = ctx;

	for (size_t i = 0; i < rows->len; i++) {
		const uint8_t *value = rows->values + i * rows->value_stride;
		struct policy_count_key key;
		uint64_t sum = 0;

		memcpy(&key, rows->keys + i * rows->key_stride, sizeof(key));
		for (uint32_t cpu = 0; cpu < rows->value_count; cpu++) {
			uint64_t one;

			memcpy(&one, value + cpu * rows->cell_stride, sizeof(one));
			sum += one;
		}
		policy_series__take_count(policies, &key, sum);
	}
	return 0;
}

/* Keys under which nothing can be counted any more make room. */
static void drop_over(struct policies *policies)
{
	struct policy_series *series = policies->series;
	VEC(struct counted *) over = VEC_INIT;
	const void *key;
	size_t cursor = 0, len;
	void *value;

	while (map__next(&series->keys, &cursor, &key, &len, &value)) {
		struct counted *counted = value;

		if (counted->is_over)
			(void)vec_push(&over, counted); /* without memory it is for the next time */
	}
	vec_for_each(&over, counted) {
		hook_engine__drop_count(policies->engine, &(*counted)->key);
		free(map__take(&series->keys, &(*counted)->key, sizeof((*counted)->key)));
	}
	vec_done(&over);
	map__done(&series->ended, free);
}

/* ---- figures: of hooks that count under no key, and what found no room ---- */

static int take_figures(void *ctx, const struct row_batch *rows)
{
	struct policy_figures *all = ctx;

	for (size_t i = 0; i < rows->len; i++) {
		uint32_t row;

		memcpy(&row, rows->keys + i * rows->key_stride, sizeof(row));
		if (row >= POLICY_FIGURES_MAX)
			continue;
		all[row] = (struct policy_figures){ 0 };
		for (uint32_t cpu = 0; cpu < rows->value_count; cpu++)
			policy_figures__add(&all[row], rows->values + i * rows->value_stride +
							       cpu * rows->cell_stride);
	}
	return 0;
}

void policy_figures__add(struct policy_figures *sum, const void *bytes)
{
	const uint64_t *from = bytes;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

int policy_series__open_table(struct policies *policies, const char *name,
			      struct table_source **ret_source)
{
	struct program_map found;
	struct err ignored = ERR_INIT;
	struct map_info map;
	int r;

	if (*ret_source)
		return 0;
	r = hook_engine__map(policies->engine, name, &found, &ignored);
	if (r == 0) {
		map = map_info_of(&found);
		r = table_source__open(&map, host__possible_cpus(policies->options.host),
				       ret_source, &ignored);
	}
	err__done(&ignored);
	return r;
}

static bool read_figures(struct policies *policies)
{
	if (!policies->engine ||
	    policy_series__open_table(policies, FIGURES_NAME, &policies->figures) < 0)
		return false;
	if (!policies->figure_rows)
		policies->figure_rows = new_array(struct policy_figures, POLICY_FIGURES_MAX);
	return policies->figure_rows && table_source__read(policies->figures, take_figures,
							   policies->figure_rows, NULL) >= 0;
}

void policy_counts__read(const struct policies *policies, const struct hook_code *code,
			 struct policy_figures *ret_figures)
{
	struct policy_figures sum = { 0 };

	for (uint32_t i = 0; policies->figure_rows && i < (code->rule_count ? code->rule_count : 1);
	     i++)
		policy_figures__add(&sum, &policies->figure_rows[code->first_figures + i]);
	*ret_figures = sum;
}

void policies__refresh(struct policies *policies)
{
	(void)read_figures(policies); /* what was read before has to do */
}

/* What is posted, or would be if somebody listened and no limit was, and is under no key. */
static void add_unkeyed(struct policies *policies, const struct policy *policy,
			struct attached_hook *hook)
{
	const struct process_labels nobody = { "", "", "", "", "" };
	const struct hook_code *code = &hook->compiled->code;
	const char *first[2] = { event_types[policy_hook_event_kind(hook->compiled)] };
	struct policy_figures figures;
	uint64_t unkeyed;
	uint32_t series;

	policy_counts__read(policies, code, &figures);
	/* Limits are of what is shown, as with keys. */
	unkeyed = code->count_parts ? figures.uncounted : figures.matched - figures.not_posted;
	if (unkeyed <= hook->unkeyed_before)
		return;
	series = find_series(policies->series->events, first, 1, &nobody);
	if (series != SPEC_NONE)
		family__add(policies->series->events, series, unkeyed - hook->unkeyed_before);
	first[0] = policy->spec->name;
	first[1] = hook->name;
	series = find_series(policies->series->policy_events, first, 2, &nobody);
	if (series != SPEC_NONE)
		family__add(policies->series->policy_events, series,
			    unkeyed - hook->unkeyed_before);
	hook->unkeyed_before = unkeyed;
}

/* ---- all of it ---- */

void policy_series__settle(struct policies *policies)
{
	struct policy_series *series = policies->series;
	struct err ignored = ERR_INIT;

	if (!series || !policies->engine ||
	    policy_series__open_table(policies, COUNTS_NAME, &series->counts) < 0)
		return;
	show_types(policies);
	(void)table_source__read(series->counts, take_rows, policies, &ignored);
	err__done(&ignored);
	policy_call_counts__read(policies);
	drop_over(policies);
	if (!read_figures(policies))
		return;
	vec_for_each(&policies->list, policy)
		for (uint32_t i = 0; (*policy)->is_on && i < (*policy)->program.hook_count; i++)
			add_unkeyed(policies, *policy, &(*policy)->hooks[i]);
}

void policy_series__forget(struct policies *policies, uint32_t hook)
{
	struct policy_series *series = policies->series;
	const void *key;
	size_t cursor = 0, len;
	void *value;

	if (!series)
		return;
	while (map__next(&series->keys, &cursor, &key, &len, &value)) {
		struct counted *counted = value;

		if (counted->key.hook == hook)
			counted->is_over = true;
	}
	drop_over(policies);
}

void policy_series__free(struct policy_series *series)
{
	if (!series)
		return;
	table_source__close(series->counts);
	table_source__close(series->call_counts);
	map__done(&series->keys, free);
	map__done(&series->binaries, free);
	map__done(&series->ended, free);
	free(series->others);
	free(series->health);
	free(series);
}
