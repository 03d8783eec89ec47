// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A program that no verifier takes, in front of others that work. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u64 given = 1;
const volatile __u32 given_short = 2;
__u64 from_data = 3;
const volatile __u64 kaddr_schedule = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} values SEC(".maps");

SEC("raw_tp/sys_enter")
int refused(void *ctx)
{
	return *(volatile int *)0x10; /* no such memory */
}

SEC("raw_tp/sys_enter")
int second(void *ctx)
{
	__u32 slots[] = { 0, 1, 2, 3 };
	__u64 *value;

	value = bpf_map_lookup_elem(&values, &slots[0]);
	if (value)
		*value = given;
	value = bpf_map_lookup_elem(&values, &slots[1]);
	if (value)
		*value = from_data + given_short;
	value = bpf_map_lookup_elem(&values, &slots[2]);
	if (value)
		*value = kaddr_schedule;
	return 0;
}

SEC("raw_tp/sys_exit")
int third(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
