/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "pipeline/policies_private.h"
#include "pipeline/policy_views.h"
#include "pipeline/route.h"
#include "pipeline/who.h"

#define RING_NAME "policy_records"
#define DRAIN_NS (20 * NS_PER_MS)
/* While so many records come in between that the ring may be full before the next time. */
#define BUSY_DRAIN_NS NS_PER_MS
#define BUSY_RECORDS 128
/* What waits for a record of a process is told without it after so many drains. */
#define HELD_UP_MAX 50u
/* Calls that have begun and not returned; a thread is in one at a time, mostly. */
#define OPEN_CALLS_MAX 8192

/* The beginning of a call whose end is awaited. */
struct open_call {
	struct open_call *older, *newer;
	struct call_key {
		uint64_t entry_time_ns;
		uint32_t tid, hook;
	} key;
	struct policy_record record; /* and all that follows it */
};

struct policy_stream {
	struct policies *policies; /* borrowed */
	struct policy_views views;
	struct map open_calls; /* call_key → owned struct open_call */
	struct open_call *oldest, *newest;
	/* Records that were read and whose turn has not come: processes are told of through another ring, and events go out
	 * in the order in which things happened. */
	struct strbuf waiting;
	size_t next;            /* of those, where it begins */
	bool is_busy;           /* it is drained more often */
	uint32_t held_up;       /* times in a row that what waits was left to wait */
	int64_t wall_offset_ns; /* from the monotonic clock to the wall's */
	struct policy_stream_figures figures;
};

/* ---- subscribers ---- */

bool policies__is_wanted(const struct policies *policies, enum process_event_kind kind,
			 const char *policy)
{
	vec_for_each(&policies->subscriptions, subscription) {
		const struct policy_subscriber *subscriber = &subscription->subscriber;

		if (!subscriber->wants || subscriber->wants(subscriber->ctx, kind, policy))
			return true;
	}
	return false;
}

static void publish(struct policies *policies, const struct process_event *event)
{
	vec_for_each(&policies->subscriptions, subscription)
		subscription->subscriber.event(subscription->subscriber.ctx, event);
}

/* Who listens has changed: hooks that nobody listens to only count. */
static void switch_all(struct policies *policies)
{
	vec_for_each(&policies->list, policy)
		policy__switch(policies, *policy);
}

int policies__subscribe(struct policies *policies, const struct policy_subscriber *subscriber,
			struct err *err)
{
	struct policy_subscription subscription = { *subscriber };

	if (vec_push(&policies->subscriptions, subscription) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for one who listens to events");
	switch_all(policies);
	return 0;
}

void policies__unsubscribe(struct policies *policies, const void *ctx)
{
	for (size_t i = policies->subscriptions.len; i > 0; i--)
		if (policies->subscriptions.items[i - 1].subscriber.ctx == ctx)
			policies->subscriptions.items[i - 1] =
				policies->subscriptions.items[--policies->subscriptions.len];
	switch_all(policies);
}

/* ---- what all events have ---- */

static struct event_time wall_time(const struct policy_stream *stream, uint64_t monotonic_ns)
{
	return event_time_from_ns((int64_t)monotonic_ns + stream->wall_offset_ns);
}

/* tid: of the thread that a hook caught; 0: of no hook. */
static void set_process(struct policy_stream *stream, const struct process *process, uint32_t tid,
			struct process_event *event)
{
	const struct process_table *table = who__processes(stream->policies->options.who);
	struct process_view *view = policy_views__process(&stream->views, process);

	if (view && tid) {
		view->tid = optional_u32_of(tid);
		view->references = process->references + 1;
	}
	if (event->kind == PROCESS_EVENT_EXEC)
		policy_views__add_binary(&stream->views, process, view);
	event->process = view;
	event->parent = policy_views__process(&stream->views,
					      process_table__parent(table, process));
	if (stream->policies->options.ancestors >> event->kind & 1)
		policy_views__add_ancestors(&stream->views, process, event);
}

static struct process_event begin_event(struct policy_stream *stream, enum process_event_kind kind,
					uint64_t monotonic_ns)
{
	policy_views__begin(&stream->views);
	return (struct process_event){
		.kind = kind,
		.node_name = text_view_of(stream->policies->node),
		.cluster_name = text_view_of(stream->policies->cluster),
		.time = wall_time(stream, monotonic_ns),
	};
}

/* ---- processes ---- */

static void tell_until(struct policies *policies, uint64_t time_ns);

static void on_process_exec(void *ctx, const struct process *process)
{
	struct policies *policies = ctx;
	struct process_event event;

	tell_until(policies, process->key.time_ns);
	policy_series__count_process(policies, PROCESS_EVENT_EXEC, process);
	if (!policies__is_wanted(policies, PROCESS_EVENT_EXEC, ""))
		return;
	event = begin_event(policies->stream, PROCESS_EVENT_EXEC, process->key.time_ns);
	set_process(policies->stream, process, 0, &event);
	publish(policies, &event);
}

static void on_process_exit(void *ctx, const struct process *process)
{
	struct policies *policies = ctx;
	char name[SIGNAL_NAME_MAX];
	struct process_event event;

	tell_until(policies, (uint64_t)process->end_ns);
	policy_series__count_process(policies, PROCESS_EVENT_EXIT, process);
	if (!policies__is_wanted(policies, PROCESS_EVENT_EXIT, ""))
		return;
	event = begin_event(policies->stream, PROCESS_EVENT_EXIT, (uint64_t)process->end_ns);
	set_process(policies->stream, process, 0, &event);
	event.signal = text_view_of(process_signal_name(process->exit_code, name));
	event.status = process->exit_code >> 8 & 0xff;
	event.exit_time = event.time;
	publish(policies, &event);
}

/* ---- hooks ---- */

enum process_event_kind policy_hook_event_kind(const struct policy_hook *hook)
{
	static const enum process_event_kind kinds[] = {
		[POLICY_SITE_FUNCTION] = PROCESS_EVENT_KPROBE,
		[POLICY_SITE_SYSCALL] = PROCESS_EVENT_KPROBE,
		[POLICY_SITE_RAW_TRACEPOINT] = PROCESS_EVENT_TRACEPOINT,
		[POLICY_SITE_TRACEPOINT] = PROCESS_EVENT_TRACEPOINT,
		[POLICY_SITE_LSM] = PROCESS_EVENT_LSM,
		[POLICY_SITE_UPROBE] = PROCESS_EVENT_UPROBE,
		[POLICY_SITE_USDT] = PROCESS_EVENT_USDT,
	};

	return hook->site->is_loader ? PROCESS_EVENT_LOADER : kinds[hook->site->kind];
}

static void set_place(const struct policy_hook *hook, struct process_event *event)
{
	const struct policy_site *site = hook->site;

	switch (event->kind) {
	case PROCESS_EVENT_TRACEPOINT:
		event->subsystem = text_view_of(site->subsystem);
		event->event = text_view_of(site->name);
		break;
	case PROCESS_EVENT_UPROBE:
		event->path = text_view_of(site->path);
		event->symbol = text_view_of(site->name);
		event->offset = site->name ? 0 : hook->offset;
		event->ref_ctr_offset = hook->semaphore_offset;
		break;
	case PROCESS_EVENT_USDT:
		event->path = text_view_of(site->path);
		event->provider = text_view_of(site->provider);
		event->name = text_view_of(site->name);
		break;
	case PROCESS_EVENT_LOADER: /* by its values: set_library() */
		break;
	default:
		event->function_name = text_view_of(site->function ? site->function : site->name);
		break;
	}
}

static void set_texts(struct policy_stream *stream, const struct policy *policy,
		      const struct policy_hook *hook, struct process_event *event)
{
	const struct hook_spec *spec = hook->site->hook;
	struct text_view *tags;

	event->policy_name = text_view_of(policy->spec->name);
	if (!spec)
		return;
	event->message = text_view_of(spec->message);
	tags = arena_array(&stream->views.arena, struct text_view, spec->tag_count + 1);
	for (uint32_t i = 0; tags && i < spec->tag_count; i++)
		tags[i] = text_view_of(spec->tags[i]);
	event->tags = tags;
	event->tag_count = tags ? spec->tag_count : 0;
}

/* The process that a socket was made by, where the policy follows sockets; else the one that called. */
static const struct process *find_process(const struct policies *policies,
					  const struct policy_record *record)
{
	const struct process_table *table = who__processes(policies->options.who);
	struct who_key key = { .time_ns = record->process_time_ns, .tgid = record->tgid };
	const struct process *process;

	if (record->owner_time_ns)
		key = (struct who_key){ .time_ns = record->owner_time_ns,
					.tgid = record->owner_tgid };
	process = process_table__find_key(table, &key);
	return process ? process : process_table__find_at(table, key.tgid, record->header.time_ns);
}

/* Where a value goes among those of the event, by its role. */
struct value_lists {
	struct process_argument *arguments, *data, *result;
	uint32_t argument_count, data_count;
	bool has_result;
};

static bool make_lists(struct policy_stream *stream, uint32_t count, struct value_lists *lists)
{
	lists->arguments = arena_array(&stream->views.arena, struct process_argument, count + 1);
	lists->data = arena_array(&stream->views.arena, struct process_argument, count + 1);
	lists->result = arena_new(&stream->views.arena, struct process_argument);
	return lists->arguments && lists->data && lists->result;
}

/* Those that are fetched at this end of the call. */
static void add_values(struct policy_stream *stream, const struct policy_record *record,
		       const struct policy_hook *hook, bool is_return, struct value_lists *lists)
{
	uint32_t count = hook->code.value_count < record->value_count ? hook->code.value_count
								      : record->value_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct policy_value *value = &hook->values[i];
		struct process_argument *at = NULL;

		if (hook->code.values[i].is_at_return != is_return)
			continue;
		if (value->role == POLICY_VALUE_RESULT) {
			at = lists->result;
			lists->has_result = true;
		} else if (value->role == POLICY_VALUE_ARGUMENT) {
			at = &lists->arguments[value->position];
		} else if (value->role == POLICY_VALUE_DATA) {
			at = &lists->data[value->position];
		}
		if (at)
			policy_views__argument(&stream->views, record, i, hook, at);
	}
}

static void count_lists(const struct policy_hook *hook, struct value_lists *lists)
{
	for (uint32_t i = 0; i < hook->code.value_count; i++) {
		const struct policy_value *value = &hook->values[i];
		uint32_t *count = value->role == POLICY_VALUE_ARGUMENT ? &lists->argument_count
								       : &lists->data_count;

		if ((value->role == POLICY_VALUE_ARGUMENT || value->role == POLICY_VALUE_DATA) &&
		    value->position >= *count)
			*count = value->position + 1;
	}
}

/* As enum hash_algo of the kernel counts them. */
static const struct image_hash {
	uint16_t algorithm;
	uint8_t size;
	const char *name;
} image_hashes[] = {
	{ 1, 16, "md5" },    { 2, 20, "sha1" },   { 4, 32, "sha256" }, { 5, 48, "sha384" },
	{ 6, 64, "sha512" }, { 7, 28, "sha224" }, { 13, 64, "wp512" }, { 17, 32, "sm3" },
};

static const struct image_hash *image_hash__find(uint16_t algorithm)
{
	for (size_t i = 0; i < array_size(image_hashes); i++)
		if (image_hashes[i].algorithm == algorithm)
			return &image_hashes[i];
	return NULL;
}

/* "sha256:" and the digits, where the kernel has measured the file. */
static struct text_view image_hash(struct policy_stream *stream, const struct policy_record *record)
{
	const struct image_hash *hash = image_hash__find(record->image_hash_algorithm);
	uint64_t at = record->image_hash_offset;
	char digits[2 * POLICY_IMAGE_HASH_MAX + 1];

	if (at == 0 || !hash || at + POLICY_IMAGE_HASH_MAX > record->header.size)
		return (struct text_view){ 0 };
	digits[num_format_hex(digits, (const uint8_t *)record + at, hash->size)] = '\0';
	return text_view_of(arena__printf(&stream->views.arena, "%s:%s", hash->name, digits));
}

/* Its values are no arguments for people. */
static void set_library(const struct process_argument *values, struct process_event *event)
{
	const struct process_argument *path = &values[POLICY_LOADER_PATH];
	const struct process_argument *build_id = &values[POLICY_LOADER_BUILD_ID];
	const struct process_argument *size = &values[POLICY_LOADER_BUILD_ID_SIZE];

	if (path->kind == ARGUMENT_STRING)
		event->path = path->text;
	if (build_id->kind == ARGUMENT_BYTES && size->kind == ARGUMENT_UINT)
		event->build_id = build_id->bytes.bytes;
	if (event->build_id.len > size->number_u32)
		event->build_id.len = size->number_u32;
}

/* Those that are there move together, in their order: what is not shown (nop) leaves no gap. How many there are. */
static uint32_t skip_absent(struct process_argument *arguments, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (arguments[i].kind != ARGUMENT_NONE)
			arguments[kept++] = arguments[i];
	return kept;
}

/* Events of uprobes have no field for it: as with Tetragon it is the last of the values. make_lists() has room for one more. */
static void set_result(const struct value_lists *lists, struct process_event *event)
{
	if (event->kind == PROCESS_EVENT_UPROBE)
		lists->arguments[event->argument_count++] = *lists->result;
	else
		event->result = lists->result;
}

/* begin: the record of the call's entry; end: of its return, or NULL. */
static void tell(struct policy_stream *stream, const struct policy_record *begin,
		 const struct policy_record *end)
{
	struct policies *policies = stream->policies;
	const struct policy *policy = policies->by_hook[begin->hook];
	const struct policy_hook *hook;
	const struct process *process;
	struct value_lists lists = { 0 };
	struct process_event event;

	if (!policy || !policy->is_on) {
		stream->figures.orphaned++;
		return;
	}
	hook = policy->hooks[policies->hook_index[begin->hook]].compiled;
	event = begin_event(stream, policy_hook_event_kind(hook), begin->header.time_ns);
	process = find_process(policies, begin);
	if (process) {
		set_process(stream, process, begin->owner_time_ns ? process->tid : begin->tid,
			    &event);
	} else {
		event.process = policy_views__unknown(&stream->views, begin->tgid);
		stream->figures.unknown_processes++;
	}
	set_place(hook, &event);
	set_texts(stream, policy, hook, &event);
	count_lists(hook, &lists);
	if (lists.argument_count > POLICY_VALUES_MAX || lists.data_count > POLICY_VALUES_MAX ||
	    !make_lists(stream, POLICY_VALUES_MAX, &lists))
		return;
	add_values(stream, begin, hook, false, &lists);
	if (end)
		add_values(stream, end, hook, true, &lists);
	if (event.kind == PROCESS_EVENT_LOADER) {
		set_library(lists.arguments, &event);
	} else {
		event.arguments = lists.arguments;
		event.argument_count = skip_absent(lists.arguments, lists.argument_count);
		event.data = lists.data;
		event.data_count = skip_absent(lists.data, lists.data_count);
	}
	if (lists.has_result)
		set_result(&lists, &event);
	event.action = begin->action ? begin->action : PROCESS_ACTION_POST;
	/* Tetragon tells it also where nobody looks at the return. */
	event.return_action = end && end->action ? end->action : PROCESS_ACTION_POST;
	event.ima_hash = image_hash(stream, begin);
	policy_stacks__add(policies, begin, &stream->views, &event);
	publish(policies, &event);
}

/* ---- both ends of a call ---- */

static struct call_key key_of(const struct policy_record *record)
{
	return (struct call_key){ record->entry_time_ns, record->tid, record->hook };
}

static struct open_call *unlink_call(struct policy_stream *stream, const struct call_key *key)
{
	struct open_call *call = map__take(&stream->open_calls, key, sizeof(*key));

	if (!call)
		return NULL;
	*(call->older ? &call->older->newer : &stream->oldest) = call->newer;
	*(call->newer ? &call->newer->older : &stream->newest) = call->older;
	return call;
}

static void await_return(struct policy_stream *stream, const struct policy_record *record)
{
	struct open_call *call = malloc(offsetof(struct open_call, record) + record->header.size);

	if (stream->open_calls.len >= OPEN_CALLS_MAX) {
		free(unlink_call(stream, &stream->oldest->key));
		stream->figures.unfinished++;
	}
	if (!call)
		return;
	call->key = key_of(record);
	memcpy(&call->record, record, record->header.size);
	free(unlink_call(stream, &call->key));
	if (map__set(&stream->open_calls, &call->key, sizeof(call->key), call, NULL) < 0) {
		free(call);
		return;
	}
	call->older = stream->newest;
	call->newer = NULL;
	*(stream->newest ? &stream->newest->newer : &stream->oldest) = call;
	stream->newest = call;
}

static void finish_call(struct policy_stream *stream, const struct policy_record *record)
{
	struct call_key key = key_of(record);
	struct open_call *call = unlink_call(stream, &key);

	if (!call) {
		stream->figures.unmatched++;
		return;
	}
	tell(stream, &call->record, record);
	free(call);
}

/* ---- the ring ---- */

static void count_kind(struct policy_stream *stream, const struct policy_record *record)
{
	const struct policies *policies = stream->policies;
	const struct policy *policy = policies->by_hook[record->hook];

	if (policy && policy->is_on)
		stream->figures.of_kind[policy_hook_event_kind(
			policy->hooks[policies->hook_index[record->hook]].compiled)]++;
}

static void on_record(void *ctx, uint32_t cpu, const void *data, size_t len)
{
	const struct policy_record *record = data;
	struct policy_stream *stream = ctx;

	(void)cpu;
	/* A piece waits for the record of its call, which comes behind it. */
	if (len >= sizeof(record->header) && record->header.kind == POLICY_RECORD_DATA) {
		if (policy_pieces__add(&stream->views.pieces, data, len) < 0)
			stream->figures.malformed++;
		return;
	}
	stream->figures.received++;
	if (!policy_views__is_sound(record, len)) {
		stream->figures.malformed++;
		return;
	}
	count_kind(stream, record);
	/* Without memory it is counted when they are told. */
	strbuf__add(&stream->waiting, record, record->header.size);
}

static void take_record(struct policy_stream *stream, const struct policy_record *record)
{
	if (record->header.kind == POLICY_RECORD_RETURN)
		finish_call(stream, record);
	else if (record->header.kind == POLICY_RECORD_HOOK && record->flags & POLICY_FLAG_RETURNS)
		await_return(stream, record);
	else if (record->header.kind == POLICY_RECORD_HOOK)
		tell(stream, record, NULL);
	else
		stream->figures.malformed++;
}

/* Of which what was before that time. */
static void tell_waiting(struct policy_stream *stream, uint64_t time_ns)
{
	while (stream->next < stream->waiting.len) {
		const struct policy_record *record =
			(const void *)(stream->waiting.data + stream->next);

		if (record->header.time_ns >= time_ns)
			return;
		stream->next += record->header.size;
		take_record(stream, record);
	}
	if (strbuf__status(&stream->waiting) < 0) {
		stream->figures.malformed++;
		strbuf__done(&stream->waiting);
	}
	stream->waiting.len = stream->next = 0;
}

static void tell_until(struct policies *policies, uint64_t time_ns)
{
	if (policies->ring)
		(void)event_source__drain(policies->ring); /* what is left comes next time */
	tell_waiting(policies->stream, time_ns);
}

void policies__drain(struct policies *policies)
{
	struct policy_stream *stream = policies->stream;
	bool is_all_told;

	if (!stream)
		return;
	stream->wall_offset_ns = clock_wall_ns() - clock_monotonic_ns();
	/* What is in the ring now was done by processes that have been told of by the end of the next step, unless a CPU
	 * was taken away from under a record of theirs: then calls wait for it, too. */
	tell_until(policies, 0);
	is_all_told = who__drain_records(policies->options.who);
	who__drain(policies->options.who);
	if (!is_all_told && stream->held_up < HELD_UP_MAX) {
		stream->held_up++;
		return;
	}
	stream->held_up = 0;
	tell_waiting(stream, UINT64_MAX);
}

void policy_stream__drain_all(struct policies *policies)
{
	if (policies->stream)
		policies->stream->held_up = HELD_UP_MAX;
	policies__drain(policies);
}

static void on_timer(void *ctx)
{
	struct policies *policies = ctx;
	uint64_t before = policies->stream->figures.received;
	bool is_busy;

	policies__drain(policies);
	is_busy = policies->stream->figures.received - before >= BUSY_RECORDS;
	if (is_busy == policies->stream->is_busy)
		return;
	policies->stream->is_busy = is_busy;
	/* Without a shorter interval more is lost, and told. */
	(void)loop__set_timer(policies->timer, is_busy ? BUSY_DRAIN_NS : DRAIN_NS,
			      is_busy ? BUSY_DRAIN_NS : DRAIN_NS);
}

static int open_ring(struct policies *policies, struct err *err)
{
	const struct event_sink_fns fns = { .sample = on_record, .ctx = policies->stream };
	struct program_map found;
	struct map_info map;
	int r = hook_engine__map(policies->engine, RING_NAME, &found, err);

	if (r < 0)
		return r;
	map = map_info_of(&found);
	r = event_source__open(&map, 1, &fns, &policies->ring, err);
	if (r == 0 && policies->options.loop)
		r = loop__add_timer(policies->options.loop, DRAIN_NS, DRAIN_NS, on_timer, policies,
				    &policies->timer, err);
	return r;
}

int policy_stream__open(struct policies *policies, struct err *err)
{
	const struct who_process_observer observer = { on_process_exec, on_process_exit, policies };
	struct policy_stream *stream = new_zero(struct policy_stream);
	int r;

	if (!stream)
		return err__set(err, -ENOMEM, NULL, "no memory for events");
	stream->policies = policies;
	stream->views.options = &policies->options;
	stream->views.redaction = policies->redaction;
	policy_find_host_namespaces(policies, stream->views.host_namespaces);
	policies->stream = stream;
	r = open_ring(policies, err);
	if (r < 0) {
		policy_stream__close(policies);
		return r;
	}
	who__observe_processes(policies->options.who, &observer);
	return 0;
}

void policy_stream__close(struct policies *policies)
{
	struct policy_stream *stream = policies->stream;

	if (!stream)
		return;
	who__observe_processes(policies->options.who, NULL);
	if (policies->timer)
		policies->timer = loop__remove(policies->options.loop, policies->timer);
	policies->ring = event_source__close(policies->ring);
	map__done(&stream->open_calls, free);
	strbuf__done(&stream->waiting);
	policy_views__done(&stream->views);
	free(stream);
	policies->stream = NULL;
}

void policy_stream__figures(const struct policies *policies,
			    struct policy_stream_figures *ret_figures)
{
	*ret_figures = policies->stream ? policies->stream->figures
					: (struct policy_stream_figures){ 0 };
	if (policies->stream)
		ret_figures->unfinished += policies->stream->views.pieces.dropped;
}
