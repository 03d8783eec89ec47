/* SPDX-License-Identifier: Apache-2.0 */
#include "web/html.h"

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_add_escaped_bytes(struct strbuf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char *entity = entity_of(text[i]);

		if (entity)
			strbuf__add_text(out, entity);
		else
			strbuf__add_char(out, text[i]);
	}
}

void html_add_escaped(struct strbuf *out, const char *text)
{
	html_add_escaped_bytes(out, text, strlen(text));
}

void html_add_element(struct strbuf *out, const char *tag, const char *class, const char *text)
{
	strbuf__add_char(out, '<');
	strbuf__add_text(out, tag);
	if (class)
		strbuf__printf(out, " class=%s", class);
	strbuf__add_char(out, '>');
	html_add_escaped(out, text);
	strbuf__printf(out, "</%s>", tag);
}
