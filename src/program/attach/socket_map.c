/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "program/attach.h"
#include "program/section.h"

/* There is no link for these before 6.10: they stay on the map until somebody takes them off. */
struct attached_map {
	int map_fd, prog_fd; /* owned; duplicates */
	enum bpf_attach_type type;
};

static void take_off(void *ctx)
{
	struct attached_map *attached = ctx;

	(void)bpf_prog_detach2(attached->prog_fd, attached->map_fd, attached->type);
	(void)close(attached->prog_fd);
	(void)close(attached->map_fd);
	free(attached);
}

/* SEC("sk_skb/stream_verdict/name"): a name for people. */
static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	(void)request;
	(void)rest;
	(void)arena;
	(void)err;
	return 0;
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	(void)context;
	return request->map ? 0
			    : err__set(err, -EINVAL, NULL, "SEC(\"%s\") names no map of sockets",
				       request->section->prefix);
}

static int put_on(struct attach_context *context, const struct attach_request *request, int map_fd,
		  struct err *err)
{
	__cleanup(x_freep) struct attached_map *attached = new_zero(struct attached_map);
	__cleanup(fd_closep) int map_copy = fcntl(map_fd, F_DUPFD_CLOEXEC, 0);
	__cleanup(fd_closep) int prog_copy = fcntl(context->fd, F_DUPFD_CLOEXEC, 0);
	enum bpf_attach_type type = (enum bpf_attach_type)request->section->attach_type;

	if (!attached || map_copy < 0 || prog_copy < 0)
		return err__set(err, -ENOMEM, NULL, "no memory or descriptor for a link");
	if (bpf_prog_attach(context->fd, map_fd, type, 0) < 0)
		return attach_refuse(request, -errno, err);
	attached->map_fd = take_fd(map_copy);
	attached->prog_fd = take_fd(prog_copy);
	attached->type = type;
	return link_set__add_undo(context->links, take_off, take_ptr(attached));
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	int r = check(context, request, err);
	int map_fd = r < 0 ? r : bpf_object__find_map_fd_by_name(context->object, request->map);

	if (r < 0)
		return r;
	if (map_fd < 0)
		return err__set(err, -ENOENT, NULL, "there is no map '%s' for it", request->map);
	return put_on(context, request, map_fd, err);
}

const struct attach_family attach_socket_map = {
	.name = "socket_map",
	.parse = parse,
	.check = check,
	.attach = attach,
	.needs_no_target = true,
};
