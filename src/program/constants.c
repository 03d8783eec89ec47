/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "host/kallsyms.h"
#include "program/private.h"
#include "record/record.h"

/* "did you mean" out of the object's variables. */
static const char *nearest_variable(const struct object_facts *facts, const char *name)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest;

	for (uint32_t i = 0; i < facts->variable_count; i++)
		(void)vec_push(&names, facts->variables[i].name);
	nearest = str_nearest(name, names.items, names.len);
	vec_done(&names);
	return nearest;
}

static const struct fact_variable *variable_named(const struct object_facts *facts,
						  const char *name)
{
	for (uint32_t i = 0; i < facts->variable_count; i++)
		if (str_eq(facts->variables[i].name, name))
			return &facts->variables[i];
	return NULL;
}

static const struct fact_variable *find_variable(const struct program *program,
						 const struct rodata_spec *spec, struct err *err)
{
	const struct object_facts *facts = &program->facts;
	const struct fact_variable *variable = variable_named(facts, spec->name);
	const char *nearest;

	if (variable)
		return variable;
	nearest = nearest_variable(facts, spec->name);
	(void)err__set(err, -ENOENT, &spec->at,
		       "object '%s' has no variable '%s' in .rodata or .data%s%s%s", facts->path,
		       spec->name, nearest ? "; nearest is '" : "", nearest ? nearest : "",
		       nearest ? "'" : "");
	return NULL;
}

/* libbpf gives the section's image to look at, and takes it back as a whole. */
static int write_variable(struct program *program, const struct fact_variable *variable,
			  const void *value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, variable->section);
	__cleanup(x_freep) char *copy = NULL;
	const char *image;
	size_t size;

	image = map ? bpf_map__initial_value(map, &size) : NULL;
	if (!image || variable->offset > size || variable->size > size - variable->offset)
		return -EINVAL;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, image, size);
	memcpy(copy + variable->offset, value, variable->size);
	return bpf_map__set_initial_value(map, copy, size);
}

static int find_address(const struct program *program, const struct rodata_spec *spec,
			uint64_t *ret_address, struct err *err)
{
	struct kallsyms *symbols = host__kallsyms(program->options.host, err);

	if (!symbols)
		return err__wrap(err, -ENOENT, &spec->at, "address of kernel symbol '%s'",
				 spec->symbol);
	if (kallsyms__is_hidden(symbols))
		return err__set(
			err, -EPERM, &spec->at,
			"address of kernel symbol '%s' is hidden; CAP_SYSLOG, or kernel.kptr_restrict below 2, shows it",
			spec->symbol);
	if (kallsyms__find_address(symbols, spec->symbol, ret_address) < 0)
		return err__set(err, -ENOENT, &spec->at, "kernel symbol '%s' is not in this kernel",
				spec->symbol);
	return 0;
}

static int set_constant(struct program *program, const struct rodata_spec *spec, struct err *err)
{
	const struct fact_variable *variable = find_variable(program, spec, err);
	const void *value = spec->value;
	size_t size = spec->value_size;
	uint64_t address;
	int r = 0;

	if (!variable)
		return -ENOENT;
	if (spec->kind == RODATA_KERNEL_ADDRESS) {
		r = find_address(program, spec, &address, err);
		value = &address;
		size = sizeof(address);
	}
	if (r < 0)
		return r;
	if (variable->size != size)
		return err__set(err, -EINVAL, &spec->at,
				"variable '%s' has %u bytes, its value has %zu; %s", spec->name,
				variable->size, size,
				spec->kind == RODATA_KERNEL_ADDRESS
					? "declare it as const volatile u64"
					: "the types must agree");
	r = write_variable(program, variable, value);
	if (r < 0)
		return err__set(err, r, &spec->at, "variable '%s' in %s cannot be set: %s",
				spec->name, variable->section, strerror(-r));
	return 0;
}

/* The number as a variable of that size has it, first byte first. */
static uint64_t low_bytes(uint64_t value, uint32_t size)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && size > 0 ? value << (64 - 8 * size)
								  : value;
}

int program__set_constants(struct program *program, struct err *err)
{
	for (uint32_t i = 0; i < program->spec->rodata_count; i++) {
		int r = set_constant(program, &program->spec->rodata[i], err);

		if (r < 0)
			return r;
	}
	vec_for_each(&program->constants, constant) {
		const struct fact_variable *variable = variable_named(&program->facts,
								      constant->name);
		uint64_t bytes = low_bytes(constant->value, variable->size);
		int r = write_variable(program, variable, &bytes);

		if (r < 0)
			return err__set(err, r, &program->spec->at,
					"variable '%s' cannot be set: %s", constant->name,
					strerror(-r));
	}
	return 0;
}

/* As the constant will be in the kernel: what was written into the opened object counts, not what the file has. */
static int read_size(const struct program *program, const struct fact_variable *variable,
		     uint64_t *ret_value)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(program->object,
								 variable->section);
	const char *image;
	size_t size;

	image = map ? bpf_map__initial_value((struct bpf_map *)map, &size) : NULL;
	if (!image || variable->offset > size || variable->size > size - variable->offset)
		return -EINVAL;
	return bytes_get_uint(image + variable->offset, variable->size, ret_value);
}

static int set_map_size(struct program *program, const struct map_size_spec *spec, struct err *err)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, spec->map);
	const struct fact_variable *variable = variable_named(&program->facts, spec->constant);
	uint64_t count;
	int r;

	if (!map || !variable)
		return err__set(err, -ENOENT, &spec->at,
				"object '%s' has no map '%s' with a constant '%s'",
				program->facts.path, spec->map, spec->constant);
	r = read_size(program, variable, &count);
	if (r < 0 || count == 0 || count > UINT32_MAX)
		return err__set(
			err, -EINVAL, &spec->at,
			"constant '%s' is no number of entries for map '%s'; it must be 1 to %u",
			spec->constant, spec->map, UINT32_MAX);
	r = bpf_map__set_max_entries(map, (uint32_t)count);
	if (r < 0)
		return err__set(err, r, &spec->at, "map '%s' cannot have %llu entries: %s",
				spec->map, (unsigned long long)count, strerror(-r));
	return 0;
}

int program__set_map_sizes(struct program *program, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < program->spec->map_size_count && r >= 0; i++)
		r = set_map_size(program, &program->spec->map_sizes[i], err);
	return r;
}

int program__add_constant(struct program *program, const char *name, uint64_t value,
			  struct err *err)
{
	const struct fact_variable *variable = variable_named(&program->facts, name);

	if (!variable || variable->size > sizeof(value))
		return err__set(err, -ENOENT, &program->spec->at,
				"object '%s' has no variable '%s' of up to 8 bytes",
				program->spec->object, name);
	if (vec_push(&program->constants, ((struct own_constant){ variable->name, value })) < 0)
		return err__set(err, -ENOMEM, &program->spec->at, "no memory for a constant");
	return 0;
}
