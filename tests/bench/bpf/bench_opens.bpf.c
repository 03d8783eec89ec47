// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Opens, in the way that gadgets of others tell them: what was asked for is kept in a map until the call returns, the record
 * has everything that anybody might want to see, and the consumer is woken up for each.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <gadget/macros.h>

#define NAME_BYTES 255
#define PATH_BYTES 512

struct process {
	char comm[16];
	__u32 pid, tid;
	__u32 uid, gid;
};

struct event {
	__u64 timestamp_raw;
	struct process proc;
	__u32 error_raw;
	__u32 fd;
	__s32 flags_raw;
	__u16 mode_raw;
	char fname[NAME_BYTES];
	char path[PATH_BYTES];
};

struct opening {
	const char *name;
	__s32 flags;
	__u16 mode;
};

struct call {
	__u64 common;
	long number;
	unsigned long args[6];
};

struct call_end {
	__u64 common;
	long number;
	long result;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct opening);
} openings SEC(".maps");

GADGET_TRACER(open, events, event);

SEC("tracepoint/syscalls/sys_enter_openat")
int begin_open(struct call *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct opening opening = { .name = (const char *)ctx->args[1],
				   .flags = (__s32)ctx->args[2],
				   .mode = (__u16)ctx->args[3] };

	bpf_map_update_elem(&openings, &tid, &opening, BPF_ANY);
	return 0;
}

static __always_inline void fill(struct event *event, const struct opening *opening, long result)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid(), uid_gid = bpf_get_current_uid_gid();

	event->timestamp_raw = bpf_ktime_get_boot_ns();
	bpf_get_current_comm(event->proc.comm, sizeof(event->proc.comm));
	event->proc.pid = pid_tgid >> 32;
	event->proc.tid = (__u32)pid_tgid;
	event->proc.uid = (__u32)uid_gid;
	event->proc.gid = uid_gid >> 32;
	event->error_raw = result < 0 ? -result : 0;
	event->fd = result < 0 ? 0 : result;
	event->flags_raw = opening->flags;
	event->mode_raw = opening->mode;
	bpf_probe_read_user_str(event->fname, sizeof(event->fname), opening->name);
	bpf_probe_read_user_str(event->path, sizeof(event->path), opening->name);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int end_open(struct call_end *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct opening *opening = bpf_map_lookup_elem(&openings, &tid);
	struct event *event;

	if (!opening)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event) {
		fill(event, opening, ctx->result);
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&openings, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
