/* SPDX-License-Identifier: Apache-2.0 */
#include "host/rate_limit.h"

static void give_back(struct rate_limit *limit, int64_t now_ns)
{
	int64_t passed_ns = now_ns - limit->last_ns;
	int64_t tokens;

	if (passed_ns < limit->interval_ns)
		return;
	tokens = passed_ns / limit->interval_ns;
	limit->taken = tokens < limit->taken ? limit->taken - (uint32_t)tokens : 0;
	limit->last_ns += tokens * limit->interval_ns;
}

bool rate_limit__take(struct rate_limit *limit, int64_t now_ns)
{
	if (limit->taken)
		give_back(limit, now_ns);
	if (limit->taken >= limit->burst)
		return false;
	if (!limit->taken)
		limit->last_ns = now_ns;
	limit->taken++;
	return true;
}
