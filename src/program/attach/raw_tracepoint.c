/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/btf.h>

#include "program/attach.h"
#include "program/kernel_targets.h"

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	char hint[256];
	struct bpf_link *link = bpf_program__attach_raw_tracepoint(context->library,
								   request->target);

	if (!link && errno == ENOENT)
		return err__set(err, -ENOENT, NULL, "tracepoint '%s' is not in this kernel%s",
				request->target,
				kernel_target_hint(context->host, "btf_trace_", request->target,
						   BTF_KIND_TYPEDEF, hint, sizeof(hint)));
	return attach_take(context, request, link, err);
}

const struct attach_family attach_raw_tracepoint = {
	.name = "raw_tracepoint",
	.parse = attach_parse_target,
	.attach = attach,
};
