/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/overflow.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/account.h"
#include "pipeline/route.h"

/* Takes err. */
static int do_without(struct route *route, struct err *err)
{
	char text[512];

	err__format(err, text, sizeof(text));
	err__done(err);
	free(route->overflow.why_none);
	route->overflow.kind = OVERFLOW_NONE;
	route->overflow.why_none = strdup(text);
	return route->overflow.why_none ? 0 : -ENOMEM;
}

/* ---- which slot a key belongs to ---- */

/* The program tells buckets apart by the number in the key, so the text must be that number. */
static int check_bucket_label(const struct route *route, struct err *err)
{
	const struct label_spec *label = &route->metric->labels[route->metric->label_count - 1];

	if (label->field != SPEC_NONE && label->step_count == 1 &&
	    str_eq(label->steps[0].decoder, "uint"))
		return 0;
	return err__set(err, -EOPNOTSUPP, NULL,
			"its buckets are not plain numbers of the key, decoded by 'uint' alone");
}

static int lay_range(const struct bucket_spec *bucket, struct overflow_layout *layout,
		     struct err *err)
{
	if (bucket->max < bucket->min)
		return err__set(err, -EOPNOTSUPP, NULL, "it has no buckets");
	if (bucket->min < INT32_MIN || bucket->max >= INT32_MAX - OVERFLOW_SLOTS_MAX)
		return err__set(err, -EOPNOTSUPP, NULL, "its buckets have too large numbers");
	layout->first = (int32_t)bucket->min;
	layout->slot_count = (uint32_t)(bucket->max - bucket->min) + 2; /* and the sum */
	return 0;
}

static void add_bucket(const struct route *route, double key, struct overflow_bucket *buckets,
		       struct overflow_layout *layout)
{
	int16_t slot;

	/* No key of a map is negative, or has a fraction. */
	if (!(key >= 0 && key < INT32_MAX) || key > (double)(int32_t)key)
		return;
	slot = bucket_map__slot(route->buckets, (uint64_t)key);
	if (slot >= 0)
		buckets[layout->bucket_count++] = (struct overflow_bucket){ (int32_t)key,
									    (uint32_t)slot };
}

/* `buckets` has room for all keys and the sum, which is one behind the last. */
static void lay_list(const struct route *route, struct overflow_bucket *buckets,
		     struct overflow_layout *layout)
{
	const struct bucket_spec *bucket = &route->metric->bucket;

	layout->buckets = buckets;
	for (uint32_t i = 0; i < bucket->key_count; i++)
		add_bucket(route, bucket->keys[i], buckets, layout);
	add_bucket(route, bucket->keys[bucket->key_count - 1] + 1, buckets, layout);
	layout->slot_count = bucket->key_count + 1;
}

static int lay_buckets(const struct route *route, struct overflow_bucket *buckets,
		       struct overflow_layout *layout, struct err *err)
{
	const struct route_label *label = &route->labels[route->label_count - 1];
	int r = check_bucket_label(route, err);

	if (r < 0)
		return r;
	layout->bucket_offset = label->offset;
	layout->bucket_size = label->size;
	if (route->metric->bucket.kind != BUCKET_KIND_FIXED)
		return lay_range(&route->metric->bucket, layout, err);
	lay_list(route, buckets, layout);
	return 0;
}

/* ---- plan ---- */

static int want_overflow(struct route *route, struct program *program, struct err *err)
{
	struct overflow_layout layout = { .slot_count = 1 };
	__cleanup(x_freep) struct overflow_bucket *buckets =
		new_array(struct overflow_bucket, (size_t)route->metric->bucket.key_count + 1);
	int r = 0;

	if (!buckets)
		return err__set(err, -ENOMEM, NULL, "no memory for the overflow of a map");
	if (route->metric->kind == METRIC_KIND_GAUGE)
		return err__set(err, -EOPNOTSUPP, NULL, "a gauge is set, not added to");
	if (route->has_bucket)
		r = lay_buckets(route, buckets, &layout, err);
	if (r == 0)
		r = program__want_overflow(program, route->stream->map, &layout, err);
	return r;
}

/* Arrays have all their keys from the start. */
static bool can_be_full(const struct route *route, const struct program *program)
{
	const struct fact_map *map = object_facts__find_map(program__facts(program),
							    route->stream->map);

	return map && map->type != BPF_MAP_TYPE_ARRAY && map->type != BPF_MAP_TYPE_PERCPU_ARRAY;
}

int route__plan_overflow(struct route *route, struct program *program, bool may_rewrite,
			 struct err *err)
{
	struct err reason = ERR_INIT;
	int r;

	if (route->error || route->stream->mode != STREAM_MODE_TABLE ||
	    !can_be_full(route, program))
		return 0;
	if (route->stream->overflow_map) {
		route->overflow.kind = OVERFLOW_OF_OBJECT;
		return 0;
	}
	route->overflow.kind = OVERFLOW_REDIRECTED;
	r = may_rewrite ? want_overflow(route, program, &reason)
			: err__set(&reason, -EOPNOTSUPP, NULL, "--no-rewrite");
	if (r < 0 && r != -ENOMEM)
		r = do_without(route, &reason);
	err__done(&reason);
	return r < 0 ? err__set(err, r, &route->metric->at,
				"no memory for the overflow of metric '%s'", route->metric->name)
		     : 0;
}

/* ---- open ---- */

int route__open_overflow(struct route *route, const struct program *program, uint32_t possible_cpus,
			 struct err *err)
{
	struct route_overflow *overflow = &route->overflow;
	struct err reason = ERR_INIT;
	struct program_map map;
	struct map_info info;
	int r;

	if (overflow->kind == OVERFLOW_NONE)
		return 0;
	r = overflow->kind == OVERFLOW_OF_OBJECT
		    ? program__map(program, route->stream->overflow_map, &map, &reason)
		    : program__overflow(program, route->stream->map, &map, &reason);
	if (r < 0)
		return do_without(route, &reason);
	info = map_info_of(&map);
	return table_source__open(&info, possible_cpus, &overflow->table, err);
}

void route__close_overflow(struct route *route)
{
	route->overflow.table = table_source__close(route->overflow.table);
}

/* ---- read ---- */

struct overflow_read {
	struct route *route;
	int result;
	struct err err;
};

static uint64_t sum_cells(const struct value_cell *place, const struct row_batch *rows,
			  const uint8_t *cell)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < rows->value_count; i++, cell += rows->cell_stride)
		sum += value_cell__read(place, cell);
	return sum;
}

static void add(struct overflow_read *read, uint32_t slot, uint64_t value)
{
	struct route *route = read->route;
	bool is_sum = route->buckets && slot == bucket_map__layout(route->buckets)->slot_count;

	if (read->result == 0)
		read->result = route__add_overflow(route, slot, value, &read->err);
	if (!is_sum)
		route->overflow.total += value;
}

/* Our own map has the slots in order, one of the object has them at the indexes that buckets have in keys. */
static int64_t slot_of(const struct route *route, uint32_t index)
{
	if (route->has_bucket && route->overflow.kind == OVERFLOW_OF_OBJECT)
		return bucket_map__slot(route->buckets, index);
	return index;
}

/* A row is a slot, or a value with all slots in it. */
static int add_rows(void *ctx, const struct row_batch *rows)
{
	struct overflow_read *read = ctx;
	const struct route *route = read->route;

	for (size_t i = 0; i < rows->len; i++) {
		const uint8_t *value = rows->values + i * rows->value_stride;
		uint32_t index;
		int64_t slot;

		memcpy(&index, rows->keys + i * rows->key_stride, sizeof(index));
		slot = slot_of(route, index);
		if (!route->has_slots && slot >= 0)
			add(read, (uint32_t)slot, sum_cells(&route->cell, rows, value));
		for (uint32_t k = 0; route->has_slots && k < route->value_count; k++)
			add(read, k, sum_cells(&route->cells[k], rows, value));
	}
	return 0;
}

void route__read_overflow(struct route *route)
{
	struct overflow_read read = { .route = route, .err = ERR_INIT };
	int r;

	if (!route->overflow.table)
		return;
	route->overflow.total = 0;
	r = table_source__read(route->overflow.table, add_rows, &read, &read.err);
	if (r < 0)
		route->ledger.read_errors++;
	if (r < 0 || read.result < 0) {
		err__wrap(&read.err, r < 0 ? r : read.result, &route->metric->at,
			  "overflow of map '%s'", route->stream->map);
		route__note_error(route, STAGE_SOURCE, &read.err);
	}
	err__done(&read.err);
}

/* ---- for a person ---- */

const char *route__overflow_text(const struct route *route)
{
	switch (route->overflow.kind) {
	case OVERFLOW_OF_OBJECT:
		return "counted by the program, goes to the overflow series";
	case OVERFLOW_REDIRECTED:
		return "lookups behind inserts are redirected, it goes to the overflow series";
	case OVERFLOW_OF_COUNTS:
		return "counted beside the keys, it goes to the overflow series";
	case OVERFLOW_NONE:
		break;
	}
	return route->overflow.why_none;
}
