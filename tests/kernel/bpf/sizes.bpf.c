// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Maps that a config can get wrong: a counter, and one whose value is no u64. What runs counts calls of the program's
 * own post_attach_mark, so that it attaches everywhere and counts once. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

/* They need the types above. */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} marks_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} small_total SEC(".maps");

SEC("uprobe//proc/self/exe:post_attach_mark")
int BPF_KPROBE(on_mark)
{
	__u32 index = 0, *small = bpf_map_lookup_elem(&small_total, &index);
	__u64 *count = bpf_map_lookup_elem(&marks_total, &index);

	if (count)
		__sync_fetch_and_add(count, 1);
	if (small)
		__sync_fetch_and_add(small, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
