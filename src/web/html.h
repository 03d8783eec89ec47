/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_HTML_H
#define SRC_WEB_HTML_H

/*
 * Text into HTML, escaped: whatever comes from a config or the kernel goes through here. Plain functions into a buffer;
 * they own nothing. The writers of pages use them.
 */

#include "base/str.h"

void html_add_escaped(struct strbuf *out, const char *text);
void html_add_escaped_bytes(struct strbuf *out, const char *text, size_t len);
/* <tag>escaped text</tag>, with an optional class (NULL: none). */
void html_add_element(struct strbuf *out, const char *tag, const char *class, const char *text);

#endif
