// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A program that counts in the deepest function there may be: one call more and the verifier refuses it. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u64);
	__type(value, __u64);
} deep_total SEC(".maps");

static __attribute__((noinline)) int level_7(__u64 what)
{
	__u64 zero = 0;
	__u64 *counter = bpf_map_lookup_elem(&deep_total, &what);

	if (!counter) {
		bpf_map_update_elem(&deep_total, &what, &zero, BPF_NOEXIST);
		counter = bpf_map_lookup_elem(&deep_total, &what);
	}
	if (counter)
		__sync_fetch_and_add(counter, 1);
	return counter ? 7 : 0;
}

/* What each adds keeps the compiler from making one of two. */
#define LEVEL(level, next)                                                                         \
	static __attribute__((noinline)) int level_##level(__u64 what)                             \
	{                                                                                          \
		return level_##next(what) + level;                                                 \
	}

LEVEL(6, 7)
LEVEL(5, 6)
LEVEL(4, 5)
LEVEL(3, 4)
LEVEL(2, 3)
LEVEL(1, 2)

SEC("uprobe/./trigger:fire")
int count_call(struct pt_regs *ctx)
{
	return level_1(PT_REGS_PARM1(ctx)) < 0;
}

char LICENSE[] SEC("license") = "GPL";
