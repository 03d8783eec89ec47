/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/*
 * What all benches share: a clock, medians, and the lines that tests/bench/run reads. It owns
 * nothing. Every figure is a ratio or has its rival measured in the same run, round by round in
 * turn, so that a busy machine slows both.
 */

#include <stddef.h>
#include <stdint.h>

#define BENCH_ROUNDS_MAX 201

/* The times of one thing, round by round. */
struct bench_times {
	double ms[BENCH_ROUNDS_MAX];
	size_t count;
};

/* CPU time of this process, user and kernel: on a machine that does other things as well, time
 * on the wall says more about those. A scrape is one thread that never waits, so on a calm
 * machine both are the same. */
double bench_now_ms(void);
double bench_wall_ms(void);
void bench_times__add(struct bench_times *times, double ms);
double bench_times__median(const struct bench_times *times);
/* For figures without a rival, which would divide the other tenants of the machine out: one
 * round in ten is faster. */
double bench_times__tenth(const struct bench_times *times);

/* One line: figure, value, unit, and the most that it may be. Tabs between. */
void bench_print(const char *figure, double value, const char *unit, double most);
/* A figure without a limit. */
#define BENCH_NO_LIMIT (-1.0)
/* What a case is about, above its figures. */
void bench_title(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The case cannot be measured here. */
void bench_skip(const char *figure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program with a message when a set-up step of the bench itself fails. */
void bench_check(int r, const char *what);

/* Resident bytes of this process. */
size_t bench_resident_bytes(void);

#endif
