/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_TOP_VIEW_H
#define SRC_CMD_TOP_VIEW_H

/*
 * What `sonde top` shows: a ledger as a table that fits the terminal, dearest first. Plain functions from a report into
 * a buffer; they own nothing. Whatever came over the network is made harmless here.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"
#include "remote/ledger.h"

/* What the table is sorted by; keys and words in the order of the help line. */
enum top_order {
	TOP_KERNEL,
	TOP_SONDE,
	TOP_MEMORY,
	TOP_SERIES,
	TOP_FILL,
	TOP_LOST,
	TOP_BYTES,
	TOP_NAME,
	TOP_ORDER_COUNT,
};

/* Of a key or a word ("k", "kernel"); -1: of none. */
int top_order_of_key(char key);
int top_order_of_name(const char *name);
/* "kernel, sonde, …" */
void top_order_names(struct strbuf *out);

struct top_view {
	const struct ledger_report *report; /* NULL: there is none yet */
	const char *url;
	const char *problem; /* or NULL: why there is no newer one */
	enum top_order order;
	size_t scroll; /* rows that are above the first one */
	size_t columns,
		rows; /* of the terminal; 0 rows: as many as there are, no heading line, no help */
	bool is_screen; /* with control sequences, for a whole screen */
};

/* Entries change places: the table is sorted where it stands. */
void top_view__sort(struct ledger_report *report, enum top_order order);
/* How far one may scroll. */
size_t top_view__last_scroll(const struct top_view *view);
void top_view__write(const struct top_view *view, struct strbuf *out);

#endif
