// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * System calls by name, and those that failed by name and error.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "by_cgroup.bpf.h"
#include "wanted_cgroups.bpf.h"

#define SYSCALL_MAX 512 /* tables have fewer; numbers that a program makes up are not counted */
#define ERROR_MAX 4096
/* From 512 on are the kernel's own: "begin this call again", which the process never sees. */
#define ERRNO_MAX 511

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SYSCALL_MAX);
	__type(key, u32);
	__type(value, u64);
} syscalls_total SEC(".maps");

/* Instead: all calls of a cgroup. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, u64);
	__type(value, u64);
} cgroup_syscalls_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_syscalls_overflow SEC(".maps");

struct error_key {
	u64 caller; /* number of the call, or the caller's cgroup */
	u64 errno;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ERROR_MAX);
	__type(key, struct error_key);
	__type(value, u64);
} syscall_errors_total SEC(".maps");

/* Errors that the map above has no room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} syscall_errors_overflow SEC(".maps");

/* Counting at the entry catches the calls that never return, exit among them. */
SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	u64 number = ctx->args[1], cgroup;
	u32 key = number;

	if (number >= SYSCALL_MAX || !is_current_wanted())
		return 0;
	if (by_cgroup) {
		cgroup = bpf_get_current_cgroup_id();
		add_or_overflow(&cgroup_syscalls_total, &cgroup, 1, &cgroup_syscalls_overflow, 0);
		return 0;
	}
	increment_map(&syscalls_total, &key, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	s64 result = ctx->args[1];
	struct error_key key = {};
	u64 number;

	if (result >= 0 || result < -ERRNO_MAX || !is_current_wanted())
		return 0;
	number = syscall_number((struct pt_regs *)ctx->args[0]);
	if (number >= SYSCALL_MAX)
		return 0;
	key.caller = by_cgroup ? bpf_get_current_cgroup_id() : number;
	key.errno = -result;
	add_or_overflow(&syscall_errors_total, &key, 1, &syscall_errors_overflow, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
