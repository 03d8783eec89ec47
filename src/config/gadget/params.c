/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

#define PARAM_PREFIX "gadget_param_"
#define EBPF_DEFAULT GADGET_DEFAULT_NOTE "operator.oci.ebpf."

/* Variables of the contract's own headers have names and help of their own, if the type agrees. */
static const struct {
	const char *variable, *type;
	const char *key, *help;
} well_known[] = {
	{ "collect_build_id", "", "collect-build-id", "Collect build ids for user stacks" },
	{ "collect_otel_stack", "", "collect-otel-stack", "Collect stacks of interpreters" },
	{ "collect_ustack", "", "collect-ustack", "Collect user stacks" },
	{ "targ_comm", "gadget_comm", "comm", "Show only events of threads of this name" },
	{ "targ_gid", "gadget_gid", "gid", "Show only events of this group" },
	{ "targ_pid", "gadget_pid", "pid", "Show only events of this process" },
	{ "targ_tid", "gadget_tid", "tid", "Show only events of this thread" },
	{ "targ_uid", "gadget_uid", "uid", "Show only events of this user" },
};

static bool has_typedef(const struct fact_type *type, const char *name)
{
	if (type->kind == FACT_TYPE_ARRAY && type->element)
		type = type->element;
	for (uint32_t i = 0; i < type->typedef_count; i++)
		if (str_eq(type->typedefs[i], name))
			return true;
	return !name[0];
}

static void set_well_known(const struct fact_variable *variable, struct param_spec *param)
{
	for (size_t i = 0; i < array_size(well_known); i++) {
		if (!str_eq(well_known[i].variable, variable->name) ||
		    !has_typedef(variable->type, well_known[i].type))
			continue;
		param->name = well_known[i].key;
		param->help = well_known[i].help;
	}
}

/* ---- type and default ----------------------------------------------------------------------- */

/* A name of param.c's table; NULL: there is none for it. */
static const char *param_type(const struct fact_type *type)
{
	static const char *const unsigned_types[] = {
		[1] = "u8", [2] = "u16", [4] = "u32", [8] = "u64"
	};
	static const char *const signed_types[] = {
		[1] = "s8", [2] = "s16", [4] = "s32", [8] = "s64"
	};

	switch (type->kind) {
	case FACT_TYPE_BOOL:
		return "bool";
	case FACT_TYPE_INT:
	case FACT_TYPE_CHAR:
	case FACT_TYPE_ENUM:
		if (type->size >= array_size(signed_types))
			return NULL;
		return type->is_signed ? signed_types[type->size] : unsigned_types[type->size];
	case FACT_TYPE_FLOAT:
		return type->size == 8 ? "f64" : "f32";
	case FACT_TYPE_ARRAY:
		return type->element && type->element->kind == FACT_TYPE_CHAR &&
				       type->element->size == 1
			       ? "string"
			       : NULL;
	case FACT_TYPE_STRUCT:
		return str_eq(type->name, "gadget_l3endpoint_t") ||
				       has_typedef(type, "gadget_l3endpoint_t")
			       ? "address"
			       : NULL;
	case FACT_TYPE_UNION:
	case FACT_TYPE_POINTER:
	case FACT_TYPE_OTHER:
		break;
	}
	return NULL;
}

static int64_t sign_extend(uint64_t value, uint32_t size)
{
	unsigned int shift = 64 - 8 * size;

	return (int64_t)(value << shift) >> shift;
}

/* The bytes of the object as a person would write them; a text is empty unless the gadget says more. */
static const char *initial_value(struct arena *arena, const struct fact_variable *variable)
{
	const struct fact_type *type = variable->type;
	uint64_t value = 0;
	double number = 0;
	float single = 0;

	if (!variable->initial || variable->size < type->size || type->kind == FACT_TYPE_ARRAY ||
	    type->kind == FACT_TYPE_STRUCT)
		return "";
	if (type->kind == FACT_TYPE_FLOAT && type->size == sizeof(single)) {
		memcpy(&single, variable->initial, sizeof(single));
		return arena__printf(arena, "%.9g", (double)single);
	}
	if (type->kind == FACT_TYPE_FLOAT) {
		memcpy(&number, variable->initial, sizeof(number));
		return arena__printf(arena, "%.17g", number);
	}
	if (type->size > sizeof(value))
		return "";
	memcpy(&value, variable->initial, type->size);
	if (type->kind == FACT_TYPE_BOOL)
		return value ? "true" : "false";
	if (type->is_signed)
		return arena__printf(arena, "%lld", (long long)sign_extend(value, type->size));
	return arena__printf(arena, "%llu", (unsigned long long)value);
}

/* ---- one parameter -------------------------------------------------------------------------- */

static const struct param_spec *described(const struct spec *spec, const char *variable)
{
	for (uint32_t i = 0; i < spec->param_count; i++)
		if (spec->params[i].constant && strcasecmp(spec->params[i].constant, variable) == 0)
			return &spec->params[i];
	return NULL;
}

/* What 'paramDefaults' says of a parameter of programs. NULL: nothing. */
static const char *default_of(struct gadget_writer *writer, const char *name)
{
	char *key = arena__printf(writer->arena, EBPF_DEFAULT "%s", name);
	char *lower = key ? tree_lower(writer->arena, key) : NULL;

	return lower ? gadget_note(writer->spec->notes, writer->spec->note_count, lower) : NULL;
}

static int push(struct gadget_writer *writer, struct param_spec *param)
{
	const char *value = default_of(writer, param->name);

	if (value)
		param->value = value;
	vec_for_each(&writer->params, other)
		if (str_eq(other->name, param->name))
			return gadget_writer__warn(
				writer, &param->at,
				"there are two parameters '%s', ignoring the second", param->name);
	if (writer->params.len >= GADGET_MAX_PARAMS)
		return err_list__set(writer->errors, -E2BIG, &param->at,
				     "a gadget has at most %d parameters", GADGET_MAX_PARAMS);
	return vec_push(&writer->params, *param);
}

static int add_declared(struct gadget_writer *writer, const struct object_facts *facts,
			const char *name)
{
	const struct fact_variable *variable = object_facts__find_variable(facts, name);
	const struct param_spec *text = described(writer->spec, name);
	struct param_spec param = { .at = { .file = facts->path }, .name = name, .help = "" };

	if (!variable || !variable->type || !str_starts(variable->section, ".rodata"))
		return err_list__set(
			writer->errors, -ENOENT, &param.at,
			"parameter '%s' is no constant of the object; declare const volatile TYPE %s",
			name, name);
	param.type = param_type(variable->type);
	if (!param.type)
		return gadget_writer__warn(
			writer, &param.at,
			"parameter '%s' is of a type that cannot be set, ignoring it", name);
	param.constant = variable->name;
	param.value = initial_value(writer->arena, variable);
	if (!param.value)
		return -ENOMEM;
	set_well_known(variable, &param);
	if (text) {
		param.at = text->at;
		param.name = str_eq(text->name, text->constant) ? param.name : text->name;
		param.help = text->help[0] ? text->help : param.help;
		param.value = text->value[0] ? text->value : param.value;
	}
	return push(writer, &param);
}

/* ---- those that a gadget does not declare ---------------------------------------------------- */

static bool has_tables(const struct gadget_writer *writer)
{
	for (size_t i = 0; i < writer->streams.len; i++)
		if (writer->streams.items[i].mode == STREAM_MODE_TABLE &&
		    !writer->streams.items[i].is_foreign)
			return true;
	return false;
}

static bool has_interfaces(const struct object_facts *facts)
{
	for (uint32_t i = 0; i < facts->program_count; i++)
		if (str_starts(facts->programs[i].section, "classifier/"))
			return true;
	return false;
}

static int add_implied(struct gadget_writer *writer, const struct object_facts *facts)
{
	const struct loc at = { .file = facts->path };
	const struct {
		bool is_there;
		struct param_spec param;
	} implied[] = {
		{ has_interfaces(facts),
		  { .name = "iface",
		    .help = "Network interface to attach to",
		    .type = "string",
		    .value = "" } },
		{ has_tables(writer),
		  { .name = "map-fetch-count",
		    .help = "How many times maps are read; 0: until the end",
		    .type = "string",
		    .value = "0" } },
		{ has_tables(writer),
		  { .name = "map-fetch-interval",
		    .help = "How often maps are read",
		    .type = "string",
		    .value = "1000ms" } },
	};

	for (size_t i = 0; i < array_size(implied); i++) {
		struct param_spec param = implied[i].param;
		int r;

		param.at = at;
		r = implied[i].is_there ? push(writer, &param) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int keep_others(struct gadget_writer *writer, const struct object_facts *facts)
{
	for (uint32_t i = 0; i < writer->spec->param_count; i++) {
		struct param_spec param = writer->spec->params[i];
		bool is_used = false;
		int r = 0;

		if (!param.constant) {
			r = push(writer, &param);
		} else {
			vec_for_each(&writer->params, other)
				is_used |= other->constant &&
					   strcasecmp(other->constant, param.constant) == 0;
			if (!is_used)
				r = gadget_writer__warn(
					writer, &param.at,
					"%s declares no parameter '%s', ignoring what is said of it",
					facts->path, param.constant);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int gadget_add_params(struct gadget_writer *writer, const struct object_facts *facts)
{
	int first = 0;

	for (uint32_t i = 0; i < facts->variable_count && first != -ENOMEM; i++) {
		struct gadget_parts parts;
		int r = gadget_split(writer->arena, &facts->variables[i], PARAM_PREFIX, &parts);

		if (r == 0 && parts.count > 0)
			r = add_declared(writer, facts,
					 facts->variables[i].name + strlen(PARAM_PREFIX));
		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	if (first == 0)
		first = add_implied(writer, facts);
	return first < 0 ? first : keep_others(writer, facts);
}
