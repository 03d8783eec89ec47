/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_CASES_H
#define TESTS_BENCH_CASES_H

/*
 * The cases of one bench program: it lists them or runs one, so that each has a process of its own.
 * The tables are const; main() of each program hands its own over.
 */

#include <stddef.h>

struct bench_case {
	const char *name;
	void (*run)(void);
};

/* PROGRAM --list | CASE. Exit status. */
int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count);

#endif
