/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_FRAME_BPF_H
#define BPF_INCLUDE_POLICY_FRAME_BPF_H

/*
 * Routines: functions that the emitted programs of hooks call. Each has a carrier, a program that is loaded and never run:
 * so libbpf relocates the routine and what that calls, and program/hook_link.c copies it from there. The carrier's call is
 * behind a constant that is false: the verifier looks at a routine only in the hooks that call it, with what is known there.
 * (All of them took 0.3 s of a start.)
 * Only policy.bpf.c includes it, after policy_maps.bpf.h.
 */

/* Not static: else the compiler drops, merges and splits arguments as it likes. libbpf takes a hidden one for static. */
#define ROUTINE __hidden __noinline

/* `value` is no more than the constant `most`, so that every verifier sees it: on the register itself, which a comparison in
 * C may do on a copy, or a sum, of. */
#define BOUND(value, most)                                                                         \
	asm volatile("if %0 <= %1 goto +1\n\t%0 = %1" : "+r"(value) : "i"((u32)(most)))

struct carrier_arguments {
	u64 of[6];
};

const volatile bool carriers_run = false; /* never: the verifier reads it, the compiler does not */

/* CARRIER(name, what it calls): `a` has numbers of which nothing is known. */
#define CARRIER(name, call)                                                                        \
	SEC("raw_tp/sys_enter") int carry_##name(struct carrier_arguments *ctx)                    \
	{                                                                                          \
		u64 *a = ctx->of;                                                                  \
		(void)a;                                                                           \
		return carriers_run ? (int)(u64)(call) : 0;                                        \
	}
/* … of a routine that works on a frame: `frame` is one. */
#define FRAME_CARRIER(name, call)                                                                  \
	SEC("raw_tp/sys_enter") int carry_##name(struct carrier_arguments *ctx)                    \
	{                                                                                          \
		u64 *a = ctx->of;                                                                  \
		u32 zero = 0;                                                                      \
		struct policy_frame *frame = bpf_map_lookup_elem(&policy_frames, &zero);           \
		(void)a;                                                                           \
		return carriers_run && frame ? (int)(u64)(call) : 0;                               \
	}

/* … of one that not every kernel has: the verifier looks at it at once, and without it the engine does without the routine. */
#define TRIED_CARRIER(name, call)                                                                  \
	SEC("raw_tp/sys_enter") int carry_##name(struct carrier_arguments *ctx)                    \
	{                                                                                          \
		u64 *a = ctx->of;                                                                  \
		u32 zero = 0;                                                                      \
		struct policy_frame *frame = bpf_map_lookup_elem(&policy_frames, &zero);           \
		return frame ? (int)(u64)(call) : 0;                                               \
	}

/* ---- a frame: taken, given back by whoever took it (busy = 0) ---- */

static __always_inline void begin_frame(struct policy_frame *frame, u64 value_count)
{
	__builtin_memset(frame->data, 0,
			 sizeof(struct policy_record) +
				 POLICY_VALUES_MAX * sizeof(union policy_word));
	value_count &= 2 * POLICY_VALUES_MAX - 1;
	frame->used = sizeof(struct policy_record) + value_count * sizeof(union policy_word);
	frame->record.value_count = value_count;
}

/* NULL: others have them all. */
ROUTINE struct policy_frame *claim_frame(u64 value_count)
{
	for (u32 i = 0; i < POLICY_FRAMES; i++) {
		u32 index = i;
		struct policy_frame *frame = bpf_map_lookup_elem(&policy_frames, &index);

		if (!frame)
			return NULL;
		if (__sync_lock_test_and_set(&frame->busy, 1) == 0) {
			begin_frame(frame, value_count);
			return frame;
		}
	}
	return NULL;
}
CARRIER(claim_frame, claim_frame(a[0]) != NULL)

/* For kernels without an exchange (before 5.12): there nothing comes in between but what interrupts, and ends first. */
ROUTINE struct policy_frame *claim_frame_by_word(u64 value_count)
{
	for (u32 i = 0; i < POLICY_FRAMES; i++) {
		u32 index = i;
		struct policy_frame *frame = bpf_map_lookup_elem(&policy_frames, &index);

		if (!frame)
			return NULL;
		if (frame->busy == 0) {
			frame->busy = 1;
			begin_frame(frame, value_count);
			return frame;
		}
	}
	return NULL;
}
CARRIER(claim_frame_by_word, claim_frame_by_word(a[0]) != NULL)

/* Somebody wants it: when it was, and whose it is. What tests only look at needs neither, and these are dear. */
ROUTINE u64 begin_record(struct policy_frame *frame)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_ns();

	frame->record.header.time_ns = now;
	frame->record.entry_time_ns = now;
	frame->record.tgid = pid_tgid >> 32;
	frame->record.tid = pid_tgid;
	frame->record.kernel_stack = -1;
	frame->record.user_stack = -1;
	return 0;
}
FRAME_CARRIER(begin_record, begin_record(frame))

/* After begin_record(), of a hook that does not ask for the process anyway. */
ROUTINE u64 name_process(struct policy_frame *frame)
{
	u32 tgid = frame->record.tgid;
	struct who_process *process = bpf_map_lookup_elem(&who_processes, &tgid);

	if (process)
		frame->record.process_time_ns = process->time_ns;
	return 0;
}
FRAME_CARRIER(name_process, name_process(frame))

/* The hook has filled in what only it knows. */
ROUTINE u64 send_record(struct policy_frame *frame, struct policy_figures *figures, u64 kind)
{
	u64 size = frame->used;

	BOUND(size, POLICY_FRAME_BYTES);
	frame->record.header.size = size;
	frame->record.header.kind = kind;
	frame->record.header.version = POLICY_VERSION;
	if (bpf_ringbuf_output(&policy_records, frame->data, size, BPF_RB_NO_WAKEUP) == 0)
		__sync_fetch_and_add(&figures->posted, 1);
	else
		__sync_fetch_and_add(&figures->lost, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int carry_send_record(struct carrier_arguments *ctx)
{
	u32 zero = 0;
	struct policy_frame *frame = bpf_map_lookup_elem(&policy_frames, &zero);
	struct policy_figures *figures = bpf_map_lookup_elem(&policy_figures, &zero);

	return carriers_run && frame && figures ? (int)send_record(frame, figures, ctx->of[0]) : 0;
}

/* ---- what routines put into it ---- */

static __always_inline union policy_word *word_of(struct policy_frame *frame, u64 index)
{
	index &= POLICY_VALUES_MAX - 1;
	return (union policy_word *)(frame->data + sizeof(struct policy_record) +
				     index * sizeof(union policy_word));
}

static __always_inline u64 fail_value(struct policy_frame *frame, u64 index, s64 error)
{
	union policy_word *word = word_of(frame, index);

	word->place.offset = 0;
	word->place.size = error;
	return 0;
}

#define NO_SPACE (-28)
#define NOT_THERE (-2)
#define BAD_ADDRESS (-14)

/* Where `size` bytes, a constant, may be put; 0: there is no room, and the record says so. */
static __always_inline u64 find_room(struct policy_frame *frame, u64 index, u64 size)
{
	u64 at = frame->used;

	if (at > POLICY_FRAME_BYTES - size) {
		frame->record.flags |= POLICY_FLAG_CUT;
		return fail_value(frame, index, NO_SPACE);
	}
	BOUND(at, POLICY_FRAME_BYTES - size);
	return at;
}

/* They are there. */
static __always_inline u64 keep_bytes(struct policy_frame *frame, u64 index, u64 at, u64 size)
{
	union policy_word *word = word_of(frame, index);

	word->place.offset = at;
	word->place.size = size;
	frame->used = (at + size + 7) & ~7ull;
	return 1;
}

#endif
