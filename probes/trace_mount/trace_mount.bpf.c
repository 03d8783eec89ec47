// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * File systems that are mounted and unmounted, by the old calls and by the new one that puts a prepared mount in its place.
 */
#include "gadget.bpf.h"

#include "syscall.bpf.h"

#define FS_SIZE 32
#define TEXT_SIZE 512
#define UNDER_WAY_MAX 1024

enum op {
	MOUNT,
	UMOUNT,
	MOVE_MOUNT,
};

/* Of mount(); the names are those of <sys/mount.h>. */
enum flags_set : u64 {
	MS_RDONLY = 1 << 0,
	MS_NOSUID = 1 << 1,
	MS_NODEV = 1 << 2,
	MS_NOEXEC = 1 << 3,
	MS_SYNCHRONOUS = 1 << 4,
	MS_REMOUNT = 1 << 5,
	MS_MANDLOCK = 1 << 6,
	MS_DIRSYNC = 1 << 7,
	MS_NOSYMFOLLOW = 1 << 8,
	MS_NOATIME = 1 << 10,
	MS_NODIRATIME = 1 << 11,
	MS_BIND = 1 << 12,
	MS_MOVE = 1 << 13,
	MS_REC = 1 << 14,
	MS_SILENT = 1 << 15,
	MS_POSIXACL = 1 << 16,
	MS_UNBINDABLE = 1 << 17,
	MS_PRIVATE = 1 << 18,
	MS_SLAVE = 1 << 19,
	MS_SHARED = 1 << 20,
	MS_RELATIME = 1 << 21,
	MS_KERNMOUNT = 1 << 22,
	MS_I_VERSION = 1 << 23,
	MS_STRICTATIME = 1 << 24,
	MS_LAZYTIME = 1 << 25,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_duration delta_raw;
	enum flags_set flags_raw;
	gadget_errno error_raw;
	enum op op_raw;
	char fs[FS_SIZE];
	char src[TEXT_SIZE];
	char dest[TEXT_SIZE];
	char data[TEXT_SIZE];
};

/* When calls began, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, UNDER_WAY_MAX);
	__type(key, u32);
	__type(value, u64);
} under_way SEC(".maps");

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(mount, events, event);

struct call {
	enum op op;
	u64 flags;
	u64 src, dest, fs, data; /* texts of the program; 0: there is none */
};

static __always_inline int begin(void)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 now;

	if (!is_wanted())
		return 0;
	now = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&under_way, &tid, &now, BPF_ANY);
	return 0;
}

static __always_inline void copy_text(char *into, u32 size, u64 text)
{
	into[0] = 0;
	if (text)
		(void)bpf_probe_read_user_str(into, size, (const void *)text);
}

static __always_inline void fill(struct event *event, const struct call *call, u64 since, u64 now)
{
	event->timestamp_raw = now;
	fill_process(&event->proc);
	event->delta_raw = now - since;
	event->flags_raw = call->flags;
	event->op_raw = call->op;
	copy_text(event->fs, sizeof(event->fs), call->fs);
	copy_text(event->src, sizeof(event->src), call->src);
	copy_text(event->dest, sizeof(event->dest), call->dest);
	copy_text(event->data, sizeof(event->data), call->data);
}

static __always_inline int end(const struct call *call, long result)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 *found = bpf_map_lookup_elem(&under_way, &tid), since;
	struct event *event;

	if (!found)
		return 0;
	since = *found;
	bpf_map_delete_elem(&under_way, &tid);
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	event->error_raw = result < 0 ? -result : 0;
	fill(event, call, since, bpf_ktime_get_boot_ns());
	submit_record(event);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mount")
int begin_mount(void *ctx)
{
	return begin();
}

SEC("tracepoint/syscalls/sys_exit_mount")
int end_mount(struct syscall_trace_exit *ctx)
{
	const struct call call = {
		.op = MOUNT,
		.src = left_argument(0),
		.dest = left_argument(1),
		.fs = left_argument(2),
		.flags = left_argument(3),
		.data = left_argument(4),
	};

	return end(&call, ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_umount")
int begin_umount(void *ctx)
{
	return begin();
}

SEC("tracepoint/syscalls/sys_exit_umount")
int end_umount(struct syscall_trace_exit *ctx)
{
	const struct call call = { .op = UMOUNT, .dest = left_argument(0) };

	return end(&call, ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_move_mount")
int begin_move_mount(void *ctx)
{
	return begin();
}

SEC("tracepoint/syscalls/sys_exit_move_mount")
int end_move_mount(struct syscall_trace_exit *ctx)
{
	const struct call call = {
		.op = MOVE_MOUNT,
		.src = left_argument(1),
		.dest = left_argument(3),
	};

	return end(&call, ctx->ret);
}

char LICENSE[] SEC("license") = "GPL";
