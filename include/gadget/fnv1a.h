/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_FNV1A_H
#define SONDE_GADGET_FNV1A_H

/* Hashes of integers by FNV-1a, their lowest byte first. Include vmlinux.h or linux/types.h first. */

#include <bpf/bpf_helpers.h>

#define FNV1_32_INIT ((__u32)0x811c9dc5)
#define FNV1_32_PRIME ((__u32)0x01000193)
#define FNV1_64_INIT ((__u64)0xcbf29ce484222325)
#define FNV1_64_PRIME ((__u64)0x00000100000001b3)

static __always_inline __u32 fnv_32a_init(void)
{
	return FNV1_32_INIT;
}

static __always_inline __u64 fnv_64a_init(void)
{
	return FNV1_64_INIT;
}

#define GADGET_FNV_UPDATE_(name, hash_type, value_type, prime)                                     \
	static __always_inline void name(hash_type *hash, value_type value)                        \
	{                                                                                          \
		for (__u32 i = 0; i < sizeof(value); i++)                                          \
			*hash = (*hash ^ (__u8)((__u64)value >> (8 * i))) * (prime);               \
	}

GADGET_FNV_UPDATE_(fnv_32a_update_u8, __u32, __u8, FNV1_32_PRIME)
GADGET_FNV_UPDATE_(fnv_32a_update_u16, __u32, __u16, FNV1_32_PRIME)
GADGET_FNV_UPDATE_(fnv_32a_update_u32, __u32, __u32, FNV1_32_PRIME)
GADGET_FNV_UPDATE_(fnv_32a_update_u64, __u32, __u64, FNV1_32_PRIME)
GADGET_FNV_UPDATE_(fnv_64a_update_u8, __u64, __u8, FNV1_64_PRIME)
GADGET_FNV_UPDATE_(fnv_64a_update_u16, __u64, __u16, FNV1_64_PRIME)
GADGET_FNV_UPDATE_(fnv_64a_update_u32, __u64, __u32, FNV1_64_PRIME)
GADGET_FNV_UPDATE_(fnv_64a_update_u64, __u64, __u64, FNV1_64_PRIME)

#undef GADGET_FNV_UPDATE_

#endif
