/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "program/attach.h"
#include "program/feature.h"
#include "program/kernel_abi.h"
#include "program/section.h"

#define FUNCTION_LIST_MAX_BYTES (64u << 20)

struct function_names {
	char *text; /* owned; the names point into it */
	VEC(const char *) names;
};

static void function_names__done(struct function_names *functions)
{
	vec_done(&functions->names);
	free(functions->text);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The kernel refuses a list that has a name twice. */
static void drop_duplicates(struct function_names *functions)
{
	size_t kept = 0;

	if (functions->names.len)
		qsort(functions->names.items, functions->names.len, sizeof(*functions->names.items),
		      compare_names);
	for (size_t i = 0; i < functions->names.len; i++)
		if (kept == 0 ||
		    !str_eq(functions->names.items[kept - 1], functions->names.items[i]))
			functions->names.items[kept++] = functions->names.items[i];
	functions->names.len = kept;
}

/* One function by its name, or those of tracefs' list that match: what is not in that list cannot be attached. */
static int find_functions(struct features *features, const char *pattern,
			  struct function_names *functions, struct err *err)
{
	char *rest, *line;
	int tracefs, r;

	if (!strpbrk(pattern, "*?"))
		return vec_push(&functions->names, pattern);
	tracefs = features__tracefs(features, err);
	if (tracefs < 0)
		return tracefs;
	r = fd_read_all(tracefs, "available_filter_functions", FUNCTION_LIST_MAX_BYTES,
			&functions->text, NULL);
	if (r < 0)
		return err__set(err, r, NULL, "the list of functions in tracefs cannot be read: %s",
				strerror(-r));
	rest = functions->text;
	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, " \t")] = '\0'; /* "name [module]" */
		if (*line && fnmatch(pattern, line, 0) == 0 &&
		    vec_push(&functions->names, line) < 0)
			return -ENOMEM;
	}
	drop_duplicates(functions);
	if (functions->names.len == 0)
		return err__set(err, -ENOENT, NULL, "no function of this kernel matches '%s'",
				pattern);
	return 0;
}

static int link_functions(struct attach_context *context, const struct attach_request *request,
			  const struct function_names *functions, struct err *err)
{
	struct kernel_link_create create = {
		.prog_fd = (uint32_t)context->fd,
		.attach_type = request->section->attach_type,
		.kprobe_multi = {
			.flags = request->section->flags & SECTION_RETURN ? KERNEL_MULTI_RETURN : 0,
			.count = (uint32_t)functions->names.len,
			.symbols = (uint64_t)(uintptr_t)functions->names.items,
		},
	};
	int fd = kernel_create_link(&create);

	if (fd == -EINVAL || fd == -EOPNOTSUPP)
		return err__set(err, fd, NULL, "%s is not supported by this kernel",
				request->section->prefix);
	if (fd == -ESRCH || fd == -ENOENT)
		return err__set(err, fd, NULL, "function '%s' is not in this kernel",
				request->target);
	if (fd < 0)
		return attach_refuse(request, fd, err);
	return link_set__add_fd(context->links, fd);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	__cleanup(function_names__done) struct function_names functions = { 0 };
	int r = find_functions(context->features, request->target, &functions, err);

	return r < 0 ? r : link_functions(context, request, &functions, err);
}

const struct attach_family attach_kprobe_multi = {
	.name = "kprobe_multi",
	.parse = attach_parse_target,
	.attach = attach,
};
