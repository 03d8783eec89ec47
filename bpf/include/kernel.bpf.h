/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_KERNEL_BPF_H
#define BPF_INCLUDE_KERNEL_BPF_H

/*
 * The kernel's types, as far as our own programs use them: only the members that are read, in any order.
 * CO-RE moves each access to where the running kernel has it, so no build reads the building machine's BTF.
 * A struct with ___suffix is the same one as older kernels had it: ask bpf_core_field_exists() first.
 *
 * What bpf_map_update_elem() and its like return is compared with 0 alone: before 6.4 they return an int, so that an error
 * is a positive number to a program, and `< 0` is never true.
 */

/* It stands for vmlinux.h: what include/gadget has asks for nothing else. */
#define __VMLINUX_H__

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;

enum { false, true };

/* Of task_struct.__state: the same from 5.10 on. */
#define TASK_RUNNING 0
#define TASK_INTERRUPTIBLE 0x1
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_STOPPED 0x4
#define TASK_TRACED 0x8
#define TASK_DEAD 0x80
#define TASK_NOLOAD 0x400
#define TASK_LOCK_WAIT 0x1000 /* of a kernel that is preempted anywhere; since 5.15 */
#define TASK_FROZEN 0x8000    /* since 6.1 */

/* Of workqueue_struct.flags. */
#define WQ_BH 0x1 /* since 6.9; no other flag before */
#define WQ_UNBOUND 0x2
#define WQ_HIGHPRI 0x10

#define PF_KTHREAD 0x00200000 /* of task_struct.flags */
#define S_IFMT 0170000        /* of inode.i_mode */
#define S_IFSOCK 0140000
#define S_IFREG 0100000
#define S_ISUID 04000
#define S_ISGID 02000
#define S_IXGRP 00010
#define REQUEST_OPERATION 0xff /* of request.cmd_flags */
#define SIGNAL_GROUP_EXIT 0x4  /* of signal_struct.flags */

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

/* Of sock_common.skc_state: the same on all kernels. */
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_FIN_WAIT1 4
#define TCP_TIME_WAIT 6
#define TCP_CLOSE 7
#define TCP_CLOSE_WAIT 8
#define TCP_LAST_ACK 9
#define TCP_LISTEN 10
#define TCP_NEW_SYN_RECV 12

/* The values are the running kernel's, by bpf_core_enum_value(): they differ from one to the next. Since 5.17. */
enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED,
	SKB_DROP_REASON_NO_SOCKET,
	SKB_DROP_REASON_PKT_TOO_SMALL,
	SKB_DROP_REASON_TCP_CSUM,
	SKB_DROP_REASON_SOCKET_FILTER,
	SKB_DROP_REASON_UDP_CSUM,
	SKB_DROP_REASON_NETFILTER_DROP,
	SKB_DROP_REASON_OTHERHOST,
	SKB_DROP_REASON_IP_CSUM,
	SKB_DROP_REASON_IP_INHDR,
	SKB_DROP_REASON_IP_RPFILTER,
	SKB_DROP_REASON_PROTO_MEM,
	SKB_DROP_REASON_SOCKET_RCVBUFF,
	SKB_DROP_REASON_TCP_OLD_DATA,
	SKB_DROP_REASON_TCP_OVERWINDOW,
	SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE,
	SKB_DROP_REASON_TCP_INVALID_SEQUENCE,
	SKB_DROP_REASON_QDISC_DROP,
	SKB_DROP_REASON_QDISC_OVERLIMIT,
	SKB_DROP_REASON_QDISC_CONGESTED,
	SKB_DROP_REASON_CAKE_FLOOD,
	SKB_DROP_REASON_QDISC_BURST_DROP,
	SKB_DROP_REASON_DUALPI2_STEP_DROP,
	SKB_DROP_REASON_FQ_BAND_LIMIT,
	SKB_DROP_REASON_FQ_HORIZON_LIMIT,
	SKB_DROP_REASON_FQ_FLOW_LIMIT,
	SKB_DROP_REASON_CPU_BACKLOG,
	SKB_DROP_REASON_XDP,
	SKB_DROP_REASON_TC_INGRESS,
	SKB_DROP_REASON_TC_EGRESS,
	SKB_DROP_REASON_DEV_READY,
	SKB_DROP_REASON_FULL_RING,
	SKB_DROP_REASON_NOMEM,
	SKB_DROP_REASON_TAP_FILTER,
	SKB_DROP_REASON_TAP_TXFILTER,
};

/* Likewise; the upper half of a reason. */
enum skb_drop_reason_subsys {
	SKB_DROP_REASON_SUBSYS_QDISC,
};

/* Likewise: which there are is set when the kernel is built. */
enum cgroup_subsys_id {
	cpu_cgrp_id,
};

/* Of mm_struct.rss_stat: the same from 5.10 on. */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, MM_COUNTERS };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	u64 id;
	const char *name;
};

struct cgroup_root {
	int hierarchy_id; /* 0: of cgroups v2 */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level; /* 0: the root */
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup_subsys_state *subsys[1]; /* as many as there are, by enum cgroup_subsys_id */
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the tree of cgroups v2 */
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	u32 val;
} kuid_t, kgid_t;

struct list_head {
	struct list_head *next;
};

struct percpu_counter {
	s64 count; /* what CPUs have not handed in yet is missing */
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	struct tty_driver *driver;
	int index; /* among those of its driver */
};

struct signal_struct {
	struct tty_struct *tty; /* that controls the session, or NULL */
	atomic_t live;          /* threads that have not ended */
	int group_exit_code;
	unsigned int flags;
	struct task_struct *group_exec_task;
	int nr_threads;
	struct list_head thread_head;         /* of its threads, by task_struct.thread_node */
	unsigned long long sum_sched_runtime; /* ns that threads ran which have ended */
};

struct signal_struct___before_5_17 {
	struct task_struct *group_exit_task;
};

struct file_system_type {
	const char *name;
};

struct super_block {
	unsigned int s_dev; /* as the kernel encodes it: 12 bits, and 20 for the minor number */
	struct file_system_type *s_type;
	unsigned long s_magic;
};

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_nlink;
	unsigned long i_ino;
	struct super_block *i_sb;
	s64 i_ctime_sec;
	u32 i_ctime_nsec;
};

struct inode___before_6_11 {
	struct timespec64 __i_ctime;
};

struct inode___before_6_6 {
	struct timespec64 i_ctime;
};

struct qstr {
	u32 len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root, pwd;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	unsigned int f_flags;
	s64 f_pos;
};

struct linux_binprm {
	struct file *file;
	const char *filename; /* as exec got it */
	const char *interp;   /* what runs it: the same pointer, or another file */
};

struct mm_struct {
	unsigned long start_code, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
	unsigned long total_vm; /* pages */
	struct percpu_counter rss_stat[MM_COUNTERS];
};

typedef struct {
	s64 counter;
} atomic_long_t;

struct mm_rss_stat {
	atomic_long_t count[MM_COUNTERS];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

struct ns_common {
	unsigned int inum;
};

struct uts_namespace {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct pid_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct user_namespace {
	int level; /* 0: the first one */
	kuid_t owner;
	kgid_t group;
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct time_namespace *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level; /* 0: the first pid namespace */
	struct upid numbers[1];
};

typedef struct {
	u64 val;
} kernel_cap_t;

typedef struct {
	u32 cap[2]; /* the lower bits first */
} kernel_cap_t___before_6_3;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	unsigned int securebits;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
	struct user_namespace *user_ns;
};

struct cred___before_6_3 {
	kernel_cap_t___before_6_3 cap_inheritable, cap_permitted, cap_effective;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct thread_info {
#if defined(__TARGET_ARCH_x86)
	u32 status;
#else
	unsigned long flags;
#endif
};

struct sched_entity {
	u64 sum_exec_runtime; /* ns */
};

struct task_struct {
	struct thread_info thread_info;
	int prio, static_prio;
	struct sched_entity se;
	int exit_state;
	struct list_head thread_node;
	u64 start_boottime; /* ns */
	struct files_struct *files;
	void *stack;
	unsigned int __state;
	unsigned int flags;
	s32 pid;
	s32 tgid;
	int exit_code;
	u64 start_time; /* monotonic clock, ns */
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	const struct cred *real_cred; /* its own, whatever it has put on for a while */
	const struct cred *cred;
	kuid_t loginuid; /* not without auditing */
	unsigned int sessionid;
	char comm[16];
	struct signal_struct *signal;
	struct css_set *cgroups;
};

struct task_struct___before_5_14 {
	volatile long state;
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task; /* NULL: that was the last one */
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task; /* likewise, as of those that follow */
	u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__udp {
	struct bpf_iter_meta *meta;
	struct udp_sock *udp_sk;
};

struct irqaction {
	const char *name;
};

struct timerqueue_node {
	s64 expires; /* ns on the timer's clock */
};

struct hrtimer {
	struct timerqueue_node node;
	u8 is_soft; /* its handler runs in a soft interrupt */
};

struct cfs_bandwidth {
	struct hrtimer period_timer;
	int nr_periods;
	int nr_throttled;
	u64 throttled_time; /* ns */
};

struct task_group {
	struct cgroup_subsys_state css;
	struct cfs_bandwidth cfs_bandwidth;
};

struct workqueue_struct {
	unsigned int flags;
};

struct pool_workqueue {
	struct workqueue_struct *wq;
};

struct gendisk {
	int major;
	int first_minor;
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags; /* the operation is in the low byte */
	unsigned int __data_len;
	u64 start_time_ns; /* 0 while nobody accounts for the queue */
};

struct request___before_5_17 {
	struct gendisk *rq_disk;
};

struct in6_addr {
	union {
		u32 u6_addr32[4]; /* in network order */
	} in6_u;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state; /* TCP_*; of others, too */
	unsigned char skc_reuse : 4;
	unsigned char skc_reuseport : 1;
	int skc_bound_dev_if;
	u16 skc_num;   /* the own port, in host order */
	u16 skc_dport; /* in network order; 0 when it is not connected */
	possible_net_t skc_net;
	u32 skc_daddr; /* addresses are in network order */
	u32 skc_rcv_saddr;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

typedef struct {
	int owned; /* somebody is in a call on the socket, or the rest of its packets waits for one */
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	struct socket *sk_socket;
	u16 sk_protocol;
	u16 sk_type;
	u32 sk_priority, sk_mark;
	int sk_err; /* positive */
};

struct inet_sock {
	struct sock sk;
	u16 inet_sport; /* in network order */
	unsigned long inet_flags;
};

struct inet_sock___before_6_6 {
	u8 freebind : 1;
	u8 transparent : 1;
	u8 bind_address_no_port : 1;
};

struct socket {
	struct sock *sk;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct inet_timewait_sock {
	volatile unsigned char tw_substate;
};

/* In sk_buff.cb of what TCP sends. */
struct tcp_skb_cb {
	u8 tcp_flags; /* two bytes since 6.15, with more of them */
};

struct tcp_sock {
	u32 srtt_us; /* smoothed round-trip time, in eighths of a microsecond; 0: none yet */
};

struct net_device {
	int ifindex;
	char name[16];
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk; /* that sends it; NULL when it is received or forwarded */
	u32 hash, priority, mark;
	unsigned int len;
	unsigned int data_len; /* of len, what is not in one piece behind data */
	char cb[48];           /* of whoever works on it */
	u16 protocol;          /* in network order */
	u16 transport_header;  /* from head on, as those that follow */
	u16 network_header;
	unsigned int tail; /* where that piece ends */
	unsigned char *head;
	unsigned char *data;
};

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
#elif defined(__TARGET_ARCH_arm64)
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
#else
#error "say here where this architecture keeps the number of the system call"
#endif
};

#if defined(__TARGET_ARCH_arm64)
/* What a kprobe sees of them. */
struct user_pt_regs {
	u64 regs[31];
};
#endif

/* What programs on the tracepoints of a single system call are given. */
struct syscall_trace_enter {
	int nr;
	unsigned long args[];
};

struct syscall_trace_exit {
	int nr;
	long ret;
};

#pragma clang attribute pop

/* Since 5.18 the tracepoint has a fourth argument: bpf_core_type_exists() compares the number of arguments, too. */
typedef void (*btf_trace_sched_switch)(void *data, bool preempt, struct task_struct *previous,
				       struct task_struct *next, unsigned int previous_state);

/* Since 7.3; before, it has a pointer to the time. */
typedef void (*btf_trace_hrtimer_expire_entry___by_value)(void *data, struct hrtimer *timer,
							  s64 now);

/* Since 6.9; before, it has the number of the process. */
typedef void (*btf_trace_mark_victim)(void *data, struct task_struct *task, unsigned int uid);

/* The disk of a request, as the kernel encodes major and minor; 0 when there is none. */
static __always_inline u32 device_of(struct request *request)
{
	struct request___before_5_17 *old = (void *)request;
	struct gendisk *disk;
	u32 major, minor;

	if (bpf_core_field_exists(old->rq_disk))
		disk = BPF_CORE_READ(old, rq_disk);
	else
		disk = BPF_CORE_READ(request, q, disk);
	if (!disk)
		return 0;
	major = BPF_CORE_READ(disk, major);
	minor = BPF_CORE_READ(disk, first_minor);
	return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

/* Of the system call that is being left. */
static __always_inline u64 syscall_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(regs, orig_ax);
#else
	return BPF_CORE_READ(regs, syscallno);
#endif
}

/* The first argument of the system call that is being entered. */
static __always_inline u64 first_argument(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(regs, di);
#else
	return BPF_CORE_READ(regs, orig_x0);
#endif
}

/* Where a thread notes that its system call is one of the 32-bit table. */
#if defined(__TARGET_ARCH_x86)
#define THREAD_WORD status
#define THREAD_32BIT 0x2 /* TS_COMPAT */
#else
#define THREAD_WORD flags
#define THREAD_32BIT (1ul << 22) /* TIF_32BIT */
#endif

/* Since 5.11. What hangs on the task is read directly then, without a call for every step. */
static __always_inline bool has_typed_task(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* Whether the system call that the current task is at is one of the 32-bit table, where numbers mean other calls. */
static __always_inline bool is_32_bit_call(void)
{
	struct task_struct *task;

	if (has_typed_task()) {
		task = bpf_get_current_task_btf();
		return task->thread_info.THREAD_WORD & THREAD_32BIT;
	}
	task = (struct task_struct *)bpf_get_current_task();
	return BPF_CORE_READ(task, thread_info.THREAD_WORD) & THREAD_32BIT;
}

/* The file behind a descriptor of the current task; NULL when there is none. */
static __always_inline struct file *file_of(u32 fd)
{
	struct file **slots, *file = NULL;
	struct fdtable *table;
	unsigned int size;

	if (has_typed_task()) {
		table = bpf_get_current_task_btf()->files->fdt;
		size = table->max_fds;
		slots = table->fd;
	} else {
		table = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), files, fdt);
		size = BPF_CORE_READ(table, max_fds);
		slots = BPF_CORE_READ(table, fd);
	}
	if (fd >= size)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

#endif
