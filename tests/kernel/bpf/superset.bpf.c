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
enum { CALL, WORD, STAT, RECORD };

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

/* Several numbers in one value, none of which has 8 bytes at the beginning. */
struct stats {
	__u32 count;
	__s32 balance;
	__u64 sum;
	struct {
		__u8 level;
		__s8 depth;
	} deep;
	struct {
		__u16 port;
	};
	__u64 slots[5]; /* of 1, 2, 4, 8, and the sum */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct stats);
} stats_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __s64);
} percpu_balance SEC(".maps");

/* Buckets 0 to 3 of a kind, and the sum. */
struct bucket_key {
	__u32 kind;
	__u32 bucket;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, struct bucket_key);
	__type(value, __u64);
} percpu_spread SEC(".maps");

struct record {
	__u64 kind;
	__u32 pad;
	__u16 bytes;
};

/* So that the object's types have it. */
struct record *unused_record __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} records_lost SEC(".maps");

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

static __always_inline void add_slot(struct stats *stats, __u64 value)
{
	if (value <= 1)
		stats->slots[0]++;
	else if (value <= 2)
		stats->slots[1]++;
	else if (value <= 4)
		stats->slots[2]++;
	else
		stats->slots[3]++;
	stats->slots[4] += value;
}

static __always_inline void add_spread(__u32 kind)
{
	struct bucket_key key = { .kind = kind, .bucket = kind < 3 ? kind : 3 };

	add(&percpu_spread, &key, 1);
	key.bucket = 4;
	add(&percpu_spread, &key, kind);
}

static __always_inline void count_stats(__u64 value)
{
	static const struct stats zero;
	__u64 kind = value % 10;
	__u32 first = 0;
	struct stats *stats;
	__s64 *balance;

	bpf_map_update_elem(&stats_map, &kind, &zero, BPF_NOEXIST);
	stats = bpf_map_lookup_elem(&stats_map, &kind);
	if (!stats)
		return;
	stats->count++;
	stats->balance -= value;
	stats->sum += value;
	stats->deep.level = value;
	stats->deep.depth = -(__s8)kind;
	stats->port = value;
	add_slot(stats, kind);
	add_spread(kind);
	balance = bpf_map_lookup_elem(&percpu_balance, &first);
	if (balance)
		*balance -= value;
}

static __always_inline void send_record(__u64 value)
{
	struct record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	__u32 first = 0;

	if (!record) {
		add(&records_lost, &first, 1);
		return;
	}
	*record = (struct record){ .kind = value % 10, .bytes = value };
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
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
	else if (what == STAT)
		count_stats(value);
	else if (what == RECORD)
		send_record(value);
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
