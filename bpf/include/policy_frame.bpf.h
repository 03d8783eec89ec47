/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_FRAME_BPF_H
#define BPF_INCLUDE_POLICY_FRAME_BPF_H

/*
 * Routines: functions that the emitted programs of hooks call. Each has a carrier, a program that is loaded and never run:
 * so libbpf relocates the routine and what that calls, and program/hook_link.c copies it from there. The carrier knows
 * nothing of its arguments, as little as the verifier knows where a hook calls.
 * Only policy.bpf.c includes it, after policy_maps.bpf.h.
 */

/* Not static: else the compiler drops, merges and splits arguments as it likes. libbpf takes a hidden one for static. */
#define ROUTINE __hidden __noinline

struct carrier_arguments {
	u64 of[6];
};

/* CARRIER(name, what it calls): `a` has numbers of which nothing is known. */
#define CARRIER(name, call)                                                                        \
	SEC("raw_tp/sys_enter") int carry_##name(struct carrier_arguments *ctx)                    \
	{                                                                                          \
		u64 *a = ctx->of;                                                                  \
		return (int)(u64)(call);                                                           \
	}
/* … of a routine that works on a frame: `frame` is one. */
#define FRAME_CARRIER(name, call)                                                                  \
	SEC("raw_tp/sys_enter") int carry_##name(struct carrier_arguments *ctx)                    \
	{                                                                                          \
		u64 *a = ctx->of;                                                                  \
		u32 zero = 0;                                                                      \
		struct policy_frame *frame = bpf_map_lookup_elem(&policy_frames, &zero);           \
		(void)a;                                                                           \
		return frame ? (int)(u64)(call) : 0;                                               \
	}

#endif
