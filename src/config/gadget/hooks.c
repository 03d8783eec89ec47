/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the language says about hooks beside the names of sections: some follow containers, some network namespaces, and
 * some hang on a map, which a variable names.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

/* Names of sections that begin so. */
static const struct {
	const char *section;
	enum attach_scope scope;
	enum attach_kind kind;
} hooks[] = {
	{ "classifier/egress/", ATTACH_SCOPE_EACH_NETNS, ATTACH_KIND_SECTION },
	{ "classifier/ingress/", ATTACH_SCOPE_EACH_NETNS, ATTACH_KIND_SECTION },
	{ "iter/tcp", ATTACH_SCOPE_EACH_NETNS, ATTACH_KIND_SECTION },
	{ "iter/udp", ATTACH_SCOPE_EACH_NETNS, ATTACH_KIND_SECTION },
	{ "socket", ATTACH_SCOPE_EACH_NETNS, ATTACH_KIND_SECTION },
	{ "sockops", ATTACH_SCOPE_HOST, ATTACH_KIND_CGROUP },
	/* Of whoever runs the gadget: no container has it. */
	{ "uprobe/./", ATTACH_SCOPE_HOST, ATTACH_KIND_SECTION },
	{ "uprobe/", ATTACH_SCOPE_EACH_CONTAINER, ATTACH_KIND_SECTION },
	{ "uretprobe/", ATTACH_SCOPE_EACH_CONTAINER, ATTACH_KIND_SECTION },
	{ "usdt/", ATTACH_SCOPE_EACH_CONTAINER, ATTACH_KIND_SECTION },
};

/* Variables PREFIX PROGRAM ___ MAP. */
static const char *const map_targets[] = {
	"gadget_mapelem_iter_target_",
	"gadget_sk_prog_target_",
};

struct attach_spec *gadget_attach_of(gadget_attaches *attaches, const struct loc *at,
				     const char *program)
{
	const struct attach_spec fresh = { .at = *at, .program = program };

	vec_for_each(attaches, attach)
		if (attach->program && str_eq(attach->program, program))
			return attach;
	return vec_push(attaches, fresh) < 0 ? NULL : &attaches->items[attaches->len - 1];
}

static int add_hook(gadget_attaches *attaches, const struct loc *at,
		    const struct fact_program *program)
{
	for (size_t i = 0; i < array_size(hooks); i++) {
		struct attach_spec *attach;

		if (!str_starts(program->section, hooks[i].section))
			continue;
		attach = gadget_attach_of(attaches, at, program->name);
		if (!attach)
			return -ENOMEM;
		attach->scope = hooks[i].scope;
		if (hooks[i].kind != ATTACH_KIND_SECTION && !attach->is_off)
			attach->kind = hooks[i].kind;
		break;
	}
	return 0;
}

/* Packets of one interface instead, when it is named. */
#define INTERFACE_PARAM "iface"
#define INTERFACE_PREFIX "classifier/"

static int add_interface(gadget_attaches *attaches, const struct loc *at,
			 const struct fact_program *program, const char *interface)
{
	struct attach_spec *attach;

	if (!str_starts(program->section, INTERFACE_PREFIX))
		return 0;
	attach = gadget_attach_of(attaches, at, program->name);
	if (!attach)
		return -ENOMEM;
	attach->scope = ATTACH_SCOPE_INTERFACE;
	attach->kind = ATTACH_KIND_TC;
	attach->target = interface;
	return 0;
}

#define SAMPLER_PREFIX "perf_event/"

/* The text says how to sample by the name in the section, everything else by that of the function. */
static void name_sampler(gadget_attaches *attaches, const struct fact_program *program)
{
	if (!str_starts(program->section, SAMPLER_PREFIX))
		return;
	vec_for_each(attaches, attach)
		if (attach->kind == ATTACH_KIND_PERF_EVENT && attach->program &&
		    str_eq(attach->program, program->section + strlen(SAMPLER_PREFIX)))
			attach->program = program->name;
}

static int add_map(struct gadget_writer *writer, gadget_attaches *attaches,
		   const struct object_facts *facts, const struct fact_variable *variable,
		   const struct gadget_parts *parts)
{
	const struct loc at = { .file = facts->path };
	struct attach_spec *attach;

	if (parts->count != 2)
		return err_list__set(writer->errors, -EINVAL, &at,
				     "variable '%s': the target of a program has the program and a "
				     "map in its name",
				     variable->name);
	if (!object_facts__find_map(facts, parts->items[1]))
		return err_list__set(writer->errors, -EINVAL, &at,
				     "variable '%s': the object has no map '%s'", variable->name,
				     parts->items[1]);
	attach = gadget_attach_of(attaches, &at, parts->items[0]);
	if (!attach)
		return -ENOMEM;
	attach->map = parts->items[1];
	return 0;
}

static int add_maps(struct gadget_writer *writer, gadget_attaches *attaches,
		    const struct object_facts *facts)
{
	for (uint32_t i = 0; i < facts->variable_count; i++)
		for (size_t k = 0; k < array_size(map_targets); k++) {
			struct gadget_parts parts;
			int r = gadget_split(writer->arena, &facts->variables[i], map_targets[k],
					     &parts);

			if (r == 0 && parts.count > 0)
				r = add_map(writer, attaches, facts, &facts->variables[i], &parts);
			if (r < 0)
				return r;
		}
	return 0;
}

static int collect(struct gadget_writer *writer, gadget_attaches *attaches,
		   struct program_spec *program, const struct object_facts *facts)
{
	const struct loc at = { .file = facts->path };
	const char *interface = "";
	int r = 0;

	(void)gadget_writer__find_param(writer, INTERFACE_PARAM, &interface);
	for (uint32_t i = 0; r == 0 && i < program->attach_count; i++)
		r = vec_push(attaches, program->attaches[i]);
	if (r == 0)
		r = gadget_choose_hooks(writer, facts, program, attaches);
	for (uint32_t i = 0; r == 0 && i < facts->program_count; i++)
		name_sampler(attaches, &facts->programs[i]);
	for (uint32_t i = 0; r == 0 && i < facts->program_count; i++)
		r = add_hook(attaches, &at, &facts->programs[i]);
	for (uint32_t i = 0; r == 0 && interface[0] && i < facts->program_count; i++)
		r = add_interface(attaches, &at, &facts->programs[i], interface);
	return r < 0 ? r : add_maps(writer, attaches, facts);
}

int gadget_add_hooks(struct gadget_writer *writer, const struct object_facts *facts)
{
	/* All of a spec is const only once it is complete. */
	struct program_spec *program = (struct program_spec *)(uintptr_t)writer->spec->programs;
	gadget_attaches attaches = VEC_INIT;
	int r;

	if (writer->spec->program_count == 0)
		return 0;
	r = collect(writer, &attaches, program, facts);
	if (r == 0 && attaches.len > 0) {
		program->attaches = arena__memdup(writer->arena, attaches.items,
						  attaches.len * sizeof(struct attach_spec));
		program->attach_count = program->attaches ? (uint32_t)attaches.len : 0;
		r = program->attaches ? 0 : -ENOMEM;
	}
	vec_done(&attaches);
	return r;
}
