/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histograms whose map has all buckets of a row in its value (`buckets_in: value`), and rows of an array that were never
 * added to (`skip_zeros`), filled by fire().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "exporter.h"

/* As in bpf/shapes.bpf.c. */
enum { PERCPU = 1, SLOTS = 12, PLAIN_SLOTS };

#define PER_CPU "ebpf_exporter_slot_latency_seconds"
#define PLAIN "ebpf_exporter_plain_slot_latency_seconds"
#define COUNTER "ebpf_exporter_percpu_vec_total"
#define SKIP "      skip_zeros: true\n"
#define HISTOGRAM(name)                                                                            \
	"    - name: " name "\n      help: h\n      bucket_type: exp2\n      bucket_min: 0\n"      \
	"      bucket_max: 3\n      bucket_multiplier: 0.5\n      buckets_in: value\n"
#define LABELS "      labels:\n        - name: row\n          size: 4\n"
#define DECODERS "          decoders:\n            - name: uint\n"
#define CPU_LABEL "        - name: cpu\n          size: 2\n" DECODERS

static void add(int map, uint64_t row, uint64_t slot, uint64_t count)
{
	fire((uint64_t)map, count << 32 | row << 8 | slot);
}

static char *scrape_after(struct exporter *exporter, const char *yaml)
{
	exporter__init(exporter);
	exporter__add(exporter, "shapes", "shapes", yaml);
	exporter__start(exporter, "shapes", NULL);
	add(SLOTS, 0, 0, 1);
	add(SLOTS, 0, 2, 3);
	add(SLOTS, 0, 4, 21);
	add(SLOTS, 1, 3, 5);
	add(SLOTS, 1, 4, 40);
	add(PLAIN_SLOTS, 0, 1, 2);
	add(PLAIN_SLOTS, 0, 4, 4);
	return exporter__scrape(exporter);
}

static void end(struct exporter *exporter, char *metrics)
{
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
	exporter__done(exporter);
}

static void assert_lines(const char *metrics, const char *prefix, const char *expected)
{
	char *lines = metrics_lines(metrics, prefix);

	assert_string_equal(lines, expected);
	free(lines);
}

static void test_scrape__rows_of_buckets(void **state)
{
	struct exporter exporter;
	char *metrics = scrape_after(
		&exporter, "metrics:\n  histograms:\n" HISTOGRAM("slot_latency_seconds")
				   LABELS DECODERS HISTOGRAM("plain_slot_latency_seconds"));

	(void)state;
	assert_lines(
		metrics, PER_CPU,
		PER_CPU
		"_bucket{row=\"0\",le=\"0.5\"} 1\n" PER_CPU
		"_bucket{row=\"0\",le=\"1\"} 1\n" PER_CPU "_bucket{row=\"0\",le=\"2\"} 4\n" PER_CPU
		"_bucket{row=\"0\",le=\"4\"} 4\n" PER_CPU
		"_bucket{row=\"0\",le=\"+Inf\"} 4\n" PER_CPU "_sum{row=\"0\"} 10.5\n" PER_CPU
		"_count{row=\"0\"} 4\n" PER_CPU "_bucket{row=\"1\",le=\"0.5\"} 0\n" PER_CPU
		"_bucket{row=\"1\",le=\"1\"} 0\n" PER_CPU "_bucket{row=\"1\",le=\"2\"} 0\n" PER_CPU
		"_bucket{row=\"1\",le=\"4\"} 5\n" PER_CPU
		"_bucket{row=\"1\",le=\"+Inf\"} 5\n" PER_CPU "_sum{row=\"1\"} 20\n" PER_CPU
		"_count{row=\"1\"} 5\n");
	/* Without labels it is the one row of key 0. */
	assert_lines(metrics, PLAIN,
		     PLAIN "_bucket{le=\"0.5\"} 0\n" PLAIN "_bucket{le=\"1\"} 2\n" PLAIN
			   "_bucket{le=\"2\"} 2\n" PLAIN "_bucket{le=\"4\"} 2\n" PLAIN
			   "_bucket{le=\"+Inf\"} 2\n" PLAIN "_sum 2\n" PLAIN "_count 2\n");
	end(&exporter, metrics);
}

static void test_scrape__rows_never_added_to(void **state)
{
	struct exporter exporter;
	char *metrics = scrape_after(
		&exporter,
		"metrics:\n  histograms:\n" HISTOGRAM("slot_latency_seconds") SKIP LABELS DECODERS
		"  counters:\n    - name: percpu_vec_total\n      help: h\n" SKIP LABELS DECODERS);

	(void)state;
	assert_int_equal(metrics_count(metrics, PER_CPU "_count{"), 2);
	assert_int_equal(metrics_count(metrics, COUNTER), 0);
	free(metrics);
	fire(PERCPU, 7);
	metrics = exporter__scrape(&exporter);
	assert_lines(metrics, COUNTER, COUNTER "{row=\"7\"} 7\n");
	/* Eleven rows in this scrape and twelve in the one before. */
	assert_true(metrics_value(metrics,
				  "sonde_metric_filtered_total{config=\"shapes\",metric=\"" COUNTER
				  "\"}") == 23);
	end(&exporter, metrics);
}

static void test_scrape__a_histogram_for_each_cpu(void **state)
{
	struct exporter exporter;
	char *metrics = scrape_after(&exporter,
				     "metrics:\n  histograms:\n" HISTOGRAM("slot_latency_seconds")
					     LABELS DECODERS CPU_LABEL);
	char *counts = metrics_lines(metrics, PER_CPU "_count{");
	char *rest = counts, *line;
	double sum = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")))
		if (strrchr(line, ' '))
			sum += strtod(strrchr(line, ' '), NULL);
	assert_true(sum == 9);
	assert_int_equal(metrics_count(metrics, PER_CPU "_count{cpu=\"0\","), 2);
	free(counts);
	end(&exporter, metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scrape__rows_of_buckets),
		cmocka_unit_test(test_scrape__rows_never_added_to),
		cmocka_unit_test(test_scrape__a_histogram_for_each_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
