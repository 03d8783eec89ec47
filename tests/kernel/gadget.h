/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_GADGET_H
#define TESTS_KERNEL_GADGET_H

/*
 * Shipped gadgets under a real `sonde run`, while a test does what they show, and what one of the records that come must
 * have. It owns nothing that outlives a call. Tests of gadgets are tables of such cases: as many of them as can be run
 * together, which are those that give a gadget the same flags.
 */

#include <stddef.h>

#define GADGET_FLAGS_MAX 4
#define GADGET_EXPECTATIONS_MAX 12

struct gadget_expectation {
	const char *field; /* by its full name, as in proc.pid */
	/* As it is shown; "*": anything but nothing, 0 and false; "%NAME": what gadget_set() was told; "…%NAME": ends so. */
	const char *text;
};

struct gadget_case {
	const char *gadget;
	const char *flags[GADGET_FLAGS_MAX]; /* its parameters; with %NAME as well */
	/* Before it begins where flags or snapshots need that, and then again and again until a record fits. */
	void (*provoke)(void);
	/* All of one record, by which it is told from those of other gadgets. */
	struct gadget_expectation expected[GADGET_EXPECTATIONS_MAX];
};

/* What %NAME stands for in the case that is being provoked; both are copied. "pid" is there from the beginning. */
void gadget_set(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails the test with what was shown last when for one of the cases no record fits within a minute. */
void gadget_check_all(const struct gadget_case *const *rows, size_t count);
void gadget_check(const struct gadget_case *row);

#endif
