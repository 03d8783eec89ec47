/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_ORDER_H
#define SRC_FILTER_ORDER_H

/*
 * In which order the rows of a batch are shown, and how many of them. An order owns the indexes of its fields and scratch
 * memory; the schema is borrowed and must outlive it. pipeline/ makes one for each stream that hands out batches.
 *
 * Texts name streams where several run: "file:-reads,comm;tcp:sent" and "file:10,tcp:5". Without a name they are for
 * all streams; a stream that is not named is neither sorted nor cut.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "record/record.h"

struct order;

#define ORDER_MAX_FIELDS 16u
#define ORDER_NO_LIMIT UINT64_MAX

/*
 * "[-]field,…": the first field dominates, "-" puts the greatest first. *ret_order is NULL when the text says nothing of
 * this stream. -EINVAL with position and the fields that were meant. Which streams there are is checked by
 * order_check_streams(), for one schema does not know.
 */
int order_parse(const char *text, const struct loc *at, const char *stream,
		const struct schema *schema, struct order **ret_order, struct err *err);
struct order *order__free(struct order *order);
/* Stable: rows that are equal keep their order. What cannot be read counts as least. 0 or -ENOMEM. */
int order__sort(struct order *order, struct record *records, size_t count);

/* "10" or "file:10,tcp:5"; ORDER_NO_LIMIT where the text says nothing of the stream, or -1. -EINVAL with position. */
int max_entries_parse(const char *text, const struct loc *at, const char *stream,
		      uint64_t *ret_limit, struct err *err);

/* That every stream which such a text names is one of these. `separator`: ';' of orders, ',' of limits. */
int order_check_streams(const char *text, const struct loc *at, char separator,
			const char *const *streams, size_t count, struct err *err);

#endif
