/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "program/explain.h"
#include "program/explain_map.h"
#include "program/feature.h"
#include "program/handler.h"
#include "program/image.h"
#include "program/kernel_abi.h"
#include "program/private.h"
#include "program/section.h"

/* ---- mmap ---- */

int program__want_mmap(struct program *program, const char *map)
{
	const char *name;

	if (!bpf_object__find_map_by_name(program->object, map))
		return -ENOENT;
	name = arena__strdup(&program->arena, map);
	return name ? vec_push(&program->mmap_maps, name) : -ENOMEM;
}

/* Only plain arrays can be mapped; the flag changes nothing for the program. A pinned map may exist without it. */
static void set_mmap_flag(struct program *program, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);

	if (map && bpf_map__type(map) == BPF_MAP_TYPE_ARRAY && !bpf_map__pin_path(map))
		(void)bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_MMAPABLE);
}

/* ---- memory key by key ---- */

int program__want_sparse(struct program *program, const char *map)
{
	const char *name;

	if (!bpf_object__find_map_by_name(program->object, map))
		return -ENOENT;
	name = arena__strdup(&program->arena, map);
	return name ? vec_push(&program->sparse_maps, name) : -ENOMEM;
}

static void set_sparse_flag(struct program *program, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);

	if (map && features__sparse_maps(program->features))
		(void)bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_NO_PREALLOC);
}

/* ---- rings ---- */

#define RING_MAX_BYTES (1u << 30)

static int add_ring(struct program *program, const char *map, uint32_t bytes, bool is_exact)
{
	const struct bpf_map *library = bpf_object__find_map_by_name(program->object, map);
	uint32_t size = (uint32_t)sysconf(_SC_PAGESIZE);
	struct wanted_ring ring = { .name = arena__strdup(&program->arena, map),
				    .is_exact = is_exact };

	if (!library)
		return -ENOENT;
	if (bpf_map__type(library) != BPF_MAP_TYPE_RINGBUF || bytes > RING_MAX_BYTES)
		return -EINVAL;
	if (!ring.name)
		return -ENOMEM;
	while (size < bytes)
		size *= 2;
	ring.bytes = size;
	return vec_push(&program->wanted_rings, ring);
}

int program__want_ring(struct program *program, const char *map, uint32_t bytes)
{
	return add_ring(program, map, bytes, false /* is_exact */);
}

int program__set_ring(struct program *program, const char *map, uint32_t bytes)
{
	return add_ring(program, map, bytes, true /* is_exact */);
}

static void set_ring_size(struct program *program, const struct wanted_ring *ring)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, ring->name);

	if (map && !bpf_map__pin_path(map) &&
	    (ring->is_exact || bpf_map__max_entries(map) < ring->bytes))
		(void)bpf_map__set_max_entries(map, ring->bytes);
}

/* ---- one try ---- */

/* Our handlers stand in for libbpf's, which would do this at load. A target that is not there shows then. */
static void bind_target(const struct program_part *part)
{
	if (part->is_wanted && part->section && part->section->flags & SECTION_BTF &&
	    part->btf_target)
		(void)bpf_program__set_attach_target(part->library, 0, part->btf_target);
}

static int prepare(struct program *program, struct err *err)
{
	int r;

	vec_for_each(&program->mmap_maps, name)
		set_mmap_flag(program, *name);
	vec_for_each(&program->sparse_maps, name)
		set_sparse_flag(program, *name);
	vec_for_each(&program->wanted_rings, ring)
		set_ring_size(program, ring);
	program__share_inherited(program);
	for (uint32_t i = 0; i < program->part_count; i++) {
		(void)bpf_program__set_autoload(program->parts[i].library,
						program->parts[i].is_wanted);
		bind_target(&program->parts[i]);
	}
	r = rewriter__begin(program, err);
	if (r >= 0)
		r = program__set_constants(program, err);
	return r < 0 ? r : program__set_map_sizes(program, err);
}

static struct program_part *find_culprit(struct program *program)
{
	const char *name;
	size_t len;

	if (explain_culprit(library_log__text(&program->log), &name, &len) < 0)
		return NULL;
	for (uint32_t i = 0; i < program->part_count; i++) {
		struct program_part *part = &program->parts[i];

		if (part->is_wanted && strlen(part->view.name) == len &&
		    memcmp(part->view.name, name, len) == 0)
			return part;
	}
	return NULL;
}

static int explain_part(struct program *program, const struct program_part *part, int r,
			struct err *err)
{
	struct explain_subject subject = {
		.hook = part->section ? part->section->prefix : part->view.section,
		.target = part->request_count ? part->requests[0].target : NULL,
		.is_btf = part->section && part->section->flags & SECTION_BTF,
		.is_network = part->section && section_is_network(part->section),
		.missing = program->missing_functions,
	};

	return explain_program(library_log__text(&program->log), r, &subject, err);
}

/* ---- after a successful load ---- */

static void read_info(struct program_part *part)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	part->view.fd = bpf_program__fd(part->library);
	if (part->view.fd < 0 || bpf_obj_get_info_by_fd(part->view.fd, &info, &len) < 0)
		return;
	part->view.id = info.id;
	(void)num_format_hex(part->view.tag, info.tag, sizeof(info.tag));
	part->view.tag[2 * sizeof(info.tag)] = '\0';
}

static void finish(struct program *program)
{
	for (uint32_t i = 0; i < program->part_count; i++) {
		struct program_part *part = &program->parts[i];

		if (!part->is_wanted)
			continue;
		read_info(part);
		if (part->view.state == PART_STATE_PLANNED)
			part->view.state = PART_STATE_LOADED;
	}
	program->is_loaded = true;
}

static bool is_anything_wanted(const struct program *program)
{
	for (uint32_t i = 0; i < program->part_count; i++)
		if (program->parts[i].is_wanted)
			return true;
	return false;
}

/* The first program that was left out because it cannot be had, not because another does its work. */
static const struct program_part *first_left_out(const struct program *program)
{
	for (uint32_t i = 0; i < program->part_count; i++)
		if (program->parts[i].view.state == PART_STATE_LEFT_OUT &&
		    !program->parts[i].has_stand_in)
			return &program->parts[i];
	return NULL;
}

/* Leaves out the program that failed and opens the object again; libbpf loads an object only once. */
static int leave_out(struct program *program, struct program_part *part, struct err *err)
{
	part->is_wanted = false;
	program_part__fail(program, part, PART_STATE_LEFT_OUT, err);
	program__choose_alternatives(program);
	return program__open_library(program, err);
}

/*
 * A kernel function that is not there fails the object as a whole, whoever calls it. Made weak, only the programs that
 * call it fail. 1: the object is open again, 0: that was not it.
 */
static int do_without_function(struct program *program, struct err *err)
{
	const char *before = program->missing_functions;
	const char *name;
	size_t len;
	int r;

	if (program->options.is_strict ||
	    explain_missing_function(library_log__text(&program->log), &name, &len) < 0 ||
	    !image_weaken(program->image, program->image_len, name, len))
		return 0;
	program->missing_functions = arena__printf(&program->arena, "%s%s%.*s",
						   before ? before : "", before ? "', '" : "",
						   (int)len, name);
	r = program__open_library(program, err);
	return r < 0 ? r : 1;
}

/* Types that libbpf 1.1.2 has no word for, and cannot ask the kernel about. */
static const struct {
	uint32_t type;
	const char *name;
} newer_map_types[] = {
	{ KERNEL_MAP_CGRP_STORAGE, "cgrp_storage" },
	{ KERNEL_MAP_ARENA, "arena" },
	{ KERNEL_MAP_INSN_ARRAY, "insn_array" },
};

static const char *map_type_name(uint32_t type)
{
	const char *name = libbpf_bpf_map_type_str(type);

	for (size_t i = 0; !name && i < array_size(newer_map_types); i++)
		if (newer_map_types[i].type == type)
			name = newer_map_types[i].name;
	return name ? name : "unknown";
}

static int fail_map(const struct program *program, const char *name, size_t len, int r,
		    struct err *err)
{
	for (uint32_t i = 0; i < program->facts.map_count; i++) {
		const struct fact_map *map = &program->facts.maps[i];

		if (strlen(map->name) == len && memcmp(map->name, name, len) == 0)
			return explain_map(map, map_type_name(map->type),
					   libbpf_probe_bpf_map_type(map->type, NULL) == 1, r, err);
	}
	return err__set(err, r, NULL, "map '%.*s' cannot be made: %s", (int)len, name,
			strerror(-r));
}

static int fail_object(struct program *program, int r, struct err *err)
{
	const char *log = library_log__text(&program->log);
	const char *name;
	size_t len;

	if (explain_pin(log, r, err))
		err__cause(err, log);
	else if (explain_missing_map(log, &name, &len) < 0)
		(void)explain_object(log, r, err);
	else
		(void)fail_map(program, name, len, r, err);
	return err__wrap(err, r, &program->spec->at, "object '%s'", program->spec->object);
}

/* It may be that the kernel refuses only what was made of it. */
static int load_original(struct program *program, struct program_part *part, struct err *err)
{
	int r;

	if (counted_rings__step_down(program, part, err))
		err__done(err);
	else
		rewriter__give_up(program, part, err);
	r = program__open_library(program, err);
	return r < 0 ? r : 1;
}

/* 0: loaded. 1: something less, try again. Negative: the object cannot be had. */
static int try_load(struct program *program, struct err *err)
{
	struct program_part *part;
	int r = prepare(program, err);
	int next;

	if (r < 0)
		return r;
	library_log__clear(&program->log);
	handler_enter(program);
	r = library_errno(bpf_object__load(program->object));
	handler_leave();
	rewriter__end(program);
	if (r == 0)
		return 0;
	if (program->rings.must_retry) {
		r = program__open_library(program, err);
		return r < 0 ? r : 1;
	}
	part = find_culprit(program);
	if (!part) {
		next = do_without_function(program, err);
		return next == 0 ? fail_object(program, r, err) : next;
	}
	(void)explain_part(program, part, r, err);
	if (part->is_rewritten)
		return load_original(program, part, err);
	if (program->options.is_strict && !program__has_successor(program, part))
		return err__wrap(err, r, &program->spec->at, "object '%s': prog '%s'",
				 program->spec->object, part->view.name);
	r = leave_out(program, part, err);
	return r < 0 ? r : 1;
}

/* What the plan found already need not be tried. */
static int check_plan(const struct program *program, struct err *err)
{
	const struct program_part *part = first_left_out(program);

	if (is_anything_wanted(program) && !(program->options.is_strict && part))
		return 0;
	if (!part)
		return err__set(err, -EINVAL, &program->spec->at, "object '%s' has no programs",
				program->spec->object);
	if (program->options.is_strict)
		return err__set(err, -EOPNOTSUPP, &program->spec->at, "object '%s': prog '%s': %s",
				program->spec->object, part->view.name, part->view.reason);
	return err__set(err, -EOPNOTSUPP, &program->spec->at,
			"object '%s': none of its programs can be loaded here; prog '%s': %s",
			program->spec->object, part->view.name, part->view.reason);
}

int program__load(struct program *program, struct err *err)
{
	int r;

	library_log__enter(&program->log);
	r = rewriter__prepare(program, err);
	if (r == 0)
		r = 1;
	/* Each round has one program, one rung or rewritten program, or one strong symbol less, so this ends. */
	while (r > 0) {
		r = check_plan(program, err);
		if (r == 0)
			r = try_load(program, err);
	}
	if (r == 0)
		finish(program);
	else
		program->rewriter.sites.len = 0; /* of programs that are not there */
	library_log__leave(&program->log);
	free(program->image); /* there is no further try */
	program->image = NULL;
	/* libbpf parsed the kernel's BTF (6 to 11 MB) and freed it again: back to the system with it. */
	(void)malloc_trim(0);
	return r;
}
