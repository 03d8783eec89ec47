/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_USER_STACK_MAP_H
#define SONDE_GADGET_USER_STACK_MAP_H

/*
 * Stacks of user space by id, for fields of type struct gadget_user_stack, with what tells whose code it is. Only when the
 * user asks for them; otherwise all of the struct is 0, and nothing is done. Include vmlinux.h first.
 * With GADGET_PLAIN_USER_STACKS defined there are addresses alone: no build ids, no profiler of interpreters, none of
 * their maps and parameters, and no program that calls another.
 */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifndef GADGET_PLAIN_USER_STACKS
#include <gadget/core_fixes.bpf.h>
#endif
#include <gadget/fnv1a.h>
#include <gadget/macros.h>
#include <gadget/types.h>

#define GADGET_USER_MAX_STACK_DEPTH 127
/* Unless the gadget has said so: each takes a kilobyte. */
#ifndef GADGET_USER_STACK_MAP_MAX_ENTRIES
#define GADGET_USER_STACK_MAP_MAX_ENTRIES 10000
#endif

const volatile bool collect_ustack = false;
GADGET_PARAM(collect_ustack);
#ifndef GADGET_PLAIN_USER_STACKS
const volatile bool collect_build_id = false;
GADGET_PARAM(collect_build_id);
const volatile bool collect_otel_stack = false;
GADGET_PARAM(collect_otel_stack);
const volatile int ig_build_id_max_entries = 1024;
GADGET_PARAM(ig_build_id_max_entries);
#endif

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, GADGET_USER_MAX_STACK_DEPTH * sizeof(__u64));
	__uint(max_entries, GADGET_USER_STACK_MAP_MAX_ENTRIES);
} ig_ustack SEC(".maps");

#ifndef GADGET_PLAIN_USER_STACKS
/* Build ids by stack id; as large as ig_build_id_max_entries says. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, GADGET_USER_MAX_STACK_DEPTH * sizeof(struct bpf_stack_build_id));
	__uint(max_entries, 0);
} ig_build_id SEC(".maps");

static const struct bpf_stack_build_id gadget_no_build_ids[GADGET_USER_MAX_STACK_DEPTH] = {};

/* Where a profiler of interpreted languages hangs its programs, and leaves the number of what it found. */
struct gadget_otel_params {
	__u64 correlation_id;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gadget_otel_params);
} otel_generic_params SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} otel_tc_kprobe SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} otel_tc_perf SEC(".maps");
#endif

/* When a file was changed last: two members since 6.11, before a struct of this name or that. */
struct inode___mtime_members {
	__s64 i_mtime_sec;
	__u32 i_mtime_nsec;
} __attribute__((preserve_access_index));

struct timespec64___mtime {
	__s64 tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

struct inode___mtime_private {
	struct timespec64___mtime __i_mtime;
} __attribute__((preserve_access_index));

struct inode___mtime_public {
	struct timespec64___mtime i_mtime;
} __attribute__((preserve_access_index));

static __always_inline void gadget_inode_get_mtime(struct inode *inode, __u64 *ret_s, __u32 *ret_ns)
{
	struct inode___mtime_members *members = (void *)inode;
	struct inode___mtime_private *with_private = (void *)inode;
	struct inode___mtime_public *with_public = (void *)inode;

	if (bpf_core_field_exists(members->i_mtime_sec)) {
		*ret_s = BPF_CORE_READ(members, i_mtime_sec);
		*ret_ns = BPF_CORE_READ(members, i_mtime_nsec);
	} else if (bpf_core_field_exists(with_private->__i_mtime)) {
		*ret_s = BPF_CORE_READ(with_private, __i_mtime.tv_sec);
		*ret_ns = BPF_CORE_READ(with_private, __i_mtime.tv_nsec);
	} else {
		*ret_s = BPF_CORE_READ(with_public, i_mtime.tv_sec);
		*ret_ns = BPF_CORE_READ(with_public, i_mtime.tv_nsec);
	}
}

/* Another one after every exec. */
static __always_inline __u32 gadget_get_base_addr_hash(struct task_struct *task)
{
	__u32 hash = fnv_32a_init();

	fnv_32a_update_u64(&hash, (__u64)BPF_CORE_READ(task, mm));
	fnv_32a_update_u64(&hash, BPF_CORE_READ(task, mm, start_code));
	fnv_32a_update_u64(&hash, BPF_CORE_READ(task, mm, start_stack));
	return hash;
}

static __always_inline void gadget_fill_executable_(struct gadget_user_stack *stack,
						    struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	__u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

	stack->major = device >> 20; /* as the kernel encodes it */
	stack->minor = device & ((1u << 20) - 1);
	stack->inode = BPF_CORE_READ(inode, i_ino);
	gadget_inode_get_mtime(inode, &stack->mtime_sec, &stack->mtime_nsec);
	stack->base_addr_hash = gadget_get_base_addr_hash(task);
}

/* The numbers that the process has in the first pid namespace, and in the one below. */
static __always_inline void gadget_fill_pids_(struct gadget_user_stack *stack,
					      struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);

	stack->tgid_level0 = BPF_CORE_READ(task, tgid);
	stack->pid_level0 = BPF_CORE_READ(numbers, nr);
	stack->pidns_level0 = BPF_CORE_READ(numbers, ns, ns.inum);
	if (BPF_CORE_READ(pid, level) == 0)
		return;
	numbers = (void *)numbers + bpf_core_type_size(struct upid);
	stack->pid_level1 = BPF_CORE_READ(numbers, nr);
	stack->pidns_level1 = BPF_CORE_READ(numbers, ns, ns.inum);
}

#ifdef GADGET_PLAIN_USER_STACKS

static __always_inline void gadget_keep_build_ids_(void *ctx, __u32 stack_id)
{
	(void)ctx;
	(void)stack_id;
}

#else

/* Once for every stack. */
static __always_inline void gadget_keep_build_ids_(void *ctx, __u32 stack_id)
{
	void *build_ids;

	if (!collect_build_id || (__s32)stack_id < 0 ||
	    bpf_map_update_elem(&ig_build_id, &stack_id, gadget_no_build_ids, BPF_NOEXIST) != 0)
		return;
	build_ids = bpf_map_lookup_elem(&ig_build_id, &stack_id);
	if (build_ids)
		bpf_get_stack(ctx, build_ids,
			      GADGET_USER_MAX_STACK_DEPTH * sizeof(struct bpf_stack_build_id),
			      BPF_F_USER_STACK | BPF_F_USER_BUILD_ID);
}

#endif

static __always_inline void gadget_fill_user_stack_(void *ctx, struct gadget_user_stack *stack)
{
	struct task_struct *task;

	__builtin_memset(stack, 0, sizeof(*stack));
	if (!collect_ustack)
		return;
	task = (struct task_struct *)bpf_get_current_task();
	stack->stack_id = bpf_get_stackid(ctx, &ig_ustack, BPF_F_FAST_STACK_CMP | BPF_F_USER_STACK);
	stack->boot_timestamp = bpf_ktime_get_boot_ns();
	gadget_fill_executable_(stack, task);
	gadget_fill_pids_(stack, task);
	gadget_keep_build_ids_(ctx, stack->stack_id);
}

#ifdef GADGET_PLAIN_USER_STACKS

/* Of any program that stacks can be taken in. */
#define gadget_get_user_stack(ctx, stack) gadget_fill_user_stack_(ctx, stack)

#else

/* A program can only call those of its own kind. */
static __noinline int gadget_call_otel_from_kprobe_(void *ctx)
{
	bpf_tail_call(ctx, &otel_tc_kprobe, 0);
	return 0;
}

static __noinline int gadget_call_otel_from_perf_event_(void *ctx)
{
	bpf_tail_call(ctx, &otel_tc_perf, 0);
	return 0;
}

static __always_inline __u64 gadget_otel_correlation_(void)
{
	__u32 zero = 0;
	struct gadget_otel_params *params = bpf_map_lookup_elem(&otel_generic_params, &zero);

	return params ? params->correlation_id : 0;
}

/* Of kprobes and uprobes, and what runs when they return. */
static __always_inline void gadget_get_user_stack_from_kprobe(void *ctx,
							      struct gadget_user_stack *stack)
{
	gadget_fill_user_stack_(ctx, stack);
	if (!collect_ustack || !collect_otel_stack)
		return;
	gadget_call_otel_from_kprobe_(ctx);
	stack->otel_correlation_id = gadget_otel_correlation_();
}

static __always_inline void gadget_get_user_stack_from_perf_event(void *ctx,
								  struct gadget_user_stack *stack)
{
	gadget_fill_user_stack_(ctx, stack);
	if (!collect_ustack || !collect_otel_stack)
		return;
	gadget_call_otel_from_perf_event_(ctx);
	stack->otel_correlation_id = gadget_otel_correlation_();
}

/* That profiler has nothing for tracepoints: a program that is told to use it cannot be loaded. */
static __always_inline void gadget_get_user_stack_from_tracepoint(void *ctx,
								  struct gadget_user_stack *stack)
{
	gadget_fill_user_stack_(ctx, stack);
	if (collect_ustack && collect_otel_stack)
		bpf_core_unreachable();
}

/* By the type of ctx; of others the compiler complains, and says so. */
#define gadget_get_user_stack(ctx, stack)                                                          \
	_Generic((ctx), struct pt_regs *                                                           \
		 : gadget_get_user_stack_from_kprobe, struct bpf_perf_event_data *                 \
		 : gadget_get_user_stack_from_perf_event)(ctx, stack)

#endif

#endif
