// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Programs that are executed, and attempts that failed. The arguments of one that runs are in one piece in its own memory: they
 * are read at once, and a record is as long as they are.
 */
#include "gadget.bpf.h"

#define PATH_USERS 3
#include "path.bpf.h"
#include "syscall.bpf.h"

#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define ARGS_SIZE 4096
#define WORDS (ARGS_SIZE / 8)
#define FAILED_ARG_SIZE 256 /* of each argument of an attempt that failed */
#define FAILED_ARGS 64
#define UID_UNSET 0xffffffffu
#define MINOR_BITS 20
#define CTIME_QUERIED (1u << 31) /* of i_ctime_nsec, since 6.13: somebody has looked at it */
#define NS_PER_S 1000000000ULL

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_uid loginuid;
	u32 sessionid;
	gadget_errno error_raw;
	s32 args_count;
	s32 tty;
	u32 tty_major;
	u32 tty_minor;
	bool from_rootfs;
	bool file_from_rootfs;
	bool upper_layer;
	bool fupper_layer;
	bool pupper_layer;
	u32 args_size;
	u32 dev_major;
	u32 dev_minor;
	u64 inode;
	u64 ctime;
	u64 fctime;
	u64 pctime;
	/* Without the paths a record ends here, where the arguments do. */
	char args[ARGS_SIZE];
	char cwd[PATH_SIZE];
	char file[PATH_SIZE];
	char exepath[PATH_SIZE];
	char parent_exepath[PATH_SIZE];
};

const volatile bool ignore_failed = true;
GADGET_PARAM(ignore_failed);
const volatile bool paths = false;
GADGET_PARAM(paths);

GADGET_TRACER_MAP(events, 1024 * 1024);
GADGET_TRACER(exec, events, event);

enum { USER_EXEC, USER_EXECVE, USER_EXECVEAT, USER_COUNT };

/* One for each program, as of paths. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, USER_COUNT);
	__type(key, u32);
	__type(value, struct event);
} scratches SEC(".maps");

/* ---- who, from where, and what of -------------------------------------------------------------- */

static __always_inline void fill_session(struct event *event, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	event->loginuid = bpf_core_field_exists(task->loginuid) ? BPF_CORE_READ(task, loginuid.val)
								: UID_UNSET;
	event->sessionid = bpf_core_field_exists(task->sessionid) ? BPF_CORE_READ(task, sessionid)
								  : 0;
	event->tty = event->tty_major = event->tty_minor = 0;
	if (!tty)
		return;
	event->tty = BPF_CORE_READ(tty, index);
	event->tty_major = BPF_CORE_READ(tty, driver, major);
	event->tty_minor = BPF_CORE_READ(tty, driver, minor_start) + event->tty;
}

static __always_inline u64 change_time(struct inode *inode)
{
	struct inode___before_6_11 *before = (void *)inode;
	struct inode___before_6_6 *long_before = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * NS_PER_S +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & ~CTIME_QUERIED);
	if (bpf_core_field_exists(before->__i_ctime))
		return BPF_CORE_READ(before, __i_ctime.tv_sec) * NS_PER_S +
		       BPF_CORE_READ(before, __i_ctime.tv_nsec);
	return BPF_CORE_READ(long_before, i_ctime.tv_sec) * NS_PER_S +
	       BPF_CORE_READ(long_before, i_ctime.tv_nsec);
}

/* An overlay's inode is around this one, and what it has of its upper layer stands right behind; no type says so. */
static __always_inline bool is_in_upper_layer(struct inode *inode)
{
	void *upper = NULL;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper;
}

static __always_inline void fill_no_file(struct event *event)
{
	event->from_rootfs = event->file_from_rootfs = false;
	event->upper_layer = event->fupper_layer = event->pupper_layer = false;
	event->dev_major = event->dev_minor = 0;
	event->inode = event->ctime = event->fctime = event->pctime = 0;
}

/* What is executed is the interpreter when there is one: of the script itself the kernel has no more than its name. */
static __always_inline void fill_file(struct event *event, struct task_struct *task,
				      struct linux_binprm *bprm, bool is_script)
{
	struct inode *inode = BPF_CORE_READ(bprm, file, f_inode);
	struct inode *parent = BPF_CORE_READ(task, real_parent, mm, exe_file, f_inode);
	u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

	fill_no_file(event);
	event->from_rootfs = BPF_CORE_READ(bprm, file, f_path.mnt) ==
			     BPF_CORE_READ(task, fs, root.mnt);
	event->upper_layer = is_in_upper_layer(inode);
	event->ctime = change_time(inode);
	if (parent) {
		event->pupper_layer = is_in_upper_layer(parent);
		event->pctime = change_time(parent);
	}
	if (is_script)
		return;
	event->file_from_rootfs = event->from_rootfs;
	event->fupper_layer = event->upper_layer;
	event->fctime = event->ctime;
	event->dev_major = device >> MINOR_BITS;
	event->dev_minor = device & ((1u << MINOR_BITS) - 1);
	event->inode = BPF_CORE_READ(inode, i_ino);
}

/* ---- paths ------------------------------------------------------------------------------------- */

static __always_inline void fill_cwd(u32 user, struct event *event, struct task_struct *task)
{
	event->cwd[0] = 0;
	write_path(user, BPF_CORE_READ(task, fs, pwd.dentry), BPF_CORE_READ(task, fs, pwd.mnt),
		   event->cwd, sizeof(event->cwd));
}

static __always_inline void fill_executable(u32 user, struct task_struct *task, char *into)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);

	into[0] = 0;
	if (file)
		write_file_path(user, file, into, PATH_SIZE);
}

static __always_inline void fill_paths(struct event *event, struct task_struct *task,
				       struct linux_binprm *bprm, bool is_script)
{
	fill_cwd(USER_EXEC, event, task);
	fill_executable(USER_EXEC, task, event->exepath);
	fill_executable(USER_EXEC, BPF_CORE_READ(task, real_parent), event->parent_exepath);
	if (is_script)
		bpf_probe_read_kernel_str(event->file, sizeof(event->file),
					  BPF_CORE_READ(bprm, filename));
	else
		__builtin_memcpy(event->file, event->exepath, sizeof(event->file));
}

/* ---- arguments --------------------------------------------------------------------------------- */

#define LOW_BITS 0x7f7f7f7f7f7f7f7fULL
#define ONES 0x0101010101010101ULL

/* NULs become spaces, eight at a time. What is behind the end must be zeros up to a whole word. */
static __noinline u32 separate_by_spaces(struct event *event, u32 size)
{
	u32 count = 0;

	if (!event)
		return 0;
	for (u32 i = 0; i < WORDS && i * 8 < size; i++) {
		u64 *word = (u64 *)event->args + i, value = *word;
		u64 nuls = ~(((value & LOW_BITS) + LOW_BITS) | value | LOW_BITS);

		if (!nuls)
			continue;
		*word = value | nuls >> 2;
		count += ((nuls >> 7) * ONES) >> 56;
	}
	return count - ((8 - size % 8) % 8);
}

static const char no_args[ARGS_SIZE];

/* A record with paths goes on behind the arguments, where those of one before may be left. */
static __always_inline void begin_args(struct event *event)
{
	event->args_size = 0;
	if (paths)
		bpf_probe_read_kernel(event->args, sizeof(event->args), no_args);
}

/* args_size bytes are there. */
static __always_inline void end_args(struct event *event)
{
	u64 last = (u64)event->args_size - 1;

	barrier_var(last);
	if (last >= ARGS_SIZE) {
		event->args_count = event->args_size = 0;
		__builtin_memset(event->args, 0, 8);
		return;
	}
	/* So that the compiler makes no pointer of it before it is checked, which old verifiers do not understand. */
	barrier_var(last);
	/* In the room behind it as well; cwd is filled later. */
	event->args[last] = 0;
	__builtin_memset(event->args + last + 1, 0, 8);
	event->args_count = separate_by_spaces(event, last + 1);
	__builtin_memset(event->args + last, 0, 8);
}

static __always_inline void fill_args(struct event *event, struct task_struct *task)
{
	u64 begin = BPF_CORE_READ(task, mm, arg_start);
	u64 size = BPF_CORE_READ(task, mm, arg_end) - begin;

	if (size > ARGS_SIZE)
		size = ARGS_SIZE;
	begin_args(event);
	if (bpf_probe_read_user(event->args, size, (const void *)begin) == 0)
		event->args_size = size;
	end_args(event);
}

/* How far it got is in the event: of what comes out of memory the verifier knows nothing, so each round is like the first. */
static __noinline int collect_args(struct event *event, const u64 *arguments)
{
	if (!event)
		return 0;
	for (u32 i = 0; i < FAILED_ARGS; i++) {
		u64 at = event->args_size;
		u64 argument = 0;
		long len;

		barrier_var(at);
		if (at > ARGS_SIZE - FAILED_ARG_SIZE)
			break;
		barrier_var(at);
		if (bpf_probe_read_user(&argument, sizeof(argument), arguments + i) < 0 ||
		    !argument)
			break;
		len = bpf_probe_read_user_str(event->args + at, FAILED_ARG_SIZE,
					      (const void *)argument);
		if (len <= 0)
			break;
		event->args_size = at + len;
	}
	return 0;
}

/* ---- programs ---------------------------------------------------------------------------------- */

static __always_inline void output(struct event *event)
{
	u64 size = event->args_size;

	if (paths) {
		output_record(&events, event, sizeof(*event));
		return;
	}
	barrier_var(size);
	if (size <= ARGS_SIZE)
		output_record(&events, event, offsetof(struct event, args) + size);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(trace_exec, struct task_struct *task, s32 old_tid, struct linux_binprm *bprm)
{
	u32 user = USER_EXEC;
	struct event *event;
	bool is_script;

	if (!is_wanted())
		return 0;
	event = bpf_map_lookup_elem(&scratches, &user);
	if (!event)
		return 0;
	is_script = bprm->interp != bprm->filename;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	event->error_raw = 0;
	fill_session(event, task);
	fill_file(event, task, bprm, is_script);
	fill_args(event, task);
	if (paths)
		fill_paths(event, task, bprm, is_script);
	output(event);
	return 0;
}

static __always_inline int trace_failure(u32 user, u32 first, long result)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event *event;

	if (ignore_failed || result >= 0 || !is_wanted())
		return 0;
	event = bpf_map_lookup_elem(&scratches, &user);
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	event->error_raw = -result;
	fill_session(event, task);
	fill_no_file(event);
	begin_args(event);
	collect_args(event, (const u64 *)left_argument(first + 1));
	end_args(event);
	if (paths) {
		fill_cwd(user, event, task);
		fill_executable(user, task, event->exepath);
		fill_executable(user, BPF_CORE_READ(task, real_parent), event->parent_exepath);
		if (bpf_probe_read_user_str(event->file, sizeof(event->file),
					    (const void *)left_argument(first)) < 0)
			event->file[0] = 0;
	}
	output(event);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_execve")
int trace_execve(struct syscall_trace_exit *ctx)
{
	return trace_failure(USER_EXECVE, 0, ctx->ret);
}

SEC("tracepoint/syscalls/sys_exit_execveat")
int trace_execveat(struct syscall_trace_exit *ctx)
{
	return trace_failure(USER_EXECVEAT, 1, ctx->ret);
}

char LICENSE[] SEC("license") = "GPL";
