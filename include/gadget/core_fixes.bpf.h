/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_CORE_FIXES_BPF_H
#define SONDE_GADGET_CORE_FIXES_BPF_H

/*
 * What kernels call differently, read by whatever name this one has. Structs with "___" are flavours: the part from
 * there on is not compared with the kernel's types. Include vmlinux.h first.
 */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* What the loader makes of an access that this kernel has not: a program in which it can be reached is refused. */
#define GADGET_BAD_RELOCATION_ 0xbad2310
static void (*bpf_core_unreachable)(void) __attribute__((unused)) = (void *)GADGET_BAD_RELOCATION_;

/* The state of a task is called __state since 5.14. */
struct task_struct___old_state {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___new_state {
	unsigned int __state;
} __attribute__((preserve_access_index));

static __always_inline __s64 get_task_state(void *task)
{
	struct task_struct___new_state *with_new = task;
	struct task_struct___old_state *with_old = task;

	if (bpf_core_field_exists(with_new->__state))
		return BPF_CORE_READ(with_new, __state);
	return BPF_CORE_READ(with_old, state);
}

/* A bio points to its disk through bi_bdev since 5.12. */
struct bio___old_disk {
	struct gendisk *bi_disk;
} __attribute__((preserve_access_index));

struct bio___new_disk {
	struct block_device *bi_bdev;
} __attribute__((preserve_access_index));

static __always_inline struct gendisk *get_gendisk(void *bio)
{
	struct bio___new_disk *with_new = bio;
	struct bio___old_disk *with_old = bio;

	if (bpf_core_field_exists(with_new->bi_bdev))
		return BPF_CORE_READ(with_new, bi_bdev, bd_disk);
	return BPF_CORE_READ(with_old, bi_disk);
}

/* A request points to its disk through its queue since 5.17. */
struct request___old_disk {
	struct gendisk *rq_disk;
} __attribute__((preserve_access_index));

struct request_queue___new_disk {
	struct gendisk *disk;
} __attribute__((preserve_access_index));

struct request___new_disk {
	struct request_queue___new_disk *q;
} __attribute__((preserve_access_index));

static __always_inline struct gendisk *get_disk(void *request)
{
	struct request___old_disk *with_old = request;
	struct request___new_disk *with_new = request;

	if (bpf_core_field_exists(with_old->rq_disk))
		return BPF_CORE_READ(with_old, rq_disk);
	return BPF_CORE_READ(with_new, q, disk);
}

/* The number of the system call that the registers are of. */
static __always_inline long gadget_get_syscall_nr(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(regs, orig_ax);
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ((struct user_pt_regs *)regs, regs[8]);
#else
#error "which register has the number of a system call?"
#endif
}

/* 1 is the first. */
static __always_inline unsigned long gadget_get_syscall_arg(struct pt_regs *regs,
							    unsigned int number)
{
	switch (number) {
	case 1:
		return PT_REGS_PARM1_CORE_SYSCALL(regs);
	case 2:
		return PT_REGS_PARM2_CORE_SYSCALL(regs);
	case 3:
		return PT_REGS_PARM3_CORE_SYSCALL(regs);
	case 4:
		return PT_REGS_PARM4_CORE_SYSCALL(regs);
	case 5:
		return PT_REGS_PARM5_CORE_SYSCALL(regs);
	case 6:
		return PT_REGS_PARM6_CORE_SYSCALL(regs);
	}
	return 0;
}

/* Tracepoints of the same kind share a struct, which goes by the name of the first: kernels differ in who has one alone. */
#define GADGET_HAS_RECORD_(function, record)                                                       \
	struct record##___here {                                                                   \
		int ignored;                                                                       \
	};                                                                                         \
	static __always_inline bool function(void)                                                 \
	{                                                                                          \
		return bpf_core_type_exists(struct record##___here);                               \
	}

GADGET_HAS_RECORD_(has_block_rq_completion, trace_event_raw_block_rq_completion) /* since 5.18 */
GADGET_HAS_RECORD_(has_kfree, trace_event_raw_kfree)                             /* since 5.12 */
GADGET_HAS_RECORD_(has_kmem_cache_free, trace_event_raw_kmem_cache_free)         /* likewise */

/* Since 5.12: functions of the file system have one argument more in front. */
struct renamedata___with_namespace {
	struct user_namespace *old_mnt_userns;
} __attribute__((preserve_access_index));

static __always_inline bool renamedata_has_old_mnt_userns_field(void)
{
	return bpf_core_field_exists(struct renamedata___with_namespace, old_mnt_userns);
}

/* tcp_retransmit_skb has a record of its own since 6.17, and on kernels that took that over. */
struct trace_event_raw_tcp_retransmit_skb___own {
	const void *skbaddr;
	const void *skaddr;
} __attribute__((preserve_access_index));

struct trace_event_raw_tcp_event_sk_skb___shared {
	const void *skbaddr;
	const void *skaddr;
} __attribute__((preserve_access_index));

static __always_inline const struct sk_buff *gadget_get_tcp_retransmit_skb_skbaddr(void *ctx)
{
	struct trace_event_raw_tcp_retransmit_skb___own *own = ctx;
	struct trace_event_raw_tcp_event_sk_skb___shared *shared = ctx;

	if (bpf_core_type_exists(struct trace_event_raw_tcp_retransmit_skb___own))
		return BPF_CORE_READ(own, skbaddr);
	return BPF_CORE_READ(shared, skbaddr);
}

static __always_inline const struct sock *gadget_get_tcp_retransmit_skb_skaddr(void *ctx)
{
	struct trace_event_raw_tcp_retransmit_skb___own *own = ctx;
	struct trace_event_raw_tcp_event_sk_skb___shared *shared = ctx;

	if (bpf_core_type_exists(struct trace_event_raw_tcp_retransmit_skb___own))
		return BPF_CORE_READ(own, skaddr);
	return BPF_CORE_READ(shared, skaddr);
}

/* When an inode was changed: two members since 6.11, before a struct of this name or that. */
struct inode___ctime_members {
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
} __attribute__((preserve_access_index));

struct timespec64___ctime {
	__s64 tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

struct inode___ctime_private {
	struct timespec64___ctime __i_ctime;
} __attribute__((preserve_access_index));

struct inode___ctime_public {
	struct timespec64___ctime i_ctime;
} __attribute__((preserve_access_index));

#define GADGET_CTIME_QUERIED_ (1u << 31) /* since 6.13: somebody has looked at it */

static __always_inline __u64 gadget_get_ctime_nanosec_from_inode(struct inode *inode)
{
	struct inode___ctime_members *members = (void *)inode;
	struct inode___ctime_private *with_private = (void *)inode;
	struct inode___ctime_public *with_public = (void *)inode;
	__s64 seconds;
	__u32 ns;

	if (bpf_core_field_exists(members->i_ctime_sec)) {
		seconds = BPF_CORE_READ(members, i_ctime_sec);
		ns = BPF_CORE_READ(members, i_ctime_nsec) & ~GADGET_CTIME_QUERIED_;
	} else if (bpf_core_field_exists(with_private->__i_ctime)) {
		seconds = BPF_CORE_READ(with_private, __i_ctime.tv_sec);
		ns = BPF_CORE_READ(with_private, __i_ctime.tv_nsec);
	} else {
		seconds = BPF_CORE_READ(with_public, i_ctime.tv_sec);
		ns = BPF_CORE_READ(with_public, i_ctime.tv_nsec);
	}
	return seconds < 0 ? 0 : seconds * 1000000000ULL + ns;
}

#endif
