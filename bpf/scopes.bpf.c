// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Whom policies are about, by cgroup: hooks look up the one that they are in and test a bit. User space writes the rows; a
 * cgroup that is made gets those of the one above at once, so that nothing is missed until user space has heard of it.
 */
#include "kernel.bpf.h"

#include "bpf/abi/policy.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, POLICY_SCOPES_MAX);
	__type(key, u64);
	__type(value, struct policy_mask);
} policy_scopes SEC(".maps");

#define NAME_SIZE 128
#define ID_DIGITS 64 /* of a container's id; a power of 2, above half of NAME_SIZE - 1 */

/* 1: first <= c <= last. Without a branch: the verifier would follow all combinations of them. */
static __always_inline u64 is_between(u64 c, u64 first, u64 last)
{
	u64 from = c - first;

	return ((from - (last - first + 1)) & ~from) >> 63;
}

/* As runtimes call the cgroup of a container: its id, with something before and behind. Whose it is has to be asked. */
static __always_inline bool is_container(struct cgroup *cgroup)
{
	char name[NAME_SIZE] = { 0 };
	u64 run = 0, found = 0;

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(cgroup, kn, name));
	for (u32 i = 0; i < NAME_SIZE; i++) {
		u64 c = (u8)name[i];
		u64 is_digit = is_between(c, '0', '9') | is_between(c, 'a', 'f');

		barrier_var(is_digit); /* a mask made of it is a branch, too */
		run = (run + 1) * is_digit;
		found |= run & ID_DIGITS;
	}
	return found;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(scope_made, struct cgroup *cgroup, const char *path)
{
	struct policy_mask *above;
	u64 id = cgroup->kn->id, parent;

	if (cgroup->root->hierarchy_id != 0 || is_container(cgroup))
		return 0;
	parent = BPF_CORE_READ(cgroup, self.parent, cgroup, kn, id);
	above = bpf_map_lookup_elem(&policy_scopes, &parent);
	/* Where there is no room for it user space will find none, too, and counts it. */
	if (above)
		bpf_map_update_elem(&policy_scopes, &id, above, BPF_ANY);
	return 0;
}

/* Also of one that user space never heard of. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(scope_removed, struct cgroup *cgroup, const char *path)
{
	u64 id = cgroup->kn->id;

	if (cgroup->root->hierarchy_id == 0)
		bpf_map_delete_elem(&policy_scopes, &id);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
