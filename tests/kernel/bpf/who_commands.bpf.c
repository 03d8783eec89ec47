// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Programs that were executed, by the cgroup that did so and by name: what a runtime executes by the way has others. */
#include "kernel.bpf.h"

#include "maps.bpf.h"
#include "wanted_cgroups.bpf.h"

struct command_key {
	u64 cgroup;
	char command[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct command_key);
	__type(value, u64);
} commands_total SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(count_exec)
{
	struct command_key key = { .cgroup = bpf_get_current_cgroup_id() };

	bpf_get_current_comm(key.command, sizeof(key.command));
	if (is_current_wanted())
		increment_map(&commands_total, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
