// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Events in the ways that gadgets send them, each way with a map of its own: reserved and submitted, put together elsewhere
 * and output, through a perf buffer, reserved by a program that may be interrupted, and of a size that nobody expects.
 * The test makes one with sched_get_priority_max(way, key, value, path), or fire(key, value).
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define DISCARDED 77 /* events with this key are given up */

enum way { WAY_RESERVE = 1000, WAY_OUTPUT, WAY_PERF, WAY_ODD, WAY_TWO, WAY_BOTH };

struct event {
	__u64 time_ns;
	char comm[16];
	__u64 key;
	__s32 value;
	__u32 pid;
	__u16 port;
	char path[46];
};

struct sys_enter {
	__u64 common;
	long id;
	unsigned long args[6];
};

const volatile __u32 own_pid = 0;
const volatile __u32 own_call = 0;

#define RING(name_, size)                                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, size);                                                         \
	} name_ SEC(".maps")

RING(ring, 4 << 20);
RING(output_ring, 4 << 20);
RING(user_ring, 4 << 20);
RING(odd_ring, 1 << 20);
RING(two_ring, 1 << 20);
RING(both_ring, 1 << 20);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u64);
	__type(value, __u64);
} small_total SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

__u64 reserve_failed = 0;

static __always_inline int is_ours(const struct sys_enter *ctx, enum way way)
{
	return ctx->id == own_call && ctx->args[0] == way &&
	       bpf_get_current_pid_tgid() >> 32 == own_pid;
}

static __always_inline void fill(struct event *event, __u64 key, __s32 value)
{
	event->time_ns = bpf_ktime_get_ns();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->key = key;
	event->value = value;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->port = 0;
}

/* A function of its own, as larger gadgets have them. */
static __attribute__((noinline)) int fill_rest(struct event *event, const void *path)
{
	event->port = 443;
	return bpf_probe_read_user_str(event->path, sizeof(event->path), path) > 0;
}

SEC("tracepoint/raw_syscalls/sys_enter")
int by_reserve(struct sys_enter *ctx)
{
	struct event *event;

	if (!is_ours(ctx, WAY_RESERVE))
		return 0;
	event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&reserve_failed, 1);
		return 0;
	}
	fill(event, ctx->args[1], (__s32)ctx->args[2]);
	fill_rest(event, (const void *)ctx->args[3]);
	if (event->key == DISCARDED)
		bpf_ringbuf_discard(event, 0);
	else
		bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_enter")
int by_output(struct sys_enter *ctx)
{
	struct event event = { 0 };

	if (!is_ours(ctx, WAY_OUTPUT))
		return 0;
	fill(&event, ctx->args[1], (__s32)ctx->args[2]);
	bpf_ringbuf_output(&output_ring, &event, sizeof(event), 0);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_enter")
int by_perf(struct sys_enter *ctx)
{
	struct event event = { 0 };

	if (!is_ours(ctx, WAY_PERF))
		return 0;
	fill(&event, ctx->args[1], (__s32)ctx->args[2]);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_enter")
int by_odd_size(struct sys_enter *ctx)
{
	struct event *event;

	if (!is_ours(ctx, WAY_ODD))
		return 0;
	event = bpf_ringbuf_reserve(&odd_ring, sizeof(*event) + 8, 0);
	if (!event)
		return 0;
	fill(event, ctx->args[1], (__s32)ctx->args[2]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* The same ring from a program that could be counted: it must not be, or the two could not be told apart. */
SEC("tracepoint/raw_syscalls/sys_enter")
int beside_odd_size(struct sys_enter *ctx)
{
	struct event *event;

	if (!is_ours(ctx, WAY_ODD))
		return 0;
	event = bpf_ringbuf_reserve(&odd_ring, sizeof(*event), 0);
	if (!event)
		return 0;
	fill(event, ctx->args[1], (__s32)ctx->args[2]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __attribute__((noinline)) int send_other(__u64 key)
{
	struct event *event = bpf_ringbuf_reserve(&two_ring, sizeof(*event), 0);

	if (!event)
		return 0;
	fill(event, key, 2);
	bpf_ringbuf_submit(event, 0);
	return 1;
}

/* Two records at once. */
SEC("tracepoint/raw_syscalls/sys_enter")
int by_two(struct sys_enter *ctx)
{
	struct event *event;

	if (!is_ours(ctx, WAY_TWO))
		return 0;
	event = bpf_ringbuf_reserve(&two_ring, sizeof(*event), 0);
	if (!event)
		return 0;
	fill(event, ctx->args[1], 1);
	event->value += send_other(ctx->args[1] + 1);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Counts by itself as well, in a map that is too small. */
SEC("tracepoint/raw_syscalls/sys_enter")
int by_both(struct sys_enter *ctx)
{
	__u64 key = ctx->args[1], zero = 0, *count;
	struct event *event;

	if (!is_ours(ctx, WAY_BOTH))
		return 0;
	count = bpf_map_lookup_elem(&small_total, &key);
	if (!count) {
		bpf_map_update_elem(&small_total, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&small_total, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	event = bpf_ringbuf_reserve(&both_ring, sizeof(*event), 0);
	if (!event)
		return 0;
	fill(event, key, (__s32)ctx->args[2]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("uprobe//proc/self/exe:fire")
int by_user(struct pt_regs *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&user_ring, sizeof(*event), 0);

	if (!event)
		return 0;
	fill(event, PT_REGS_PARM1(ctx), (__s32)PT_REGS_PARM2(ctx));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
