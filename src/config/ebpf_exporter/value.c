/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/ebpf_exporter/complete.h"

/* Structs in structs without a name, as deep as anybody nests them. */
#define MAX_DEPTH 16
#define BITS 8

/* ---- members by name -------------------------------------------------------------------------- */

struct place {
	uint64_t offset;
	const struct fact_type *type;
	bool is_bit_field;
};

static bool is_compound(const struct fact_type *type)
{
	return type && (type->kind == FACT_TYPE_STRUCT || type->kind == FACT_TYPE_UNION);
}

/* The member of that name, in members without a name as well. */
static bool find_member(const struct fact_type *type, const char *name, size_t len, int depth,
			struct place *place)
{
	for (uint32_t i = 0; is_compound(type) && depth < MAX_DEPTH && i < type->member_count;
	     i++) {
		const struct fact_member *member = &type->members[i];
		struct place inner = {
			.offset = place->offset + member->offset_bits / BITS,
			.type = member->type,
			.is_bit_field = member->size_bits != 0,
		};

		if (strlen(member->name) == len && memcmp(member->name, name, len) == 0) {
			*place = inner;
			return true;
		}
		if (member->name[0] == '\0' &&
		    find_member(member->type, name, len, depth + 1, &inner)) {
			*place = inner;
			return true;
		}
	}
	return false;
}

static int no_member(struct completer *completer, const struct metric_spec *metric,
		     const struct fact_type *type, const char *name, size_t len)
{
	struct strbuf known = STRBUF_INIT;
	int r;

	for (uint32_t i = 0; is_compound(type) && i < type->member_count; i++)
		if (type->members[i].name[0])
			strbuf__printf(&known, "%s%s", known.len ? ", " : "",
				       type->members[i].name);
	r = err_list__set(completer->errors, -ENOENT, &metric->cell.at,
			  "there is no member '%.*s' in 'value: %.64s'; %s%.200s", (int)len, name,
			  metric->value_field,
			  known.len ? "there are: " : "what it is of is no struct",
			  strbuf__text(&known));
	strbuf__done(&known);
	return r;
}

/* Follows "a.b.c" from a type. */
static int follow(struct completer *completer, const struct metric_spec *metric, const char *path,
		  struct place *place)
{
	for (;;) {
		size_t len = strcspn(path, ".");
		const struct fact_type *type = place->type;

		if (!find_member(type, path, len, 0, place))
			return no_member(completer, metric, type, path, len);
		if (path[len] == '\0')
			return 0;
		path += len + 1;
	}
}

/* Records have no type of their own: the path begins with the name of the struct. */
static int start_in_record(struct completer *completer, const struct metric_spec *metric,
			   const char **ret_path, struct place *ret_place)
{
	const char *path = metric->value_field;
	size_t len = strcspn(path, ".");
	char *name = arena__strndup(&completer->spec->arena, path, len);

	if (!name)
		return -ENOMEM;
	ret_place->type = object_facts__find_type(completer->facts, name);
	*ret_path = path + len + (path[len] == '.');
	if (ret_place->type && **ret_path)
		return 0;
	return err_list__set(
		completer->errors, -ENOENT, &metric->cell.at,
		"'value: %.64s' must be STRUCT.MEMBER of a struct of %s, or {offset:, size:}", path,
		completer->facts->path);
}

static int start_in_value(struct completer *completer, const struct metric_spec *metric,
			  const struct fact_map *map, struct place *ret_place)
{
	if (map->value) {
		ret_place->type = map->value;
		return 0;
	}
	return err_list__set(
		completer->errors, -ENOENT, &metric->cell.at,
		"map '%s' has no types to find '%.64s' in; write value: {offset:, size:}",
		map->name, metric->value_field);
}

static bool is_number(const struct fact_type *type)
{
	switch (type->kind) {
	case FACT_TYPE_INT:
	case FACT_TYPE_BOOL:
	case FACT_TYPE_CHAR:
	case FACT_TYPE_ENUM:
		return type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8;
	case FACT_TYPE_FLOAT:
	case FACT_TYPE_STRUCT:
	case FACT_TYPE_UNION:
	case FACT_TYPE_ARRAY:
	case FACT_TYPE_POINTER:
	case FACT_TYPE_OTHER:
		return false;
	}
	return false;
}

/* Of buckets it is the first one that the place is of. */
static int take_place(struct completer *completer, struct metric_spec *metric,
		      const struct place *place)
{
	bool has_slots = metric->value == VALUE_KIND_SLOTS;
	const struct fact_type *type = place->type;

	if (has_slots && type && type->kind == FACT_TYPE_ARRAY)
		type = type->element;
	if (!type || place->is_bit_field || !is_number(type) || place->offset > UINT32_MAX)
		return err_list__set(completer->errors, -EINVAL, &metric->cell.at,
				     "'value: %.64s' is no whole number of 1, 2, 4 or 8 bytes",
				     metric->value_field);
	if (has_slots && type->size != VALUE_SIZE)
		return err_list__set(completer->errors, -EINVAL, &metric->cell.at,
				     "'value: %.64s' has %u bytes for each bucket; it must be 8",
				     metric->value_field, type->size);
	metric->cell.offset = (uint32_t)place->offset;
	metric->cell.size = type->size;
	metric->cell.is_signed = metric->kind == METRIC_KIND_GAUGE && type->is_signed;
	return 0;
}

static int find_named(struct completer *completer, struct metric_spec *metric,
		      const struct stream_spec *stream, const struct fact_map *map)
{
	const char *path = metric->value_field;
	struct place place = { .offset = 0 };
	int r = stream->mode == STREAM_MODE_EVENTS
			? start_in_record(completer, metric, &path, &place)
			: start_in_value(completer, metric, map, &place);

	if (r == 0)
		r = follow(completer, metric, path, &place);
	return r < 0 ? r : take_place(completer, metric, &place);
}

/* ---- what fits -------------------------------------------------------------------------------- */

static uint64_t bucket_count(const struct bucket_spec *bucket)
{
	if (bucket->kind == BUCKET_KIND_FIXED)
		return bucket->key_count;
	return bucket->max < bucket->min ? 0 : (uint64_t)(bucket->max - bucket->min) + 1;
}

static int check_slots(struct completer *completer, const struct metric_spec *metric,
		       const struct fact_map *map)
{
	uint64_t slots = bucket_count(&metric->bucket) + 1;
	bool is_whole = metric->cell.size == 0;
	uint64_t end = metric->cell.offset + slots * VALUE_SIZE;

	if (metric->problem)
		return 0; /* it may be that the buckets cannot be counted, and it is left out anyway */
	if (is_whole ? map->value_size == end : map->value_size >= end)
		return 0;
	return err_list__set(
		completer->errors, -EINVAL, &metric->at,
		"a value of map '%s' has %u bytes; %llu buckets and the sum behind them take %llu",
		map->name, map->value_size, (unsigned long long)slots - 1, (unsigned long long)end);
}

static int check_number(struct completer *completer, const struct metric_spec *metric,
			const struct fact_map *map)
{
	uint64_t end = (uint64_t)metric->cell.offset + metric->cell.size;

	if (metric->cell.size > 0 && end <= map->value_size)
		return 0;
	if (metric->cell.size > 0)
		return err_list__set(
			completer->errors, -EINVAL, &metric->cell.at,
			"a value of map '%s' has %u bytes; 'value' ends behind byte %llu",
			map->name, map->value_size, (unsigned long long)end);
	return completer__check_value_size(completer, map, &metric->at);
}

/* A gauge whose whole value is a number may be below zero, when the program's types say so. */
static void take_sign(struct metric_spec *metric, const struct fact_map *map)
{
	if (metric->kind == METRIC_KIND_GAUGE && metric->cell.size == 0 && map->value &&
	    is_number(map->value))
		metric->cell = (struct cell_spec){ .at = metric->at,
						   .size = VALUE_SIZE,
						   .is_signed = map->value->is_signed };
}

int complete_value(struct completer *completer, struct metric_spec *metric,
		   const struct stream_spec *stream, const struct fact_map *map)
{
	int r = metric->value_field ? find_named(completer, metric, stream, map) : 0;

	if (r < 0 || stream->mode == STREAM_MODE_EVENTS)
		return r;
	if (metric->value == VALUE_KIND_SLOTS)
		return check_slots(completer, metric, map);
	r = check_number(completer, metric, map);
	if (r == 0)
		take_sign(metric, map);
	return r;
}
