/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_WORK_H
#define TESTS_BENCH_WORK_H

/*
 * Work that runs into the probes: system calls, context switches, packets, block I/O, programs. Each does `count` of one
 * thing and says what CPU time that took, its children and the kernel's part included. bench_probes.c does it with
 * probes and without.
 */

#include <stdbool.h>
#include <stddef.h>

struct work {
	const char *name; /* of one of the things */
	size_t count;     /* in a round */
	/* CPU time in ms; negative errno as a double: it cannot be done here. */
	double (*run)(size_t count);
};

extern const struct work works[];
extern const size_t work_count;

#endif
