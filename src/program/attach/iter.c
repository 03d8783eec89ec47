/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>

#include "program/attach.h"

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	return attach_take(context, request,
			   bpf_program__attach_iter(context->library, NULL /* all objects */), err);
}

const struct attach_family attach_iter = {
	.name = "iter",
	.parse = attach_parse_target,
	.attach = attach,
	.is_bound_at_load = true,
};
