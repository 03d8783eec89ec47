/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_WANTED_CGROUPS_BPF_H
#define BPF_INCLUDE_WANTED_CGROUPS_BPF_H

/*
 * A program's part of the filters by container, pod, namespace, unit and user: is this cgroup wanted? sonde gives all
 * programs that have this map one of its own instead, which it keeps true as cgroups come and go; without a filter the
 * verifier knows the constant and nothing of this is left. Ask first in a program, before anything is measured.
 * Include kernel.bpf.h first, or whatever brings u64 and bool.
 */

/* Bits of a cgroup's mask that stand for a filter of this program; 0: there is none, all are wanted. */
const volatile u64 wanted_cgroup_bits = 0;

/* Cgroup id to mask. One that is not there is not wanted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u64);
} wanted_cgroups SEC(".maps");

static __always_inline bool is_wanted_cgroup(u64 cgroup)
{
	u64 *mask;

	if (!wanted_cgroup_bits)
		return true;
	mask = bpf_map_lookup_elem(&wanted_cgroups, &cgroup);
	return mask && *mask & wanted_cgroup_bits;
}

/* The cgroup (of version 2) that the current task is in. */
static __always_inline bool is_current_wanted(void)
{
	return !wanted_cgroup_bits || is_wanted_cgroup(bpf_get_current_cgroup_id());
}

#endif
