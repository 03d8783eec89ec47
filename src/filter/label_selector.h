/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_LABEL_SELECTOR_H
#define SRC_FILTER_LABEL_SELECTOR_H

/*
 * Which pods are meant, in the words of Kubernetes: "app=cart,tier in (web, api),!canary". A selector lives in the arena
 * that it was made with. process_filter.c has them for the key `labels`.
 */

#include "base/arena.h"
#include "base/err.h"
#include "record/process_argument.h"

struct label_selector;

/* An empty text selects everything. -EINVAL with what is wrong, -ENOMEM. */
int label_selector_parse(const char *text, struct arena *arena,
			 const struct label_selector **ret_selector, struct err *err);
/* Labels are sorted by key, as events have them. */
bool label_selector__match(const struct label_selector *selector, const struct text_pair *labels,
			   uint32_t count);

#endif
