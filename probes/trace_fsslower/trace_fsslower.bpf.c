// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * System calls on files in which a program waited for long: reading, writing, syncing and opening them, and asking a file
 * system how full it is. On the way in only the time is noted; whose file it is, is looked at when it took long enough.
 */
#include "gadget.bpf.h"

#include "file_calls.bpf.h"
#include "syscall.bpf.h"
#include "times.bpf.h"

#define FILE_SYSTEM_SIZE 16
#define NAME_SIZE 256
#define NS_PER_US 1000

enum fs_file_op {
	F_READ,
	F_WRITE,
	F_OPEN,
	F_FSYNC,
	F_STATFS,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	u64 delta_us;
	s64 offset;
	u64 size;
	enum fs_file_op op_raw;
	char filesystem[FILE_SYSTEM_SIZE];
	char file[NAME_SIZE];
};

const volatile u64 min_lat_us = 10000;
GADGET_PARAM(min_lat_us);
/* As the kernel calls it; empty: any. */
const volatile char filesystem[FILE_SYSTEM_SIZE] = {};
GADGET_PARAM(filesystem);

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(fsslower, events, event);

/* Threads that are in a call; the note is its number. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THREAD_TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} calling SEC(".maps");

enum operation {
	OPERATION_NONE,
	OPERATION_READ,
	OPERATION_WRITE,
	OPERATION_OPEN,
	OPERATION_SYNC,
	OPERATION_STATFS,
	OPERATION_COUNT,
	OPERATION_AT = 0x80, /* with one of the others */
};

#define NUMBER_CALL(name, number, operation) [number] = OPERATION_##operation,
#define NUMBER_CALL_AT(name, number, operation) [number] = OPERATION_##operation | OPERATION_AT,

static const u8 operations[FILE_SYSCALL_MAX] = {
	FILE_CALLS(NUMBER_CALL) FILE_CALLS_AT(NUMBER_CALL_AT)[SYSCALL_STATFS] = OPERATION_STATFS,
	[SYSCALL_FSTATFS] = OPERATION_STATFS,
};

static const u8 shown_as[OPERATION_COUNT] = {
	[OPERATION_READ] = F_READ,  [OPERATION_WRITE] = F_WRITE,   [OPERATION_OPEN] = F_OPEN,
	[OPERATION_SYNC] = F_FSYNC, [OPERATION_STATFS] = F_STATFS,
};

/* A call that took long. */
struct slow_call {
	u32 number;
	u8 operation; /* with OPERATION_AT */
	s64 result;
	u64 took_ns;
	struct file *file; /* NULL: of a path */
	char filesystem[FILE_SYSTEM_SIZE];
};

static __always_inline bool is_regular(struct file *file)
{
	return (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFREG;
}

/* ---- file systems ------------------------------------------------------------------------------- */

#define NAME_FILE_SYSTEM(name, number)                                                             \
	case number:                                                                               \
		__builtin_memcpy(ret_name, #name, sizeof(#name));                                  \
		break;

/* What a path led to, the kernel tells by its number only. Unknown ones stay without a name. */
static __always_inline void name_by_number(u64 number, char ret_name[FILE_SYSTEM_SIZE])
{
	switch ((u32)number) {
		FILE_SYSTEMS(NAME_FILE_SYSTEM)
	}
}

static __always_inline bool is_wanted_file_system(const char name[FILE_SYSTEM_SIZE])
{
	if (!filesystem[0])
		return true;
#pragma unroll
	for (u32 i = 0; i < FILE_SYSTEM_SIZE; i++)
		if (name[i] != filesystem[i])
			return false;
	return true;
}

/* False: it is not one that is asked for. */
static __always_inline bool find_file(struct slow_call *call)
{
	u8 operation = call->operation & ~OPERATION_AT;
	struct file *file;
	u64 number = 0;

	if (call->number == SYSCALL_STATFS) {
		if (call->result < 0 ||
		    bpf_probe_read_user(&number, sizeof(number), (void *)left_argument(1)) < 0)
			return false;
		name_by_number(number, call->filesystem);
		return is_wanted_file_system(call->filesystem);
	}
	/* Which file was opened only the descriptor tells, and a failed call has none. */
	if (operation == OPERATION_OPEN && call->result < 0)
		return false;
	file = file_of(operation == OPERATION_OPEN ? call->result : left_argument(0));
	if (!file || (operation == OPERATION_OPEN && !is_regular(file)))
		return false;
	call->file = file;
	bpf_probe_read_kernel_str(call->filesystem, sizeof(call->filesystem),
				  BPF_CORE_READ(file, f_inode, i_sb, s_type, name));
	return is_wanted_file_system(call->filesystem);
}

/* ---- records ------------------------------------------------------------------------------------ */

/* Where it began; without an own place a call leaves the file's behind what it read or wrote. */
static __always_inline s64 offset_of(const struct slow_call *call)
{
	u8 operation = call->operation & ~OPERATION_AT;
	struct file *file = call->file;
	s64 at;

	if (operation != OPERATION_READ && operation != OPERATION_WRITE)
		return 0;
	if (call->operation & OPERATION_AT) {
		at = left_argument(3);
		if (at >= 0)
			return at; /* preadv2() and pwritev2() take -1 for the file's own */
	}
	at = BPF_CORE_READ(file, f_pos);
	return call->result > 0 && at >= call->result ? at - call->result : at;
}

static __always_inline u64 size_of(const struct slow_call *call)
{
	u8 operation = call->operation & ~OPERATION_AT;

	return call->result > 0 && (operation == OPERATION_READ || operation == OPERATION_WRITE)
		       ? call->result
		       : 0;
}

static __always_inline void fill_name(struct event *event, const struct slow_call *call)
{
	struct file *file = call->file;
	long r;

	if (file)
		r = bpf_probe_read_kernel_str(event->file, sizeof(event->file),
					      BPF_CORE_READ(file, f_path.dentry, d_name.name));
	else
		r = bpf_probe_read_user_str(event->file, sizeof(event->file),
					    (const char *)left_argument(0));
	if (r < 0)
		event->file[0] = 0;
}

static __always_inline void tell(const struct slow_call *call)
{
	struct event *event = reserve_record(&events, sizeof(*event));
	u8 operation = call->operation & ~OPERATION_AT;

	if (!event)
		return;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	event->delta_us = call->took_ns / NS_PER_US;
	event->offset = offset_of(call);
	event->size = size_of(call);
	event->op_raw = operation < OPERATION_COUNT ? shown_as[operation] : 0;
	__builtin_memcpy(event->filesystem, call->filesystem, sizeof(event->filesystem));
	fill_name(event, call);
	submit_record(event);
}

/* ---- programs ----------------------------------------------------------------------------------- */

/* These are run for every system call of every program: what is not of interest leaves at once. */
SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	u64 number = ctx->args[1];
	u8 operation;

	if (number >= FILE_SYSCALL_MAX)
		return 0;
	operation = operations[number] & ~OPERATION_AT;
	if (operation == OPERATION_NONE || is_32_bit_call() || !is_wanted())
		return 0;
	/* Sockets, pipes and terminals are waited for all the time. */
	if (operation != OPERATION_OPEN && operation != OPERATION_STATFS &&
	    !is_regular(file_of(first_argument(regs))))
		return 0;
	if (!begin_time(&calling, THREAD_TIME_SETS, (u32)bpf_get_current_pid_tgid(),
			bpf_ktime_get_ns(), number))
		gadget_count_loss(&events_lost_samples);
	return 0;
}

SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct slow_call call = { .result = ctx->args[1] };
	struct time_since since;

	if (!end_time(&calling, THREAD_TIME_SETS, (u32)bpf_get_current_pid_tgid(), &since))
		return 0;
	call.took_ns = bpf_ktime_get_ns() - since.since;
	if (call.took_ns <= min_lat_us * NS_PER_US)
		return 0;
	call.number = since.note;
	if (call.number >= FILE_SYSCALL_MAX)
		return 0;
	call.operation = operations[call.number];
	if (find_file(&call))
		tell(&call);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
