/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_INSPECT_VIEW_H
#define SRC_CMD_INSPECT_VIEW_H

/*
 * A gadget as text: tables for a person, JSON for a program. It owns nothing and reads an inspection only.
 * inspect.c prints with it.
 */

#include <stddef.h>

struct inspection;
struct strbuf;

/* width 0: lines may be of any length. */
void inspect_view_text(const struct inspection *inspection, size_t width, struct strbuf *out);
void inspect_view_json(const struct inspection *inspection, struct strbuf *out);

#endif
