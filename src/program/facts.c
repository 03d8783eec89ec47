/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "program/fact_types.h"
#include "program/private.h"

struct collector {
	const struct bpf_object *object; /* borrowed */
	const struct btf *btf;           /* borrowed; NULL: the object has none */
	struct fact_types *types;        /* or NULL */
	struct arena *arena;
	struct object_facts *facts;
};

static int add_programs(struct collector *collector)
{
	VEC(struct fact_program) programs = VEC_INIT;
	struct bpf_program *library;
	int r = 0;

	bpf_object__for_each_program(library, collector->object)
	{
		struct fact_program program = {
			.name = arena__strdup(collector->arena, bpf_program__name(library)),
			.section = arena__strdup(collector->arena,
						 bpf_program__section_name(library)),
		};

		if (!program.name || !program.section || vec_push(&programs, program) < 0)
			r = -ENOMEM;
	}
	collector->facts->programs = arena__memdup(collector->arena, programs.items,
						   programs.len * sizeof(*programs.items));
	collector->facts->program_count = (uint32_t)programs.len;
	vec_done(&programs);
	return collector->facts->programs ? r : -ENOMEM;
}

static const struct fact_type *type_of(struct collector *collector, uint32_t id)
{
	return collector->types ? fact_types__get(collector->types, id) : NULL;
}

static int add_maps(struct collector *collector)
{
	VEC(struct fact_map) maps = VEC_INIT;
	struct bpf_map *library;
	int r = 0;

	bpf_object__for_each_map(library, collector->object)
	{
		struct fact_map map = {
			.name = arena__strdup(collector->arena, bpf_map__name(library)),
			.type = bpf_map__type(library),
			.key_size = bpf_map__key_size(library),
			.value_size = bpf_map__value_size(library),
			.max_entries = bpf_map__max_entries(library),
			.flags = bpf_map__map_flags(library),
			.key = type_of(collector, bpf_map__btf_key_type_id(library)),
			.value = type_of(collector, bpf_map__btf_value_type_id(library)),
		};

		if (!map.name || vec_push(&maps, map) < 0)
			r = -ENOMEM;
	}
	collector->facts->maps = arena__memdup(collector->arena, maps.items,
					       maps.len * sizeof(*maps.items));
	collector->facts->map_count = (uint32_t)maps.len;
	vec_done(&maps);
	return collector->facts->maps ? r : -ENOMEM;
}

/* ---- variables ---- */

struct variables {
	VEC(struct fact_variable) list;
};

static bool is_data_section(const char *name)
{
	return str_starts(name, ".rodata") || str_starts(name, ".data") || str_starts(name, ".bss");
}

/* The image's bytes of one variable; NULL for .bss, whose bytes are all zero. */
static const void *initial_bytes(const struct collector *collector, const char *section,
				 uint32_t offset, uint32_t size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(collector->object, section);
	const char *image;
	size_t image_size;

	if (!map || str_starts(section, ".bss"))
		return NULL;
	image = bpf_map__initial_value(map, &image_size);
	if (!image || offset > image_size || size > image_size - offset)
		return NULL;
	return arena__memdup(collector->arena, image + offset, size);
}

static int add_section(struct collector *collector, const struct btf_type *section,
		       struct variables *variables)
{
	const struct btf_var_secinfo *places = btf_var_secinfos(section);
	const char *name = arena__strdup(collector->arena,
					 btf__name_by_offset(collector->btf, section->name_off));

	if (!name)
		return -ENOMEM;
	if (!is_data_section(name))
		return 0;
	for (uint32_t i = 0; i < btf_vlen(section); i++) {
		const struct btf_type *source = btf__type_by_id(collector->btf, places[i].type);
		struct fact_variable variable = { .section = name,
						  .offset = places[i].offset,
						  .size = places[i].size };

		if (!source || !btf_is_var(source))
			continue;
		variable.name = arena__strdup(
			collector->arena, btf__name_by_offset(collector->btf, source->name_off));
		variable.type = type_of(collector, source->type);
		variable.initial = initial_bytes(collector, name, variable.offset, variable.size);
		if (!variable.name || vec_push(&variables->list, variable) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_variables(struct collector *collector)
{
	struct variables variables = { 0 };
	uint32_t count = collector->btf ? btf__type_cnt(collector->btf) : 0;
	int r = 0;

	for (uint32_t id = 1; r == 0 && id < count; id++) {
		const struct btf_type *type = btf__type_by_id(collector->btf, id);

		if (type && btf_is_datasec(type))
			r = add_section(collector, type, &variables);
	}
	collector->facts->variables =
		arena__memdup(collector->arena, variables.list.items,
			      variables.list.len * sizeof(*variables.list.items));
	collector->facts->variable_count = (uint32_t)variables.list.len;
	vec_done(&variables.list);
	return collector->facts->variables ? r : -ENOMEM;
}

/* ---- named types ---- */

static bool has_lookup(const struct btf_type *type)
{
	return type && type->name_off && (btf_is_composite(type) || btf_is_any_enum(type));
}

static int add_types(struct collector *collector)
{
	VEC(const struct fact_type *) types = VEC_INIT;
	uint32_t count = collector->btf ? btf__type_cnt(collector->btf) : 0;
	int r = 0;

	for (uint32_t id = 1; id < count; id++) {
		const struct fact_type *type;

		if (!has_lookup(btf__type_by_id(collector->btf, id)))
			continue;
		type = type_of(collector, id);
		if (!type || vec_push(&types, type) < 0)
			r = -ENOMEM;
	}
	collector->facts->types = arena__memdup(collector->arena, types.items,
						types.len * sizeof(*types.items));
	collector->facts->type_count = (uint32_t)types.len;
	vec_done(&types);
	return collector->facts->types ? r : -ENOMEM;
}

int facts__fill(struct object_facts *facts, const struct bpf_object *object, const char *path,
		struct arena *arena, struct err *err)
{
	struct collector collector = {
		.object = object,
		.btf = bpf_object__btf(object),
		.arena = arena,
		.facts = facts,
	};
	int r;

	facts->path = path;
	if (collector.btf)
		collector.types = fact_types__new(collector.btf, arena);
	r = collector.btf && !collector.types ? -ENOMEM : 0;
	r = r < 0 ? r : add_programs(&collector);
	r = r < 0 ? r : add_maps(&collector);
	r = r < 0 ? r : add_variables(&collector);
	r = r < 0 ? r : add_types(&collector);
	fact_types__free(collector.types);
	return r < 0 ? err__set(err, r, NULL, "no memory for the facts of object '%s'", path) : 0;
}

const struct fact_map *facts__find_map(const struct object_facts *facts, const char *name)
{
	for (uint32_t i = 0; i < facts->map_count; i++)
		if (str_eq(facts->maps[i].name, name))
			return &facts->maps[i];
	return NULL;
}
