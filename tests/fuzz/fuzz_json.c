/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings of any bytes: what is written is printable UTF-8 between quotes, and reading it back
 * gives the bytes with every invalid one replaced.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static unsigned int hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, c);

	require(c && at);
	return (unsigned int)(at - digits);
}

/* Reads one escape behind its backslash; returns how many bytes it had. */
static size_t unescape(const char *at, size_t len, struct strbuf *to)
{
	static const char letters[] = "bfnrt\"\\";
	static const char meanings[] = "\b\f\n\r\t\"\\";
	const char *letter;

	require(len > 0);
	if (at[0] == 'u') {
		require(len >= 5 && at[1] == '0' && at[2] == '0');
		strbuf__add_char(to, (char)(hex_value(at[3]) << 4 | hex_value(at[4])));
		return 5;
	}
	letter = strchr(letters, at[0]);
	require(at[0] && letter);
	strbuf__add_char(to, meanings[letter - letters]);
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out = STRBUF_INIT, expected = STRBUF_INIT, read_back = STRBUF_INIT;
	struct json_writer json = { .out = &out };
	size_t replaced = str_add_utf8(&expected, (const char *)data, size);

	require(str_is_utf8((const char *)data, size) == (replaced == 0));
	json__add_string(&json, NULL, (const char *)data, size);
	require(out.len >= 2 && out.data[0] == '"' && out.data[out.len - 1] == '"');
	require(str_is_utf8(out.data, out.len));
	for (size_t i = 1; i < out.len - 1; i++) {
		require((unsigned char)out.data[i] >= 0x20 && out.data[i] != '"');
		if (out.data[i] == '\\')
			i += unescape(out.data + i + 1, out.len - 2 - i, &read_back);
		else
			strbuf__add_char(&read_back, out.data[i]);
	}
	require(read_back.len == expected.len);
	require(!expected.len || memcmp(read_back.data, expected.data, expected.len) == 0);
	strbuf__done(&out);
	strbuf__done(&expected);
	strbuf__done(&read_back);
	return 0;
}
