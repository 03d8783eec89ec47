/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_LABEL_TEXT_H
#define SRC_METRIC_LABEL_TEXT_H

/*
 * Label values as the text of the exposition, `a="x",b="y"`, sorted by label name.
 * It owns copies of the names. A family has one; texts themselves are the family's.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/str.h"
#include "metric/family.h"

struct label_text {
	uint32_t count;
	char **names;      /* owned; in config order */
	uint32_t *order;   /* owned; position in the text -> index in config order */
	char **heads;      /* owned; by position: what stands before the value, `a="` or `,b="` */
	size_t *head_lens; /* owned */
};

struct label_damage { /* what had to be done to values; only ever added to */
	uint64_t replaced_bytes;
	uint64_t shortened_values;
};

/* 0 or -ENOMEM. */
int label_text__init(struct label_text *labels, const char *const *names, uint32_t count);
void label_text__done(struct label_text *labels);

/* Appends the text of the values (config order) and a NUL. 0 or -ENOMEM. */
int label_text__format(const struct label_text *labels, const struct text_slice *values,
		       struct strbuf *out, struct label_damage *damage);

#endif
