/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/name_escaping.h"

#include "base/mem.h"

static const char *const words[] = {
	[NAME_ESCAPING_UNDERSCORES] = "underscores",
	[NAME_ESCAPING_ALLOW_UTF8] = "allow-utf-8",
	[NAME_ESCAPING_DOTS] = "dots",
	[NAME_ESCAPING_VALUES] = "values",
};

const char *name_escaping_word(enum name_escaping escaping)
{
	return words[escaping];
}

bool name_escaping_find(const char *word, size_t len, enum name_escaping *ret_escaping)
{
	for (size_t i = 0; i < array_size(words); i++) {
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0) {
			*ret_escaping = (enum name_escaping)i;
			return true;
		}
	}
	return false;
}

static bool is_plain_at(char byte, size_t position)
{
	if (byte >= '0' && byte <= '9')
		return position > 0;
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
	       byte == ':';
}

bool name_is_plain(const char *name)
{
	for (size_t i = 0; name[i]; i++) {
		if (!is_plain_at(name[i], i))
			return false;
	}
	return *name != '\0';
}

/* The number of the character that the bytes start with; 0xfffd when they start with none. */
static uint32_t character_at(const char *bytes, size_t len)
{
	static const uint8_t lead_masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t character = (uint8_t)bytes[0] & lead_masks[len];

	for (size_t i = 1; i < len; i++)
		character = character << 6 | ((uint8_t)bytes[i] & 0x3f);
	return len ? character : 0xfffd;
}

static void add_underscored(struct strbuf *out, const char *bytes, size_t len, bool is_plain)
{
	(void)len;
	strbuf__add_char(out, is_plain ? *bytes : '_');
}

static void add_dotted(struct strbuf *out, const char *bytes, size_t len, bool is_plain)
{
	(void)len;
	if (*bytes == '.')
		strbuf__add_text(out, "_dot_");
	else if (*bytes == '_' || !is_plain)
		strbuf__add_text(out, "__");
	else
		strbuf__add_char(out, *bytes);
}

static void add_by_value(struct strbuf *out, const char *bytes, size_t len, bool is_plain)
{
	if (*bytes == '_')
		strbuf__add_text(out, "__");
	else if (is_plain)
		strbuf__add_char(out, *bytes);
	else if (len == 0)
		strbuf__add_text(out, "_FFFD_");
	else
		strbuf__printf(out, "_%x_", character_at(bytes, len));
}

static void add_quoted(struct strbuf *out, const char *name)
{
	strbuf__add_char(out, '"');
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			strbuf__add_char(out, '\\');
		if (*name == '\n')
			strbuf__add_text(out, "\\n");
		else
			strbuf__add_char(out, *name);
	}
	strbuf__add_char(out, '"');
}

/* Appends one character of the name: `len` bytes, 0 when they are no UTF-8. */
typedef void (*add_character_fn)(struct strbuf *out, const char *bytes, size_t len, bool is_plain);

static const struct {
	const char *prefix;
	add_character_fn add;
} schemes[] = {
	[NAME_ESCAPING_UNDERSCORES] = { "", add_underscored },
	[NAME_ESCAPING_DOTS] = { "", add_dotted },
	[NAME_ESCAPING_VALUES] = { "U__", add_by_value },
};

void name_add(struct strbuf *out, const char *name, enum name_escaping escaping)
{
	size_t len = strlen(name);

	if (name_is_plain(name)) {
		strbuf__add(out, name, len);
		return;
	}
	if (escaping == NAME_ESCAPING_ALLOW_UTF8) {
		add_quoted(out, name);
		return;
	}
	strbuf__add_text(out, schemes[escaping].prefix);
	for (size_t at = 0; at < len;) {
		size_t step = str_utf8_step(name + at, len - at);

		schemes[escaping].add(out, name + at, step, is_plain_at(name[at], at));
		at += step ? step : 1;
	}
}
