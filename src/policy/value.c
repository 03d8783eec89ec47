/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/value.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "policy/base.h"
#include "policy/resolve.h"

/* One value while it is made. */
struct fetch {
	struct policy_draft *draft;
	struct policy_compile *compile;
	const struct argument_spec *spec;
	enum policy_value_role role;
	uint32_t position;
	struct hook_value value;
	const struct policy_type *type;
	struct policy_way way;
};

static int refuse_type(struct fetch *fetch)
{
	const char *nearest = policy_type__nearest(fetch->spec->type.text);

	return policy_compile__refuse(fetch->compile, -EINVAL, &fetch->spec->type.at,
				      fetch->spec->path, "type '%s' is not known%s%s%s",
				      fetch->spec->type.text, nearest ? "; nearest is '" : "",
				      nearest ? nearest : "", nearest ? "'" : "");
}

static int no_way(struct fetch *fetch, int r)
{
	if (r == -ENOMEM)
		return policy_compile__no_memory(fetch->compile);
	return policy_compile__refuse(
		fetch->compile, -EINVAL, &fetch->spec->at, fetch->spec->path,
		"the way to it follows more than %d pointers, or goes too far", POLICY_STEPS_MAX);
}

static int find_type(struct fetch *fetch)
{
	const char *name = fetch->spec->type.text;

	if (!str_eq(name, "auto")) {
		fetch->type = policy_type__find(name);
		return fetch->type ? 0 : refuse_type(fetch);
	}
	fetch->type = policy_type__guess(fetch->way.type);
	if (fetch->type)
		return 0;
	return policy_compile__refuse(
		fetch->compile, -EINVAL, &fetch->spec->type.at, fetch->spec->path,
		"what it is cannot be told from this kernel's types; say its type");
}

/* The struct that a type of argument is, as it is in this kernel. */
static const struct fact_type *find_struct(struct fetch *fetch, const char *module,
					   const char *name)
{
	const struct btf_view *view = fetch->compile->context->types;

	return view ? view->find_type(view->ctx, module, name, &fetch->compile->types) : NULL;
}

/* ---- resolve ---- */

static bool is_in_user_space(const struct fetch *fetch)
{
	return fetch->spec->source == DATA_SOURCE_CALL &&
	       (fetch->draft->site->kind == POLICY_SITE_UPROBE ||
		fetch->draft->site->kind == POLICY_SITE_USDT);
}

/* Ways through the structs of a program need its own types: what the kernel calls the same is another thing. */
static int begin_user_way(struct fetch *fetch)
{
	struct policy_compile *compile = fetch->compile;
	const struct policy_context *context = compile->context;
	const struct argument_spec *spec = fetch->spec;
	const char *path = fetch->draft->spec->btf_file;
	const struct btf_view *view;
	struct err err = ERR_INIT;
	int r;

	if (!path || !spec->btf_type.text)
		return policy_compile__refuse(
			compile, -EINVAL, &spec->resolve.at, spec->path,
			"'%s' cannot be resolved: btfPath and btfType say what "
			"it begins in",
			spec->resolve.text);
	view = context->find_types ? context->find_types(context->find_types_ctx, path, &err)
				   : NULL;
	if (!view) {
		r = policy_compile__refuse(compile, -EOPNOTSUPP, &spec->at, spec->path,
					   "the types of '%s' are not read%s%s", path,
					   err.text ? ": " : "", err.text ? err.text : "");
		err__done(&err);
		return r;
	}
	fetch->way.view = view;
	fetch->way.type = view->find_type(view->ctx, NULL, spec->btf_type.text, &compile->types);
	if (fetch->way.type)
		return 0;
	return policy_compile__refuse(compile, -EINVAL, &spec->btf_type.at, spec->path,
				      "'%s' has no type '%s'", path, spec->btf_type.text);
}

/* What the way begins in, behind the word that the base gives. */
static int begin_way(struct fetch *fetch)
{
	const struct spec_text *name = &fetch->spec->btf_type;
	const char *start = name->text;

	if (!start && fetch->spec->source == DATA_SOURCE_TASK)
		start = "task_struct";
	if (start) {
		fetch->way.type = find_struct(fetch, fetch->spec->btf_module, start);
		if (fetch->way.type)
			return 0;
		return policy_compile__refuse(
			fetch->compile, -EINVAL, name->text ? &name->at : &fetch->spec->at,
			fetch->spec->path, "this kernel has no type '%s'%s%s%s", start,
			fetch->spec->btf_module ? " in module '" : "",
			fetch->spec->btf_module ? fetch->spec->btf_module : "",
			fetch->spec->btf_module ? "'" : "");
	}
	if (!fetch->way.type || fetch->way.type->kind != FACT_TYPE_POINTER)
		return policy_compile__refuse(
			fetch->compile, -EINVAL, &fetch->spec->resolve.at, fetch->spec->path,
			"'%s' cannot be resolved: of what it begins in, %s; btfType says what it is",
			fetch->spec->resolve.text,
			fetch->way.type ? "the kernel's types say that it is no pointer"
					: "the kernel's types say nothing");
	fetch->way.type = fetch->way.type->element;
	return 0;
}

/* A field of a tracepoint's record that is the address of what is asked for. */
static int follow_field(struct fetch *fetch)
{
	int r = fetch->value.base == HOOK_BASE_FIELD ? policy_way__end_step(&fetch->way, true) : 0;

	return r < 0 ? no_way(fetch, r) : 0;
}

static int resolve(struct fetch *fetch)
{
	const struct spec_text *members = &fetch->spec->resolve;
	int r = is_in_user_space(fetch) ? begin_user_way(fetch) : begin_way(fetch);

	if (r == 0)
		r = follow_field(fetch);
	if (r < 0)
		return r;
	return policy_resolve(fetch->compile, &members->at, fetch->spec->path, members->text,
			      &fetch->way);
}

/* ---- the end of the way ---- */

static bool is_number(enum policy_class class)
{
	return class == POLICY_CLASS_NUMBER || class == POLICY_CLASS_CAPABILITY ||
	       class == POLICY_CLASS_CAPABILITIES || class == POLICY_CLASS_SYSCALL;
}

/* A number that was resolved is as large as it is there. */
static void take_size(struct fetch *fetch)
{
	const struct fact_type *type = fetch->way.type;

	if (type &&
	    (type->kind == FACT_TYPE_INT || type->kind == FACT_TYPE_ENUM ||
	     type->kind == FACT_TYPE_CHAR || type->kind == FACT_TYPE_BOOL) &&
	    type->size && type->size < fetch->value.size) {
		fetch->value.size = type->size;
		fetch->value.is_signed = type->is_signed;
	}
}

static void take_bit_field(struct fetch *fetch)
{
	uint32_t bits = (uint32_t)fetch->way.bit_offset + fetch->way.bit_size;

	fetch->value.is_bit_field = true;
	fetch->value.bit_offset = fetch->way.bit_offset;
	fetch->value.bit_size = fetch->way.bit_size;
	fetch->value.is_signed = fetch->way.type && fetch->way.type->is_signed;
	fetch->value.size = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

static int end_number(struct fetch *fetch)
{
	bool is_there = fetch->spec->resolve.text != NULL; /* and not the word itself */
	int r;

	if (fetch->spec->resolve.text && fetch->way.is_bit_field)
		take_bit_field(fetch);
	else if (fetch->spec->resolve.text)
		take_size(fetch);
	if (fetch->type->class == POLICY_CLASS_CAPABILITIES)
		is_there = true;
	/* A register's name is all of its way. */
	if (!is_there || fetch->spec->source == DATA_SOURCE_REGISTERS)
		return 0;
	r = policy_way__end_step(&fetch->way, false);
	return r < 0 ? no_way(fetch, r) : 0;
}

/* The rest of the way to what a class is made of: from struct file to struct path, … */
static int go_into_object(struct fetch *fetch)
{
	const struct policy_type *type = fetch->type;
	const struct fact_type *object = find_struct(fetch, NULL, type->object);
	bool is_pointer;
	int r;

	if (!object)
		return policy_compile__refuse(
			fetch->compile, -EINVAL, &fetch->spec->type.at, fetch->spec->path,
			"this kernel has no type '%s', which '%s' is", type->object, type->name);
	fetch->way.type = object;
	r = policy_resolve(fetch->compile, &fetch->spec->type.at, fetch->spec->path, type->way,
			   &fetch->way);
	if (r < 0)
		return r;
	is_pointer = fetch->way.type && fetch->way.type->kind == FACT_TYPE_POINTER;
	r = policy_way__end_step(&fetch->way, is_pointer);
	return r < 0 ? no_way(fetch, r) : 0;
}

static int end_object(struct fetch *fetch)
{
	const struct fact_type *there = fetch->way.type;
	int r = 0;

	if (fetch->spec->resolve.text) {
		r = policy_way__end_step(&fetch->way, there && there->kind == FACT_TYPE_POINTER);
		if (r < 0)
			return no_way(fetch, r);
		if (there && there->kind == FACT_TYPE_ARRAY && there->size)
			fetch->value.max_size = there->size;
	}
	if (fetch->type->way)
		r = go_into_object(fetch);
	there = fetch->way.type;
	if (r == 0 && fetch->type->way && there && there->kind == FACT_TYPE_ARRAY)
		fetch->value.max_size = there->size;
	return r;
}

/* ---- how much ---- */

static int add_value(struct policy_draft *draft, const struct hook_value *value,
		     const struct policy_value *info, const struct policy_type *type,
		     const struct argument_spec *spec)
{
	if (draft->value_count == HOOK_VALUES_MAX)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "a hook can look at %d values, sizes of buffers "
					      "included; this is one more",
					      HOOK_VALUES_MAX);
	draft->values[draft->value_count] = *value;
	draft->infos[draft->value_count] = *info;
	draft->types[draft->value_count] = type;
	return (int)draft->value_count++;
}

/* Index of the hidden value that says how long a buffer is, or an error. */
static int add_size(struct fetch *fetch)
{
	static const struct policy_value hidden = { .role = POLICY_VALUE_HIDDEN, .type = "size_t" };
	struct hook_value size = {
		.class = POLICY_CLASS_NUMBER, .size = 8, .size_value = HOOK_NONE, .is_signed = true
	};

	if (fetch->spec->is_return_copy) {
		size.base = HOOK_BASE_RETURN;
		size.is_at_return = true;
	} else {
		const struct fact_type *type = NULL;
		int r = policy_base__of_parameter(fetch->draft, fetch->spec,
						  fetch->spec->size_parameter - 1, &size, &type);

		if (r < 0)
			return r;
		if (type && type->kind == FACT_TYPE_INT && type->size && type->size <= 8)
			size.size = type->size;
	}
	return add_value(fetch->draft, &size, &hidden, NULL, fetch->spec);
}

static int bound_buffer(struct fetch *fetch)
{
	uint32_t most = fetch->spec->is_max_data ? POLICY_DATA_MAX : POLICY_BYTES_MAX;
	int r;

	if (fetch->value.max_size == 0 || fetch->value.max_size > most)
		fetch->value.max_size = fetch->value.max_size ? most : 0;
	if (fetch->spec->size_parameter || fetch->spec->is_return_copy) {
		r = add_size(fetch);
		if (r < 0)
			return r;
		fetch->value.size_value = (uint32_t)r;
	} else if (fetch->value.max_size == 0 && fetch->value.form != HOOK_FORM_ITERATOR) {
		return policy_compile__refuse(
			fetch->compile, -EINVAL, &fetch->spec->at, fetch->spec->path,
			"how long this %s is is not known; sizeArgIndex names the parameter that "
			"says it, returnCopy takes what is returned",
			fetch->type->name);
	}
	if (fetch->value.max_size == 0)
		fetch->value.max_size = most;
	return 0;
}

static int bound(struct fetch *fetch)
{
	struct hook_value *value = &fetch->value;

	if (value->class == POLICY_CLASS_BYTES)
		return bound_buffer(fetch);
	if (value->class != POLICY_CLASS_TEXT && value->class != POLICY_CLASS_PATH)
		return 0;
	if (value->max_size == 0 || value->max_size > POLICY_TEXT_MAX)
		value->max_size = POLICY_TEXT_MAX;
	return 0;
}

/* ---- whose memory ---- */

static void place_in_memory(struct fetch *fetch)
{
	struct hook_value *value = &fetch->value;
	bool is_user = policy_base__is_user(fetch->draft);
	/* What a function of the kernel returns is the kernel's. */
	bool is_in_kernel = fetch->spec->source != DATA_SOURCE_CALL || fetch->type->way ||
			    (fetch->role == POLICY_VALUE_RESULT && !is_user);

	if (is_number(value->class) && value->step_count == 0)
		return;
	if (value->form == HOOK_FORM_RECORD || value->form == HOOK_FORM_DYNAMIC ||
	    value->form == HOOK_FORM_DESCRIPTOR)
		return;
	if (!is_in_kernel && is_user)
		value->is_user = true;
	else if (!is_in_kernel && !fetch->spec->resolve.text &&
		 (value->class == POLICY_CLASS_TEXT || value->class == POLICY_CLASS_BYTES) &&
		 value->form != HOOK_FORM_ITERATOR)
		value->is_anywhere = true;
}

/* ---- one ---- */

/* What the record of a classic tracepoint has needs no way. */
static void fit_record(struct fetch *fetch)
{
	const struct policy_field *field = policy_base__field(fetch->draft, fetch->spec->index);

	if (fetch->value.base != HOOK_BASE_FIELD || !field)
		return;
	if (is_number(fetch->value.class) && field->size && field->size < fetch->value.size) {
		fetch->value.size = field->size;
		fetch->value.is_signed = field->is_signed;
	}
	if (fetch->value.class != POLICY_CLASS_TEXT && fetch->value.class != POLICY_CLASS_BYTES)
		return;
	if (field->is_dynamic) {
		fetch->value.form = HOOK_FORM_DYNAMIC;
	} else if (!strchr(field->type, '*')) { /* no pointer: the bytes are there */
		fetch->value.form = HOOK_FORM_RECORD;
		fetch->value.max_size = field->size;
	}
}

static int fill(struct fetch *fetch)
{
	struct hook_value *value = &fetch->value;
	int r = find_type(fetch);

	if (r < 0)
		return r;
	if (!fetch->spec->resolve.text && value->base != HOOK_BASE_SYSCALL_NUMBER &&
	    fetch->type->class == POLICY_CLASS_SYSCALL && value->base != HOOK_BASE_FIELD)
		policy_compile__warn(fetch->compile, &fetch->spec->type.at, fetch->spec->path,
				     "only raw_syscalls tell the number of a system call");
	value->class = fetch->type->class;
	value->size = fetch->type->size;
	value->is_signed = fetch->type->is_signed;
	value->form = fetch->type->form;
	value->size_value = HOOK_NONE;
	value->is_captured = fetch->compile->context->can_have_events;
	/* The number alone, without the bit that tells the way to call. */
	if (value->base == HOOK_BASE_SYSCALL_NUMBER && value->class == POLICY_CLASS_NUMBER) {
		value->is_bit_field = true;
		value->bit_size = 31;
		value->is_signed = false;
	}
	fit_record(fetch);
	if (is_number(value->class))
		return end_number(fetch);
	if (value->form == HOOK_FORM_RECORD || value->form == HOOK_FORM_DYNAMIC)
		return 0;
	r = fetch->spec->resolve.text ? 0 : follow_field(fetch);
	return r < 0 ? r : end_object(fetch);
}

static int make(struct fetch *fetch)
{
	struct policy_draft *draft = fetch->draft;
	struct policy_value info = { .role = fetch->role,
				     .position = fetch->position,
				     .label = fetch->spec->label };
	int r = policy_base__find(draft, fetch->spec, fetch->role, &fetch->value, &fetch->way.type);

	if (r == 0 && fetch->spec->resolve.text && fetch->spec->source != DATA_SOURCE_REGISTERS)
		r = resolve(fetch);
	if (r == 0)
		r = fill(fetch);
	if (r < 0)
		return r;
	fetch->value.step_count = (uint32_t)fetch->way.steps.len;
	fetch->value.steps = arena__memdup(fetch->compile->arena, fetch->way.steps.items,
					   fetch->way.steps.len * sizeof(*fetch->way.steps.items));
	if (fetch->way.steps.len && !fetch->value.steps)
		return policy_compile__no_memory(fetch->compile);
	place_in_memory(fetch);
	fetch->value.is_at_return = fetch->role == POLICY_VALUE_RESULT ||
				    fetch->spec->is_return_copy;
	r = bound(fetch);
	if (r < 0)
		return r;
	info.kind = fetch->type->kind;
	info.type = fetch->type->name;
	return add_value(draft, &fetch->value, &info, fetch->type, fetch->spec);
}

/* Index of the value, or HOOK_NONE of what is skipped and of what was refused. */
static uint32_t add(struct policy_draft *draft, const struct argument_spec *spec,
		    enum policy_value_role role, uint32_t position)
{
	struct fetch fetch = { .draft = draft,
			       .compile = draft->compile,
			       .spec = spec,
			       .role = role,
			       .position = position };
	int r;

	if (str_eq(spec->type.text, "nop"))
		return HOOK_NONE;
	r = make(&fetch);
	vec_done(&fetch.way.steps);
	return r < 0 ? HOOK_NONE : (uint32_t)r;
}

int policy_values__add_all(struct policy_draft *draft)
{
	const struct hook_spec *spec = draft->spec;
	struct arena *arena = draft->compile->arena;

	draft->arg_values = arena_array(arena, uint32_t, spec->arg_count + 1);
	draft->data_values = arena_array(arena, uint32_t, spec->data_count + 1);
	if (!draft->arg_values || !draft->data_values)
		return policy_compile__no_memory(draft->compile);
	for (uint32_t i = 0; i < spec->arg_count; i++)
		draft->arg_values[i] = add(draft, &spec->args[i], POLICY_VALUE_ARGUMENT, i);
	for (uint32_t i = 0; i < spec->data_count; i++)
		draft->data_values[i] = add(draft, &spec->data[i], POLICY_VALUE_DATA, i);
	draft->ret_value = spec->ret ? add(draft, spec->ret, POLICY_VALUE_RESULT, 0) : HOOK_NONE;
	return draft->compile->result;
}
