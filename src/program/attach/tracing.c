/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>

#include "program/attach.h"
#include "program/section.h"

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	LIBBPF_OPTS(bpf_trace_opts, options, .cookie = request->cookie);
	struct bpf_link *link;

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
	.attach = attach,
	.is_sure_once_loaded = true,
};
