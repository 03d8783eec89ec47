/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "program/attach.h"
#include "program/section.h"

/* A cgroup is only ever named by an attach_spec. What stands behind lsm_cgroup/ is the hook. */
static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	(void)arena;
	if (request->section->flags & SECTION_BTF)
		return err__set(err, -EINVAL, NULL, "SEC(\"%s/%s\") names no cgroup to attach to",
				request->section->prefix, rest);
	return err__set(err, -EINVAL, NULL, "SEC(\"%s/%s\") is not known", request->section->prefix,
			rest);
}

static int open_named(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err__set(err, -errno, NULL, "cgroup '%s' cannot be opened: %s", path,
				 strerror(errno))
		      : fd;
}

/* Of version 2, where everybody is below. */
static int open_root(struct host *host, struct err *err)
{
	struct cgroup_tree *tree = host__cgroups(host, err);
	int fd;

	if (!tree)
		return -ENOENT;
	fd = openat(host__root_fd(host), cgroup_tree__mount_path(tree) + 1,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err__set(err, -errno, NULL, "the root of the cgroups cannot be opened: %s",
				 strerror(errno))
		      : fd;
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	__cleanup(fd_closep) int cgroup = request->target ? open_named(request->target, err)
							  : open_root(context->host, err);

	if (cgroup < 0)
		return cgroup;
	return attach_take(context, request, bpf_program__attach_cgroup(context->library, cgroup),
			   err);
}

const struct attach_family attach_cgroup = {
	.name = "cgroup",
	.parse = parse,
	.attach = attach,
};
