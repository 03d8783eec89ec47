/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
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

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	__cleanup(fd_closep) int cgroup = open(request->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup < 0)
		return err__set(err, -errno, NULL, "cgroup '%s' cannot be opened: %s",
				request->target, strerror(errno));
	return attach_take(context, request, bpf_program__attach_cgroup(context->library, cgroup),
			   err);
}

const struct attach_family attach_cgroup = {
	.name = "cgroup",
	.parse = parse,
	.attach = attach,
};
