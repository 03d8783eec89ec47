/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/attach.h"
#include "program/kernel_abi.h"
#include "program/section.h"

static const struct {
	const char *name;
	uint32_t number;
} hooks[] = {
	{ "forward", NF_INET_FORWARD },         { "local_in", NF_INET_LOCAL_IN },
	{ "local_out", NF_INET_LOCAL_OUT },     { "post_routing", NF_INET_POST_ROUTING },
	{ "pre_routing", NF_INET_PRE_ROUTING },
};

/* SEC("netfilter") names no hook; an attach_spec does: group "ip" or "ip6", target the hook, offset the priority. */
static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	(void)arena;
	return err__set(err, -EINVAL, NULL, "SEC(\"%s/%s\") is not known", request->section->prefix,
			rest);
}

static int find_hook(const struct attach_request *request, uint32_t *ret_family, uint32_t *ret_hook,
		     struct err *err)
{
	const char *family = request->group ? request->group : "ip";

	if (!str_eq(family, "ip") && !str_eq(family, "ip6"))
		return err__set(err, -EINVAL, NULL, "netfilter family '%s' is not ip or ip6",
				family);
	for (size_t i = 0; i < array_size(hooks); i++) {
		if (!str_eq(request->target, hooks[i].name))
			continue;
		*ret_family = str_eq(family, "ip") ? NFPROTO_IPV4 : NFPROTO_IPV6;
		*ret_hook = hooks[i].number;
		return 0;
	}
	return err__set(
		err, -EINVAL, NULL,
		"netfilter hook '%s' is not pre_routing, local_in, forward, local_out or post_routing",
		request->target);
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	uint32_t family, hook;

	(void)context;
	return find_hook(request, &family, &hook, err);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	struct kernel_link_create create = {
		.prog_fd = (uint32_t)context->fd,
		.attach_type = KERNEL_ATTACH_NETFILTER,
		.netfilter = { .priority = (int32_t)request->offset, .flags = request->link_flags },
	};
	int fd, r;

	r = find_hook(request, &create.netfilter.family, &create.netfilter.hook, err);
	if (r < 0)
		return r;
	fd = kernel_create_link(&create);
	if (fd < 0)
		return attach_refuse(request, fd, err);
	return link_set__add_fd(context->links, fd);
}

const struct attach_family attach_netfilter = {
	.name = "netfilter",
	.parse = parse,
	.check = check,
	.attach = attach,
};
