// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What configs can ask for beyond ebpf_exporter's language, written by the test through fire(what, value).
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Parameters. */
const volatile bool by_group = false;
const volatile __u32 step = 1;
const volatile char word[8] = "";

/* What fire()'s first argument means. */
enum { CALL, WORD };

struct call_key {
	__u64 group; /* 0 unless by_group */
	__u64 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct call_key);
	__type(value, __u64);
} calls_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} runs_total SEC(".maps");

static __always_inline void add(void *map, const void *key, __u64 value)
{
	__u64 *counter = bpf_map_lookup_elem(map, key);

	if (counter)
		__sync_fetch_and_add(counter, value);
	else
		bpf_map_update_elem(map, key, &value, BPF_NOEXIST);
}

/* The value's lowest digit is the kind, the next ones the group. */
static __always_inline void count_call(__u64 value)
{
	struct call_key key = { .kind = value % 10 };

	if (by_group)
		key.group = value / 10;
	add(&calls_total, &key, step);
}

static __always_inline void count_run(__u32 program)
{
	add(&runs_total, &program, 1);
}

SEC("uprobe/./trigger:fire")
int on_fire(struct pt_regs *ctx)
{
	__u64 what = PT_REGS_PARM1(ctx), value = PT_REGS_PARM2(ctx);

	if (what == CALL)
		count_call(value);
	else if (what == WORD && word[0] == (char)value)
		count_call(0);
	return 0;
}

/* Three that do the same, of which the first cannot be attached anywhere. */
SEC("uprobe/./trigger:no_such_function_anywhere")
int run_first(void *ctx)
{
	count_run(0);
	return 0;
}

SEC("uprobe/./trigger:fire")
int run_second(void *ctx)
{
	count_run(0);
	return 0;
}

SEC("uprobe/./trigger:fire")
int run_third(void *ctx)
{
	count_run(1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
