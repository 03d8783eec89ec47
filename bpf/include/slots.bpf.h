/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_SLOTS_BPF_H
#define BPF_INCLUDE_SLOTS_BPF_H

/*
 * Histograms of gadgets: slot 0 is for 0, slot k for 2^(k-1) to 2^k - 1, the last one for all above; and the sum of what was
 * observed, by which user space tells a true one. Include kernel.bpf.h first.
 */

#include <gadget/bits.bpf.h>
#include <gadget/types.h>

#define SLOTS 27

/* Also for rows that several CPUs add to. */
static __always_inline void observe_in_slots(u32 *slots, u64 *sum, u64 value)
{
	u64 slot = get_slot_idx(value);

	if (slot >= SLOTS)
		slot = SLOTS - 1;
	__sync_fetch_and_add(&slots[slot], 1);
	__sync_fetch_and_add(sum, value);
}

#endif
