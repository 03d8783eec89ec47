/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/attach.h"
#include "program/kernel_abi.h"
#include "program/section.h"

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	(void)context;
	if (!if_nametoindex(request->target))
		return err__set(err, -ENODEV, NULL,
				"there is no interface '%s' in this network namespace",
				request->target);
	return 0;
}

static bool is_egress(const struct attach_request *request)
{
	return request->section->attach_type == KERNEL_ATTACH_TCX_EGRESS ||
	       (request->section->attach_type == 0 && request->link_flags == BPF_TC_EGRESS);
}

static int link_interface(const struct attach_context *context,
			  const struct attach_request *request, unsigned int index)
{
	struct kernel_link_create create = {
		.prog_fd = (uint32_t)context->fd,
		.target = index,
		.attach_type = request->section->attach_type,
	};

	if (create.attach_type == 0)
		create.attach_type = is_egress(request) ? KERNEL_ATTACH_TCX_EGRESS
							: KERNEL_ATTACH_TCX_INGRESS;
	return kernel_create_link(&create);
}

/* ---- kernels before 6.6: a filter on the clsact qdisc ---- */

struct clsact_filter {
	struct bpf_tc_hook hook;
	struct bpf_tc_opts filter;
};

static void remove_filter(void *ctx)
{
	struct clsact_filter *filter = ctx;

	/* Detaching goes by handle and priority; the rest must be zero. The qdisc stays: others may use it by now. */
	filter->filter.prog_fd = 0;
	filter->filter.prog_id = 0;
	filter->filter.flags = 0;
	(void)bpf_tc_detach(&filter->hook, &filter->filter);
	free(filter);
}

static int add_filter(struct attach_context *context, const struct attach_request *request,
		      unsigned int index)
{
	__cleanup(x_freep) struct clsact_filter *filter = new_zero(struct clsact_filter);
	int r;

	if (!filter)
		return -ENOMEM;
	filter->hook.sz = sizeof(filter->hook);
	filter->hook.ifindex = (int)index;
	filter->hook.attach_point = is_egress(request) ? BPF_TC_EGRESS : BPF_TC_INGRESS;
	filter->filter.sz = sizeof(filter->filter);
	filter->filter.prog_fd = context->fd;
	r = bpf_tc_hook_create(&filter->hook);
	if (r < 0 && r != -EEXIST)
		return r;
	r = bpf_tc_attach(&filter->hook, &filter->filter);
	if (r < 0)
		return r;
	return link_set__add_undo(context->links, remove_filter, take_ptr(filter));
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	bool is_netkit = str_starts(request->section->prefix, "netkit");
	unsigned int index = if_nametoindex(request->target);
	int fd, r;

	if (!index)
		return check(context, request, err);
	fd = link_interface(context, request, index);
	if (fd >= 0)
		return link_set__add_fd(context->links, fd);
	if (fd == -EINVAL && is_netkit)
		return err__set(err, fd, NULL,
				"interface '%s' is no netkit device, or this kernel has none",
				request->target);
	/* FALLBACK: remove when the oldest kernel is 6.6, which has tcx. */
	r = fd == -EINVAL ? add_filter(context, request, index) : fd;
	return r < 0 ? attach_refuse(request, r, err) : 0;
}

const struct attach_family attach_tc = {
	.name = "tc",
	.parse = attach_parse_target,
	.check = check,
	.attach = attach,
};
