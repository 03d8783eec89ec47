/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_LABEL_ORDER_H
#define SRC_METRIC_LABEL_ORDER_H

/*
 * The order of label texts in the output: by their values, position by position, each as a byte
 * string. That is not the order of the texts: a value ends with '"', which is larger than '!' and '
 * ', and escapes stand for other bytes. It owns nothing; a family keeps its series sorted with it.
 */

#include <stddef.h>
#include <stdint.h>
#include "metric/label_text.h"

/* Below, equal or above 0. Both texts have the same names. */
int label_order_compare(const char *a, size_t a_len, const char *b, size_t b_len);

struct label_ref {
	const char *text; /* of label_text__format(), up to its NUL */
	uint32_t number;  /* the caller's */
};

/* The numbers in the order of their texts, which are all different. 0 or -ENOMEM. */
int label_order_sort(const struct label_text *labels, const struct label_ref *refs, size_t count,
		     uint32_t *ret_numbers);

#endif
