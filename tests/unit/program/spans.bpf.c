// SPDX-License-Identifier: Apache-2.0
/* Every macro of include/tracing.bpf.h and include/regs-ip.bpf.h, as programs use them. */
#include "bpf/include/kernel.bpf.h"

#include "maps.bpf.h"
#include "regs-ip.bpf.h"
#include "tracing.bpf.h"

typedef u8 kprobe_opcode_t;

struct plain_span {
	struct span_base_t span_base;
	u32 pid;
};

struct tagged_span {
	struct span_base_tagged_t span_base;
	u64 function;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} plain_spans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} tagged_spans SEC(".maps");

/* Types of local variables alone do not make it into BTF. */
struct plain_span plain_layout;
struct tagged_span tagged_layout;

SEC("kprobe/do_exit")
int plain(void *ctx)
{
	struct span_parent_t parent = {};

	submit_span(&plain_spans, struct plain_span, &parent, {
		span->span_base.span_id = 1;
		span->pid = bpf_get_current_pid_tgid() >> 32;
	});
	return 0;
}

SEC("kprobe/do_exit")
int tagged(void *ctx)
{
	struct span_parent_tagged_t parent = { .example_userspace_tag = 2 };

	submit_span_tagged_base(&tagged_spans, struct tagged_span, &parent,
				{ span->function = KPROBE_REGS_IP_FIX(bpf_get_func_ip(ctx)); });
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
