/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/btf.h>
#include <string.h>

#include "base/str.h"
#include "program/attach.h"
#include "program/feature.h"
#include "program/kernel_targets.h"
#include "program/section.h"

static bool is_syscall(const struct attach_request *request)
{
	return str_ends(request->section->prefix, "syscall");
}

static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	if (is_syscall(request))
		return attach_parse_target(request, rest, arena, err);
	return attach_parse_offset(request, rest, &request->target, arena, err);
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	(void)request; /* whether the function is there costs a read of kallsyms: the kernel says it at attach */
	return features__kprobes(context->features, err);
}

static int refuse(struct attach_context *context, const struct attach_request *request, int code,
		  struct err *err)
{
	const char *word = is_syscall(request) ? "system call" : "function";
	char hint[256];

	if (code == -ENOENT)
		return err__set(err, code, NULL, "%s '%s' is not in this kernel%s", word,
				request->target,
				kernel_target_hint(context->host, "", request->target,
						   BTF_KIND_FUNC, hint, sizeof(hint)));
	/* It is on the kernel's list of functions that must not be interrupted, or the offset is inside an instruction. */
	if (code == -EINVAL || code == -EILSEQ || code == -EADDRNOTAVAIL)
		return err__set(err, code, NULL, "%s '%s' may not be probed%s", word,
				request->target, request->offset ? " at that offset" : "");
	return attach_refuse(request, code, err);
}

static struct bpf_link *make_link(struct attach_context *context,
				  const struct attach_request *request)
{
	bool is_return = request->section->flags & SECTION_RETURN;
	LIBBPF_OPTS(bpf_kprobe_opts, function, .bpf_cookie = request->cookie,
		    .offset = request->offset, .retprobe = is_return);
	LIBBPF_OPTS(bpf_ksyscall_opts, syscall, .bpf_cookie = request->cookie,
		    .retprobe = is_return);

	return is_syscall(request)
		       ? bpf_program__attach_ksyscall(context->library, request->target, &syscall)
		       : bpf_program__attach_kprobe_opts(context->library, request->target,
							 &function);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	struct bpf_link *link;
	int r = features__kprobes(context->features, err);

	if (r < 0)
		return r;
	link = make_link(context, request);
	if (!link)
		return refuse(context, request, -errno, err);
	return attach_take(context, request, link, err);
}

const struct attach_family attach_kprobe = {
	.name = "kprobe",
	.parse = parse,
	.check = check,
	.attach = attach,
};
