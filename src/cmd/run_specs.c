/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/run_specs.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/configs.h"
#include "cmd/params.h"
#include "cmd/probes.h"
#include "config/load.h"
#include "pipeline/gadget.h"

/* ---- probes -------------------------------------------------------------------------------------------- */

static int read_probe(const struct config_path *path, struct param_settings *settings,
		      struct spec_list *list, struct err_list *errors)
{
	struct err err = ERR_INIT;
	struct spec *spec;
	int r = config_read_file(path->path, &spec, errors);

	if (r < 0)
		return r;
	r = param_settings__apply(settings, spec, &err);
	if (r == 0 && vec_push(list, spec) < 0)
		r = err__set(&err, -ENOMEM, NULL, "no memory for the list of probes");
	if (r < 0) {
		err_list__add(errors, &err);
		spec__free(spec);
	}
	return r;
}

int probe_specs_read(const struct run_options *options, const struct flags_result *names,
		     const struct flag_list *settings, struct spec_list *list,
		     struct err_list *errors)
{
	struct param_settings parsed = PARAM_SETTINGS_INIT;
	struct config_paths paths = { .len = 0 };
	struct err err = ERR_INIT;
	int r = probes_find(options->probe_dir, names, &paths, &err);

	if (r == 0)
		r = param_settings__parse(&parsed, settings, options->by, &err);
	if (r < 0)
		err_list__add(errors, &err);
	for (size_t i = 0; i < paths.len && r == 0; i++)
		if (probe_is_wanted(paths.items[i].name, names))
			r = read_probe(&paths.items[i], &parsed, list, errors);
	param_settings__done(&parsed);
	config_paths__done(&paths);
	return r;
}

static bool is_for_probe(const struct run_specs *specs, const char *setting)
{
	vec_for_each(&specs->probes.arguments, probe) {
		size_t len = strlen(*probe);

		if (strncmp(setting, *probe, len) == 0 && setting[len] == '.')
			return true;
	}
	return false;
}

int run_specs__read_probes(struct run_specs *specs, struct spec_list *list, struct err_list *errors)
{
	const struct flag_list *all = &specs->options->params;
	VEC(const char *) own = VEC_INIT;
	struct flag_list settings;
	int r = 0;

	if (specs->probes.arguments.len == 0)
		return 0; /* none stands for all otherwise */
	for (size_t i = 0; i < all->count && r == 0; i++)
		if (is_for_probe(specs, all->items[i]))
			r = vec_push(&own, all->items[i]);
	settings = (struct flag_list){ own.items, own.len };
	r = r < 0 ? err_list__set(errors, -ENOMEM, NULL, "no memory for parameters")
		  : probe_specs_read(specs->options, &specs->probes, &settings, list, errors);
	vec_done(&own);
	return r;
}

/* ---- gadgets ------------------------------------------------------------------------------------------- */

int run_specs__open_gadget(struct run_specs *specs, size_t index, struct spec **ret_spec,
			   struct err_list *errors)
{
	const struct run_options *run = specs->options;
	struct gadget_options options = {
		.metric_wish = run->has_metrics ? METRIC_WISH_ALL : METRIC_WISH_NONE,
		.keeps_original_names = run->keeps_original_names,
	};
	struct gadget *gadget = NULL;
	struct err err = ERR_INIT;
	int r = gadget_flags__values(specs->flags, run, index, &run->params, &options.values,
				     &options.value_count, &err);

	if (r < 0)
		err_list__add(errors, &err);
	if (r == 0)
		r = gadget_open(specs->flags->gadgets.items[index].path, &options, &gadget, errors);
	if (r == 0 && vec_push(&specs->open, gadget) < 0) {
		gadget__close(gadget);
		r = err_list__set(errors, -ENOMEM, NULL, "no memory for the list of gadgets");
	}
	if (r == 0)
		*ret_spec = gadget__take_spec(gadget);
	return r;
}

void run_specs__close_gadgets(struct run_specs *specs)
{
	vec_for_each(&specs->open, gadget)
		gadget__close(*gadget);
	specs->open.len = 0;
}

void run_specs__done(struct run_specs *specs)
{
	run_specs__close_gadgets(specs);
	vec_done(&specs->open);
	vec_done(&specs->probes.arguments);
}

int run_specs__read(void *ctx, struct spec_list *list, struct err_list *errors)
{
	struct run_specs *specs = ctx;

	run_specs__close_gadgets(specs);
	for (size_t i = 0; i < specs->flags->gadgets.len; i++) {
		struct spec *spec = NULL;
		int r = run_specs__open_gadget(specs, i, &spec, errors);

		if (r == 0 && vec_push(list, spec) < 0) {
			spec__free(spec);
			r = err_list__set(errors, -ENOMEM, NULL,
					  "no memory for the list of gadgets");
		}
		if (r < 0)
			return r;
	}
	return run_specs__read_probes(specs, list, errors);
}
