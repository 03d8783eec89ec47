// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A map that no kernel makes: arrays are never keyed by eight bytes. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} impossible SEC(".maps");

SEC("raw_tp/sys_enter")
int reader(void *ctx)
{
	__u64 key = 0;

	return bpf_map_lookup_elem(&impossible, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
