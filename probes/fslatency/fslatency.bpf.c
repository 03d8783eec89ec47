// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long programs waited in system calls on regular files: reading, writing, syncing and opening them, by file system.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "by_cgroup.bpf.h"
#include "file_calls.bpf.h"
#include "histogram.bpf.h"
#include "times.bpf.h"
#include "wanted_cgroups.bpf.h"

#define BUCKET_MIN 8  /* 2^8 ns: reading what is in memory takes a few hundred */
#define BUCKET_MAX 36 /* 2^36 ns: 69 s */

/* As in the YAML. */
enum operation {
	OPERATION_NONE,
	OPERATION_READ,
	OPERATION_WRITE,
	OPERATION_SYNC,
	OPERATION_OPEN,
	OPERATION_COUNT,
};

#define NUMBER_CALL(name, number, operation) [number] = OPERATION_##operation,
#define NUMBER_FILE_SYSTEM(name, magic) FILE_SYSTEM_##name,
#define TELL_FILE_SYSTEM(name, magic)                                                              \
	case magic:                                                                                \
		return FILE_SYSTEM_##name;

enum file_system {
	FILE_SYSTEM_OTHER,
	FILE_SYSTEMS(NUMBER_FILE_SYSTEM) FILE_SYSTEM_COUNT,
};

static const u8 operations[FILE_SYSCALL_MAX] = { FILE_CALLS(NUMBER_CALL)
							 FILE_CALLS_AT(NUMBER_CALL) };

struct latency_key {
	u8 file_system;
	u8 operation;
	u16 pad;
};

struct latency_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX - BUCKET_MIN)];
};

static const struct latency_row no_calls;

/* Every operation on every file system: the map cannot be full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FILE_SYSTEM_COUNT *(OPERATION_COUNT - 1));
	__type(key, struct latency_key);
	__type(value, struct latency_row);
} file_system_latency_seconds SEC(".maps");

/* Instead: by cgroup and operation. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, struct cgroup_key);
	__type(value, struct latency_row);
} cgroup_file_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct latency_row);
} cgroup_file_latency_overflow SEC(".maps");

/* Calls that were not measured because too many threads with like ids were in one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} file_system_unmeasured_total SEC(".maps");

/* Threads that are in a call; the note is the operation, and behind it the file system. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THREAD_TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} calling SEC(".maps");

static __always_inline u8 name_file_system(u64 magic)
{
	switch ((u32)magic) {
		FILE_SYSTEMS(TELL_FILE_SYSTEM)
	}
	return FILE_SYSTEM_OTHER;
}

/* False when the descriptor is of something else than a regular file: a socket, a pipe, a terminal, a directory. */
static __always_inline bool is_regular(u32 fd, u8 *ret_file_system)
{
	struct inode *inode = BPF_CORE_READ(file_of(fd), f_inode);

	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFREG)
		return false;
	*ret_file_system = name_file_system(BPF_CORE_READ(inode, i_sb, s_magic));
	return true;
}

static __always_inline int begin_call(struct pt_regs *regs, u8 operation)
{
	u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	u8 file_system = FILE_SYSTEM_OTHER;

	/* Of an open only its end tells which file it is. */
	if (operation != OPERATION_OPEN && !is_regular(first_argument(regs), &file_system))
		return 0;
	if (!begin_time(&calling, THREAD_TIME_SETS, tid, bpf_ktime_get_ns(),
			operation | file_system << 8))
		increment_map(&file_system_unmeasured_total, &zero, 1);
	return 0;
}

static __always_inline struct latency_row *find_row(const struct latency_key *key)
{
	struct cgroup_key cgroup_key = { .label = key->operation };

	if (!by_cgroup)
		return lookup_or_add(&file_system_latency_seconds, key, &no_calls);
	cgroup_key.cgroup = bpf_get_current_cgroup_id();
	return lookup_or_overflow(&cgroup_file_latency_seconds, &cgroup_key, &no_calls,
				  &cgroup_file_latency_overflow);
}

static __always_inline int end_call(s64 result)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct latency_key key = {};
	struct latency_row *row;
	struct time_since call;
	u64 took_ns;

	if (!end_time(&calling, THREAD_TIME_SETS, tid, &call))
		return 0;
	took_ns = bpf_ktime_get_ns() - call.since;
	key.operation = call.note;
	key.file_system = call.note >> 8;
	/* Which file it is only the descriptor tells, and a failed one has none. */
	if (key.operation == OPERATION_OPEN &&
	    (result < 0 || !is_regular(result, &key.file_system)))
		return 0;
	row = find_row(&key);
	if (row)
		observe_exp2_from(row->slots, BUCKET_MIN, BUCKET_MAX, took_ns);
	return 0;
}

/* This is run for every system call of every program: what is not of interest leaves at once. */
SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	u64 number = ctx->args[1];
	u8 operation;

	if (number >= FILE_SYSCALL_MAX)
		return 0;
	operation = operations[number];
	if (operation == OPERATION_NONE || is_32_bit_call() || !is_current_wanted())
		return 0;
	return begin_call((struct pt_regs *)ctx->args[0], operation);
}

SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return end_call(ctx->args[1]);
}

char LICENSE[] SEC("license") = "GPL";
