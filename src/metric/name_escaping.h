/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_NAME_ESCAPING_H
#define SRC_METRIC_NAME_ESCAPING_H

/*
 * Names of metrics and labels that are not made of [a-zA-Z0-9_:] alone, as Prometheus' escaping
 * schemes write them. Plain functions; they own nothing. The text formats use them, and the registry, for which names
 * must differ in every scheme.
 */

#include <stdbool.h>
#include "base/str.h"

enum name_escaping {
	NAME_ESCAPING_UNDERSCORES, /* what is not plain becomes '_' */
	NAME_ESCAPING_ALLOW_UTF8,  /* as it is, in quotes */
	NAME_ESCAPING_DOTS,        /* '.' becomes '_dot_', '_' and others '__' */
	NAME_ESCAPING_VALUES,      /* 'U__', then '_' and the character's number in hex and '_' */
};

#define NAME_ESCAPING_COUNT (NAME_ESCAPING_VALUES + 1)

/* The word for it in HTTP headers. */
const char *name_escaping_word(enum name_escaping escaping);
/* False when there is no such word. */
bool name_escaping_find(const char *word, size_t len, enum name_escaping *ret_escaping);

/* Whether the name needs none: letters, digits (not first), '_' and ':'. */
bool name_is_plain(const char *name);
/* Appends the name; plain names are not changed by any scheme. */
void name_add(struct strbuf *out, const char *name, enum name_escaping escaping);

#endif
