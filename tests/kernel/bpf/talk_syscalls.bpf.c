// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* System calls of everybody, in a map that is a metric: packed keys, one hook, as a gadget of 2023 counted them. */
#include "kernel.bpf.h"

#include <gadget/mntns.h>

typedef __u64 mnt_ns_id_t;

struct syscall_key {
	mnt_ns_id_t mntns;
	__u64 syscall_nr;
} __attribute__((packed));

struct syscall_value {
	__u64 syscall_counter;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct syscall_key);
	__type(value, struct syscall_value);
} syscalls SEC(".maps");

SEC("raw_tracepoint/sys_enter")
int count_syscalls(struct bpf_raw_tracepoint_args *ctx)
{
	static const struct syscall_value zero;
	struct syscall_key key = { .mntns = gadget_get_current_mntns_id(),
				   .syscall_nr = ctx->args[1] };
	struct syscall_value *value = bpf_map_lookup_elem(&syscalls, &key);

	if (!value) {
		bpf_map_update_elem(&syscalls, &key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&syscalls, &key);
	}
	if (value)
		__sync_fetch_and_add(&value->syscall_counter, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
