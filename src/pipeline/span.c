/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/span.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "pipeline/route.h"

#define LOG_INTERVAL_S 10
#define CONFIG_ATTRIBUTE "ebpf_exporter.config"
#define RING_HEADER_SIZE 8u /* BPF_RINGBUF_HDR_SZ, before each record; both are rounded up to 8 */

/* ---- reserved names ------------------------------------------------------------------------------------ */

struct span_draft {
	struct otlp_span *span;
	const struct span_clock *clock;
	uint64_t duration_ns;
	bool has_span_id;
};

struct span_word {
	const char *name;
	const char *expected;
	/* False: the text is not what is expected. */
	bool (*set)(struct span_draft *draft, const char *text, size_t len);
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower case alone, as ids are written everywhere. */
static bool parse_id(const char *text, size_t len, uint8_t *ret_id, size_t size)
{
	if (len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_id[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool is_zero(const uint8_t *id, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (id[i] != 0)
			return false;
	return true;
}

/* Zeros are no trace: such a span belongs nowhere. */
static bool set_trace_id(struct span_draft *draft, const char *text, size_t len)
{
	uint8_t *id = draft->span->trace_id;

	return parse_id(text, len, id, OTLP_TRACE_ID_SIZE) && !is_zero(id, OTLP_TRACE_ID_SIZE);
}

static bool set_span_id(struct span_draft *draft, const char *text, size_t len)
{
	uint8_t *id = draft->span->span_id;

	if (!parse_id(text, len, id, OTLP_SPAN_ID_SIZE))
		return false;
	draft->has_span_id = !is_zero(id, OTLP_SPAN_ID_SIZE);
	return true;
}

static bool set_parent_id(struct span_draft *draft, const char *text, size_t len)
{
	return parse_id(text, len, draft->span->parent_id, OTLP_SPAN_ID_SIZE);
}

/* Unsigned on purpose: what does not fit wraps, as it does in the original, and is cut off at the epoch. */
static bool set_start(struct span_draft *draft, const char *text, size_t len)
{
	uint64_t at_ns;

	if (num_parse_u64(text, len, &at_ns) < 0)
		return false;
	draft->span->start_ns = (uint64_t)draft->clock->wall_ns +
				(at_ns - (uint64_t)draft->clock->monotonic_ns);
	return true;
}

static bool set_duration(struct span_draft *draft, const char *text, size_t len)
{
	return num_parse_u64(text, len, &draft->duration_ns) == 0;
}

static bool set_name(struct span_draft *draft, const char *text, size_t len)
{
	draft->span->name = text;
	draft->span->name_len = len;
	return true;
}

static const struct span_word words[] = {
	{ "parent_span_id", "16 hex digits", set_parent_id },
	{ "span_duration_ns", "a number of nanoseconds", set_duration },
	{ "span_id", "16 hex digits", set_span_id },
	{ "span_monotonic_timestamp_ns", "a number of nanoseconds", set_start },
	{ "span_name", "a text", set_name },
	{ "trace_id", "32 hex digits, not all of them 0", set_trace_id },
};

static const struct span_word *find_word(const char *name)
{
	for (size_t i = 0; i < array_size(words); i++)
		if (str_eq(words[i].name, name))
			return &words[i];
	return NULL;
}

/* ---- plan ---------------------------------------------------------------------------------------------- */

static bool has_later(const struct span_spec *span, uint32_t label)
{
	for (uint32_t i = label + 1; i < span->label_count; i++)
		if (str_eq(span->labels[i].name, span->labels[label].name))
			return true;
	/* The attribute of the config's name comes last of all. */
	return str_eq(span->labels[label].name, CONFIG_ATTRIBUTE);
}

static int resolve(struct span_route *route, const struct span_plan_env *env, struct err *err)
{
	const struct span_spec *span = route->span;
	uint32_t offsets[ROUTE_LABELS_MAX], i;
	int r;

	if (span->problem)
		return err__set(err, -EINVAL, &span->problem->at, "%s", span->problem->text);
	r = route_labels__lay(route->stream, offsets, &route->fields_size, err);
	if (r >= 0 && span->label_count > ROUTE_LABELS_MAX)
		r = err__set(err, -E2BIG, &span->at, "%u labels; at most %u are possible",
			     span->label_count, ROUTE_LABELS_MAX);
	for (i = 0; r >= 0 && i < span->label_count; i++) {
		struct span_label *role = &route->roles[i];

		r = route_label__open(&route->labels[i], &span->labels[i], route->stream, offsets,
				      route->fields_size, env->decode, err);
		if (r < 0)
			break;
		route->label_count++;
		role->word = find_word(span->labels[i].name);
		role->is_replaced = !role->word && has_later(span, i);
		route->has_trace_id |= role->word && role->word->set == set_trace_id;
	}
	return r;
}

int span_route__plan(struct span_route *route, const struct spec *spec,
		     const struct span_spec *span, const struct span_plan_env *env, struct err *err)
{
	const struct fact_map *map;
	struct err local = ERR_INIT;
	bool is_on_purpose;
	int r;

	*route = (struct span_route){ .spec = spec,
				      .span = span,
				      .stream = &spec->streams[span->stream],
				      .export = env->export };
	map = object_facts__find_map(env->facts, route->stream->map);
	if (!map)
		return err__set(err, -ENOENT, &span->at,
				"no map '%s' in the object; span '%s' needs it", route->stream->map,
				span->name);
	r = span_export__service(env->export, span->service);
	if (r < 0)
		return err__set(err, r, NULL, "no memory for span '%s'", span->name);
	route->service = (uint32_t)r;
	route->demand = span_export__why_off(env->export, &is_on_purpose) ? DEMAND_NONE
									  : DEMAND_RECORD;
	r = resolve(route, env, &local);
	if (r < 0) {
		char text[1024];

		err__format(&local, text, sizeof(text));
		err__done(&local);
		route->error = strdup(text);
		return route->error ? 0 : -ENOMEM;
	}
	return 0;
}

void span_route__done(struct span_route *route)
{
	route->events = event_source__close(route->events);
	for (uint32_t i = 0; i < route->label_count; i++)
		route_label__done(&route->labels[i]);
	route->label_count = 0;
	strbuf__done(&route->texts);
	free(route->error);
	route->error = NULL;
}

/* ---- one record ---------------------------------------------------------------------------------------- */

/* Not blocking: at start-up of a machine ids may be less random than they will be. */
static void make_id(uint8_t *id, size_t size)
{
	if (getrandom(id, size, GRND_NONBLOCK) != (ssize_t)size || is_zero(id, size)) {
		uint64_t time_ns = (uint64_t)clock_monotonic_ns();

		memcpy(id + size - sizeof(time_ns), &time_ns, sizeof(time_ns));
	}
}

/* Without a trace of its own a span starts one, and then its own id means nothing to anybody. */
static void make_ids(const struct span_route *route, struct span_draft *draft)
{
	struct otlp_span *span = draft->span;

	if (!route->has_trace_id)
		make_id(span->trace_id, sizeof(span->trace_id));
	if (!route->has_trace_id || !draft->has_span_id)
		make_id(span->span_id, sizeof(span->span_id));
}

static uint64_t since_epoch(uint64_t ns)
{
	return ns > INT64_MAX ? 0 : ns;
}

static int fill(struct span_route *route, const size_t *offsets, struct otlp_attribute *attributes,
		struct span_draft *draft, struct err *err)
{
	struct otlp_span *span = draft->span;

	for (uint32_t i = 0; i < route->label_count; i++) {
		const struct span_label *role = &route->roles[i];
		/* An empty text may come from a buffer that has no bytes yet. */
		const char *text = route->texts.data ? route->texts.data + offsets[i] : "";
		size_t len = offsets[i + 1] - offsets[i];

		if (role->word && !role->word->set(draft, text, len))
			return err__set(err, -EINVAL, &route->span->labels[i].at,
					"label '%s' decoded to '%.*s', which is not %s",
					role->word->name, len > 64 ? 64 : (int)len, text,
					role->word->expected);
		if (!role->word && !role->is_replaced)
			attributes[span->attribute_count++] = (struct otlp_attribute){
				.key = route->labels[i].name, .value = text, .value_len = len
			};
	}
	attributes[span->attribute_count++] =
		(struct otlp_attribute){ .key = CONFIG_ATTRIBUTE,
					 .value = route->spec->name,
					 .value_len = strlen(route->spec->name) };
	return 0;
}

int span_route__decode(struct span_route *route, const void *data, size_t len,
		       struct otlp_attribute *attributes, struct otlp_span *ret_span,
		       struct err *err)
{
	struct span_draft draft = { .span = ret_span, .clock = &route->clock };
	size_t offsets[ROUTE_LABELS_MAX + 1];
	int r;

	if (len < route->fields_size)
		return err__set(err, -EINVAL, &route->span->at,
				"record of %zu bytes is too short: labels decode %u", len,
				route->fields_size);
	r = route_labels__decode(route->labels, route->label_count, data, &route->span->at,
				 &route->texts, offsets, err);
	if (r == DECODE_SKIP || r == DECODE_SKIP_UNKNOWN)
		return DECODE_SKIP;
	if (r < 0)
		return r;
	*ret_span = (struct otlp_span){
		.start_ns = (uint64_t)route->clock.wall_ns,
		.name = route->span->name,
		.name_len = strlen(route->span->name),
		.attributes = attributes,
	};
	r = fill(route, offsets, attributes, &draft, err);
	if (r < 0)
		return r;
	make_ids(route, &draft);
	ret_span->end_ns = since_epoch(ret_span->start_ns + draft.duration_ns);
	ret_span->start_ns = since_epoch(ret_span->start_ns);
	return DECODE_OK;
}

/* ---- the journey --------------------------------------------------------------------------------------- */

static void count_error(struct span_route *route, struct err *err)
{
	route->ledger.decode_errors++;
	++*route->decoder_errors;
	if (log_limit(&route->last_log_s, LOG_INTERVAL_S))
		log_err(LOG_ERROR, err, "Error decoding span \"%s\" of config \"%s\"",
			route->span->name, route->spec->name);
	err__done(err);
}

static void take_record(void *ctx, uint32_t cpu, const void *data, size_t len)
{
	struct span_route *route = ctx;
	struct otlp_attribute attributes[SPAN_ATTRIBUTES_MAX];
	struct otlp_span span;
	struct err err = ERR_INIT;
	int r;

	(void)cpu;
	route->ledger.seen++;
	route->drained_bytes += (len + RING_HEADER_SIZE + 7) / 8 * 8;
	r = span_route__decode(route, data, len, attributes, &span, &err); /* STAGE_RECORD */
	if (r < 0) {
		count_error(route, &err);
		return;
	}
	if (r == DECODE_SKIP) { /* STAGE_FILTER */
		route->ledger.filtered++;
		return;
	}
	route->ledger.kept++;
	span_export__add(route->export, route->service, &span); /* STAGE_SINK */
}

static void take_lost(void *ctx, uint32_t cpu, uint64_t count)
{
	struct span_route *route = ctx;

	(void)cpu;
	route->ledger.lost += count;
}

int span_route__open(struct span_route *route, struct err *err)
{
	const struct event_sink_fns fns = { .sample = take_record,
					    .lost = take_lost,
					    .ctx = route };
	const struct map_info map = map_info_of(&route->map);

	for (uint32_t i = 0; i < route->label_count; i++)
		decode_chain__prepare(route->labels[i].chain);
	return event_source__open(&map, 1 /* pages: ring buffers have their own size */, &fns,
				  &route->events, err);
}

void span_route__drain(struct span_route *route)
{
	double fill;

	if (!route->events)
		return;
	route->drained_bytes = 0;
	route->clock = (struct span_clock){ .wall_ns = clock_wall_ns(),
					    .monotonic_ns = clock_monotonic_ns() };
	if (event_source__drain(route->events) < 0)
		route->ledger.read_errors++;
	fill = (double)route->drained_bytes / (double)event_source__ring_bytes(route->events);
	if (fill > route->peak_fill)
		route->peak_fill = fill < 1 ? fill : 1;
}
