/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that follows another one, when a config is reloaded: whether it would be the same again, and how the
 * counts of its maps go on.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "program/private.h"

/* ---- the same again? ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

static bool same_attach(const struct attach_spec *a, const struct attach_spec *b)
{
	return same_text(a->program, b->program) && a->kind == b->kind && a->scope == b->scope &&
	       same_text(a->target, b->target) && same_text(a->module, b->module) &&
	       same_text(a->symbol, b->symbol) && same_text(a->map, b->map) &&
	       a->offset == b->offset && a->cookie == b->cookie && a->flags == b->flags &&
	       a->frequency_hz == b->frequency_hz && a->is_optional == b->is_optional &&
	       a->is_off == b->is_off;
}

static bool same_constant(const struct rodata_spec *a, const struct rodata_spec *b)
{
	return str_eq(a->name, b->name) && a->kind == b->kind && same_text(a->symbol, b->symbol) &&
	       a->value_size == b->value_size &&
	       (a->value_size == 0 || memcmp(a->value, b->value, a->value_size) == 0);
}

static bool same_alternative(const struct alternative_spec *a, const struct alternative_spec *b)
{
	if (a->program_count != b->program_count)
		return false;
	for (uint32_t i = 0; i < a->program_count; i++)
		if (!str_eq(a->programs[i], b->programs[i]))
			return false;
	return true;
}

#define SAME_LIST(a, b, items, count, same_item)                                                   \
	({                                                                                         \
		bool same_result = (a)->count == (b)->count;                                       \
		for (uint32_t same_i = 0; same_result && same_i < (a)->count; same_i++)            \
			same_result = same_item(&(a)->items[same_i], &(b)->items[same_i]);         \
		same_result;                                                                       \
	})

static bool same_spec(const struct program_spec *a, const struct program_spec *b)
{
	return a->kind == b->kind && str_eq(a->object, b->object) &&
	       SAME_LIST(a, b, attaches, attach_count, same_attach) &&
	       SAME_LIST(a, b, rodata, rodata_count, same_constant) &&
	       SAME_LIST(a, b, alternatives, alternative_count, same_alternative);
}

bool program__has_same_object(const struct program *program, const struct program_spec *spec)
{
	__cleanup(x_freep) char *image = NULL;
	size_t len;

	if (!program->is_loaded || program->spec->kind != spec->kind ||
	    !str_eq(program->spec->object, spec->object))
		return false;
	if (spec->kind == OBJECT_KIND_BUILTIN)
		return true;
	if (fd_read_all(AT_FDCWD, spec->object, PROGRAM_OBJECT_MAX_BYTES, &image, &len) < 0)
		return false;
	return len == program->file_len && hash_bytes(image, len) == program->image_hash;
}

bool program__would_be_same(const struct program *program, const struct program_spec *spec)
{
	return program->is_loaded && same_spec(program->spec, spec) &&
	       program__has_same_object(program, spec);
}

/* ---- maps whose counts go on ---- */

static bool same_type(const struct fact_type *a, const struct fact_type *b);

static bool same_member(const struct fact_member *a, const struct fact_member *b)
{
	return str_eq(a->name, b->name) && a->offset_bits == b->offset_bits &&
	       a->size_bits == b->size_bits && same_type(a->type, b->type);
}

/* What bytes mean, as far as the object says it; where one says nothing, the sizes have to do. */
static bool same_type(const struct fact_type *a, const struct fact_type *b)
{
	if (!a || !b)
		return true;
	if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed)
		return false;
	switch (a->kind) {
	case FACT_TYPE_STRUCT:
	case FACT_TYPE_UNION:
		return SAME_LIST(a, b, members, member_count, same_member);
	case FACT_TYPE_ARRAY:
		return a->element_count == b->element_count && same_type(a->element, b->element);
	default:
		return true;
	}
}

static bool has_counts(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LPM_TRIE:
		return true;
	default:
		return false;
	}
}

static bool agrees(const struct fact_map *a, const struct fact_map *b)
{
	return a->type == b->type && a->key_size == b->key_size && a->value_size == b->value_size &&
	       same_type(a->key, b->key) && same_type(a->value, b->value);
}

static bool is_known(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->inherited.len; i++)
		if (str_eq(program->inherited.items[i].name, name))
			return true;
	return false;
}

int program__inherit(struct program *program, const char *map, const struct program *before,
		     struct err *err)
{
	const struct fact_map *own = facts__find_map(&program->facts, map);
	const struct fact_map *former = facts__find_map(&before->facts, map);
	struct inherited_map inherited = { .fd = -1 };
	struct bpf_map *library;

	if (!own || !former || !has_counts(own->type) || !agrees(own, former) ||
	    is_known(program, map))
		return 0;
	library = before->object ? bpf_object__find_map_by_name(before->object, map) : NULL;
	if (!library || bpf_map__fd(library) < 0)
		return 0;
	inherited.name = own->name;
	inherited.is_shared = own->max_entries == former->max_entries &&
			      own->flags == former->flags;
	inherited.fd = fcntl(bpf_map__fd(library), F_DUPFD_CLOEXEC, 0);
	if (inherited.fd < 0 || vec_push(&program->inherited, inherited) < 0) {
		if (inherited.fd >= 0)
			(void)close(inherited.fd);
		return err__set(err, -ENOMEM, &program->spec->at,
				"no descriptor or memory for the counts of map '%s'", map);
	}
	return rewriter__inherit(program, map, before, err);
}

void program__share_inherited(struct program *program)
{
	vec_for_each(&program->inherited, inherited) {
		struct bpf_map *map = bpf_object__find_map_by_name(program->object,
								   inherited->name);

		if (map && inherited->is_shared)
			(void)bpf_map__reuse_fd(map, inherited->fd);
	}
}

void program__forget_inherited(struct program *program)
{
	vec_for_each(&program->inherited, inherited)
		(void)close(inherited->fd);
	vec_done(&program->inherited);
}

/* ---- copying what could not be shared ---- */

struct copy {
	int from, to;
	char *key;   /* owned; two keys */
	char *value; /* owned; with the cells of all CPUs */
	size_t key_size;
};

static size_t value_bytes(struct program *program, const struct fact_map *map)
{
	bool is_per_cpu = map->type == BPF_MAP_TYPE_PERCPU_HASH ||
			  map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
			  map->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	size_t cell = (map->value_size + 7u) & ~(size_t)7;

	return is_per_cpu ? cell * host__possible_cpus(program->options.host) : map->value_size;
}

/* Keys that have no room in the new map are counted; the old one gets no new keys any more, so the walk ends. */
static void copy_entries(struct copy *copy, uint64_t *lost)
{
	char *key = NULL, *next = copy->key;

	while (bpf_map_get_next_key(copy->from, key, next) == 0) {
		char *free_key = next == copy->key ? copy->key + copy->key_size : copy->key;

		if (bpf_map_lookup_elem(copy->from, next, copy->value) == 0 &&
		    bpf_map_update_elem(copy->to, next, copy->value, BPF_ANY) < 0)
			++*lost;
		key = next;
		next = free_key;
	}
}

static int copy_map(struct program *program, const struct inherited_map *inherited, uint64_t *lost)
{
	const struct fact_map *map = facts__find_map(&program->facts, inherited->name);
	const struct bpf_map *library = bpf_object__find_map_by_name(program->object,
								     inherited->name);
	struct copy copy = { .from = inherited->fd };
	int r = -ENOMEM;

	copy.to = bpf_map__fd(library);
	copy.key_size = map->key_size;
	copy.key = new_array(char, 2 * (size_t)map->key_size);
	copy.value = new_array(char, value_bytes(program, map));
	if (copy.key && copy.value) {
		copy_entries(&copy, lost);
		r = 0;
	}
	free(copy.key);
	free(copy.value);
	return r;
}

int program__copy_inherited(struct program *program, uint64_t *ret_lost, struct err *err)
{
	int r = 0;

	*ret_lost = 0;
	vec_for_each(&program->inherited, inherited)
		if (r == 0 && !inherited->is_shared)
			r = copy_map(program, inherited, ret_lost);
	program__forget_inherited(program);
	return r < 0 ? err__set(err, r, &program->spec->at, "no memory to copy the counts of maps")
		     : 0;
}

/* ---- making room ---- */

void program__detach(struct program *program)
{
	library_log__enter(&program->log);
	vec_for_each(&program->feeds, feed)
		(void)program_feed__free(*feed);
	vec_done(&program->feeds);
	program__stop_following(program);
	for (uint32_t i = 0; i < program->part_count; i++) {
		struct program_part *part = &program->parts[i];

		link_set__done(&part->links);
		part->view.link_count = 0;
		if (part->view.state == PART_STATE_ATTACHED)
			part->view.state = PART_STATE_LOADED;
	}
	library_log__leave(&program->log);
}
