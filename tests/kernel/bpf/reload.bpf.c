// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Counts the test's calls of fire(what, value) by `what`, in maps that a reload shares, copies or cannot take over:
 * reload_next.bpf.c is this file again with other maps.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifdef RELOAD_NEXT
#define COPIED_MAX 128
struct changed_key {
	__u16 low, high;
};
#else
#define COPIED_MAX 64
struct changed_key {
	__u32 what;
};
#endif

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} shared_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, COPIED_MAX);
	__type(key, __u32);
	__type(value, __u64);
} copied_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct changed_key);
	__type(value, __u64);
} changed_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events_total SEC(".maps");

static void count(void *map, const void *key, __u64 zero)
{
	__u64 *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(map, key);
	}
	if (value)
		__sync_fetch_and_add(value, 1);
}

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(count_call, __u64 what, __u64 value)
{
	__u32 key = (__u32)what;
	__u64 event = what;

	count(&shared_total, &key, 0);
	count(&copied_total, &key, 0);
	count(&changed_total, &key, 0);
	if (value)
		bpf_perf_event_output(ctx, &events_total, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
