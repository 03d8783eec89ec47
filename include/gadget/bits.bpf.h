/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_BITS_BPF_H
#define SONDE_GADGET_BITS_BPF_H

/* Slots of histograms: slot 0 is for 0, slot k for 2^(k-1) to 2^k - 1. Include vmlinux.h first. */

#include "../bits.bpf.h"

static __always_inline u64 get_slot_idx(u64 value)
{
	return bit_length(value);
}

#endif
