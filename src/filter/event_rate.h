/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_EVENT_RATE_H
#define SRC_FILTER_EVENT_RATE_H

/*
 * How many events a minute are let through: a bucket of tokens that is full at first. It owns nothing; zeroed, and with no
 * limit set, everything is let through. process_export.c asks it for each event that its filters keep.
 */

#include <stdbool.h>
#include <stdint.h>

#define EVENT_RATE_UNLIMITED (-1)

struct event_rate {
	bool is_limited;
	int64_t cost_ns;   /* of an event; 0: none is let through */
	int64_t credit_ns; /* what there is to spend */
	int64_t asked_ns;  /* when it was last looked at */
	int64_t told_ns;   /* when what was dropped was last told */
	uint64_t dropped;  /* since then */
};

/* Negative: no limit. now_ns: of a clock that does not go back. */
void event_rate__init(struct event_rate *rate, int64_t per_minute, int64_t now_ns);
/* False: one too many, and counted. */
bool event_rate__allow(struct event_rate *rate, int64_t now_ns);
/* Once a minute, how many were dropped since; otherwise 0, as when there were none. */
uint64_t event_rate__take_dropped(struct event_rate *rate, int64_t now_ns);

#endif
