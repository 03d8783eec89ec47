// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Processes: the CPU time that they have taken since they were shown last, and in all, and their memory.
 */
#include "gadget.bpf.h"

#include "bits.bpf.h"

/* Of one process; a bound for the verifier. */
#define THREADS_MAX 1024
#define REMEMBERED_MAX 16384
/* No kernel tells its programs how long a second of /proc is: user space has been told 100 since 2.6. */
#define NS_PER_TICK 10000000
#define NICE_BASE 120 /* static_prio of nice 0 */
#define REALTIME_PRIOS 100

const volatile u32 page_size = 4096;
GADGET_PARAM(page_size);

struct process {
	gadget_pid pid;
	gadget_ppid ppid;
	gadget_comm comm[TASK_COMM_LEN];
	char state[2];
	s8 priority;
	s8 nice;
	gadget_uid uid;
	s32 threadCount;
	u32 __pad;
	double cpuUsage;
	u64 cpuTime;
	gadget_duration cpuTimeStr_raw;
	gadget_bytes memoryRSS_raw;
	gadget_bytes memoryVirtual_raw;
	gadget_bytes memoryShared_raw;
	u64 startTime;
	gadget_timestamp startTimeStr_raw;
	gadget_mntns_id mountnsid;
};

GADGET_ITER(processes, process, list_processes);

/* What a process had taken when it was shown last. */
struct earlier {
	u64 began; /* a number may be another process by now */
	u64 cpu_ns;
	u64 at;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, REMEMBERED_MAX);
	__type(key, u32);
	__type(value, struct earlier);
} shown SEC(".maps");

/* ---- time ---- */

/* Of its threads, those that have ended with them. */
static __always_inline u64 cpu_time(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	void *head = (void *)signal + bpf_core_field_offset(struct signal_struct, thread_head);
	struct list_head *node = BPF_CORE_READ(signal, thread_head.next);
	u64 sum = signal->sum_sched_runtime;

	for (int i = 0; i < THREADS_MAX && node && node != head; i++) {
		struct task_struct *thread = (void *)node -
					     bpf_core_field_offset(struct task_struct, thread_node);

		sum += BPF_CORE_READ(thread, se.sum_exec_runtime);
		node = BPF_CORE_READ(node, next);
	}
	return sum;
}

/* value / 2^16 as a double, which no instruction of eBPF can make. */
static __always_inline double to_double(u64 value)
{
	u64 bits = 0, last;
	double result;

	if (value) {
		last = log2l(value);
		bits = (last > 52 ? value >> (last - 52) : value << (52 - last)) &
		       ((1ULL << 52) - 1);
		bits |= (1023 + last - 16) << 52;
	}
	__builtin_memcpy(&result, &bits, sizeof(result));
	return result;
}

/* ns in ns, with 16 bits behind the point. */
static __always_inline u64 percent(u64 part, u64 whole)
{
	if (part >> 40) {
		part >>= 20;
		whole >>= 20;
	}
	return whole ? part * (100 << 16) / whole : 0;
}

/* Since it was shown last, or since it began. */
static __always_inline u64 cpu_usage(u32 pid, u64 began, u64 cpu_ns)
{
	struct earlier now = { .began = began, .cpu_ns = cpu_ns, .at = bpf_ktime_get_boot_ns() };
	struct earlier *earlier = bpf_map_lookup_elem(&shown, &pid);
	u64 usage;

	if (earlier && earlier->began == began && cpu_ns >= earlier->cpu_ns)
		usage = percent(cpu_ns - earlier->cpu_ns, now.at - earlier->at);
	else
		usage = percent(cpu_ns, now.at - began);
	bpf_map_update_elem(&shown, &pid, &now, BPF_ANY);
	return usage;
}

/* ---- memory ---- */

static __always_inline u64 at_least_0(s64 pages)
{
	return pages > 0 ? pages : 0; /* what CPUs have not handed in yet may be more than all */
}

/* No function: where an element lies in the kernel is only found for an index that is a constant in the source. */
#define PAGES(mm, which)                                                                           \
	at_least_0(bpf_core_field_exists(((struct mm_struct___before_6_2 *)(mm))->rss_stat.count)  \
			   ? BPF_CORE_READ((struct mm_struct___before_6_2 *)(mm),                  \
					   rss_stat.count[which].counter)                          \
			   : BPF_CORE_READ(mm, rss_stat[which].count))

static __always_inline void fill_memory(struct process *process, struct mm_struct *mm)
{
	u64 shared;

	if (!mm) /* a thread of the kernel, or it has ended */
		return;
	shared = PAGES(mm, MM_FILEPAGES) + PAGES(mm, MM_SHMEMPAGES);
	process->memoryShared_raw = shared * page_size;
	process->memoryRSS_raw = (shared + PAGES(mm, MM_ANONPAGES)) * page_size;
	process->memoryVirtual_raw = BPF_CORE_READ(mm, total_vm) * page_size;
}

/* ---- the rest ---- */

static __always_inline u32 task_state(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(old->state))
		return old->state;
	return task->__state;
}

/* As in /proc/PID/stat. */
static __always_inline char state_letter(struct task_struct *task)
{
	static const char letters[] = { 'S', 'D', 'T', 't', 'X', 'Z', 'P' };
	u32 state = task_state(task), reported = (state | task->exit_state) & 0x7f;

	if ((reported | (state & TASK_NOLOAD)) == (TASK_UNINTERRUPTIBLE | TASK_NOLOAD))
		return 'I';
	if (state & (TASK_LOCK_WAIT | TASK_FROZEN))
		return 'D';
	for (int i = sizeof(letters) - 1; i >= 0; i--)
		if (reported & (1 << i))
			return letters[i];
	return 'R';
}

SEC("iter/task")
int list_processes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct process process = {};

	if (!task || task->tgid != task->pid || !is_task_wanted(task))
		return 0;
	process.pid = task->tgid;
	process.ppid = task->real_parent->tgid;
	bpf_probe_read_kernel_str(process.comm, sizeof(process.comm), task->comm);
	process.state[0] = state_letter(task);
	process.priority = task->prio - REALTIME_PRIOS;
	process.nice = task->static_prio - NICE_BASE;
	process.uid = task->cred->uid.val;
	process.threadCount = task->signal->nr_threads;
	process.cpuTimeStr_raw = cpu_time(task);
	process.cpuTime = process.cpuTimeStr_raw / NS_PER_TICK;
	process.cpuUsage =
		to_double(cpu_usage(process.pid, task->start_boottime, process.cpuTimeStr_raw));
	fill_memory(&process, task->mm);
	process.startTimeStr_raw = task->start_boottime;
	process.startTime = process.startTimeStr_raw / NS_PER_TICK;
	process.mountnsid = task->nsproxy->mnt_ns->ns.inum;
	bpf_seq_write(ctx->meta->seq, &process, sizeof(process));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
