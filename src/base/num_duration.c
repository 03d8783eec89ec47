/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

/* Go's time.ParseDuration, rule by rule: [-+]? ( number unit )+ , or a bare 0.
 * */

#define SIZE_LIMIT (1ULL << 63) /* of a sum before its sign: the size of INT64_MIN */

struct cursor {
	const char *at;
	const char *end;
};

static bool next_is_digit(const struct cursor *in)
{
	return in->at < in->end && *in->at >= '0' && *in->at <= '9';
}

/* Returns whether the number is too large. */
static bool read_whole(struct cursor *in, uint64_t *ret_whole)
{
	uint64_t whole = 0;
	bool is_too_large = false;

	for (; next_is_digit(in); in->at++) {
		is_too_large |= __builtin_mul_overflow(whole, 10, &whole);
		is_too_large |= __builtin_add_overflow(whole, (unsigned int)(*in->at - '0'),
						       &whole);
		is_too_large |= whole > SIZE_LIMIT;
	}
	*ret_whole = whole;
	return is_too_large;
}

/* Digits beyond what 63 bits hold are passed over: they do not change the nanoseconds. */
static uint64_t read_fraction(struct cursor *in, double *ret_scale)
{
	uint64_t fraction = 0;
	bool is_full = false;
	double scale = 1;

	for (; next_is_digit(in); in->at++) {
		is_full |= fraction > (SIZE_LIMIT - 1) / 10;
		if (is_full)
			continue;
		fraction = fraction * 10 + (unsigned int)(*in->at - '0');
		scale *= 10;
	}
	*ret_scale = scale;
	return fraction;
}

/* 0 when the text goes on with no unit that we know. */
static uint64_t read_unit(struct cursor *in)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "\xc2\xb5s", 1000 }, /* U+00B5 micro sign */
		{ "\xce\xbcs", 1000 }, /* U+03BC Greek mu */
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60 * 1000000000ULL },
		{ "h", 3600 * 1000000000ULL },
	};
	const char *name = in->at;
	size_t len;

	while (in->at < in->end && *in->at != '.' && !next_is_digit(in))
		in->at++;
	len = (size_t)(in->at - name);
	for (size_t i = 0; i < array_size(units); i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, name, len) == 0)
			return units[i].ns;
	}
	return 0;
}

/* One number with its unit. */
static int read_part(struct cursor *in, uint64_t *ret_ns)
{
	const char *start = in->at;
	bool has_digits;
	bool is_too_large;
	uint64_t ns, unit, fraction = 0;
	double scale = 1;

	is_too_large = read_whole(in, &ns);
	has_digits = in->at > start;
	if (in->at < in->end && *in->at == '.') {
		start = ++in->at;
		fraction = read_fraction(in, &scale);
		has_digits |= in->at > start;
	}
	if (!has_digits)
		return -EINVAL;
	unit = read_unit(in);
	if (unit == 0)
		return -EINVAL;
	if (is_too_large || ns > SIZE_LIMIT / unit)
		return -ERANGE;
	ns = ns * unit + (uint64_t)((double)fraction * ((double)unit / scale));
	if (ns > SIZE_LIMIT)
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

int num_parse_duration(const char *text, size_t len, int64_t *ret_ns)
{
	bool has_sign = len > 0 && (text[0] == '-' || text[0] == '+');
	bool is_negative = has_sign && text[0] == '-';
	struct cursor in = { text + has_sign, text + len };
	uint64_t sum = 0;

	if (in.at == in.end)
		return -EINVAL;
	if (in.end - in.at == 1 && *in.at == '0') {
		*ret_ns = 0;
		return 0;
	}
	while (in.at < in.end) {
		uint64_t part;
		int r = read_part(&in, &part);

		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, part, &sum) || sum > SIZE_LIMIT)
			return -ERANGE;
	}
	if (sum == SIZE_LIMIT && !is_negative)
		return -ERANGE;
	*ret_ns = is_negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return 0;
}
