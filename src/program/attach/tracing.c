/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>

#include "program/attach.h"
#include "program/feature.h"
#include "program/section.h"

/* Such a program loads and attaches without the security module, and never fires. */
static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	return request->section->program_type == BPF_PROG_TYPE_LSM
		       ? features__lsm(context->features, err)
		       : 0;
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	LIBBPF_OPTS(bpf_trace_opts, options, .cookie = request->cookie);
	struct bpf_link *link;
	int r = check(context, request, err);

	if (r < 0)
		return r;
	/* The target was bound at load; libbpf only needs to know which of the two calls makes the link. */
	if (request->section->attach_type == BPF_LSM_MAC)
		link = bpf_program__attach_lsm(context->library);
	else
		link = bpf_program__attach_trace_opts(context->library, &options);
	return attach_take(context, request, link, err);
}

const struct attach_family attach_tracing = {
	.name = "tracing",
	.parse = attach_parse_target,
	.check = check,
	.attach = attach,
	.is_bound_at_load = true,
};
