/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls COUNT [RATE]: makes so many getppid(), RATE of them in each millisecond if that is said, and prints what a call of the
 * best thousand took, in ns. Static, so that nothing else calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 1000

static double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	long left = argc >= 2 ? strtol(argv[1], NULL, 10) : 0;
	long chunk = argc >= 3 ? strtol(argv[2], NULL, 10) : CHUNK;
	double best = 0;

	while (left > 0) {
		long count = left < chunk ? left : chunk;
		double ns = now_ns();

		for (long i = 0; i < count; i++)
			(void)syscall(SYS_getppid);
		ns = (now_ns() - ns) / (double)count;
		if (best == 0 || ns < best)
			best = ns;
		left -= count;
		if (argc >= 3)
			(void)nanosleep(&pause, NULL);
	}
	printf("%.0f\n", best);
	return 0;
}
