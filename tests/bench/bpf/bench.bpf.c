/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A map for the bench to fill, and a program, because an exporter wants one. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bench_key {
	__u32 pid;
	__u32 op;
	char comm[16];
	__u64 cgroup_id;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 125000);
	__type(key, struct bench_key);
	__type(value, __u64);
} bench_total SEC(".maps");

SEC("raw_tp/sched_process_exit")
int nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
