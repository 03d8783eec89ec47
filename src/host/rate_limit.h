/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_RATE_LIMIT_H
#define SRC_HOST_RATE_LIMIT_H

/*
 * How often something costly may be tried again: a bucket of `burst` tokens, one more every interval.
 * It owns nothing. The views of host/ ask it before they read the machine again for a name that they miss.
 */

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	int64_t interval_ns;
	uint32_t burst;
	uint32_t taken;  /* tokens that are missing from the bucket */
	int64_t last_ns; /* when the last one of them came back, or the first was taken */
};

/* Takes a token: false when there is none at this moment (of the monotonic clock). */
bool rate_limit__take(struct rate_limit *limit, int64_t now_ns);

#endif
