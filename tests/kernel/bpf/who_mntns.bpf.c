// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Programs that were executed, by the cgroup that did so; filtered as gadgets are, by mount namespace. */
#include "kernel.bpf.h"

#include <gadget/mntns.h>
#include <gadget/mntns_filter.h>
#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} execs_total SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(count_exec)
{
	u64 cgroup = bpf_get_current_cgroup_id();

	if (!gadget_should_discard_mntns_id(gadget_get_current_mntns_id()))
		increment_map(&execs_total, &cgroup, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
