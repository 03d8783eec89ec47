/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>

size_t base64_format(char *to, const void *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = bytes;
	char *start = to;

	for (; len > 2; len -= 3, from += 3) {
		uint32_t word = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];

		*to++ = digits[word >> 18];
		*to++ = digits[word >> 12 & 63];
		*to++ = digits[word >> 6 & 63];
		*to++ = digits[word & 63];
	}
	if (len > 0) {
		uint32_t word = (uint32_t)from[0] << 16 | (len > 1 ? (uint32_t)from[1] << 8 : 0);

		*to++ = digits[word >> 18];
		*to++ = digits[word >> 12 & 63];
		*to++ = len > 1 ? digits[word >> 6 & 63] : '=';
		*to++ = '=';
	}
	return (size_t)(to - start);
}

static int digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+' || digit == '-')
		return 62;
	return digit == '/' || digit == '_' ? 63 : -EINVAL;
}

ssize_t base64_parse(void *to, const char *text, size_t len)
{
	unsigned char *out = to;
	uint32_t word = 0;
	size_t digits;

	if (len > 0 && len % 4 == 0 && text[len - 1] == '=')
		len -= text[len - 2] == '=' ? 2 : 1;
	if (len % 4 == 1)
		return -EINVAL;
	for (digits = 0; digits < len; digits++) {
		int value = digit_value(text[digits]);

		if (value < 0)
			return -EINVAL;
		word = word << 6 | (uint32_t)value;
		/* Of four digits the last three end a byte each: with 4, 2 and no bits left over. */
		if (digits % 4 != 0)
			*out++ = (unsigned char)(word >> (6 - 2 * (digits % 4)));
	}
	return out - (unsigned char *)to;
}
