// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Where CPUs spend their time: every so often each is looked at, and what it is at is counted by its stacks.
 */
#include "gadget.bpf.h"

#include "maps.bpf.h"

#define ROWS_MAX 10240
#define GADGET_PLAIN_USER_STACKS
#include <gadget/kernel_stack_map.h>
#include <gadget/user_stack_map.h>

#define NO_STACK ((u32)-1)

const volatile bool kernel_stacks_only = false;
GADGET_PARAM(kernel_stacks_only);
const volatile bool user_stacks_only = false;
GADGET_PARAM(user_stacks_only);
const volatile bool include_idle = false;
GADGET_PARAM(include_idle);

/* What the user's stack has beside its number differs from sample to sample: it is no part of the key. */
struct row_key {
	u32 user_stack_id;
	gadget_kernel_stack kern_stack_raw;
	struct gadget_process proc;
};

struct row {
	gadget_counter__u64 samples;
	struct gadget_user_stack user_stack_raw;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ROWS_MAX);
	__type(key, struct row_key);
	__type(value, struct row);
} counts SEC(".maps");

GADGET_MAPITER(samples, counts);

SEC("perf_event/profiler")
int take_sample(void *ctx)
{
	struct row_key key = { .kern_stack_raw = NO_STACK };
	struct row first = {}, *row;

	if ((!include_idle && (u32)bpf_get_current_pid_tgid() == 0) || !is_wanted())
		return 0;
	fill_process(&key.proc);
	if (!user_stacks_only)
		key.kern_stack_raw = bpf_get_stackid(ctx, &ig_kstack, 0);
	if (!kernel_stacks_only)
		gadget_get_user_stack(ctx, &first.user_stack_raw);
	key.user_stack_id = first.user_stack_raw.stack_id;
	row = lookup_or_add(&counts, &key, &first);
	if (row)
		__sync_fetch_and_add(&row->samples, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
