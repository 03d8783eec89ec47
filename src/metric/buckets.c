/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/buckets.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct key_slot { /* of BUCKET_KIND_FIXED */
	double key;
	int16_t slot;
};

struct line {
	double bound;
	uint32_t end;
};

struct bucket_map {
	struct bucket_layout layout;
	double *bounds; /* owned, as the two below */
	uint32_t *ends;
	struct key_slot *keys; /* sorted by key; NULL: min..max */
	size_t key_count;
	int64_t min, max;
	bool has_sum;
	double sum_key; /* fixed keys: one more than the last as given */
};

/* Upper bound of bucket i, before the multiplier. */
static double exp2_bound(int64_t i)
{
	return exp2((double)i);
}

/* Bucket 0 is for exactly 0; the others are shifted by one. */
static double exp2zero_bound(int64_t i)
{
	return i == 0 ? 0 : exp2((double)(i - 1));
}

static double linear_bound(int64_t i)
{
	return (double)i;
}

static double (*const bounds_of[])(int64_t i) = {
	[BUCKET_KIND_EXP2] = exp2_bound,
	[BUCKET_KIND_EXP2ZERO] = exp2zero_bound,
	[BUCKET_KIND_LINEAR] = linear_bound,
};

/* ---- checks ---------------------------------------------------------------------------------- */

static int check_range(const struct bucket_spec *spec, struct err *err)
{
	int64_t width;

	if (spec->min == spec->max)
		return err__set(err, -EINVAL, &spec->at,
				"bucket_min and bucket_max are both %" PRId64
				"; at least two buckets are needed",
				spec->min);
	if (!__builtin_sub_overflow(spec->max, spec->min, &width) && width < BUCKETS_MAX)
		return 0;
	if (spec->max < spec->min)
		return 0; /* ebpf_exporter shows such a histogram with +Inf alone */
	return err__set(err, -EINVAL, &spec->at,
			"%" PRId64 " to %" PRId64 " are too many buckets; at most %d are possible",
			spec->min, spec->max, BUCKETS_MAX);
}

static int check_keys(const struct bucket_spec *spec, struct err *err)
{
	if (spec->key_count == 0)
		return err__set(err, -EINVAL, &spec->at,
				"no bucket_keys; fixed buckets need at least one");
	if (spec->key_count > BUCKETS_MAX)
		return err__set(err, -EINVAL, &spec->at,
				"%u bucket_keys are too many; at most %d are possible",
				spec->key_count, BUCKETS_MAX);
	for (uint32_t i = 0; i < spec->key_count; i++) {
		if (!isfinite(spec->keys[i]))
			return err__set(err, -EINVAL, &spec->at, "bucket_keys[%u] is not a number",
					i);
	}
	return 0;
}

static int check_spec(const struct bucket_spec *spec, struct err *err)
{
	if (!isfinite(spec->scale))
		return err__set(err, -EINVAL, &spec->at, "bucket_multiplier is not a number");
	switch (spec->kind) {
	case BUCKET_KIND_EXP2:
	case BUCKET_KIND_EXP2ZERO:
	case BUCKET_KIND_LINEAR:
		return check_range(spec, err);
	case BUCKET_KIND_FIXED:
		return check_keys(spec, err);
	case BUCKET_KIND_NONE:
		return err__set(err, -EINVAL, &spec->at,
				"no bucket_type; exp2, exp2zero, linear or fixed is needed");
	case BUCKET_KIND_BAD:
		break;
	}
	return err__set(err, -EINVAL, &spec->at,
			"bucket_type '%s' is unknown; there are exp2, exp2zero, linear and fixed",
			spec->type ? spec->type : "");
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
	const struct line *line_a = a;
	const struct line *line_b = b;

	if (line_a->bound != line_b->bound)
		return line_a->bound < line_b->bound ? -1 : 1;
	return (line_a->end > line_b->end) - (line_a->end < line_b->end);
}

/*
 * Counts accumulate in the order of the slots, lines stand in the order of bounds: with a negative
 * multiplier or keys in any order these are two things. Of lines with one bound the last is shown,
 * as a map from bound to count keeps it in ebpf_exporter (exporter.go).
 */
static int set_lines(struct bucket_map *map, struct line *lines, uint32_t count)
{
	bool is_plain = true;
	uint32_t kept = 0;

	qsort(lines, count, sizeof(*lines), compare_lines);
	for (uint32_t i = 0; i < count; i++) {
		if (i + 1 < count && lines[i + 1].bound == lines[i].bound)
			continue;
		is_plain = is_plain && lines[i].end == kept + 1;
		lines[kept++] = lines[i];
	}
	map->bounds = new_array(double, kept + 1);
	map->ends = new_array(uint32_t, kept + 1);
	if (!map->bounds || !map->ends)
		return -ENOMEM;
	for (uint32_t i = 0; i < kept; i++) {
		map->bounds[i] = lines[i].bound;
		map->ends[i] = lines[i].end;
	}
	map->layout.line_count = kept;
	map->layout.bounds = map->bounds;
	map->layout.ends = is_plain ? NULL : map->ends;
	return 0;
}

static int fill_range(struct bucket_map *map, const struct bucket_spec *spec)
{
	uint32_t count = spec->max < spec->min ? 0 : (uint32_t)(spec->max - spec->min) + 1;
	__cleanup(x_freep) struct line *lines = new_array(struct line, count + 1);

	if (!lines)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		lines[i].bound = bounds_of[spec->kind](spec->min + i) * spec->scale;
		lines[i].end = i + 1;
	}
	map->min = spec->min;
	map->max = spec->max;
	map->layout.slot_count = map->layout.sum_slot = count;
	return set_lines(map, lines, spec->is_open_ended && count > 0 ? count - 1 : count);
}

static int compare_keys(const void *a, const void *b)
{
	const struct key_slot *key_a = a;
	const struct key_slot *key_b = b;

	if (key_a->key != key_b->key)
		return key_a->key < key_b->key ? -1 : 1;
	return key_a->slot - key_b->slot;
}

static const struct key_slot *find_key(const struct bucket_map *map, double key)
{
	size_t low = 0;
	size_t high = map->key_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->keys[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < map->key_count && map->keys[low].key == key ? &map->keys[low] : NULL;
}

static int fill_fixed(struct bucket_map *map, const struct bucket_spec *spec)
{
	uint32_t count = spec->key_count;
	__cleanup(x_freep) struct line *lines = new_array(struct line, count);
	const struct key_slot *sum;

	map->keys = new_array(struct key_slot, count);
	if (!lines || !map->keys)
		return -ENOMEM;
	map->key_count = count;
	for (uint32_t i = 0; i < count; i++) {
		lines[i] = (struct line){ spec->keys[i] * spec->scale, i + 1 };
		map->keys[i] = (struct key_slot){ spec->keys[i], (int16_t)i };
	}
	qsort(map->keys, count, sizeof(*map->keys), compare_keys);
	map->layout.slot_count = map->layout.sum_slot = count + (spec->is_open_ended ? 1 : 0);
	map->sum_key = spec->keys[count - 1] + 1;
	/* With keys in any order that may be a bucket as well: then it counts as both. */
	sum = find_key(map, map->sum_key);
	if (sum && map->has_sum)
		map->layout.sum_slot = (uint32_t)sum->slot;
	return set_lines(map, lines, count);
}

/* ---- life ------------------------------------------------------------------------------------ */

int bucket_map__new(const struct bucket_spec *spec, enum sum_kind sum, struct bucket_map **ret_map,
		    struct err *err)
{
	struct bucket_map *map;
	int r = check_spec(spec, err);

	if (r < 0)
		return r;
	map = new_zero(struct bucket_map);
	if (!map)
		return err__set(err, -ENOMEM, &spec->at, "no memory for buckets");
	map->has_sum = sum == SUM_KIND_KEY_AFTER_LAST;
	map->layout.sum_scale = spec->scale;
	map->layout.has_no_sum = sum == SUM_KIND_UNKNOWN;
	r = spec->kind == BUCKET_KIND_FIXED ? fill_fixed(map, spec) : fill_range(map, spec);
	if (r < 0) {
		bucket_map__free(map);
		return err__set(err, r, &spec->at, "no memory for buckets");
	}
	*ret_map = map;
	return 0;
}

struct bucket_map *bucket_map__free(struct bucket_map *map)
{
	if (!map)
		return NULL;
	free(map->bounds);
	free(map->ends);
	free(map->keys);
	free(map);
	return NULL;
}

const struct bucket_layout *bucket_map__layout(const struct bucket_map *map)
{
	return &map->layout;
}

static int16_t slot_of_fixed(const struct bucket_map *map, double key)
{
	const struct key_slot *found = find_key(map, key);

	if (found)
		return found->slot;
	return map->has_sum && key == map->sum_key ? (int16_t)map->layout.slot_count : -1;
}

int16_t bucket_map__slot(const struct bucket_map *map, uint64_t key)
{
	if (map->keys)
		return slot_of_fixed(map, (double)key);
	if (key > INT64_MAX)
		return -1;
	if ((int64_t)key >= map->min && (int64_t)key <= map->max)
		return (int16_t)((int64_t)key - map->min);
	if (map->has_sum && key > 0 && (int64_t)key - 1 == map->max)
		return (int16_t)map->layout.slot_count;
	return -1;
}
