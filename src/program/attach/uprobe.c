/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "program/attach.h"
#include "program/binary.h"
#include "program/feature.h"
#include "program/section.h"

/* BINARY:FUNCTION[+OFFSET]; the last colon divides, paths may have some. */
static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	const char *colon = strrchr(rest, ':');

	if (!colon || colon == rest)
		return err__set(err, -EINVAL, NULL, "'%s' is not BINARY:FUNCTION[+OFFSET]", rest);
	request->target = arena__strndup(arena, rest, (size_t)(colon - rest));
	if (!request->target)
		return -ENOMEM;
	return attach_parse_offset(request, colon + 1, &request->symbol, arena, err);
}

static int find_function(const char *path, const char *name, uint64_t *ret_offset, struct err *err)
{
	struct binary_symbols symbols;
	int r = binary_find_functions(path, name, &symbols, err);

	if (r < 0)
		return r;
	if (symbols.offsets.len > 1)
		r = err__set(err, -EINVAL, NULL, "function '%s' stands at %zu places of '%s'", name,
			     symbols.offsets.len, path);
	else
		*ret_offset = symbols.offsets.items[0];
	binary_symbols__done(&symbols);
	return r;
}

/* Where in which file; the function may be left out when the offset alone says it. */
static int resolve(const struct attach_context *context, const struct attach_request *request,
		   char path[PATH_MAX], uint64_t *ret_offset, struct err *err)
{
	uint64_t start = 0;
	int r = attach_find_binary(context, request, path, err);

	if (r == 0 && request->symbol)
		r = find_function(path, request->symbol, &start, err);
	if (r == 0)
		*ret_offset = start + request->offset;
	return r;
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	char path[PATH_MAX];
	uint64_t offset;
	int r = features__uprobes(context->features, err);

	return r < 0 || request->scope == ATTACH_SCOPE_EACH_CONTAINER
		       ? r
		       : resolve(context, request, path, &offset, err);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = request->cookie,
		    .retprobe = request->section->flags & SECTION_RETURN);
	char path[PATH_MAX];
	uint64_t offset;
	int r = resolve(context, request, path, &offset, err);

	if (r < 0)
		return r;
	return attach_take(context, request,
			   bpf_program__attach_uprobe_opts(context->library, -1 /* every process */,
							   path, offset, &options),
			   err);
}

const struct attach_family attach_uprobe = {
	.name = "uprobe",
	.parse = parse,
	.check = check,
	.attach = attach,
	.follows = PLACE_BINARY,
};
