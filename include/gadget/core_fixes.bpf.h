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

#endif
