/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/event_rate.h"

#define MINUTE_NS 60000000000LL

void event_rate__init(struct event_rate *rate, int64_t per_minute, int64_t now_ns)
{
	*rate = (struct event_rate){ .is_limited = per_minute >= 0 && per_minute <= MINUTE_NS,
				     .asked_ns = now_ns,
				     .told_ns = now_ns };
	if (rate->is_limited && per_minute > 0) {
		rate->cost_ns = MINUTE_NS / per_minute;
		rate->credit_ns = rate->cost_ns * per_minute;
	}
}

bool event_rate__allow(struct event_rate *rate, int64_t now_ns)
{
	int64_t passed_ns = now_ns - rate->asked_ns;

	if (!rate->is_limited)
		return true;
	if (passed_ns > 0) {
		/* A minute fills the bucket. */
		rate->credit_ns = passed_ns >= MINUTE_NS - rate->credit_ns
					  ? MINUTE_NS
					  : rate->credit_ns + passed_ns;
		rate->asked_ns = now_ns;
	}
	if (rate->cost_ns == 0 || rate->credit_ns < rate->cost_ns) {
		rate->dropped++;
		return false;
	}
	rate->credit_ns -= rate->cost_ns;
	return true;
}

uint64_t event_rate__take_dropped(struct event_rate *rate, int64_t now_ns)
{
	uint64_t dropped = rate->dropped;

	if (now_ns - rate->told_ns < MINUTE_NS)
		return 0;
	rate->told_ns = now_ns;
	rate->dropped = 0;
	return dropped;
}
