/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_GADGET_H
#define TESTS_KERNEL_GADGET_H

/*
 * A shipped gadget under a real `sonde run`, while a test does what the gadget shows, and what one of the records that come
 * must have. It owns nothing that outlives a call. Tests of gadgets are tables of such cases.
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
	const char *flags[GADGET_FLAGS_MAX]; /* with %NAME as well */
	/* Once before it begins, and then again and again until a record fits. */
	void (*provoke)(void);
	/* All of one record. */
	struct gadget_expectation expected[GADGET_EXPECTATIONS_MAX];
};

/* What %NAME stands for, from now on; both are copied. "pid" is there from the beginning. */
void gadget_set(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails the test with what was shown last when no record fits within half a minute. */
void gadget_check(const struct gadget_case *row);

#endif
