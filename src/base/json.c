/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <math.h>

#include "base/num.h"

static void add_escaped(struct strbuf *out, unsigned char c)
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

/* Invalid UTF-8 becomes U+FFFD byte by byte: a JSON text must be Unicode, and kernel strings need
 * not be. */
static void add_quoted(struct strbuf *out, const char *value, size_t len)
{
	size_t start = 0;

	strbuf__add_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		str_add_utf8(out, value + start, i - start);
		add_escaped(out, c);
		start = i + 1;
	}
	str_add_utf8(out, value + start, len - start);
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
