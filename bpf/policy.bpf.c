// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What the hooks of policies share: their maps, the routines that their programs call, and the programs at both ends of
 * every system call, for where nothing can hang on the functions of those.
 */
#include "kernel.bpf.h"

#include "policy_kernel.bpf.h"

#include "policy_maps.bpf.h"

#include "policy_frame.bpf.h"

#include "policy_text.bpf.h"

#include "policy_process.bpf.h"

#include "policy_path.bpf.h"

#include "policy_socket.bpf.h"

#include "policy_buffer.bpf.h"

#include "policy_object.bpf.h"

/* ---- counting ---------------------------------------------------------------------------------- */

/* The first of its kind on this machine, or two at once. */
ROUTINE u64 count_new(const struct policy_count_key *key, struct policy_figures *figures)
{
	u64 one = 1, *known;

	if (bpf_map_update_elem(&policy_counts, key, &one, BPF_NOEXIST) == 0)
		return 0;
	known = bpf_map_lookup_elem(&policy_counts, key);
	__sync_fetch_and_add(known ? known : &figures->uncounted, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int carry_count_new(struct carrier_arguments *ctx)
{
	struct policy_count_key key = { .binary_hash = ctx->of[0] };
	struct policy_figures *figures;
	u32 row = 0;

	figures = bpf_map_lookup_elem(&policy_figures, &row);
	return carriers_run && figures ? (int)count_new(&key, figures) : 0;
}

/* ---- system calls ------------------------------------------------------------------------------ */

/* The number, with the bit of those of 32 bits, where other numbers mean other calls. */
ROUTINE u64 mark_syscall(u64 number)
{
	number &= ~POLICY_SYSCALL_32;
	return is_32_bit_call() ? number | POLICY_SYSCALL_32 : number;
}
CARRIER(mark_syscall, mark_syscall(a[0]))

/* Of the system call with these registers. */
ROUTINE u64 syscall_of(u64 registers)
{
	return (u32)syscall_number((struct pt_regs *)registers);
}
CARRIER(syscall_of, syscall_of(a[0]))

ROUTINE u64 marked_syscall_of(u64 registers)
{
	u64 number = (u32)syscall_number((struct pt_regs *)registers) & ~POLICY_SYSCALL_32;

	return is_32_bit_call() ? number | POLICY_SYSCALL_32 : number;
}
CARRIER(marked_syscall_of, marked_syscall_of(a[0]))

static __always_inline u32 call_row(u64 number)
{
	if (number >= CALLS_MAX / 2)
		return CALLS_MAX; /* nobody's */
	return is_32_bit_call() ? CALLS_MAX / 2 + number : number;
}

SEC("raw_tp/sys_enter")
int policy_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	bpf_tail_call(ctx, &policy_calls_enter, call_row(ctx->args[1]));
	return 0;
}

SEC("raw_tp/sys_exit")
int policy_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	bpf_tail_call(ctx, &policy_calls_exit,
		      call_row(syscall_number((struct pt_regs *)ctx->args[0])));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
