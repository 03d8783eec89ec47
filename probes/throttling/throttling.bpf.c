// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * CPU quotas of cgroups: how many of their periods there were, in how many all of the quota was used up, and how long
 * their tasks had to wait for the next one.
 *
 * The kernel counts all that, but nobody is told: there is no tracepoint, and the functions that throttle are not in every
 * kernel where a probe could find them. But each quota has a timer, which expires at the end of a period, and there is a
 * tracepoint for that.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#define CGROUP_MAX 4096
#define NS_PER_US 1000
#define HIERARCHY_SHIFT 48 /* ids of cgroups are far smaller */

/* As the kernel has it, since the cgroup was made. */
struct quota {
	u64 periods;
	u64 throttled_periods;
	u64 throttled_us;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_MAX);
	__type(key, u64);
	__type(value, struct quota);
} cgroup_quotas SEC(".maps");

/* Periods of cgroups for which the map had no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_cpu_uncounted_total SEC(".maps");

/*
 * Version 1 numbers the cgroups of each hierarchy from 1. Only those of version 2, whose hierarchy is number 0, can be
 * told by name.
 */
static __always_inline u64 key_of(struct cgroup *cgroup)
{
	u64 hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);

	return BPF_CORE_READ(cgroup, kn, id) | hierarchy << HIERARCHY_SHIFT;
}

/*
 * The cgroup whose quota a timer is of; NULL when it is another kind of timer. Taken for one, it must lie in a group of
 * tasks whose cgroup says that this is its group: nothing else in memory does.
 */
static __always_inline struct cgroup *cgroup_of(struct task_group *group)
{
	u64 index = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id);
	struct cgroup *cgroup = BPF_CORE_READ(group, css.cgroup);
	void *css = NULL;

	if ((s64)cgroup >= 0) /* what is not an address of the kernel */
		return NULL;
	bpf_probe_read_kernel(&css, sizeof(css),
			      (void *)cgroup + bpf_core_field_offset(struct cgroup, subsys) +
				      index * sizeof(css));
	return css == (void *)&group->css ? cgroup : NULL;
}

static __always_inline struct task_group *group_around(void *timer)
{
	return timer - bpf_core_field_offset(struct cfs_bandwidth, period_timer) -
	       bpf_core_field_offset(struct task_group, cfs_bandwidth);
}

/* When the handler is done, which counts the period and hands out the next quota. */
SEC("raw_tp/hrtimer_expire_exit")
int hrtimer_expire_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_group *group = group_around((void *)ctx->args[0]);
	struct cgroup *cgroup = cgroup_of(group);
	struct quota quota;
	u32 zero = 0;
	u64 key;

	if (!cgroup)
		return 0;
	quota.periods = (u32)BPF_CORE_READ(group, cfs_bandwidth.nr_periods);
	quota.throttled_periods = (u32)BPF_CORE_READ(group, cfs_bandwidth.nr_throttled);
	quota.throttled_us = BPF_CORE_READ(group, cfs_bandwidth.throttled_time) / NS_PER_US;
	key = key_of(cgroup);
	if (bpf_map_update_elem(&cgroup_quotas, &key, &quota, BPF_ANY) != 0)
		increment_map(&cgroup_cpu_uncounted_total, &zero, 1);
	return 0;
}

/* What a cgroup that is gone counted goes with it, as its cpu.stat does. */
SEC("raw_tp/cgroup_release")
int cgroup_release(struct bpf_raw_tracepoint_args *ctx)
{
	u64 key = key_of((struct cgroup *)ctx->args[0]);

	bpf_map_delete_elem(&cgroup_quotas, &key);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
