/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "program/attach.h"
#include "program/binary.h"
#include "program/kernel_abi.h"
#include "program/section.h"

/* BINARY:PATTERN with * and ?, as libbpf 1.3 reads it. */
static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	const char *colon = strrchr(rest, ':');

	if (!colon || colon == rest || !colon[1])
		return err__set(err, -EINVAL, NULL, "'%s' is not BINARY:PATTERN", rest);
	request->target = arena__strndup(arena, rest, (size_t)(colon - rest));
	request->symbol = arena__strdup(arena, colon + 1);
	return request->target && request->symbol ? 0 : -ENOMEM;
}

static int resolve(const struct attach_context *context, const struct attach_request *request,
		   char path[PATH_MAX], struct binary_symbols *ret_symbols, struct err *err)
{
	int r = attach_find_binary(context, request, path, err);

	return r < 0 ? r : binary_find_functions(path, request->symbol, ret_symbols, err);
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	struct binary_symbols symbols;
	char path[PATH_MAX];
	int r;

	if (request->scope == ATTACH_SCOPE_EACH_CONTAINER)
		return 0;
	r = resolve(context, request, path, &symbols, err);
	if (r == 0)
		binary_symbols__done(&symbols);
	return r;
}

static int link_functions(struct attach_context *context, const struct attach_request *request,
			  const char *path, const struct binary_symbols *symbols, struct err *err)
{
	struct kernel_link_create create = {
		.prog_fd = (uint32_t)context->fd,
		.attach_type = request->section->attach_type,
		.uprobe_multi = {
			.path = (uint64_t)(uintptr_t)path,
			.offsets = (uint64_t)(uintptr_t)symbols->offsets.items,
			.count = (uint32_t)symbols->offsets.len,
			.flags = request->section->flags & SECTION_RETURN ? KERNEL_MULTI_RETURN : 0,
		},
	};
	int fd = kernel_create_link(&create);

	if (fd == -EINVAL || fd == -EOPNOTSUPP)
		return err__set(err, fd, NULL, "%s is not supported by this kernel",
				request->section->prefix);
	if (fd < 0)
		return attach_refuse(request, fd, err);
	return link_set__add_fd(context->links, fd);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	struct binary_symbols symbols;
	char path[PATH_MAX];
	int r = resolve(context, request, path, &symbols, err);

	if (r < 0)
		return r;
	r = link_functions(context, request, path, &symbols, err);
	binary_symbols__done(&symbols);
	return r;
}

const struct attach_family attach_uprobe_multi = {
	.name = "uprobe_multi",
	.parse = parse,
	.check = check,
	.attach = attach,
	.follows = PLACE_BINARY,
};
