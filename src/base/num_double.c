/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/num.h"
#include "base/num_digits.h"

/*
 * Shortest digits by Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles", 2020):
 * scale the value and the two ends of its rounding interval by one power of ten, then choose among
 * at most four candidates. Names in comments are the paper's.
 */

#define FRACTION_BITS 52
#define FRACTION_MASK ((1ULL << FRACTION_BITS) - 1)
#define EXPONENT_MASK 0x7ff
#define EXPONENT_BIAS (1023 + FRACTION_BITS)
#define MAX_EXACT                                                                                  \
	(1ULL << 53) /* integers below are doubles, and their own digits are their   \
                  shortest */
#define FIRST_POWER (-292)

/* Go's 'g' with the shortest precision: plain form for these exponents of ten, otherwise exponent
 * form. */
#define MIN_PLAIN_EXPONENT (-4)
#define MAX_PLAIN_EXPONENT 5
#define MAX_PLAIN_INTEGER 999999

struct wide {
	uint64_t high, low;
};

static const struct wide powers_of_ten[] = {
#include "base/num_pow10.inc"
};

struct decimal {
	uint64_t digits;
	int exponent; /* value = digits * 10^exponent */
};

/* floor(exponent * log10(2)), and floor(log10(3/4 * 2^exponent)) where the lower neighbour is
 * nearer */
static inline int floor_log10_pow2(int exponent, bool is_lower_nearer)
{
	return (exponent * 1262611 - (is_lower_nearer ? 524031 : 0)) >> 22;
}

static inline int floor_log2_pow10(int exponent)
{
	return (exponent * 1741647) >> 19;
}

/* The high 64 bits of power * value, odd when anything was cut off: enough to compare with
 * quarters. */
static inline uint64_t multiply_round_to_odd(struct wide power, uint64_t value)
{
	__uint128_t low = (__uint128_t)power.low * value;
	__uint128_t high = (__uint128_t)power.high * value + (uint64_t)(low >> 64);

	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static struct decimal find_shortest(uint64_t fraction, unsigned int biased)
{
	const bool is_lower_nearer = fraction == 0 && biased > 1;
	const uint64_t c = biased ? fraction | 1ULL << FRACTION_BITS : fraction;
	const int q = (int)(biased ? biased : 1) - EXPONENT_BIAS;
	const int k = floor_log10_pow2(q, is_lower_nearer);
	const int h = q + floor_log2_pow10(-k) + 1;
	const struct wide power = powers_of_ten[-k - FIRST_POWER];
	/* in quarters of the unit 10^k: the value and the ends of what rounds to it
	 * */
	const uint64_t value = multiply_round_to_odd(power, 4 * c << h);
	uint64_t lower = multiply_round_to_odd(power, (4 * c - 2 + is_lower_nearer) << h);
	uint64_t upper = multiply_round_to_odd(power, (4 * c + 2) << h);
	const uint64_t s = value / 4;
	const uint64_t middle = 4 * s + 2;
	bool is_down_inside, is_up_inside;

	/* the ends belong to it only when its mantissa is even */
	lower += c & 1;
	upper -= c & 1;

	if (s >= 10) { /* one digit less? */
		const uint64_t tens = s / 10;

		is_down_inside = lower <= 40 * tens;
		is_up_inside = 40 * tens + 40 <= upper;
		if (is_down_inside != is_up_inside)
			return (struct decimal){ tens + is_up_inside, k + 1 };
	}
	is_down_inside = lower <= 4 * s;
	is_up_inside = 4 * s + 4 <= upper;
	if (is_down_inside != is_up_inside)
		return (struct decimal){ s + is_up_inside, k };
	/* both or neither: the nearer one, the even one in the middle */
	return (struct decimal){ s + (value > middle || (value == middle && (s & 1))), k };
}

static struct decimal strip_zeros(struct decimal value)
{
	while (value.digits % 100000000 == 0) {
		value.digits /= 100000000;
		value.exponent += 8;
	}
	if (value.digits % 10000 == 0) {
		value.digits /= 10000;
		value.exponent += 4;
	}
	if (value.digits % 100 == 0) {
		value.digits /= 100;
		value.exponent += 2;
	}
	if (value.digits % 10 == 0) {
		value.digits /= 10;
		value.exponent += 1;
	}
	return value;
}

static size_t put_exponent_form(char *buf, uint64_t digits, unsigned int count, int exponent)
{
	char *to = buf + count;
	unsigned int size = (unsigned int)(exponent < 0 ? -exponent : exponent);

	num_put_digits(buf + 1, digits, count);
	buf[0] = buf[1];
	if (count > 1) {
		buf[1] = '.';
		to++;
	}
	*to++ = 'e';
	*to++ = exponent < 0 ? '-' : '+';
	if (size < 10)
		*to++ = '0';
	to += num_format_u64(to, size);
	return (size_t)(to - buf);
}

/* `point`: how many digits stand before the decimal point; -3 to 6 here. */
static size_t put_plain_form(char *buf, uint64_t digits, unsigned int count, int point)
{
	if (point <= 0) {
		size_t zeros = (size_t)-point;

		memcpy(buf, "0.000", 5);
		num_put_digits(buf + 2 + zeros, digits, count);
		return 2 + zeros + count;
	}
	num_put_digits(buf, digits, count);
	if ((unsigned int)point >= count) {
		memset(buf + count, '0', (unsigned int)point - count);
		return (size_t)point;
	}
	memmove(buf + point + 1, buf + point, count - (unsigned int)point);
	buf[point] = '.';
	return count + 1;
}

static size_t put_decimal(char *buf, struct decimal value)
{
	const struct decimal stripped = strip_zeros(value);
	const unsigned int count = num_count_digits(stripped.digits);
	const int point = (int)count + stripped.exponent;
	const int exponent = point - 1;

	if (exponent < MIN_PLAIN_EXPONENT || exponent > MAX_PLAIN_EXPONENT)
		return put_exponent_form(buf, stripped.digits, count, exponent);
	return put_plain_form(buf, stripped.digits, count, point);
}

static size_t put_text(char *buf, const char *text)
{
	size_t len = strlen(text);

	memcpy(buf, text, len);
	return len;
}

static size_t put_exact_integer(char *buf, uint64_t value)
{
	if (value <= MAX_PLAIN_INTEGER)
		return num_format_u64(buf, value);
	return put_decimal(buf, (struct decimal){ value, 0 });
}

size_t num_format_double(char *buf, double value)
{
	uint64_t bits, fraction;
	unsigned int biased;
	bool is_negative;
	double size;

	memcpy(&bits, &value, sizeof(bits));
	fraction = bits & FRACTION_MASK;
	biased = bits >> FRACTION_BITS & EXPONENT_MASK;
	is_negative = bits >> 63;

	if (biased == EXPONENT_MASK && fraction)
		return put_text(buf, "NaN");
	if (biased == EXPONENT_MASK)
		return put_text(buf, is_negative ? "-Inf" : "+Inf");

	*buf = '-';
	buf += is_negative;
	size = is_negative ? -value : value;
	if (size < (double)MAX_EXACT && (double)(uint64_t)size == size)
		return is_negative + put_exact_integer(buf, (uint64_t)size);
	return is_negative + put_decimal(buf, find_shortest(fraction, biased));
}

size_t num_format_u64_as_double(char *buf, uint64_t value)
{
	if (value < MAX_EXACT)
		return put_exact_integer(buf, value);
	return num_format_double(buf, (double)value);
}
