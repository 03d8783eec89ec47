/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps that are too small: programs that know nothing of it are redirected when they are loaded, and what their keys and
 * the overflow series have together is what the test did, from all CPUs at once.
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define WRITERS 4
#define CALLS 300 /* of each writer, with a key of its own each */
#define VALUES 7  /* 0 to 6, over and over */
#define SERIES(name) "ebpf_exporter_" name
#define OVERFLOW(name) SERIES(name) "{what=\"__overflow__\"}"

#define UINT(size) "size: " size ", decoders: [{name: uint}]"
#define WHAT "{name: what, " UINT("8") "}"
#define COUNTER(name) "    - {name: " name ", help: h, labels: [" WHAT "]}\n"
#define BUCKET "{name: bucket, " UINT("4") ", padding: 4}"
#define YAML                                                                                                               \
	"metrics:\n  counters:\n" COUNTER("shared_total") COUNTER("per_cpu_total") COUNTER(                                \
		"recent_total") "    - {name: own_total, help: h, overflow: own_overflow, labels: [" WHAT                  \
				"]}\n"                                                                                     \
				"  histograms:\n"                                                                          \
				"    - {name: linear_steps, help: h, bucket_type: linear, bucket_min: 0, bucket_max: 5,\n" \
				"       labels: [" WHAT ", " BUCKET "]}\n"                                                 \
				"    - {name: fixed_steps, help: h, bucket_type: fixed, bucket_keys: [1, 4, 16],\n"        \
				"       labels: [" WHAT ", " BUCKET "]}\n"

#define ONE_COUNTER_YAML "metrics:\n  counters:\n" COUNTER("shared_total")

#define DEEP_YAML "metrics:\n  counters:\n" COUNTER("deep_total")

static int set_up(void **state)
{
	static struct exporter exporter;

	exporter__init(&exporter);
	exporter__add(&exporter, "overflow", "overflow", YAML);
	*state = &exporter;
	return 0;
}

static int tear_down(void **state)
{
	exporter__done(*state);
	return 0;
}

static void *write_keys(void *ctx)
{
	uint64_t writer = (uint64_t)(uintptr_t)ctx;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(writer % (uint64_t)sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	for (uint64_t i = 0; i < CALLS; i++)
		fire(writer * CALLS + i, i % VALUES);
	return NULL;
}

static void write_from_all_cpus(void)
{
	pthread_t threads[WRITERS];

	for (uintptr_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_keys, (void *)i), 0);
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static double sum_of(const char *metrics, const char *prefix)
{
	char *lines = metrics_lines(metrics, prefix);
	double sum = 0;

	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

static double sum_of_values(void)
{
	double sum = 0;

	for (int i = 0; i < CALLS; i++)
		sum += i % VALUES;
	return WRITERS * sum;
}

/* How many calls had at most that value. */
static double calls_up_to(int value)
{
	double count = 0;

	for (int i = 0; i < CALLS; i++)
		count += i % VALUES <= value;
	return WRITERS * count;
}

static double bucket_sum(const char *metrics, const char *name, const char *bound)
{
	char *lines = metrics_lines(metrics, name);
	char wanted[64];
	double sum = 0;

	(void)snprintf(wanted, sizeof(wanted), "le=\"%s\"", bound);
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, wanted))
			sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

static void assert_value(double value, double expected)
{
	if (!(fabs(value - expected) < 0.5))
		fail_msg("%.0f, not %.0f", value, expected);
}

static char *count(struct exporter *exporter, const char *const *flags)
{
	char *metrics;

	exporter__start(exporter, "overflow", flags);
	write_from_all_cpus();
	metrics = exporter__scrape(exporter);
	assert_int_equal(exporter__stop(exporter), 0);
	return metrics;
}

static void test_scrape__full_maps_lose_nothing(void **state)
{
	char *metrics = count(*state, NULL);

	assert_value(sum_of(metrics, SERIES("shared_total{")), WRITERS * CALLS);
	assert_value(metrics_value(metrics, OVERFLOW("shared_total")), WRITERS * CALLS - 8);
	assert_value(sum_of(metrics, SERIES("per_cpu_total{")), sum_of_values());
	assert_true(metrics_value(metrics, OVERFLOW("per_cpu_total")) > 0);
	assert_value(sum_of(metrics, SERIES("own_total{")), sum_of_values());
	assert_true(metrics_value(metrics, OVERFLOW("own_total")) > 0);
	free(metrics);
}

static void test_scrape__histograms_keep_their_shape(void **state)
{
	char *metrics = count(*state, NULL);

	for (int i = 0; i < 5; i++) {
		char bound[16];

		(void)snprintf(bound, sizeof(bound), "%d", i);
		assert_value(bucket_sum(metrics, SERIES("linear_steps_bucket{"), bound),
			     calls_up_to(i));
	}
	assert_value(bucket_sum(metrics, SERIES("linear_steps_bucket{"), "5"), WRITERS * CALLS);
	assert_value(bucket_sum(metrics, SERIES("linear_steps_bucket{"), "+Inf"), WRITERS * CALLS);
	assert_value(sum_of(metrics, SERIES("linear_steps_sum{")), sum_of_values());
	assert_value(bucket_sum(metrics, SERIES("fixed_steps_bucket{"), "1"), calls_up_to(1));
	assert_value(bucket_sum(metrics, SERIES("fixed_steps_bucket{"), "4"), calls_up_to(4));
	assert_value(bucket_sum(metrics, SERIES("fixed_steps_bucket{"), "16"), WRITERS * CALLS);
	assert_value(sum_of(metrics, SERIES("fixed_steps_sum{")), sum_of_values());
	free(metrics);
}

/* The kernel throws keys out of such a map; nothing is redirected and nothing claimed. */
static void test_scrape__lru_map_is_left_alone(void **state)
{
	char *metrics = count(*state, NULL);

	assert_true(isnan(metrics_value(metrics, OVERFLOW("recent_total"))));
	assert_true(sum_of(metrics, SERIES("recent_total{")) < WRITERS * CALLS);
	free(metrics);
}

static void test_no_rewrite__what_has_no_room_is_lost(void **state)
{
	const char *const flags[] = { "--no-rewrite", NULL };
	char *metrics = count(*state, flags);

	assert_value(sum_of(metrics, SERIES("shared_total{")), 8);
	assert_true(isnan(metrics_value(metrics, OVERFLOW("shared_total"))));
	/* This is the object's own doing. */
	assert_value(sum_of(metrics, SERIES("own_total{")), sum_of_values());
	free(metrics);
}

/* Where the kernel refuses what became of the program, it runs as it was, and the page says so. 7.3 takes deeper calls. */
static void test_start__refused_program_runs_unchanged(void **state)
{
	struct exporter *exporter = *state;
	struct reply page;
	bool is_unchanged;
	char *metrics;

	exporter__add(exporter, "deep", "overflow_deep", DEEP_YAML);
	exporter__start(exporter, "deep", NULL);
	write_from_all_cpus();
	metrics = exporter__scrape(exporter);
	exporter__get(exporter, "/", &page);
	is_unchanged = strstr(page.body, "it runs unchanged");
	assert_value(sum_of(metrics, SERIES("deep_total{")), is_unchanged ? 8 : WRITERS * CALLS);
	assert_int_equal(isnan(metrics_value(metrics, OVERFLOW("deep_total"))) != 0, is_unchanged);
	assert_int_equal(exporter__stop(exporter), 0);
	reply__done(&page);
	free(metrics);
}

static double reloads(struct exporter *exporter)
{
	char *metrics = exporter__scrape(exporter);
	double count = metrics_value(metrics, "sonde_config_reloads_total{result=\"success\"}");

	free(metrics);
	return isnan(count) ? 0 : count;
}

static void reload(struct exporter *exporter)
{
	double before = reloads(exporter);

	assert_int_equal(kill(exporter->pid, SIGHUP), 0);
	for (int tries = 0; tries < 600 && reloads(exporter) < before + 1; tries++)
		(void)usleep(50 * 1000);
	assert_value(reloads(exporter), before + 1);
}

/* The overflow goes on where it was, as the keys do: with the same programs, and with new ones on the same maps. */
static void test_reload__overflow_goes_on(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	exporter__add(exporter, "overflow", "overflow", YAML);
	exporter__start(exporter, "overflow", NULL);
	write_from_all_cpus();
	exporter__add(exporter, "overflow", "overflow", ONE_COUNTER_YAML);
	reload(exporter);
	write_from_all_cpus();
	exporter__add(exporter, "overflow", "overflow_again", YAML);
	reload(exporter);
	write_from_all_cpus();
	metrics = exporter__scrape(exporter);
	assert_value(sum_of(metrics, SERIES("shared_total{")), 3 * WRITERS * CALLS);
	assert_value(metrics_value(metrics, OVERFLOW("shared_total")), 3 * (WRITERS * CALLS - 8));
	assert_int_equal(exporter__stop(exporter), 0);
	free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scrape__full_maps_lose_nothing),
		cmocka_unit_test(test_scrape__histograms_keep_their_shape),
		cmocka_unit_test(test_scrape__lru_map_is_left_alone),
		cmocka_unit_test(test_no_rewrite__what_has_no_room_is_lost),
		cmocka_unit_test(test_start__refused_program_runs_unchanged),
		cmocka_unit_test(test_reload__overflow_goes_on),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
