/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sample.h"

#include <math.h>

#include "base/clock.h"

/* Where the interval that is just over stands. */
static uint32_t slot_of(const struct sample_clock *clock)
{
	return (clock->turns - 1) % SAMPLE_RECENT;
}

double sample_clock__turn(struct sample_clock *clock, int64_t window_ns, int64_t end_ns)
{
	int64_t interval_ns = end_ns - clock->since_ns;
	uint32_t slot;

	clock->turns++;
	slot = slot_of(clock);
	clock->since_ns = end_ns;
	clock->recent[slot].window_ns = window_ns;
	clock->recent[slot].interval_ns = interval_ns;
	if (window_ns <= 0)
		return 0;
	clock->sampled_ns += window_ns;
	clock->covered_ns += interval_ns;
	return (double)interval_ns / (double)window_ns;
}

void sample__add(struct sample *sample, const struct sample_clock *clock, double seen,
		 double factor)
{
	sample->total += seen * factor;
	sample->recent[slot_of(clock)] = seen;
}

static double sum_of(const struct sample *sample)
{
	double sum = 0;

	for (uint32_t i = 0; i < SAMPLE_RECENT; i++)
		sum += sample->recent[i];
	return sum;
}

double sample__rate(const struct sample *sample, const struct sample_clock *clock)
{
	int64_t ns = 0;

	for (uint32_t i = 0; i < SAMPLE_RECENT; i++)
		ns += clock->recent[i].window_ns;
	return ns > 0 ? sum_of(sample) / (double)ns * (double)NS_PER_S : (double)NAN;
}

double sample__exact_rate(const struct sample *sample, const struct sample_clock *clock)
{
	int64_t ns = 0;

	for (uint32_t i = 0; i < SAMPLE_RECENT; i++)
		ns += clock->recent[i].interval_ns;
	return ns > 0 ? sum_of(sample) / (double)ns * (double)NS_PER_S : (double)NAN;
}
