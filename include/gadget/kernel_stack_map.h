/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_KERNEL_STACK_MAP_H
#define SONDE_GADGET_KERNEL_STACK_MAP_H

/* Kernel stacks by id, for fields of type gadget_kernel_stack. Include vmlinux.h first. */

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define GADGET_KERNEL_MAX_STACK_DEPTH 127
/* Unless the gadget has said so: each takes a kilobyte. */
#ifndef GADGET_KERNEL_STACK_MAP_MAX_ENTRIES
#define GADGET_KERNEL_STACK_MAP_MAX_ENTRIES 10000
#endif

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, GADGET_KERNEL_MAX_STACK_DEPTH * sizeof(__u64));
	__uint(max_entries, GADGET_KERNEL_STACK_MAP_MAX_ENTRIES);
} ig_kstack SEC(".maps");

/* An id, or a negative error. */
static __always_inline long gadget_get_kernel_stack(void *ctx)
{
	return bpf_get_stackid(ctx, &ig_kstack, 0);
}

#endif
