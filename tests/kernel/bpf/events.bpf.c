/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Puts one record of `size` bytes, filled with `mark`, into a ring or a perf buffer; run by
 * hand. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define RECORD_MAX 64

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

__u32 mark = 0;
__u32 refused = 0; /* what the ring had no room for */

SEC("socket")
int emit_ring(struct __sk_buff *skb)
{
	__u32 record[RECORD_MAX / 4];

	(void)skb;
	for (int i = 0; i < RECORD_MAX / 4; i++)
		record[i] = mark;
	if (bpf_ringbuf_output(&ring, record, sizeof(record), BPF_RB_NO_WAKEUP) < 0)
		refused++;
	return 0;
}

SEC("socket")
int emit_perf(struct __sk_buff *skb)
{
	__u32 record[RECORD_MAX / 4];

	for (int i = 0; i < RECORD_MAX / 4; i++)
		record[i] = mark;
	bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, record, sizeof(record));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
