/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	/* Cannot fail: the clocks below exist on every kernel we support, and the pointer is
	 * good. */
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_boottime_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

int64_t clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

int64_t clock_cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Reading two clocks one after the other says no more than that; a step of the wall clock is larger. */
#define JITTER_NS NS_PER_MS

int64_t wall_offset__get_ns(struct wall_offset *offset)
{
	/* Asked for every event: the coarse clock costs a fifth of the others, and does not know of suspended time. */
	int64_t now_ns = read_ns(CLOCK_MONOTONIC_COARSE);
	int64_t offset_ns;

	if (offset->checked_ns && now_ns - offset->checked_ns < NS_PER_S)
		return offset->offset_ns;
	offset_ns = clock_wall_ns() - clock_boottime_ns();
	if (!offset->checked_ns || llabs(offset_ns - offset->offset_ns) > JITTER_NS)
		offset->offset_ns = offset_ns;
	offset->checked_ns = now_ns;
	return offset->offset_ns;
}
