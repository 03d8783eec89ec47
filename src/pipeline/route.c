/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/route.h"

#include <errno.h>
#include <linux/bpf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "pipeline/count.h"
#include "pipeline/count_source.h"

#define LOG_INTERVAL_S 10

const char *demand_name(enum demand demand)
{
	switch (demand) {
	case DEMAND_NONE:
		return "none";
	case DEMAND_COUNT:
		return "count";
	case DEMAND_RECORD:
		return "record";
	}
	return "";
}

struct map_info map_info_of(const struct program_map *map)
{
	return (struct map_info){
		.name = map->name,
		.fd = map->fd,
		.type = map->type,
		.key_size = map->key_size,
		.value_size = map->value_size,
		.max_entries = map->max_entries,
		.flags = map->flags,
	};
}

double route__fill_ratio(const struct route *route)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH,
					  BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH,
					  BPF_MAP_TYPE_LPM_TRIE };

	for (size_t i = 0; i < array_size(types); i++)
		if (route->map.type == types[i] && route->ledger.last_read_ns > 0)
			return (double)route->ledger.last_rows / route->map.max_entries;
	return (double)NAN;
}

void route__done(struct route *route)
{
	uint32_t i;

	route->table = table_source__close(route->table);
	route->events = event_source__close(route->events);
	route->lost = table_source__close(route->lost);
	route__close_overflow(route);
	free(route->overflow.why_none);
	for (i = 0; i < route->label_count; i++)
		route_label__done(&route->labels[i]);
	route->label_count = 0;
	route->counted = count_source__close(route->counted);
	route->count = count__free(route->count);
	route_whens__done(&route->whens);
	route->cache = label_cache__free(route->cache);
	route->buckets = bucket_map__free(route->buckets);
	strbuf__done(&route->scratch);
	free(route->values);
	free(route->cells);
	free(route->beside);
	route->values = route->beside = NULL;
	route->cells = NULL;
	free(route->error);
	free(route->last_error);
	route->error = route->last_error = NULL;
}

static const char *const stage_names[] = {
	[STAGE_CONFIG] = "config", [STAGE_PROGRAM] = "program", [STAGE_SOURCE] = "source",
	[STAGE_RECORD] = "record", [STAGE_FILTER] = "filter",   [STAGE_ENRICH] = "enrich",
	[STAGE_METRIC] = "metric", [STAGE_SINK] = "sink",
};

void route__note_error(struct route *route, enum stage stage, struct err *err)
{
	char text[512];

	err__format(err, text, sizeof(text));
	free(route->last_error);
	route->last_error = str_printf("%s: %s", stage_names[stage], text);
	if (log_limit(&route->last_log_s, LOG_INTERVAL_S))
		log_err(LOG_ERROR, err,
			"Error getting map \"%s\" values for metric \"%s\" of config \"%s\"",
			route->stream->map, route->metric->name, route->spec->name);
	err__done(err);
}

/* Fields without a value of their own: the key of a metric without labels is index 0 and nothing else. */
static int check_zeros(const struct route *route, const uint8_t *key, struct err *err)
{
	uint32_t offset = 0, i, k;

	for (i = 0; i < route->stream->field_count; i++) {
		const struct field_spec *field = &route->stream->fields[i];

		for (k = 0; field->must_be_zero && k < field->size; k++)
			if (key[offset + k] != 0)
				return err__set(
					err, -EINVAL, &route->metric->at,
					"byte %u of the key is not 0, but no label says what it means; add one",
					offset + k);
		offset += field->size + field->padding;
	}
	return 0;
}

/* The bucket's text is a number in Go's notation, whatever the chain made of the bytes. */
static int parse_bucket(const struct route *route, const char *text, size_t len, int16_t *ret_slot,
			struct err *err)
{
	uint64_t key;
	int r = num_parse_u64_go(text, len, &key);

	if (r < 0)
		return err__set(err, r, &route->metric->at,
				"bucket label '%s' decoded to '%.*s', which is no number",
				route->labels[route->label_count - 1].name, (int)len, text);
	*ret_slot = bucket_map__slot(route->buckets, key);
	return 0;
}

/* Texts of all labels into the route's scratch, unless a condition does not want such keys. DECODE_* or -errno. */
static int make_texts(struct route *route, const uint8_t *key, size_t *offsets, struct err *err)
{
	int wanted, result;
	int r = check_zeros(route, key, err);

	if (r < 0)
		return r;
	wanted = route_whens__run(&route->whens, key, err);
	if (wanted < 0)
		return err__wrap(err, wanted, &route->metric->at, "metric '%s'",
				 route->metric->name);
	if (wanted == DECODE_SKIP || wanted == DECODE_SKIP_UNKNOWN)
		return wanted;
	result = route_labels__decode(route->labels, route->label_count, key, &route->metric->at,
				      &route->scratch, offsets, err);
	if (wanted != DECODE_UNKNOWN || result < 0)
		return result;
	return result == DECODE_SKIP ? DECODE_SKIP_UNKNOWN
	       : result == DECODE_OK ? DECODE_UNKNOWN
				     : result;
}

static int make_entry(struct route *route, const uint8_t *key, struct label_entry *ret_entry,
		      struct err *err)
{
	struct text_slice values[ROUTE_LABELS_MAX];
	size_t offsets[ROUTE_LABELS_MAX + 1];
	uint32_t count = route->label_count, i;
	int result, r;

	result = route->count ? count__texts(route->count, key, &route->scratch, offsets, err)
			      : make_texts(route, key, offsets, err);
	if (result < 0)
		return result;
	*ret_entry = (struct label_entry){
		.series = LABEL_SERIES_SKIP,
		.bucket = -1,
		.is_provisional = result == DECODE_UNKNOWN || result == DECODE_SKIP_UNKNOWN,
	};
	if (result == DECODE_SKIP || result == DECODE_SKIP_UNKNOWN)
		return 0;
	if (route->has_bucket) {
		count--;
		r = parse_bucket(route, route->scratch.data + offsets[count],
				 offsets[count + 1] - offsets[count], &ret_entry->bucket, err);
		if (r < 0)
			return r;
	}
	for (i = 0; i < count; i++)
		values[route->labels[i].position] = (struct text_slice){
			route->scratch.data + offsets[i], offsets[i + 1] - offsets[i]
		};
	r = family__series(route->family, values, &ret_entry->series, err);
	if (r < 0)
		return r;
	/* From one pass to the next such a key needs its account, so there has to be room for all of them. */
	if (family__is_overflow(route->family, ret_entry->series) &&
	    family__keeps(route->family, ret_entry->series)) {
		ret_entry->series = LABEL_SERIES_OVERFLOW;
		label_cache__raise_bound(route->cache, route->most_keys);
	}
	return 0;
}

void route__forget_placeholders(struct route *route)
{
	int64_t now_ns = clock_monotonic_ns();

	if (now_ns - route->forgot_ns < NS_PER_S)
		return;
	route->forgot_ns = now_ns;
	label_cache__forget_provisional(route->cache);
}

/* make_entry(), and what went wrong is counted and told. */
static int decode(struct route *route, const void *key, struct label_entry *ret_entry)
{
	struct err err = ERR_INIT;
	int r = make_entry(route, key, ret_entry, &err);

	if (r < 0) {
		route->ledger.decode_errors++;
		/* One message a pass: a wrong layout would otherwise fail the same way for every row. */
		if (!route->has_decode_error)
			route__note_error(route, STAGE_METRIC, &err);
		route->has_decode_error = true;
		err__done(&err);
	}
	return r;
}

const struct label_entry *route__decode(struct route *route, const void *key,
					struct label_entry *ret_entry)
{
	if (decode(route, key, ret_entry) < 0)
		return NULL;
	if (label_cache__add(route->cache, key, ret_entry) < 0)
		route->ledger.uncached++;
	return ret_entry;
}

bool route__decode_again(struct route *route, const void *key, struct label_entry *ret_entry)
{
	if (decode(route, key, ret_entry) < 0)
		return false;
	label_cache__set(route->cache, ret_entry);
	return true;
}
