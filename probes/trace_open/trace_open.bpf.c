// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Files that are opened, and those that could not be. What was asked for is read from the registers on the way out, so a
 * call costs one program and no map.
 */
#include "gadget.bpf.h"

#define PATH_USERS 3
#include "path.bpf.h"
#include "syscall.bpf.h"

#define NAME_MAX 255

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_errno error_raw;
	u32 fd;
	gadget_file_flags flags_raw;
	gadget_file_mode mode_raw;
	char fname[NAME_MAX];
	char fpath[PATH_SIZE];
};

const volatile bool targ_failed = false;
GADGET_PARAM(targ_failed);
const volatile bool paths = false;
GADGET_PARAM(paths);

GADGET_TRACER_MAP(events, 1024 * 1024);
GADGET_TRACER(open, events, event);

enum { USER_OPEN, USER_OPENAT, USER_OPENAT2 };

struct opening {
	const char *name;
	u32 flags;
	u32 mode;
};

static __always_inline void fill_path(u32 user, struct event *event, u32 fd)
{
	struct file *file = file_of(fd);

	event->fpath[0] = 0;
	if (file)
		write_file_path(user, file, event->fpath, sizeof(event->fpath));
}

static __always_inline int trace(u32 user, const struct opening *opening, long result)
{
	struct event *event;

	/* Two calls, so that each has a size that the verifier knows. */
	if (paths)
		event = reserve_record(&events, sizeof(*event));
	else
		event = reserve_record(&events, offsetof(struct event, fpath));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	event->error_raw = result < 0 ? -result : 0;
	event->fd = result < 0 ? 0 : result;
	event->flags_raw = opening->flags;
	event->mode_raw = opening->mode;
	if (bpf_probe_read_user_str(event->fname, sizeof(event->fname), opening->name) < 0)
		event->fname[0] = 0;
	if (paths && result >= 0)
		fill_path(user, event, result);
	else if (paths)
		event->fpath[0] = 0;
	submit_record(event);
	return 0;
}

static __always_inline bool is_of_interest(long result)
{
	return !(targ_failed && result >= 0) && is_wanted();
}

/* The first of the three arguments is that of this number. */
static __always_inline struct opening opening_at(u32 first)
{
	return (struct opening){
		.name = (const char *)left_argument(first),
		.flags = left_argument(first + 1),
		.mode = (u16)left_argument(first + 2),
	};
}

#if defined(__TARGET_ARCH_x86) /* others never had it */
SEC("tracepoint/syscalls/sys_exit_open")
int trace_open(struct syscall_trace_exit *ctx)
{
	struct opening opening;

	if (!is_of_interest(ctx->ret))
		return 0;
	opening = opening_at(0);
	return trace(USER_OPEN, &opening, ctx->ret);
}
#endif

SEC("tracepoint/syscalls/sys_exit_openat")
int trace_openat(struct syscall_trace_exit *ctx)
{
	struct opening opening;

	if (!is_of_interest(ctx->ret))
		return 0;
	opening = opening_at(1);
	return trace(USER_OPENAT, &opening, ctx->ret);
}

struct open_how {
	u64 flags;
	u64 mode;
};

SEC("tracepoint/syscalls/sys_exit_openat2")
int trace_openat2(struct syscall_trace_exit *ctx)
{
	struct open_how how = {};
	struct opening opening;

	if (!is_of_interest(ctx->ret))
		return 0;
	(void)bpf_probe_read_user(&how, sizeof(how), (const void *)left_argument(2));
	opening = (struct opening){
		.name = (const char *)left_argument(1),
		.flags = how.flags,
		.mode = (u16)how.mode,
	};
	return trace(USER_OPENAT2, &opening, ctx->ret);
}

char LICENSE[] SEC("license") = "GPL";
