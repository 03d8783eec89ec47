// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Capabilities that the kernel asks for, who has them, and the system call that needs them.
 */
#include "gadget.bpf.h"

#include "syscall.bpf.h"

#define GADGET_KERNEL_STACK_MAP_MAX_ENTRIES 1024
#define GADGET_USER_STACK_MAP_MAX_ENTRIES 1024
#define GADGET_PLAIN_USER_STACKS
#include <gadget/kernel_stack_map.h>
#include <gadget/user_stack_map.h>

#define UNDER_WAY_MAX 4096
#define SEEN_MAX 10240
#define OPTION_NO_AUDIT 0x2
#define OPTION_IN_SETID 0x4
#define NO_SYSCALL ((u64)-1)

/* In the order of their numbers. */
#define CAPABILITIES(X)                                                                            \
	X(CHOWN)                                                                                   \
	X(DAC_OVERRIDE)                                                                            \
	X(DAC_READ_SEARCH)                                                                         \
	X(FOWNER)                                                                                  \
	X(FSETID)                                                                                  \
	X(KILL)                                                                                    \
	X(SETGID)                                                                                  \
	X(SETUID)                                                                                  \
	X(SETPCAP)                                                                                 \
	X(LINUX_IMMUTABLE)                                                                         \
	X(NET_BIND_SERVICE)                                                                        \
	X(NET_BROADCAST)                                                                           \
	X(NET_ADMIN)                                                                               \
	X(NET_RAW)                                                                                 \
	X(IPC_LOCK)                                                                                \
	X(IPC_OWNER)                                                                               \
	X(SYS_MODULE)                                                                              \
	X(SYS_RAWIO)                                                                               \
	X(SYS_CHROOT)                                                                              \
	X(SYS_PTRACE)                                                                              \
	X(SYS_PACCT)                                                                               \
	X(SYS_ADMIN)                                                                               \
	X(SYS_BOOT)                                                                                \
	X(SYS_NICE)                                                                                \
	X(SYS_RESOURCE)                                                                            \
	X(SYS_TIME)                                                                                \
	X(SYS_TTY_CONFIG)                                                                          \
	X(MKNOD)                                                                                   \
	X(LEASE)                                                                                   \
	X(AUDIT_WRITE)                                                                             \
	X(AUDIT_CONTROL)                                                                           \
	X(SETFCAP)                                                                                 \
	X(MAC_OVERRIDE)                                                                            \
	X(MAC_ADMIN)                                                                               \
	X(SYSLOG)                                                                                  \
	X(WAKE_ALARM)                                                                              \
	X(BLOCK_SUSPEND)                                                                           \
	X(AUDIT_READ)                                                                              \
	X(PERFMON)                                                                                 \
	X(BPF)                                                                                     \
	X(CHECKPOINT_RESTORE)

#define NUMBER(name) CAP_##name,
#define BIT(name) FLAG_CAP_##name = 1ull << CAP_##name,

enum capability { CAPABILITIES(NUMBER) };

enum cap_effective_flags_set : u64 { CAPABILITIES(BIT) };

struct cap_event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	u64 current_userns;
	u64 target_userns;
	enum cap_effective_flags_set cap_effective_raw;
	gadget_syscall syscall_raw;
	enum capability cap_raw;
	s32 audit; /* -1: it is not known, as of the next */
	s32 insetid;
	gadget_kernel_stack kstack_raw;
	bool capable;
	struct gadget_user_stack ustack;
};

const volatile bool audit_only = false;
GADGET_PARAM(audit_only);
const volatile bool unique = false;
GADGET_PARAM(unique);
const volatile bool collect_kstack = false;
GADGET_PARAM(collect_kstack);

GADGET_TRACER_MAP(events, 512 * 1024);
GADGET_TRACER(capabilities, events, cap_event);

struct check {
	u64 target_userns;
	s32 capability;
	u32 options;
};

/* By thread, from the question to the answer. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, UNDER_WAY_MAX);
	__type(key, u64);
	__type(value, struct check);
} under_way SEC(".maps");

struct seen_key {
	u64 mntns;
	u64 capability;
};

/* What was told of a container already. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SEEN_MAX);
	__type(key, struct seen_key);
	__type(value, u8);
} seen SEC(".maps");

/* Since 6.14. */
typedef void (*btf_trace_cap_capable)(void *data, const struct cred *cred,
				      struct user_namespace *target,
				      const struct user_namespace *capable, int capability,
				      int result);

static __always_inline bool is_new(struct task_struct *task, s32 capability)
{
	struct seen_key key = {
		.mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum),
		.capability = capability,
	};
	u8 yes = 1;

	return bpf_map_update_elem(&seen, &key, &yes, BPF_NOEXIST) == 0;
}

static __always_inline u64 effective_of(const struct cred *cred)
{
	const struct cred___before_6_3 *before = (const void *)cred;

	if (bpf_core_field_exists(cred->cap_effective.val))
		return BPF_CORE_READ(cred, cap_effective.val);
	return BPF_CORE_READ(before, cap_effective.cap[0]) |
	       (u64)BPF_CORE_READ(before, cap_effective.cap[1]) << 32;
}

static __always_inline void fill_options(struct cap_event *event, const u32 *options)
{
	event->audit = options ? !(*options & OPTION_NO_AUDIT) : -1;
	event->insetid = options ? (*options & OPTION_IN_SETID) != 0 : -1;
}

/* options: NULL when they are not known. */
static __always_inline int trace(void *ctx, const struct check *check, const u32 *options,
				 bool is_capable)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	struct cap_event *event;

	if ((audit_only && options && (*options & OPTION_NO_AUDIT)) || !is_wanted() ||
	    (unique && !is_new(task, check->capability)))
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	event->current_userns = BPF_CORE_READ(cred, user_ns, ns.inum);
	event->target_userns = check->target_userns;
	event->cap_effective_raw = effective_of(cred);
	event->syscall_raw = BPF_CORE_READ(task, flags) & PF_KTHREAD ? NO_SYSCALL
								     : (u64)current_syscall();
	event->cap_raw = check->capability;
	fill_options(event, options);
	event->kstack_raw = collect_kstack ? gadget_get_kernel_stack(ctx) : -1;
	event->capable = is_capable;
	gadget_get_user_stack(ctx, &event->ustack);
	submit_record(event);
	return 0;
}

/* Credentials that somebody has put on for a while (as overlayfs does) are not the task's own. */
static __always_inline bool is_own(const struct cred *cred)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return cred == BPF_CORE_READ(task, real_cred);
}

SEC("tp_btf/cap_capable")
int trace_check(u64 *ctx)
{
	u64 key = bpf_get_current_pid_tgid();
	struct check check = {
		.target_userns = BPF_CORE_READ((struct user_namespace *)ctx[1], ns.inum),
		.capability = ctx[3],
	};
	struct check *noted;

	if (!is_own((const struct cred *)ctx[0]))
		return 0;
	noted = bpf_map_lookup_elem(&under_way, &key);
	return trace(ctx, &check, noted ? &noted->options : NULL, (int)ctx[4] == 0);
}

/* Of what was asked, the tracepoint has no options. */
SEC("kprobe/cap_capable")
int BPF_KPROBE(note_check, const struct cred *cred, struct user_namespace *target, int capability,
	       unsigned int options)
{
	struct check check = { .capability = capability, .options = options };
	u64 key = bpf_get_current_pid_tgid();

	if (!is_own(cred) || !is_wanted())
		return 0;
	check.target_userns = BPF_CORE_READ(target, ns.inum);
	bpf_map_update_elem(&under_way, &key, &check, BPF_ANY);
	return 0;
}

SEC("kretprobe/cap_capable")
int BPF_KRETPROBE(trace_answer, int result)
{
	u64 key = bpf_get_current_pid_tgid();
	struct check *noted = bpf_map_lookup_elem(&under_way, &key), check;

	if (!noted)
		return 0;
	check = *noted;
	bpf_map_delete_elem(&under_way, &key);
	return bpf_core_type_exists(btf_trace_cap_capable)
		       ? 0
		       : trace(ctx, &check, &check.options, result == 0);
}

char LICENSE[] SEC("license") = "GPL";
