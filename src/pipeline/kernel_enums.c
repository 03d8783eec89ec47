/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/kernel_enums.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/facts.h"
#include "config/spec.h"
#include "program/program.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"
#define KERNEL_TYPES_MAX_BYTES (64u << 20)

struct enums {
	struct spec *spec;
	const char *path;
	struct kernel_types *types; /* NULL: not needed yet, or not to be had */
	bool is_sought;
};

static bool shows_names(const struct field_spec *text)
{
	return text->source && text->step_count > 0 && text->steps[0].pair_count > 0 &&
	       (str_eq(text->steps[0].decoder, "enum") || str_eq(text->steps[0].decoder, "bits"));
}

/* Names stand in the file as they are: a look at the bytes spares most gadgets the 40 ms of taking types apart. */
static bool may_have(const struct enums *enums, const char *name)
{
	size_t name_len = strlen(name) + 1; /* with its end, so that it is no longer one */
	char *text __cleanup(x_freep) = NULL;
	size_t len;

	return fd_read_all(AT_FDCWD, enums->path ? enums->path : KERNEL_TYPES,
			   KERNEL_TYPES_MAX_BYTES, &text, &len) == 0 &&
	       memmem(text, len, name, name_len) != NULL;
}

static const struct fact_type *find_enum(struct enums *enums, const char *name)
{
	const struct fact_type *type;
	struct btf_view view;

	if (!enums->types && (enums->is_sought || !may_have(enums, name)))
		return NULL;
	if (!enums->types) {
		enums->is_sought = true;
		if (kernel_types__open(enums->path, &enums->types, NULL) < 0)
			return NULL;
	}
	view = kernel_types__view(enums->types);
	type = view.find_type(view.ctx, NULL, name, &enums->spec->arena);
	return type && type->kind == FACT_TYPE_ENUM ? type : NULL;
}

static bool shares_a_name(const struct fact_type *type, const struct step_spec *step)
{
	for (uint32_t i = 0; i < type->member_count; i++)
		for (uint32_t k = 0; k < step->pair_count; k++)
			if (str_eq(type->enumerators[i].name, step->pairs[k].value))
				return true;
	return false;
}

static int take_names(struct enums *enums, const struct fact_type *type, struct step_spec *step)
{
	struct arena *arena = &enums->spec->arena;
	struct step_pair *pairs = arena_array(arena, struct step_pair, type->member_count);

	if (!pairs)
		return -ENOMEM;
	for (uint32_t i = 0; i < type->member_count; i++) {
		pairs[i].key = arena__printf(arena, "%" PRId64, type->enumerators[i].value);
		pairs[i].value = arena__strdup(arena, type->enumerators[i].name);
		if (!pairs[i].key || !pairs[i].value)
			return -ENOMEM;
	}
	step->pairs = pairs;
	step->pair_count = type->member_count;
	return 0;
}

static const char *type_name_of(const struct stream_spec *stream, const char *field)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (str_eq(stream->fields[i].name, field))
			return stream->fields[i].type_name;
	return NULL;
}

static int apply_to_field(struct enums *enums, const struct stream_spec *stream,
			  const struct field_spec *field)
{
	const char *name = type_name_of(stream, field->source);
	const struct fact_type *type = name ? find_enum(enums, name) : NULL;

	if (!type || !shares_a_name(type, &field->steps[0]))
		return 0;
	/* Const once it is complete; this is the last of completing it, in its own arena. */
	return take_names(enums, type, (struct step_spec *)(uintptr_t)field->steps);
}

int kernel_enums_apply(struct spec *spec, const char *btf_path)
{
	struct enums enums = { .spec = spec, .path = btf_path };
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < spec->stream_count; i++) {
		const struct stream_spec *stream = &spec->streams[i];

		for (uint32_t k = 0; r == 0 && k < stream->field_count; k++)
			if (shows_names(&stream->fields[k]))
				r = apply_to_field(&enums, stream, &stream->fields[k]);
	}
	kernel_types__close(enums.types);
	return r;
}
