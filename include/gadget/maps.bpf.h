/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_MAPS_BPF_H
#define SONDE_GADGET_MAPS_BPF_H

/* Include vmlinux.h first. */

#include <bpf/bpf_helpers.h>

/* The value of the key, which is put in as `init` when it is not there; NULL when there is no room. */
static __always_inline void *bpf_map_lookup_or_try_init(void *map, const void *key,
							const void *init)
{
	void *value = bpf_map_lookup_elem(map, key);

	if (value)
		return value;
	/* Somebody else may have been faster: that is as good. */
	bpf_map_update_elem(map, key, init, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

#endif
