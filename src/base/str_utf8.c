/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define HIGH_BITS 0x8080808080808080ULL

/* What may follow each leading byte: the second byte's range excludes overlongs, surrogates and >
 * 10FFFF (Unicode, table 3-7). All later bytes are 80..BF. */
struct lead {
	uint8_t from, to; /* leading bytes */
	uint8_t len;
	uint8_t low, high; /* second byte */
};

static const struct lead leads[] = {
	{ 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t str_utf8_step(const char *bytes, size_t len)
{
	const uint8_t *at = (const uint8_t *)bytes;

	if (len == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		const struct lead *lead = &leads[i];

		if (at[0] < lead->from || at[0] > lead->to)
			continue;
		if (len < lead->len || at[1] < lead->low || at[1] > lead->high)
			return 0;
		for (size_t k = 2; k < lead->len; k++) {
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		}
		return lead->len;
	}
	return 0;
}

/* How many of the bytes, from the first on, are plain ASCII. */
static size_t ascii_len(const char *bytes, size_t len)
{
	size_t at = 0;

	for (; len - at >= 16; at += 16) {
		uint64_t words[2];

		memcpy(words, bytes + at, sizeof(words));
		if ((words[0] | words[1]) & HIGH_BITS)
			break;
	}
	while (at < len && (uint8_t)bytes[at] < 0x80)
		at++;
	return at;
}

/* How many of the bytes, from the first on, are valid UTF-8. */
static size_t valid_len(const char *bytes, size_t len)
{
	size_t at = 0;

	for (;;) {
		size_t step;

		at += ascii_len(bytes + at, len - at);
		step = str_utf8_step(bytes + at, len - at);
		if (step == 0)
			return at;
		at += step;
	}
}

bool str_is_utf8(const char *bytes, size_t len)
{
	return valid_len(bytes, len) == len;
}

size_t str_add_utf8(struct strbuf *buf, const char *bytes, size_t len)
{
	size_t replaced = 0;

	for (;;) {
		size_t valid = valid_len(bytes, len);

		strbuf__add(buf, bytes, valid);
		if (valid == len)
			return replaced;
		strbuf__add(buf, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		replaced++;
		bytes += valid + 1;
		len -= valid + 1;
	}
}
