/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_NUMBER_H
#define SRC_SINK_EVENT_NUMBER_H

/*
 * Decimal digits of integers in a hot loop: eight digits at a time without a branch on how many there are, which is what
 * events have other than series: few digits, and ever so many of them. It owns nothing. The writer of events uses it;
 * everybody else has base/num.h.
 */

#include <stdint.h>
#include <string.h>
#include "base/num.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define EVENT_NUMBER_EIGHT 100000000u

/* The digits of a number below 10^8 as bytes 0 to 9, the first one lowest. Lanes of 32, 16 and 8 bits are split by
 * multiplication with a reciprocal, all at once. */
static inline uint64_t event_number_digits(uint32_t value)
{
	uint64_t halves = value / 10000 | (uint64_t)(value % 10000) << 32;
	uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007f0000007fULL;
	uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16;
	uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000fULL;

	return tens | (pairs - 10 * tens) << 8;
}

static inline char *event_number_put_first(char *to, uint32_t value)
{
	uint64_t digits = event_number_digits(value);
	/* Of 0 the last digit stays. */
	unsigned int zeros = (unsigned int)__builtin_ctzll(digits | 1ULL << 56) / 8;

	digits = (digits | 0x3030303030303030ULL) >> 8 * zeros;
	memcpy(to, &digits, sizeof(digits));
	return to + 8 - zeros;
}

static inline char *event_number_put_rest(char *to, uint32_t value)
{
	uint64_t digits = event_number_digits(value) | 0x3030303030303030ULL;

	memcpy(to, &digits, sizeof(digits));
	return to + 8;
}

/* Returns the end. `to` has NUM_U64_MAX_LEN bytes, all of which may be written. */
static inline char *event_number_put(char *to, uint64_t value)
{
	uint64_t high;

	if (value < EVENT_NUMBER_EIGHT)
		return event_number_put_first(to, (uint32_t)value);
	high = value / EVENT_NUMBER_EIGHT;
	if (high < EVENT_NUMBER_EIGHT) {
		to = event_number_put_first(to, (uint32_t)high);
	} else {
		to = event_number_put_first(to, (uint32_t)(high / EVENT_NUMBER_EIGHT));
		to = event_number_put_rest(to, (uint32_t)(high % EVENT_NUMBER_EIGHT));
	}
	return event_number_put_rest(to, (uint32_t)(value % EVENT_NUMBER_EIGHT));
}

#else

static inline char *event_number_put(char *to, uint64_t value)
{
	return to + num_format_u64(to, value);
}

#endif

static inline char *event_number_put_signed(char *to, int64_t value)
{
	if (value >= 0)
		return event_number_put(to, (uint64_t)value);
	*to = '-';
	return event_number_put(to + 1, -(uint64_t)value);
}

#endif
