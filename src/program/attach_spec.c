/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/spec.h"
#include "program/attach.h"
#include "program/section.h"

/* The section that a kind stands for; "" means the program's own, which tells more than the kind. */
static const char *const kind_sections[] = {
	[ATTACH_KIND_SECTION] = "",
	[ATTACH_KIND_KPROBE] = "kprobe",
	[ATTACH_KIND_KRETPROBE] = "kretprobe",
	[ATTACH_KIND_KSYSCALL] = "ksyscall",
	[ATTACH_KIND_FENTRY] = "fentry",
	[ATTACH_KIND_FEXIT] = "fexit",
	[ATTACH_KIND_FMOD_RET] = "fmod_ret",
	[ATTACH_KIND_LSM] = "lsm",
	[ATTACH_KIND_TRACEPOINT] = "tracepoint",
	[ATTACH_KIND_RAW_TRACEPOINT] = "raw_tracepoint",
	[ATTACH_KIND_TP_BTF] = "tp_btf",
	[ATTACH_KIND_UPROBE] = "uprobe",
	[ATTACH_KIND_URETPROBE] = "uretprobe",
	[ATTACH_KIND_USDT] = "usdt",
	[ATTACH_KIND_PERF_EVENT] = "perf_event",
	[ATTACH_KIND_XDP] = "xdp",
	[ATTACH_KIND_TC] = "",
	[ATTACH_KIND_CGROUP] = "",
	[ATTACH_KIND_SOCKET_FILTER] = "socket",
	[ATTACH_KIND_NETFILTER] = "netfilter",
	[ATTACH_KIND_ITER] = "iter",
};

const struct section *attach_spec_section(const struct attach_spec *spec, const struct section *own)
{
	const struct section *section;
	const char *rest;

	if ((size_t)spec->kind >= array_size(kind_sections) || !kind_sections[spec->kind])
		return NULL;
	if (!*kind_sections[spec->kind])
		return own;
	section = section_find(kind_sections[spec->kind], &rest);
	/* SEC("fentry.s") stays sleepable, SEC("kprobe.multi") stays multi: they are bound at load. */
	if (own && section && own->program_type == section->program_type &&
	    str_starts(own->prefix, section->prefix))
		return own;
	return section;
}
