/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "program/attach.h"
#include "program/binary.h"
#include "program/feature.h"

/* BINARY:PROVIDER:NAME */
static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	const char *first = strchr(rest, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || first == rest || second == first + 1 || !second[1] ||
	    strchr(second + 1, ':'))
		return err__set(err, -EINVAL, NULL, "'%s' is not BINARY:PROVIDER:NAME", rest);
	request->target = arena__strndup(arena, rest, (size_t)(first - rest));
	request->group = arena__strndup(arena, first + 1, (size_t)(second - first - 1));
	request->symbol = arena__strdup(arena, second + 1);
	return request->target && request->group && request->symbol ? 0 : -ENOMEM;
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	char path[PATH_MAX];
	int r = features__uprobes(context->features, err);

	return r < 0 || request->scope == ATTACH_SCOPE_EACH_CONTAINER
		       ? r
		       : attach_find_binary(context, request, path, err);
}

static int refuse(const struct attach_request *request, const char *path, int code, struct err *err)
{
	switch (code) {
	case -ENOENT:
		return err__set(err, code, NULL,
				"'%s' has no marker %s:%s; `readelf -n` lists what it has", path,
				request->group, request->symbol);
	case -ESRCH:
		return err__set(
			err, code, NULL,
			"markers need the maps of <bpf/usdt.bpf.h>, which the program does not include");
	case -ENOTSUP:
		return err__set(
			err, code, NULL,
			"markers of libraries and position-independent binaries need attach cookies, which this kernel lacks");
	default:
		return attach_refuse(request, code, err);
	}
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	LIBBPF_OPTS(bpf_usdt_opts, options, .usdt_cookie = request->cookie);
	struct bpf_link *link;
	char path[PATH_MAX];
	int r = attach_find_binary(context, request, path, err);

	if (r < 0)
		return r;
	link = bpf_program__attach_usdt(context->library, -1 /* every process */, path,
					request->group, request->symbol, &options);
	if (!link)
		return refuse(request, path, -errno, err);
	return attach_take(context, request, link, err);
}

const struct attach_family attach_usdt = {
	.name = "usdt",
	.parse = parse,
	.check = check,
	.attach = attach,
	.follows = PLACE_BINARY,
};
