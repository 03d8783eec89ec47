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

#endif
