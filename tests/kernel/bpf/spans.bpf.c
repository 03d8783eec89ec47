// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Records of spans, written by the test through fire(what, value).
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define FLOOD_MAX 4096

/* In the order in which ebpf_exporter's examples have them. Ids are read in the order of their bytes. */
struct span {
	__u64 trace_id[2];
	__u64 parent_id;
	__u64 span_id;
	__u64 at_ns;
	__u64 duration_ns;
	char text[8];
};

/* What fire()'s first argument means. */
enum {
	CHILD, /* of the span whose id is 5 */
	NO_TRACE,
	SHORT,
	FLOOD, /* as many as the value says */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} fired_total SEC(".maps");

static __always_inline void write_span(__u64 what, __u64 value)
{
	struct span span = {
		.trace_id = { what == NO_TRACE ? 0 : 1, 2 * (what != NO_TRACE) },
		.parent_id = 5,
		.span_id = value,
		.at_ns = bpf_ktime_get_ns(),
		.duration_ns = 1000 * value,
		.text = "haha",
	};

	bpf_ringbuf_output(&calls, &span, what == SHORT ? sizeof(span) - 1 : sizeof(span), 0);
}

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, __u64 what, __u64 value)
{
	__u64 *fired, i;
	__u32 key = 0;

	fired = bpf_map_lookup_elem(&fired_total, &key);
	if (fired)
		__sync_fetch_and_add(fired, 1);
	if (what != FLOOD) {
		write_span(what, value);
		return 0;
	}
	for (i = 0; i < FLOOD_MAX; i++) {
		if (i >= value)
			break;
		write_span(CHILD, i + 1);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
