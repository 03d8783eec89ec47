/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/gadget.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/package.h"
#include "config/load.h"

struct gadget {
	struct gadget_package *package; /* owned */
	struct spec *spec;              /* owned; NULL once it is taken */
};

static void gadget_closep(struct gadget **gadget)
{
	*gadget = gadget__close(*gadget);
}

struct gadget *gadget__close(struct gadget *gadget)
{
	if (!gadget)
		return NULL;
	spec__free(gadget->spec);
	gadget_package__close(gadget->package);
	free(gadget);
	return NULL;
}

struct spec *gadget__spec(struct gadget *gadget)
{
	return gadget->spec;
}

struct spec *gadget__take_spec(struct gadget *gadget)
{
	return take_ptr(gadget->spec);
}

bool gadget_is_at(const char *path)
{
	static const char *const files[] = { "gadget.yaml", "index.json", "program.bpf.o" };
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	if (!S_ISDIR(status.st_mode))
		return S_ISREG(status.st_mode);
	for (size_t i = 0; i < array_size(files); i++) {
		__cleanup(x_freep) char *file = str_printf("%s/%s", path, files[i]);

		if (file && access(file, F_OK) == 0)
			return true;
	}
	return false;
}

/* The object may know parameters that the text does not: they wait in the spec until it is completed. */
static int add_settings(struct spec *spec, const struct gadget_options *options)
{
	struct note_spec *settings = arena_array(&spec->arena, struct note_spec,
						 (size_t)options->value_count + 1);

	for (uint32_t i = 0; settings && i < options->value_count; i++) {
		settings[i].key = arena__strdup(&spec->arena, options->values[i].key);
		settings[i].value = arena__strdup(&spec->arena, options->values[i].value);
		if (!settings[i].key || !settings[i].value)
			return -ENOMEM;
	}
	spec->settings = settings;
	spec->setting_count = options->value_count;
	return settings ? 0 : -ENOMEM;
}

/* What the config that uses it wants of it. Two of them may use the same one, so its name alone would not do. */
static int lay_over(struct spec *spec, const struct gadget_options *options)
{
	const struct use_spec *use = options->user ? &options->user->uses[options->use] : NULL;
	const struct gadget_options settings = { .values = use ? use->settings : NULL,
						 .value_count = use ? use->setting_count : 0 };
	const char *name;
	int r;

	if (!use)
		return add_settings(spec, options);
	r = add_settings(spec, &settings);
	if (r == 0)
		r = spec__set_overlay(spec, use);
	name = arena__printf(&spec->arena, "%s/%s", options->user->name, use->called);
	if (name)
		spec->name = name;
	return r == 0 && !name ? -ENOMEM : r;
}

static int parse(struct gadget *gadget, const struct gadget_options *options,
		 struct err_list *errors)
{
	const struct gadget_package *package = gadget->package;
	const struct dialect_input input = {
		.name = package->name,
		.origin = package->origin,
		.object = package->object,
		.text = package->text,
		.len = package->len,
		.values = options->values,
		.value_count = options->value_count,
		.has_module = package->has_module,
	};
	int r = config_load_text(dialect_find("gadget"), &input, &gadget->spec, errors);

	if (r == 0) {
		gadget->spec->metric_wish = options->metric_wish;
		gadget->spec->keeps_original_names = options->keeps_original_names;
	}
	if (r == 0 && lay_over(gadget->spec, options) < 0)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for gadget '%s'",
				     package->name);
	return r;
}

int gadget_open(const char *path, const struct gadget_options *options, struct gadget **ret_gadget,
		struct err_list *errors)
{
	__cleanup(gadget_closep) struct gadget *gadget = new_zero(struct gadget);
	struct err err = ERR_INIT;
	int r;

	if (!gadget)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for gadget '%s'", path);
	r = gadget_package_open(path, &gadget->package, &err);
	if (r < 0)
		err_list__add(errors, &err);
	err__done(&err);
	if (r == 0)
		r = parse(gadget, options, errors);
	if (r == 0)
		*ret_gadget = take_ptr(gadget);
	return r;
}
