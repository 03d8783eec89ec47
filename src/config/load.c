/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"

#define CONFIG_SUFFIX ".yaml"
#define OBJECT_SUFFIX ".bpf.o"

struct spec *spec__free(struct spec *spec)
{
	if (spec)
		arena__done(&spec->arena);
	free(spec);
	return NULL;
}

static void spec_freep(struct spec **spec)
{
	*spec = spec__free(*spec);
}

static int no_memory(struct err_list *errors, const char *origin)
{
	return err_list__set(errors, -ENOMEM, &(struct loc){ .file = origin },
			     "no memory for the config");
}

/* The strings of the input, except the text, move into the spec's arena. */
static int own_input(struct spec *spec, const struct dialect_input *input,
		     struct dialect_input *ret_input)
{
	*ret_input = *input;
	ret_input->name = arena__strdup(&spec->arena, input->name);
	ret_input->origin = arena__strdup(&spec->arena, input->origin);
	ret_input->object = input->object ? arena__strdup(&spec->arena, input->object) : NULL;
	spec->name = ret_input->name;
	spec->origin = ret_input->origin;
	return spec->name && spec->origin && (ret_input->object || !input->object) ? 0 : -ENOMEM;
}

int config_load_text(const struct dialect *dialect, const struct dialect_input *input,
		     struct spec **ret_spec, struct err_list *errors)
{
	__cleanup(spec_freep) struct spec *spec = new_zero(struct spec);
	struct dialect_input own;
	int r;

	if (!spec || own_input(spec, input, &own) < 0)
		return no_memory(errors, input->origin);
	spec->dialect = dialect;
	r = dialect->parse(&own, spec, errors);
	if (r == -ENOMEM && errors->len == 0)
		return no_memory(errors, input->origin);
	if (r < 0)
		return r;
	r = spec__check(spec, errors);
	if (r < 0)
		return r;
	*ret_spec = take_ptr(spec);
	return 0;
}

int spec__complete(struct spec *spec, const struct object_facts *facts, struct err_list *errors)
{
	int r = spec->dialect->complete(spec, facts, errors);

	if (r == 0)
		r = spec__apply_overlay(spec, facts, errors);
	if (r == 0)
		r = spec__apply_settings(spec, errors);
	if (r == 0)
		r = spec__check_params(spec,
				       errors); /* the object may know more of them than the text */
	if (r == 0)
		r = spec__apply_params(spec, facts, errors);
	if (r == 0)
		r = spec__apply_identity(spec);
	if (r == -ENOMEM && errors->len == 0)
		return no_memory(errors, spec->origin);
	return r < 0 ? r : spec__check(spec, errors);
}

static int cannot_read(struct err_list *errors, const char *path, int code)
{
	const struct loc at = { .file = path };

	if (code == -EFBIG)
		return err_list__set(errors, code, &at,
				     "the config is larger than %u bytes; split it",
				     CONFIG_MAX_BYTES);
	return err_list__set(errors, code, &at, "cannot read the config: %s", strerror(-code));
}

static int load(const struct dialect *dialect, const char *name, const char *path,
		const char *object, struct spec **ret_spec, struct err_list *errors)
{
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r;

	r = fd_read_all(AT_FDCWD, path, CONFIG_MAX_BYTES, &text, &len);
	if (r < 0)
		return cannot_read(errors, path, r);
	return config_load_text(
		dialect,
		&(struct dialect_input){
			.name = name, .origin = path, .object = object, .text = text, .len = len },
		ret_spec, errors);
}

int config_load_named(const struct dialect *dialect, const char *dir, const char *name,
		      struct spec **ret_spec, struct err_list *errors)
{
	const char *slash = str_ends(dir, "/") ? "" : "/";
	__cleanup(x_freep) char *path = str_printf("%s%s%s" CONFIG_SUFFIX, dir, slash, name);
	__cleanup(x_freep) char *object = str_printf("%s%s%s" OBJECT_SUFFIX, dir, slash, name);

	if (!path || !object)
		return no_memory(errors, name);
	return load(dialect, name, path, object, ret_spec, errors);
}

int config_load_file(const struct dialect *dialect, const char *path, const char *object,
		     struct spec **ret_spec, struct err_list *errors)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t base_len = strlen(base) -
			  (str_ends(base, CONFIG_SUFFIX) ? strlen(CONFIG_SUFFIX) : 0);
	__cleanup(x_freep) char *name = strndup(base, base_len);
	__cleanup(x_freep) char *beside = NULL;

	if (!name)
		return no_memory(errors, path);
	if (!object) {
		beside = str_printf("%.*s%s" OBJECT_SUFFIX, (int)(base - path), path, name);
		if (!beside)
			return no_memory(errors, path);
		object = beside;
	}
	return load(dialect, name, path, object, ret_spec, errors);
}
