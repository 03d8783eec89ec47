/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SAMPLE_H
#define SRC_PIPELINE_SAMPLE_H

/*
 * From what was seen in short windows to what it was in all: the arithmetic of sampled run times. An interval ends with
 * its window; what ran in the window stands for the whole interval. Plain values; they own nothing. cost.c turns the
 * clock.
 */

#include <stdint.h>

/* Rates are those of the newest windows: of the last minute, with an interval of ten seconds. */
#define SAMPLE_RECENT 6

/* The intervals, common to all programs of a config. */
struct sample_clock {
	int64_t since_ns;   /* begin of the interval (monotonic) */
	int64_t sampled_ns; /* sum of all windows */
	int64_t covered_ns; /* sum of the intervals that they stand for */
	struct {
		int64_t window_ns, interval_ns;
	} recent[SAMPLE_RECENT];
	uint32_t turns; /* intervals so far */
};

/* The interval is over, and so much of it was a window (0: there was none; all of it: nothing is estimated).
 * What one second of the window stands for; 0 without one. */
double sample_clock__turn(struct sample_clock *clock, int64_t window_ns, int64_t end_ns);

/* Some cumulative figure: ns of run time, runs. */
struct sample {
	double total; /* estimated */
	double recent[SAMPLE_RECENT];
};

/* After the clock's turn: seen in the window, and what one of it stands for. */
void sample__add(struct sample *sample, const struct sample_clock *clock, double seen,
		 double factor);
/* Per second of the newest windows; NAN: there were none. */
double sample__rate(const struct sample *sample, const struct sample_clock *clock);
/* The same for what is counted all the time: per second of the newest intervals. */
double sample__exact_rate(const struct sample *sample, const struct sample_clock *clock);

#endif
