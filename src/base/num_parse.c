/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"

#define NO_DIGIT 255
#define MAX_DOUBLE_TEXT 1024

static unsigned int lower_case(char c)
{
	return (unsigned char)c | 0x20;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned int digit_value(char c)
{
	unsigned int letter = lower_case(c);

	if (is_digit(c))
		return (unsigned int)(c - '0');
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 10;
	return NO_DIGIT;
}

int num_parse_u64(const char *text, size_t len, uint64_t *ret_value)
{
	uint64_t value = 0;
	bool is_too_large = false;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return -EINVAL;
		is_too_large |= __builtin_mul_overflow(value, 10, &value);
		is_too_large |= __builtin_add_overflow(value, digit_value(text[i]), &value);
	}
	if (is_too_large)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int num_parse_bytes(const char *text, size_t len, uint64_t *ret_value)
{
	static const char units[] = "kmg";
	const char *unit = len > 0 ? memchr(units, (int)lower_case(text[len - 1]), 3) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	uint64_t value;
	int r = num_parse_u64(text, unit ? len - 1 : len, &value);

	if (r < 0)
		return r;
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*ret_value = value << shift;
	return 0;
}

typedef int (*parse_u64_fn)(const char *text, size_t len, uint64_t *ret_value);

static int parse_signed(const char *text, size_t len, parse_u64_fn parse, int64_t *ret_value)
{
	bool has_sign = len > 0 && (text[0] == '-' || text[0] == '+');
	bool is_negative = has_sign && text[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + is_negative;
	uint64_t size;
	int r = parse(text + has_sign, len - has_sign, &size);

	if (r < 0)
		return r;
	if (size > limit)
		return -ERANGE;
	*ret_value = is_negative ? (int64_t)(0 - size) : (int64_t)size;
	return 0;
}

int num_parse_i64(const char *text, size_t len, int64_t *ret_value)
{
	return parse_signed(text, len, num_parse_u64, ret_value);
}

/* Go's base 0: 0b, 0o, 0x; a leading zero alone means octal. Returns how much of the text is the
 * prefix. */
static size_t parse_base(const char *text, size_t len, unsigned int *ret_base)
{
	static const struct {
		char letter;
		unsigned int base;
	} prefixes[] = { { 'b', 2 }, { 'o', 8 }, { 'x', 16 } };

	if (len == 0 || text[0] != '0') {
		*ret_base = 10;
		return 0;
	}
	for (size_t i = 0; i < array_size(prefixes) && len >= 3; i++) {
		if (lower_case(text[1]) != (unsigned int)prefixes[i].letter)
			continue;
		*ret_base = prefixes[i].base;
		return 2;
	}
	*ret_base = 8;
	return 1;
}

int num_parse_u64_go(const char *text, size_t len, uint64_t *ret_value)
{
	unsigned int base;
	size_t start = parse_base(text, len, &base);
	bool is_after_digit = start > 0; /* a prefix counts as a digit: 0x_1f is good */
	bool is_misplaced = false;
	bool is_too_large = false;
	uint64_t value = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = start; i < len; i++) {
		unsigned int digit = digit_value(text[i]);

		if (text[i] == '_') {
			is_misplaced |= !is_after_digit;
			is_after_digit = false;
			continue;
		}
		if (digit >= base)
			return -EINVAL;
		is_after_digit = true;
		is_too_large |= __builtin_mul_overflow(value, base, &value);
		is_too_large |= __builtin_add_overflow(value, digit, &value);
	}
	if (is_misplaced || !is_after_digit)
		return -EINVAL;
	if (is_too_large)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int num_parse_i64_go(const char *text, size_t len, int64_t *ret_value)
{
	return parse_signed(text, len, num_parse_u64_go, ret_value);
}

static size_t skip_digits(const char *text, size_t len, size_t at)
{
	while (at < len && is_digit(text[at]))
		at++;
	return at;
}

/* [0-9]* ( . [0-9]* )? ( [eE] [+-]? [0-9]+ )?  with a digit before the exponent; strtod() alone
 * accepts more. */
static bool is_decimal(const char *text, size_t len)
{
	size_t at = skip_digits(text, len, 0);
	size_t digits = at;
	size_t exponent;

	if (at < len && text[at] == '.') {
		size_t fraction = at + 1;

		at = skip_digits(text, len, fraction);
		digits += at - fraction;
	}
	if (digits == 0)
		return false;
	if (at < len && lower_case(text[at]) == 'e') {
		at++;
		if (at < len && (text[at] == '+' || text[at] == '-'))
			at++;
		exponent = at;
		at = skip_digits(text, len, exponent);
		if (at == exponent)
			return false;
	}
	return at == len;
}

/* Go takes a sign before infinity, none before NaN. */
static bool parse_special(const char *text, size_t len, bool has_sign, double *ret_value)
{
	static const struct {
		const char *name;
		double value;
		bool may_have_sign;
	} specials[] = {
		{ "inf", __builtin_inf(), true },
		{ "infinity", __builtin_inf(), true },
		{ "nan", __builtin_nan(""), false },
	};

	for (size_t i = 0; i < array_size(specials); i++) {
		if (strlen(specials[i].name) != len ||
		    strncasecmp(specials[i].name, text, len) != 0)
			continue;
		*ret_value = specials[i].value;
		return specials[i].may_have_sign || !has_sign;
	}
	return false;
}

int num_parse_double(const char *text, size_t len, double *ret_value)
{
	bool has_sign = len > 0 && (text[0] == '-' || text[0] == '+');
	bool is_negative = has_sign && text[0] == '-';
	char copy[MAX_DOUBLE_TEXT];
	double value;

	text += has_sign;
	len -= has_sign;
	if (!parse_special(text, len, has_sign, &value)) {
		if (len >= sizeof(copy) || !is_decimal(text, len))
			return -EINVAL;
		memcpy(copy, text, len);
		copy[len] = '\0';
		/* strtod() reads a point: no part of the program calls setlocale() */
		value = strtod(copy, NULL);
		if (__builtin_isinf(value))
			return -ERANGE;
	}
	*ret_value = is_negative ? -value : value;
	return 0;
}
