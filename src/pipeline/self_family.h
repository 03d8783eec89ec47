/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_FAMILY_H
#define SRC_PIPELINE_SELF_FAMILY_H

/*
 * Families of sonde's own metrics: opened by the row of a table, and a value set under the texts of its labels.
 * It owns nothing; families are the registry's, texts the caller's.
 * self.c and all self_*.c are made of it.
 */

#include <stddef.h>
#include "base/err.h"
#include "base/mem.h"
#include "metric/family.h"

#define SELF_LABELS_MAX 7

struct registry;

struct self_family {
	const char *name;
	const char *help;
	enum family_kind kind;
	const char *labels[SELF_LABELS_MAX + 1]; /* up to the first NULL */
};

int self_family__open(const struct self_family *self, struct registry *registry,
		      struct family **ret_family, struct err *err);

/* One value; a family that cannot grow shows what it has. NAN: it cannot be known, so it is absent. */
void self_family_set(struct family *family, double value, const char *const *labels, size_t count);

/* self_set(family, value[, text of each label]) */
#define self_set(family, value, ...)                                                               \
	do {                                                                                       \
		const char *const self_labels[] = { NULL, ##__VA_ARGS__ };                         \
		self_family_set(family, value, self_labels + 1, array_size(self_labels) - 1);      \
	} while (0)

#endif
