/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_BITS_BPF_H
#define SONDE_BITS_BPF_H

/*
 * Logarithms to base 2, for histograms with power-of-two buckets. Include vmlinux.h and bpf_helpers.h first.
 * All of it is plain arithmetic: no branch, so the verifier walks one path however often it is used.
 */

/* How many bits a value has: 0 for 0, 1 for 1, 2 for 2 and 3, … 64. */
static __always_inline u64 bit_length(u64 value)
{
	/* Every bit below the highest one is set, and then the set bits are counted. */
	value |= value >> 1;
	value |= value >> 2;
	value |= value >> 4;
	value |= value >> 8;
	value |= value >> 16;
	value |= value >> 32;
	value -= (value >> 1) & 0x5555555555555555ULL;
	value = (value & 0x3333333333333333ULL) + ((value >> 2) & 0x3333333333333333ULL);
	value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (value * 0x0101010101010101ULL) >> 56;
}

/* The largest n with 2^n <= value; 0 for 0. */
static __always_inline u64 log2l(u64 value)
{
	return bit_length(value >> 1);
}

static __always_inline u64 log2(u32 value)
{
	return log2l(value);
}

/* The smallest n with value <= 2^n: the bucket whose upper bound is 2^n. 0 for 0 and 1. */
static __always_inline u64 log2l_ceil(u64 value)
{
	u64 is_positive = (value | -value) >> 63;

	return bit_length(value - is_positive);
}

#endif
