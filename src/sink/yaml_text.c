/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/yaml_text.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sink/event_text.h"

/* A reader of YAML 1.1 takes them for a truth value or for nothing. */
static const char *const words[] = { "false", "n", "no", "null", "off", "on", "true", "y", "yes" };

static bool is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < array_size(words); i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], text, len) == 0)
			return true;
	return false;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
}

static bool is_inner(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
	       c == ' ';
}

/* Letters first, so that it is no number, date or directive; nothing that means something within. */
static bool is_plain(const char *text, size_t len)
{
	if (len == 0 || !is_letter(text[0]) || text[len - 1] == ' ')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_inner(text[i]))
			return false;
	return !is_word(text, len);
}

char *yaml_text_put(char *to, const char *text, size_t len)
{
	if (!is_plain(text, len))
		return event_text_quote(to, text, len);
	memcpy(to, text, len);
	return to + len;
}
