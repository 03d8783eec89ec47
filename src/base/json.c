/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <math.h>

#include "base/num.h"

static void add_escape(struct strbuf *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	static const char short_forms[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};
	char text[6] = { '\\', 'u', '0', '0' };

	if (c >= 0x20 || short_forms[c]) {
		text[1] = c >= 0x20 ? (char)c : short_forms[c];
		strbuf__add(out, text, 2);
		return;
	}
	text[4] = digits[c >> 4];
	text[5] = digits[c & 0xf];
	strbuf__add(out, text, sizeof(text));
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#define EACH_BYTE(value) ((uint64_t)(value)*0x0101010101010101ULL)

/* Not 0 if a byte of the word is below `limit` (at most 0x80) or may be, beside one that is. */
static uint64_t bytes_below(uint64_t word, unsigned int limit)
{
	return (word - EACH_BYTE(limit)) & ~word & EACH_BYTE(0x80);
}

/* How many of the bytes, from the first on, stand in JSON as they are. */
static size_t plain_len(const char *bytes, size_t len)
{
	size_t at = 0;

	for (; len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes + at, sizeof(word));
		if ((word & EACH_BYTE(0x80)) | bytes_below(word, 0x20) |
		    bytes_below(word ^ EACH_BYTE('"'), 1) | bytes_below(word ^ EACH_BYTE('\\'), 1))
			break;
	}
	while (at < len && is_plain((unsigned char)bytes[at]))
		at++;
	return at;
}

static size_t high_len(const char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && (unsigned char)bytes[at] >= 0x80)
		at++;
	return at;
}

/* Invalid UTF-8 becomes U+FFFD byte by byte: a JSON text must be Unicode, and kernel strings need
 * not be. */
static void add_escaped_text(struct strbuf *out, const char *value, size_t len)
{
	while (len) {
		size_t run = plain_len(value, len);

		strbuf__add(out, value, run);
		if (run < len && (unsigned char)value[run] >= 0x80) {
			size_t high = high_len(value + run, len - run);

			str_add_utf8(out, value + run, high);
			run += high;
		} else if (run < len) {
			add_escape(out, (unsigned char)value[run]);
			run++;
		}
		value += run;
		len -= run;
	}
}

static void add_quoted(struct strbuf *out, const char *value, size_t len)
{
	size_t plain = plain_len(value, len);
	char *to = strbuf__reserve(out, plain + 2); /* plain <= len, and len bytes exist */

	if (!to)
		return;
	*to = '"';
	if (plain)
		memcpy(to + 1, value, plain);
	out->len += 1 + plain;
	if (plain < len)
		add_escaped_text(out, value + plain, len - plain);
	strbuf__add_char(out, '"');
}

static void begin_value(struct json_writer *json, const char *key)
{
	if (json->needs_comma)
		strbuf__add_char(json->out, ',');
	json->needs_comma = true;
	if (key) {
		add_quoted(json->out, key, strlen(key));
		strbuf__add_char(json->out, ':');
	}
}

static void begin_group(struct json_writer *json, const char *key, char bracket)
{
	begin_value(json, key);
	strbuf__add_char(json->out, bracket);
	json->needs_comma = false;
}

static void end_group(struct json_writer *json, char bracket)
{
	strbuf__add_char(json->out, bracket);
	json->needs_comma = true;
}

void json__begin_object(struct json_writer *json, const char *key)
{
	begin_group(json, key, '{');
}

void json__end_object(struct json_writer *json)
{
	end_group(json, '}');
}

void json__begin_array(struct json_writer *json, const char *key)
{
	begin_group(json, key, '[');
}

void json__end_array(struct json_writer *json)
{
	end_group(json, ']');
}

void json__add_string(struct json_writer *json, const char *key, const char *value, size_t len)
{
	begin_value(json, key);
	add_quoted(json->out, value, len);
}

static void add_bare(struct json_writer *json, const char *key, const char *text, size_t len)
{
	begin_value(json, key);
	strbuf__add(json->out, text, len);
}

void json__add_text(struct json_writer *json, const char *key, const char *value)
{
	if (value)
		json__add_string(json, key, value, strlen(value));
	else
		add_bare(json, key, "null", 4);
}

void json__add_u64(struct json_writer *json, const char *key, uint64_t value)
{
	char text[NUM_U64_MAX_LEN];

	add_bare(json, key, text, num_format_u64(text, value));
}

void json__add_i64(struct json_writer *json, const char *key, int64_t value)
{
	char text[NUM_U64_MAX_LEN];

	add_bare(json, key, text, num_format_i64(text, value));
}

void json__add_double(struct json_writer *json, const char *key, double value)
{
	char text[NUM_DOUBLE_MAX_LEN];

	if (isfinite(value))
		add_bare(json, key, text, num_format_double(text, value));
	else
		add_bare(json, key, "null", 4);
}

void json__add_bool(struct json_writer *json, const char *key, bool value)
{
	if (value)
		add_bare(json, key, "true", 4);
	else
		add_bare(json, key, "false", 5);
}
