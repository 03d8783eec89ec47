/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/str.h"
#include "program/attach.h"
#include "program/place.h"

/* The iterator that walks one map's elements, which one the link says. */
#define MAP_ELEMENTS "bpf_map_elem"

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	(void)context;
	if (!str_eq(request->target, MAP_ELEMENTS) || request->map)
		return 0;
	return err__set(err, -EINVAL, NULL, "SEC(\"iter/" MAP_ELEMENTS "\") names no map to walk");
}

static int attach_to_map(struct attach_context *context, const struct attach_request *request,
			 struct err *err)
{
	union bpf_iter_link_info info = { 0 };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	int fd = bpf_object__find_map_fd_by_name(context->object, request->map);

	if (fd < 0)
		return err__set(err, -ENOENT, NULL, "there is no map '%s' to walk", request->map);
	info.map.map_fd = (uint32_t)fd;
	return attach_take(context, request, bpf_program__attach_iter(context->library, &options),
			   err);
}

/* Reading runs it in the network namespace of whoever opens it: iterate.c goes to the places. */
static int remember(struct attach_context *context, struct err *err)
{
	int fd = fcntl(context->place->fd, F_DUPFD_CLOEXEC, 0);
	int r = fd < 0 ? -errno : link_set__add_fd(context->links, fd);

	return r < 0 ? err__set(err, r, NULL, "a network namespace cannot be kept: %s",
				strerror(-r))
		     : 0;
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	int r = check(context, request, err);

	if (r < 0)
		return r;
	if (context->place)
		return remember(context, err);
	if (request->map)
		return attach_to_map(context, request, err);
	return attach_take(context, request,
			   bpf_program__attach_iter(context->library, NULL /* all objects */), err);
}

const struct attach_family attach_iter = {
	.name = "iter",
	.parse = attach_parse_target,
	.check = check,
	.attach = attach,
	.is_bound_at_load = true,
	.is_one_link = true,
	.follows = PLACE_NETNS,
};
