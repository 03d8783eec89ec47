/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/params.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/load.h"

/* Names of parameters have no dot, names of configs may. */
static int parse_setting(struct param_settings *settings, const char *text,
			 struct param_setting *ret_setting, struct err *err)
{
	const char *equals = strchr(text, '=');
	const char *dot = equals ? memrchr(text, '.', (size_t)(equals - text)) : NULL;

	if (!dot || dot == text || dot + 1 == equals)
		return err__set(err, -EINVAL, NULL, "--param: '%s' is no CONFIG.NAME=VALUE", text);
	*ret_setting = (struct param_setting){
		.config = arena__strndup(&settings->arena, text, (size_t)(dot - text)),
		.name = arena__strndup(&settings->arena, dot + 1, (size_t)(equals - dot - 1)),
		.value = equals + 1,
	};
	return ret_setting->config && ret_setting->name ? 0 : -ENOMEM;
}

int param_settings__parse(struct param_settings *settings, const struct flag_list *list,
			  const char *by, struct err *err)
{
	settings->items = arena_array(&settings->arena, struct param_setting, list->count);
	if (!settings->items)
		return err__set(err, -ENOMEM, NULL, "no memory for parameters");
	for (; settings->len < list->count; settings->len++) {
		int r = parse_setting(settings, list->items[settings->len],
				      &settings->items[settings->len], err);

		if (r < 0)
			return r;
	}
	if (!by[0])
		return 0;
	settings->by = by;
	settings->by_name = arena__printf(&settings->arena, "by_%s", by);
	return settings->by_name ? 0 : err__set(err, -ENOMEM, NULL, "no memory for parameters");
}

#define BY_CGROUP "by_cgroup"

/* What cgroups can be put together by: these labels stand where the cgroup's would. */
static const struct grouping {
	const char *by;
	const char *labels[2];
	uint32_t label_count;
} groupings[] = {
	{ "container", { "container" }, 1 },
	{ "image", { "image" }, 1 },
	{ "namespace", { "namespace" }, 1 },
	{ "pod", { "namespace", "pod" }, 2 }, /* names of pods are unique in their namespace only */
	{ "unit", { "unit" }, 1 },
};

static const struct grouping *find_grouping(const char *by)
{
	for (size_t i = 0; i < array_size(groupings); i++)
		if (str_eq(groupings[i].by, by))
			return &groupings[i];
	return NULL;
}

static int apply_by(struct param_settings *settings, struct spec *spec, struct err *err)
{
	const struct grouping *grouping;
	int r;

	if (!settings->by)
		return 0;
	if (spec__find_param(spec, settings->by_name)) {
		settings->is_by_applied = true;
		return spec__set_param(spec, settings->by_name, "true", err);
	}
	grouping = find_grouping(settings->by);
	if (!grouping || !spec__find_param(spec, BY_CGROUP)) {
		strbuf__printf(&settings->without, "%s%s", settings->without.len ? ", " : "",
			       spec->name);
		return 0;
	}
	settings->is_by_applied = true;
	r = spec__set_param(spec, BY_CGROUP, "true", err);
	return r < 0 ? r
		     : spec__replace_cgroups(spec, grouping->labels, grouping->label_count, err);
}

int param_settings__apply(struct param_settings *settings, struct spec *spec, struct err *err)
{
	int r = apply_by(settings, spec, err);

	for (size_t i = 0; i < settings->len && r == 0; i++) {
		struct param_setting *setting = &settings->items[i];

		if (!str_eq(setting->config, spec->name))
			continue;
		setting->is_applied = true;
		r = spec__set_param(spec, setting->name, setting->value, err);
		if (r < 0)
			err__wrap(err, r, NULL, "--param");
	}
	return r;
}

int param_settings__check_applied(const struct param_settings *settings, struct err *err)
{
	for (size_t i = 0; i < settings->len; i++)
		if (!settings->items[i].is_applied)
			return err__set(err, -ENOENT, NULL,
					"--param: there is no '%s' here whose '%s' could be set",
					settings->items[i].config, settings->items[i].name);
	if (settings->by && !settings->is_by_applied)
		return err__set(err, -ENOENT, NULL, "--by: nothing here can be split by '%s'",
				settings->by);
	return 0;
}

void param_settings__done(struct param_settings *settings)
{
	strbuf__done(&settings->without);
	arena__done(&settings->arena);
}
