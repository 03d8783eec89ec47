/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>

#include "program/attach.h"

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

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	unsigned int index = if_nametoindex(request->target);
	struct bpf_link *link;

	if (!index)
		return check(context, request, err);
	link = bpf_program__attach_xdp(context->library, (int)index);
	if (!link && errno == EBUSY)
		return err__set(
			err, -EBUSY, NULL,
			"interface '%s' has an XDP program already; `ip link show %s` names it",
			request->target, request->target);
	if (!link && errno == EPERM)
		return err__set(err, -EPERM, NULL, "XDP on '%s' needs CAP_NET_ADMIN",
				request->target);
	return attach_take(context, request, link, err);
}

const struct attach_family attach_xdp = {
	.name = "xdp",
	.parse = attach_parse_target,
	.check = check,
	.attach = attach,
};
