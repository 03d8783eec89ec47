/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overflow maps that programs add to themselves (include/maps.bpf.h, `overflow:` in the YAML): maps with room for a few
 * keys are given many, and every total stays exact.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter.h"

#define KEYS 100
#define ROUNDS 5
#define ROOM 4 /* of every map, as in bpf/full_maps.bpf.c */
#define SERIES(name) "ebpf_exporter_" name

#define WHO                                                                                        \
	"      labels:\n"                                                                          \
	"        - {name: who, size: 8, decoders: [{name: uint}]}\n"
#define WHO_AND_BUCKET                                                                             \
	"      labels:\n"                                                                          \
	"        - {name: who, size: 4, decoders: [{name: uint}]}\n"                               \
	"        - {name: bucket, size: 4, decoders: [{name: uint}]}\n"

static const char config[] = "metrics:\n"
			     "  counters:\n"
			     "    - name: counts_total\n"
			     "      help: Counts\n"
			     "      overflow: counts_overflow\n" WHO "  histograms:\n"
			     "    - name: keyed_sizes\n"
			     "      help: Buckets in the key\n"
			     "      bucket_type: exp2\n"
			     "      bucket_max: 6\n"
			     "      overflow: keyed_sizes_overflow\n" WHO_AND_BUCKET
			     "    - name: valued_sizes\n"
			     "      help: Buckets in the value\n"
			     "      bucket_type: exp2\n"
			     "      bucket_max: 6\n"
			     "      buckets_in: value\n"
			     "      overflow: valued_sizes_overflow\n" WHO;

/* Over all series of this name, the overflow among them, that have this in their line. */
static double total(const char *metrics, const char *name, const char *part)
{
	char prefix[128];
	char *lines, *rest, *line;
	double sum = 0;

	snprintf(prefix, sizeof(prefix), "%s{", name);
	lines = metrics_lines(metrics, prefix);
	rest = lines;
	while ((line = strsep(&rest, "\n")))
		if (*line && strstr(line, part))
			sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

/* Who adds what: 1 to 100, so that buckets up to the last one are used. */
static uint64_t value_of(uint64_t who)
{
	return who % 100 + 1;
}

static void assert_total(const char *metrics, const char *name, const char *part, double wanted)
{
	double sum = total(metrics, name, part);

	if (sum != wanted)
		fail_msg("all of %s with '%s' are %g, not %g", name, part, sum, wanted);
}

static void assert_histogram(const char *metrics, const char *name, double count, double sum)
{
	char series[128];
	double small = 0;

	for (uint64_t who = 1; who <= KEYS; who++)
		small += value_of(who) <= 16;
	snprintf(series, sizeof(series), "%s_count", name);
	assert_total(metrics, series, "", count);
	snprintf(series, sizeof(series), "%s_sum", name);
	assert_total(metrics, series, "", sum);
	snprintf(series, sizeof(series), "%s_bucket", name);
	assert_total(metrics, series, "le=\"16\"", small * ROUNDS);
}

static void test_overflow__loses_nothing(void **state)
{
	struct exporter exporter;
	double sum = 0;
	char *metrics;

	(void)state;
	exporter__init(&exporter);
	exporter__add(&exporter, "full_maps", "full_maps", config);
	exporter__start(&exporter, "full_maps", (const char *const[]){ "--config.strict", NULL });
	for (int round = 0; round < ROUNDS; round++) {
		for (uint64_t who = 1; who <= KEYS; who++) {
			fire(who, value_of(who));
			sum += (double)value_of(who);
		}
	}
	metrics = exporter__scrape(&exporter);
	assert_int_equal(exporter__stop(&exporter), 0);
	exporter__done(&exporter);

	/* Those who came first have theirs, to the last. */
	for (uint64_t who = 1; who <= ROOM; who++) {
		char series[64];

		snprintf(series, sizeof(series), SERIES("counts_total{who=\"%d\"}"), (int)who);
		assert_true(metrics_value(metrics, series) == (double)(value_of(who) * ROUNDS));
	}
	assert_int_equal(metrics_count(metrics, SERIES("counts_total{")), ROOM + 1);
	assert_total(metrics, SERIES("counts_total"), "", sum);
	assert_histogram(metrics, SERIES("keyed_sizes"), KEYS * ROUNDS, sum);
	assert_histogram(metrics, SERIES("valued_sizes"), KEYS * ROUNDS, sum);
	assert_int_equal(metrics_count(metrics, SERIES("valued_sizes_count{")), ROOM + 1);
	free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overflow__loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
