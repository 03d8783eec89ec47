/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_SLOT_H
#define SRC_EMIT_SLOT_H

/*
 * What stands in for the calls by which a program sends records away: a record is filled into a slot of a per-CPU array
 * instead of the ring buffer, and where it was submitted it is counted, and copied into the ring only while somebody
 * wants to see it. Each is a subprogram of its own; the layout of slots and of the switch is told here, once.
 * It owns nothing. program/aggregate.c has the subprograms written and puts calls to them in place of the helpers.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "emit/aggregate.h"
#include "emit/asm.h"

/*
 * Who may come in between while a slot is in use. Kinds of programs that the kernel keeps from running twice on a CPU need
 * one slot and no word about it. Where nothing runs in between but what interrupts and ends first, reading and writing the
 * word is enough. Where tasks may be preempted in the middle, the word is exchanged (since Linux 5.12).
 */
enum slot_lock { SLOT_LOCK_NONE, SLOT_LOCK_WORD, SLOT_LOCK_EXCHANGE };

/* In an element of the slots' map: the record, the key, the word that says that it is in use. */
struct slot_layout {
	uint32_t record_size; /* of the place for it; 0: the record is elsewhere */
	uint32_t key_size;    /* of the longest */
};
uint32_t slot_layout__key_offset(const struct slot_layout *layout);
uint32_t slot_layout__word_offset(const struct slot_layout *layout);
uint32_t slot_layout__size(const struct slot_layout *layout);

struct slot_range {
	struct slot_layout layout;
	int fd; /* per-CPU array */
	uint32_t first, count;
	enum slot_lock lock;
	int control_fd;
};

/* The only element of the control map, which user space maps: 64-bit words at these offsets. */
enum slot_control {
	SLOT_CONTROL_EVENTS =
		0, /* not 0: records are wanted in the ring, too; user space writes it */
	SLOT_CONTROL_NO_SLOT =
		8, /* records that found no free slot: neither counted nor in the ring */
	SLOT_CONTROL_NO_RING =
		16, /* records that were counted, but for which the ring had no room */
	SLOT_CONTROL_BYTES = 24,
};

/* Which helper a subprogram stands in for; its arguments are where the helper wants them. */
enum slot_helper {
	SLOT_HELPER_SUBMIT,      /* bpf_ringbuf_submit(record, flags) */
	SLOT_HELPER_OUTPUT,      /* bpf_ringbuf_output(ring, data, size, flags) */
	SLOT_HELPER_PERF_OUTPUT, /* bpf_perf_event_output(ctx, map, flags, data, size) */
};

struct slot_counting {
	enum slot_helper helper;
	struct slot_range slots;
	const struct aggregate_code *aggregates; /* key_offset and is_aligned are filled in here */
	uint32_t aggregate_count;
	int ring_fd;        /* where records go while they are wanted; -1: never */
	uint32_t send_size; /* of a record that is submitted: bytes that go there */
};

/* bpf_ringbuf_reserve(ring, size, flags): a slot, or NULL and one more that found none. */
int slot_emit_reserve(const struct slot_range *slots, struct code *code, struct err *err);
/* bpf_ringbuf_discard(record, flags) */
int slot_emit_discard(const struct slot_range *slots, struct code *code, struct err *err);
int slot_emit_counting(const struct slot_counting *counting, struct code *code, struct err *err);
/* The helper itself, but nobody is woken up. -EOPNOTSUPP: it has no such flag. */
int slot_emit_quiet(enum slot_helper helper, struct code *code, struct err *err);

#endif
