/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/probes.h"

#include <errno.h>
#include <limits.h>

#include "cmd/gadgets.h"
#include "cmd/own_files.h"

bool probe_is_wanted(const char *name, const struct flags_result *result)
{
	for (size_t i = 0; i < result->arguments.len; i++)
		if (str_eq(result->arguments.items[i], name))
			return true;
	return result->arguments.len == 0;
}

/* The gadget of the directory that was meant, if it is nearer than any probe. In the arena of the gadgets; NULL: none was. */
static const char *nearest_gadget(const char *name, const char *dir,
				  const struct config_paths *probes, struct config_paths *gadgets)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest, *gadget = NULL;

	(void)gadgets_find(dir, gadgets, NULL); /* without them nothing is nearest */
	vec_for_each(probes, probe)
		(void)vec_push(&names, probe->name);
	vec_for_each(gadgets, path)
		(void)vec_push(&names, path->name);
	nearest = str_nearest(name, names.items, names.len);
	vec_for_each(gadgets, path)
		if (nearest && str_eq(nearest, path->name))
			gadget = path->name;
	vec_done(&names);
	return gadget;
}

static int refuse_name(const char *name, const char *dir, const struct config_paths *paths,
		       const char *known, struct err *err)
{
	struct config_paths gadgets = { .len = 0 };
	const char *gadget = nearest_gadget(name, dir, paths, &gadgets);
	int r = gadget ? err__set(err, -ENOENT, NULL,
				  "there is no probe '%s'; did you mean the gadget '%s'?", name,
				  gadget)
		       : err__set(err, -ENOENT, NULL, "there is no probe '%s'; there are: %s", name,
				  known);

	config_paths__done(&gadgets);
	return r;
}

static int check_names(const char *dir, const struct config_paths *paths,
		       const struct flags_result *result, struct err *err)
{
	struct strbuf known = STRBUF_INIT;
	int r = 0;

	vec_for_each(paths, path)
		strbuf__printf(&known, "%s%s", known.len > 0 ? ", " : "", path->name);
	for (size_t i = 0; i < result->arguments.len && r == 0; i++) {
		bool is_known = false;

		vec_for_each(paths, path)
			is_known |= str_eq(path->name, result->arguments.items[i]);
		if (!is_known)
			r = refuse_name(result->arguments.items[i], dir, paths,
					strbuf__text(&known), err);
	}
	strbuf__done(&known);
	return r;
}

static int find_dir(const char **dir, char *own, size_t size, struct err *err)
{
	int r;

	if ((*dir)[0])
		return 0;
	r = own_files_find("probes", own, size);
	*dir = own;
	return r < 0 ? err__set(err, r, NULL,
				"no probes came with this program; name a directory with --probes")
		     : 0;
}

int probes_find(const char *dir, const struct flags_result *result, struct config_paths *paths,
		struct err *err)
{
	char own[PATH_MAX];
	int r = find_dir(&dir, own, sizeof(own), err);

	if (r == 0)
		r = config_paths__add(paths, dir, err);
	return r < 0 ? r : check_names(dir, paths, result, err);
}

int probes_find_with_gadgets(const char *dir, const struct flags_result *result,
			     struct config_paths *paths, struct err *err)
{
	char own[PATH_MAX];
	int r = find_dir(&dir, own, sizeof(own), err);

	if (r == 0)
		r = config_paths__add(paths, dir, err);
	if (r == 0)
		r = gadgets_find(dir, paths, err);
	return r < 0 ? r : check_names(dir, paths, result, err);
}
