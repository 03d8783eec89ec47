/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/hash_index.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "program/fact_types.h"
#include "program/library.h"
#include "program/program.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

/* An id that facts carry says whose it is: the kernel's own (0), or a module's, counted from 1. */
#define MODULE_SHIFT 24
#define MODULES_MAX 255

struct module_types {
	char *name;      /* owned */
	struct btf *btf; /* owned; NULL: there is none of that name */
};

/* The first few names are found sooner by going through all types (0.5 ms for 110,000) than by an index that is made first. */
#define UNINDEXED_LOOKUPS 4

struct kernel_types {
	struct btf *btf; /* owned; several megabytes: close it as soon as the plan is made */
	struct hash_index names; /* of all types that have one: numbers are ids */
	uint32_t lookups;
	VEC(struct module_types) modules; /* those that were asked for */
};

/* libbpf has numbers of its own from 4000 on: a file that is no BTF, mostly. */
static int explain_types(const char *path, int error, struct library_log *log, struct err *err)
{
	int r;

	if (error < __LIBBPF_ERRNO__START)
		return err__set(err, -error, NULL, "kernel types (BTF) at '%s' cannot be read: %s",
				path, strerror(error));
	r = err__set(err, -EINVAL, NULL,
		     "'%s' has no kernel types; a file of BTF, or an ELF file with a section .BTF, "
		     "has them",
		     path);
	err__cause(err, library_log__text(log));
	return r;
}

int kernel_types__open(const char *btf_path, struct kernel_types **ret_types, struct err *err)
{
	struct kernel_types *types = new_zero(struct kernel_types);
	struct library_log log = { 0 };
	int r = 0;

	if (!types)
		return err__set(err, -ENOMEM, NULL, "no memory for the kernel's types");
	library_log__enter(&log);
	types->btf = btf_path ? btf__parse(btf_path, NULL) : btf__load_vmlinux_btf();
	if (!types->btf)
		r = explain_types(btf_path ? btf_path : KERNEL_TYPES, errno, &log, err);
	library_log__leave(&log);
	library_log__done(&log);
	if (r < 0) {
		free(types);
		return r;
	}
	*ret_types = types;
	return 0;
}

struct kernel_types *kernel_types__close(struct kernel_types *types)
{
	if (!types)
		return NULL;
	vec_for_each(&types->modules, module) {
		btf__free(module->btf);
		free(module->name);
	}
	vec_done(&types->modules);
	hash_index__done(&types->names);
	btf__free(types->btf);
	free(types);
	return NULL;
}

/* The types of a module with their number, those that it shares with the kernel included; 0: it has none. */
static uint32_t find_module(struct kernel_types *types, const char *name)
{
	struct module_types module = { .name = NULL };

	vec_for_each(&types->modules, known)
		if (str_eq(known->name, name))
			return known->btf ? (uint32_t)(known - types->modules.items) + 1 : 0;
	if (types->modules.len == MODULES_MAX || !(module.name = strdup(name)))
		return 0;
	module.btf = btf__load_module_btf(name, types->btf);
	if (vec_push(&types->modules, module) < 0) {
		btf__free(module.btf);
		free(module.name);
		return 0;
	}
	return module.btf ? (uint32_t)types->modules.len : 0;
}

static const struct btf *btf_of(const struct kernel_types *types, uint32_t module)
{
	return module ? types->modules.items[module - 1].btf : types->btf;
}

static uint32_t hash_of(const char *name)
{
	return (uint32_t)hash_bytes(name, strlen(name));
}

static int make_index(struct kernel_types *types)
{
	uint32_t count = btf__type_cnt(types->btf);
	int r = hash_index__reserve(&types->names, count);

	for (uint32_t id = 1; id < count && r == 0; id++) {
		const struct btf_type *type = btf__type_by_id(types->btf, id);
		const char *name = btf__name_by_offset(types->btf, type->name_off);

		if (name && *name)
			hash_index__add(&types->names, hash_of(name), id);
	}
	return r;
}

/* 0: there is none. */
static uint32_t find_id(struct kernel_types *types, uint32_t module, const char *name,
			uint32_t kind)
{
	uint32_t hash = hash_of(name), id;
	size_t position = hash;
	int found;

	if (module || types->lookups++ < UNINDEXED_LOOKUPS ||
	    (types->names.len == 0 && make_index(types) < 0)) {
		found = btf__find_by_name_kind(btf_of(types, module), name, kind);
		return found > 0 ? (uint32_t)found : 0;
	}
	while ((id = hash_index__next(&types->names, hash, &position)) != HASH_INDEX_NONE) {
		const struct btf_type *type = btf__type_by_id(types->btf, id);

		if (btf_kind(type) == kind &&
		    str_eq(btf__name_by_offset(types->btf, type->name_off), name))
			return id;
	}
	return 0;
}

static const struct fact_type *type_of(const struct kernel_types *types, uint32_t module,
				       uint32_t id, struct arena *arena)
{
	struct fact_types *converted = fact_types__new_shallow(btf_of(types, module),
							       module << MODULE_SHIFT, arena);
	const struct fact_type *type = converted ? fact_types__get(converted, id) : NULL;

	fact_types__free(converted);
	return type;
}

/* `skipped`: parameters in front that are not told. */
static const struct fact_function *function_of(const struct kernel_types *types, const char *name,
					       uint32_t prototype_id, uint32_t skipped,
					       struct arena *arena)
{
	const struct btf_type *prototype = btf__type_by_id(types->btf, prototype_id);
	struct fact_function *function = arena_new(arena, struct fact_function);
	const struct fact_type **parameters;
	const char **names;
	struct fact_types *converted;

	if (!function || !prototype || !btf_is_func_proto(prototype) ||
	    btf_vlen(prototype) < skipped)
		return NULL;
	function->parameter_count = btf_vlen(prototype) - skipped;
	parameters = arena_array(arena, const struct fact_type *, function->parameter_count);
	names = arena_array(arena, const char *, function->parameter_count);
	converted = fact_types__new_shallow(types->btf, 0, arena);
	if (!parameters || !names || !converted) {
		fact_types__free(converted);
		return NULL;
	}
	for (uint32_t i = 0; i < function->parameter_count; i++) {
		const struct btf_param *parameter = btf_params(prototype) + skipped + i;
		const char *text = btf__name_by_offset(types->btf, parameter->name_off);
		char *copy = text ? arena__strdup(arena, text) : NULL;

		parameters[i] = fact_types__get(converted, parameter->type);
		names[i] = copy ? copy : "";
	}
	function->result = fact_types__get(converted, prototype->type);
	fact_types__free(converted);
	function->name = arena__strdup(arena, name);
	function->parameters = parameters;
	function->parameter_names = names;
	return function;
}

static const struct fact_function *find_function(void *ctx, const char *name, struct arena *arena)
{
	struct kernel_types *types = ctx;
	uint32_t id = find_id(types, 0, name, BTF_KIND_FUNC);

	if (id == 0)
		return NULL;
	return function_of(types, name, btf__type_by_id(types->btf, id)->type, 0, arena);
}

/* The kernel names the type of a raw tracepoint's callback; its first parameter is the callback's own. */
static const struct fact_function *find_tracepoint(void *ctx, const char *name, struct arena *arena)
{
	struct kernel_types *types = ctx;
	char *callback = arena__printf(arena, "btf_trace_%s", name);
	uint32_t id = callback ? find_id(types, 0, callback, BTF_KIND_TYPEDEF) : 0;
	const struct btf_type *pointer;

	if (id == 0)
		return NULL;
	pointer = btf__type_by_id(types->btf, btf__type_by_id(types->btf, id)->type);
	if (!pointer || !btf_is_ptr(pointer))
		return NULL;
	return function_of(types, name, pointer->type, 1, arena);
}

static const struct fact_type *find_type(void *ctx, const char *module, const char *name,
					 struct arena *arena)
{
	static const uint32_t kinds[] = { BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM,
					  BTF_KIND_TYPEDEF };
	struct kernel_types *types = ctx;
	uint32_t number = module ? find_module(types, module) : 0;

	if (module && number == 0)
		return NULL;
	for (size_t i = 0; i < array_size(kinds); i++) {
		uint32_t id = find_id(types, number, name, kinds[i]);

		if (id)
			return type_of(types, number, id, arena);
	}
	return NULL;
}

static const struct fact_type *expand(void *ctx, const struct fact_type *type, struct arena *arena)
{
	const struct kernel_types *types = ctx;
	uint32_t module = type->id >> MODULE_SHIFT;

	if (type->id == 0 || module > types->modules.len)
		return NULL;
	return type_of(types, module, type->id & ((1u << MODULE_SHIFT) - 1), arena);
}

struct btf_view kernel_types__view(struct kernel_types *types)
{
	return (struct btf_view){ .ctx = types,
				  .find_function = find_function,
				  .find_tracepoint = find_tracepoint,
				  .find_type = find_type,
				  .expand = expand };
}
