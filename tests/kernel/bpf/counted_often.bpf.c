// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * A program that sends so often in a loop that the verifier just follows it to the end: with the branches that counting adds
 * it gives up, without them it does not.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define ROUNDS 3000

struct event {
	__u64 key;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} ring SEC(".maps");

SEC("uprobe//proc/self/exe:fire")
int send_often(struct pt_regs *ctx)
{
	__u64 wanted = PT_REGS_PARM1(ctx);

	for (__u64 i = 0; i < ROUNDS; i++) {
		struct event *event;

		if (i >= wanted)
			break;
		event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
		if (!event)
			break;
		event->key = i;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
