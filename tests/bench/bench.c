/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

double bench_now_ms(void)
{
	return (double)clock_cpu_ns() / (double)NS_PER_MS;
}

double bench_wall_ms(void)
{
	return (double)clock_monotonic_ns() / (double)NS_PER_MS;
}

void bench_times__add(struct bench_times *times, double ms)
{
	if (times->count < BENCH_ROUNDS_MAX)
		times->ms[times->count++] = ms;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const struct bench_times *times, size_t numerator, size_t denominator)
{
	double sorted[BENCH_ROUNDS_MAX];

	if (times->count == 0)
		return 0;
	memcpy(sorted, times->ms, times->count * sizeof(*sorted));
	qsort(sorted, times->count, sizeof(*sorted), compare_doubles);
	return sorted[times->count * numerator / denominator];
}

double bench_times__median(const struct bench_times *times)
{
	return quantile(times, 1, 2);
}

double bench_times__tenth(const struct bench_times *times)
{
	return quantile(times, 1, 10);
}

void bench_print(const char *figure, double value, const char *unit, double most)
{
	printf("%s\t%.4g\t%s\t", figure, value, unit);
	if (most >= 0)
		printf("%.4g", most);
	printf("\n");
	(void)fflush(stdout); /* a lost line is missed by the reader */
}

void bench_title(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	(void)vprintf(format, args);
	printf("\n");
	va_end(args);
}

void bench_skip(const char *figure, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%s\tskip\t", figure);
	(void)vprintf(format, args);
	printf("\n");
	va_end(args);
}

void bench_check(int r, const char *what)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "bench: %s: %s\n", what, strerror(-r));
	_exit(2);
}

size_t bench_resident_bytes(void)
{
	char text[128];
	unsigned long pages = 0;

	if (fd_read_small(-1, "/proc/self/statm", text, sizeof(text)) > 0)
		(void)sscanf(text, "%*u %lu", &pages);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}
