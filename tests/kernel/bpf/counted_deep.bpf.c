// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A program that sends from the deepest function there may be: one call more and the verifier refuses it. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event {
	__u64 key;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} ring SEC(".maps");

static __attribute__((noinline)) int level_7(__u64 key)
{
	struct event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (!event)
		return 0;
	event->key = key;
	bpf_ringbuf_submit(event, 0);
	return 7;
}

/* What each adds keeps the compiler from making one of two. */
#define LEVEL(level, next)                                                                         \
	static __attribute__((noinline)) int level_##level(__u64 key)                              \
	{                                                                                          \
		return level_##next(key) + level;                                                  \
	}

LEVEL(6, 7)
LEVEL(5, 6)
LEVEL(4, 5)
LEVEL(3, 4)
LEVEL(2, 3)
LEVEL(1, 2)

SEC("uprobe//proc/self/exe:fire")
int send_call(struct pt_regs *ctx)
{
	return level_1(PT_REGS_PARM1(ctx)) < 0;
}

char LICENSE[] SEC("license") = "GPL";
