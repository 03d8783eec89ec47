/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_CLOCK_H
#define SRC_BASE_CLOCK_H

/*
 * Time, read in one place. It owns nothing. Everybody who needs a clock calls it.
 */

#include <stdint.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

int64_t clock_monotonic_ns(void); /* the clock of bpf_ktime_get_ns() */
int64_t clock_boottime_ns(void);  /* the clock of bpf_ktime_get_boot_ns() */
int64_t clock_wall_ns(void);      /* since the epoch */
int64_t clock_cpu_ns(void);       /* CPU time of this process */

/*
 * How far the wall clock is ahead of the boot clock: one offset for as long as it is right, so that everybody who shares
 * it tells the same moment of the same event. Zeroed to begin with; looked at once a second.
 */
struct wall_offset {
	int64_t offset_ns;
	int64_t checked_ns; /* by a coarse clock; 0: never */
};

int64_t wall_offset__get_ns(struct wall_offset *offset);

#endif
