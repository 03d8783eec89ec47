/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "program/attach.h"
#include "program/dispatcher.h"
#include "program/kernel_abi.h"
#include "program/netns.h"
#include "program/place.h"
#include "program/section.h"

/* Interfaces of one container: it has one or two. */
#define MAX_PEERS 64

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	(void)context;
	if (request->scope == ATTACH_SCOPE_EACH_NETNS)
		return 0;
	if (!request->target)
		return err__set(err, -EINVAL, NULL, "no interface is named");
	if (!if_nametoindex(request->target))
		return err__set(err, -ENODEV, NULL,
				"there is no interface '%s' in this network namespace",
				request->target);
	return 0;
}

/* Where one program is put. */
struct hook {
	unsigned int interface; /* index */
	bool is_egress;
	int prog_fd;
	uint32_t attach_type; /* of the link; 0: by the direction */
};

static bool is_egress(const struct attach_request *request)
{
	return request->section->attach_type == KERNEL_ATTACH_TCX_EGRESS ||
	       request->section->flags & SECTION_EGRESS ||
	       (request->section->attach_type == 0 && request->link_flags == BPF_TC_EGRESS);
}

static int link_interface(const struct hook *hook)
{
	struct kernel_link_create create = {
		.prog_fd = (uint32_t)hook->prog_fd,
		.target = hook->interface,
		.attach_type = hook->attach_type,
	};

	if (create.attach_type == 0)
		create.attach_type = hook->is_egress ? KERNEL_ATTACH_TCX_EGRESS
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

static int add_filter(struct attach_context *context, const struct hook *hook)
{
	__cleanup(x_freep) struct clsact_filter *filter = new_zero(struct clsact_filter);
	int r;

	if (!filter)
		return -ENOMEM;
	filter->hook.sz = sizeof(filter->hook);
	filter->hook.ifindex = (int)hook->interface;
	filter->hook.attach_point = hook->is_egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
	filter->filter.sz = sizeof(filter->filter);
	filter->filter.prog_fd = hook->prog_fd;
	r = bpf_tc_hook_create(&filter->hook);
	if (r < 0 && r != -EEXIST)
		return r;
	r = bpf_tc_attach(&filter->hook, &filter->filter);
	if (r < 0)
		return r;
	return link_set__add_undo(context->links, remove_filter, take_ptr(filter));
}

static int put(struct attach_context *context, const struct attach_request *request,
	       const struct hook *hook, struct err *err)
{
	bool is_netkit = str_starts(request->section->prefix, "netkit");
	int fd = link_interface(hook), r;

	if (fd >= 0)
		return link_set__add_fd(context->links, fd);
	if (fd == -EINVAL && is_netkit)
		return err__set(err, fd, NULL,
				"interface '%s' is no netkit device, or this kernel has none",
				request->target);
	/* FALLBACK: remove when the oldest kernel is 6.6, which has tcx. */
	r = fd == -EINVAL ? add_filter(context, hook) : fd;
	return r < 0 ? attach_refuse(request, r, err) : 0;
}

/* Our side of the container's interfaces, where nobody in it can see or remove a filter: what comes in there goes out
 * here. The host has no other side. */
static int attach_to_peers(struct attach_context *context, const struct attach_request *request,
			   struct err *err)
{
	__cleanup(fd_closep) int dispatcher = -1;
	uint32_t peers[MAX_PEERS];
	int count = context->place->is_host
			    ? 0
			    : netns_find_peers(context->place->fd, peers, MAX_PEERS, err);
	int r;

	if (count < 0)
		return count;
	if (count == 0)
		return err__set(err, -ENOENT, NULL, "no interface leads to network namespace %llu",
				(unsigned long long)context->place->number);
	dispatcher = attach_dispatcher(context, request, err);
	r = dispatcher;
	for (int i = 0; r >= 0 && i < count; i++) {
		const struct hook hook = {
			.interface = peers[i],
			.is_egress = !is_egress(request),
			.prog_fd = dispatcher,
		};

		r = put(context, request, &hook, err);
	}
	return r < 0 ? r : 0;
}

/* By the name of our own network namespace, which the interface is in. */
static int put_named(struct attach_context *context, const struct attach_request *request,
		     struct hook *hook, struct err *err)
{
	__cleanup(fd_closep) int dispatcher = -1;
	struct stat status;
	int array;

	if (stat("/proc/self/ns/net", &status) < 0)
		return err__set(err, -errno, NULL, "our own network namespace: %s",
				strerror(errno));
	array = dispatcher_make_array(context->fd, err);
	if (array < 0)
		return array;
	dispatcher = dispatcher_load(array, request->section, (uint32_t)status.st_ino, err);
	if (link_set__add_fd(context->links, array) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for a link");
	if (dispatcher < 0)
		return dispatcher;
	hook->prog_fd = dispatcher;
	return put(context, request, hook, err);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	struct hook hook = {
		.is_egress = is_egress(request),
		.prog_fd = context->fd,
		.attach_type = request->section->attach_type,
	};

	if (context->place)
		return attach_to_peers(context, request, err);
	hook.interface = request->target ? if_nametoindex(request->target) : 0;
	if (!hook.interface)
		return check(context, request, err);
	return request->scope == ATTACH_SCOPE_INTERFACE ? put_named(context, request, &hook, err)
							: put(context, request, &hook, err);
}

const struct attach_family attach_tc = {
	.name = "tc",
	.parse = attach_parse_target,
	.check = check,
	.attach = attach,
	.follows = PLACE_NETNS,
};
