/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/num.h"
#include "base/num_digits.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

static const uint64_t powers[] = {
	0ULL, /* so that 0 has one digit */
	10ULL,
	100ULL,
	1000ULL,
	10000ULL,
	100000ULL,
	1000000ULL,
	10000000ULL,
	100000000ULL,
	1000000000ULL,
	10000000000ULL,
	100000000000ULL,
	1000000000000ULL,
	10000000000000ULL,
	100000000000000ULL,
	1000000000000000ULL,
	10000000000000000ULL,
	100000000000000000ULL,
	1000000000000000000ULL,
	10000000000000000000ULL,
};

unsigned int num_count_digits(uint64_t value)
{
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(value | 1);
	/* 1233 / 4096 is log10(2), near enough for 64 bits: right or one too low */
	unsigned int digits = bits * 1233 >> 12;

	return digits + (value >= powers[digits]);
}

static inline void put_pair(char *to, uint32_t value)
{
	memcpy(to, pairs + 2 * value, 2);
}

/* Four pairs whose divisions do not wait for each other. */
static inline void put_eight(char *to, uint32_t value)
{
	uint32_t high = value / 10000;
	uint32_t low = value % 10000;

	put_pair(to, high / 100);
	put_pair(to + 2, high % 100);
	put_pair(to + 4, low / 100);
	put_pair(to + 6, low % 100);
}

void num_put_digits(char *buf, uint64_t value, unsigned int digits)
{
	char *end = buf + digits;
	uint32_t rest;

	while (value >= 100000000) {
		end -= 8;
		put_eight(end, (uint32_t)(value % 100000000));
		value /= 100000000;
	}
	for (rest = (uint32_t)value; rest >= 100; rest /= 100) {
		end -= 2;
		put_pair(end, rest % 100);
	}
	if (rest >= 10)
		put_pair(buf, rest);
	else
		*buf = (char)('0' + rest);
}

size_t num_format_u64(char *buf, uint64_t value)
{
	unsigned int digits = num_count_digits(value);

	num_put_digits(buf, value, digits);
	return digits;
}

size_t num_format_i64(char *buf, int64_t value)
{
	if (value >= 0)
		return num_format_u64(buf, (uint64_t)value);
	*buf = '-';
	return 1 + num_format_u64(buf + 1, 0 - (uint64_t)value);
}

size_t num_format_hex(char *buf, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len; i++) {
		buf[2 * i] = digits[from[i] >> 4];
		buf[2 * i + 1] = digits[from[i] & 0xf];
	}
	return 2 * len;
}
