/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What somebody would write by hand for one policy each: an empty program, counters, a ring, and programs that do no more
 * than read what a selector needs. All of them hang on sys_enter; bench_policy.c races them with policies.
 */
#include "kernel.bpf.h"

#define COUNTED_MAX 16384
#define PROCESSES_MAX 32768
#define NUMBERS_MAX 512
#define TEXT_MAX 4096
#define RING_BYTES (4 << 20)
#define NUMBER args[1]

const volatile u64 asked_call = 0; /* number of the only call whose arguments are looked at */

struct count_key { /* as policies have it: who, which call, for which hook */
	u32 hook, number;
	u64 binary, cgroup;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, COUNTED_MAX);
	__type(key, struct count_key);
	__type(value, u64);
} counted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NUMBERS_MAX);
	__type(key, u32);
	__type(value, u64);
} numbered SEC(".maps");

/* By tgid: a number that stands for the binary. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROCESSES_MAX);
	__type(key, u32);
	__type(value, u64);
} processes SEC(".maps");

/* By cgroup: whether it is asked for. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COUNTED_MAX);
	__type(key, u64);
	__type(value, u64);
} scopes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} records SEC(".maps");

struct text {
	char of[TEXT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct text);
} texts SEC(".maps");

/* What is only read: the compiler must not see that nobody needs it. */
#define USE(value) asm volatile("" : : "r"(value))

SEC("raw_tp/sys_enter")
int empty(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

/* ---- counters ---------------------------------------------------------------------------------- */

SEC("raw_tp/sys_enter")
int count_unkeyed(struct bpf_raw_tracepoint_args *ctx)
{
	u32 number = ctx->NUMBER;
	u64 *count = bpf_map_lookup_elem(&numbered, &number);

	if (count)
		(*count)++;
	return 0;
}

SEC("raw_tp/sys_enter")
int count_keyed(struct bpf_raw_tracepoint_args *ctx)
{
	struct count_key key = { .number = ctx->NUMBER, .cgroup = bpf_get_current_cgroup_id() };
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 *binary = bpf_map_lookup_elem(&processes, &tgid), *count, one = 1;

	if (binary)
		key.binary = *binary;
	count = bpf_map_lookup_elem(&counted, &key);
	if (count)
		(*count)++;
	else
		bpf_map_update_elem(&counted, &key, &one, BPF_NOEXIST);
	return 0;
}

/* ---- a record ---------------------------------------------------------------------------------- */

struct record {
	u64 time, number, thread, pad[2];
};

SEC("raw_tp/sys_enter")
int post(struct bpf_raw_tracepoint_args *ctx)
{
	struct record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record)
		return 0;
	record->time = bpf_ktime_get_ns();
	record->number = ctx->NUMBER;
	record->thread = bpf_get_current_pid_tgid();
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* ---- what selectors need ----------------------------------------------------------------------- */

SEC("raw_tp/sys_enter")
int read_number(struct bpf_raw_tracepoint_args *ctx)
{
	USE(ctx->NUMBER);
	return 0;
}

SEC("raw_tp/sys_enter")
int read_pid(struct bpf_raw_tracepoint_args *ctx)
{
	USE(bpf_get_current_pid_tgid() >> 32);
	return 0;
}

SEC("raw_tp/sys_enter")
int read_process(struct bpf_raw_tracepoint_args *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 *binary = bpf_map_lookup_elem(&processes, &tgid);

	USE(binary ? *binary : 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int read_scope(struct bpf_raw_tracepoint_args *ctx)
{
	u64 cgroup = bpf_get_current_cgroup_id();
	u64 *scope = bpf_map_lookup_elem(&scopes, &cgroup);

	USE(scope ? *scope : 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int read_namespace(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	USE(BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum));
	return 0;
}

SEC("raw_tp/sys_enter")
int read_capabilities(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	USE(BPF_CORE_READ(task, cred, cap_effective.val));
	return 0;
}

/* Argument `index` of the system call. */
static __always_inline u64 argument(struct bpf_raw_tracepoint_args *ctx, int index)
{
	struct pt_regs *registers = (struct pt_regs *)ctx->args[0];

	return index == 0 ? PT_REGS_PARM1_CORE_SYSCALL(registers)
			  : PT_REGS_PARM2_CORE_SYSCALL(registers);
}

SEC("raw_tp/sys_enter")
int read_argument(struct bpf_raw_tracepoint_args *ctx)
{
	USE(argument(ctx, 0));
	return 0;
}

/* Of one call only: others have other arguments. */
SEC("raw_tp/sys_enter")
int read_text(struct bpf_raw_tracepoint_args *ctx)
{
	u32 zero = 0;
	struct text *text = bpf_map_lookup_elem(&texts, &zero);

	if (ctx->NUMBER != asked_call || !text)
		return 0;
	bpf_probe_read_user_str(text->of, sizeof(text->of), (void *)argument(ctx, 0));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
