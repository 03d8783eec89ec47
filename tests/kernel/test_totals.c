/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact totals: writers on all CPUs, limits that bite, series that leave by ttl and come back, keys that are deleted,
 * reloads. Whatever happens, the sum of all series is the number of calls of fire(), and no sum ever falls.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define SERIES(name) "ebpf_exporter_" name
#define OVERFLOW(name) SERIES(name) "{number=\"__overflow__\"}"
#define LIMIT 8
#define TEXT(number) #number
#define NUMBER_TEXT(number) TEXT(number)
#define LABELS "      labels:\n        - {name: number, size: 8, decoders: [{name: uint}]}\n"
#define BUCKET_LABEL "        - {name: bucket, size: 8, decoders: [{name: uint}]}\n"
#define BOUNDS "      limit: " NUMBER_TEXT(LIMIT) "\n      ttl: 1ms\n"

/* The help of one metric is all that a reload changes. */
#define YAML(help)                                                                                 \
	"metrics:\n  counters:\n"                                                                  \
	"    - name: hash_total\n      help: h\n" BOUNDS LABELS                                    \
	"    - name: percpu_total\n      help: h\n" BOUNDS LABELS                                  \
	"    - name: ttl_total\n      map: hash_total\n      help: h\n      ttl: 1ms\n" LABELS     \
	"    - name: plain_total\n      map: hash_total\n      help: " help "\n" LABELS            \
	"  histograms:\n"                                                                          \
	"    - name: sizes\n      help: h\n      bucket_type: exp2\n      bucket_min: 0\n"         \
	"      bucket_max: 3\n" BOUNDS LABELS BUCKET_LABEL

#define WRITERS_MAX 64
#define WINDOW 6u /* keys that are in use at a time: the others are idle */
#define WINDOWS 5u
#define GIVE_UP_SECONDS 120 /* of a machine that is busy with everything else */

enum { COUNT, DELETE, EVENT }; /* as in bpf/totals.bpf.c */

/* What must not fall, and what it has to be. */
static const struct total {
	const char *lines;    /* those that are summed begin so */
	const char *overflow; /* the overflow series */
	size_t most;          /* series; 0: any number */
	bool is_weighted;     /* by the key, as the sum of a histogram */
} totals[] = {
	{ SERIES("hash_total{"), OVERFLOW("hash_total"), LIMIT + 1, false },
	{ SERIES("percpu_total{"), OVERFLOW("percpu_total"), LIMIT + 1, false },
	{ SERIES("ttl_total{"), OVERFLOW("ttl_total"), 0, false },
	{ SERIES("sizes_count{"), OVERFLOW("sizes_count"), LIMIT + 1, false },
	{ SERIES("sizes_sum{"), OVERFLOW("sizes_sum"), LIMIT + 1, true },
};

#define TOTALS (sizeof(totals) / sizeof(totals[0]))

struct figures {
	double sums[TOTALS];
	double overflows[TOTALS];
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static double sum_of(const char *metrics, const char *prefix)
{
	char *lines = metrics_lines(metrics, prefix), *rest = lines;
	double sum = 0;

	for (char *line; (line = strsep(&rest, "\n"));) {
		if (line[0])
			sum += strtod(strrchr(line, ' ') + 1, NULL);
	}
	free(lines);
	return sum;
}

static void look(const char *metrics, struct figures *ret_figures)
{
	for (size_t i = 0; i < TOTALS; i++) {
		double overflow = metrics_value(metrics, totals[i].overflow);

		ret_figures->sums[i] = sum_of(metrics, totals[i].lines);
		ret_figures->overflows[i] = isnan(overflow) ? 0 : overflow;
		if (totals[i].most)
			assert_true(metrics_count(metrics, totals[i].lines) <= totals[i].most);
	}
}

static void assert_not_fallen(const struct figures *before, const struct figures *after)
{
	for (size_t i = 0; i < TOTALS; i++) {
		if (after->sums[i] < before->sums[i] || after->overflows[i] < before->overflows[i])
			fail_msg("%s fell from %.0f (%.0f in the overflow) to %.0f (%.0f)",
				 totals[i].lines, before->sums[i], before->overflows[i],
				 after->sums[i], after->overflows[i]);
	}
}

/* ---- writing ------------------------------------------------------------------------------------------- */

struct writer {
	pthread_t thread;
	atomic_ullong calls, weight; /* of calls that have returned, and the sum of their keys */
	atomic_bool *is_over;
	atomic_uint *window;
};

static void *write_on(void *ctx)
{
	struct writer *writer = ctx;

	while (!atomic_load(writer->is_over)) {
		uint64_t number = atomic_load(writer->window) * WINDOW +
				  atomic_load(&writer->calls) % WINDOW;

		fire(COUNT, number);
		atomic_fetch_add(&writer->weight, number);
		atomic_fetch_add(&writer->calls, 1);
	}
	return NULL;
}

struct load {
	struct writer writers[WRITERS_MAX];
	size_t count;
	atomic_bool is_over;
	atomic_uint window;
};

static void begin_writing(struct load *load)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	load->count = cpus < WRITERS_MAX ? (size_t)cpus : WRITERS_MAX;
	for (size_t i = 0; i < load->count; i++) {
		load->writers[i].is_over = &load->is_over;
		load->writers[i].window = &load->window;
		assert_int_equal(
			pthread_create(&load->writers[i].thread, NULL, write_on, &load->writers[i]),
			0);
	}
}

static void end_writing(struct load *load)
{
	if (atomic_exchange(&load->is_over, true))
		return;
	for (size_t i = 0; i < load->count; i++)
		assert_int_equal(pthread_join(load->writers[i].thread, NULL), 0);
}

static double count_calls(const struct load *load, bool is_weighted)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < load->count; i++)
		sum += atomic_load(is_weighted ? &load->writers[i].weight
					       : &load->writers[i].calls);
	return (double)sum;
}

/* ---- tests --------------------------------------------------------------------------------------------- */

struct fixture {
	struct exporter exporter;
	struct load load;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	exporter__init(&fixture.exporter);
	*state = &fixture;
	return 0;
}

/* Also of a test that has failed: its writers would count for the next one. */
static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	end_writing(&fixture->load);
	exporter__done(&fixture->exporter);
	return 0;
}

/* A scrape during the load: calls that had returned before it are in it, those that were not begun after it are not. */
static void scrape_under_load(struct exporter *exporter, const struct load *load,
			      struct figures *ret_figures)
{
	double least[2] = { count_calls(load, false), count_calls(load, true) };
	char *metrics = exporter__scrape(exporter);
	double most[2] = { count_calls(load, false) + (double)load->count,
			   count_calls(load, true) + (double)(load->count * WINDOW * WINDOWS) };

	look(metrics, ret_figures);
	for (size_t i = 0; i < TOTALS; i++) {
		double sum = ret_figures->sums[i];

		if (sum < least[totals[i].is_weighted] || sum > most[totals[i].is_weighted])
			fail_msg("%s is %.0f, not within %.0f and %.0f", totals[i].lines, sum,
				 least[totals[i].is_weighted], most[totals[i].is_weighted]);
	}
	free(metrics);
}

/* Whether everything that is to be tested has happened. */
static bool has_happened(struct exporter *exporter, double reloads)
{
	static const char *const figures[] = {
		"sonde_metric_overflowed_total{config=\"totals\",metric=\"" SERIES(
			"hash_total") "\"}",
		"sonde_metric_overflowed_total{config=\"totals\",metric=\"" SERIES("sizes") "\"}",
		"sonde_metric_expired_series_total{config=\"totals\",metric=\"" SERIES(
			"hash_total") "\"}",
		"sonde_metric_expired_series_total{config=\"totals\",metric=\"" SERIES(
			"percpu_total") "\"}",
		"sonde_metric_expired_series_total{config=\"totals\",metric=\"" SERIES(
			"ttl_total") "\"}",
		"sonde_metric_expired_series_total{config=\"totals\",metric=\"" SERIES(
			"sizes") "\"}",
	};
	char *metrics = exporter__scrape(exporter);
	bool has_all = metrics_value(metrics, "sonde_config_reloads_total{result=\"success\"}") >=
		       reloads;

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		has_all = has_all && metrics_value(metrics, figures[i]) >= 3;
	free(metrics);
	return has_all;
}

static void reload(struct exporter *exporter, unsigned int turn)
{
	exporter__add(exporter, "totals", "totals", turn % 2 ? YAML("one") : YAML("other"));
	assert_int_equal(kill(exporter->pid, SIGHUP), 0);
}

static void run_load(struct exporter *exporter, struct load *load, bool has_reloads)
{
	time_t give_up = time(NULL) + GIVE_UP_SECONDS;
	struct figures before = { 0 }, after;
	unsigned int turn = 0;

	do {
		atomic_store(&load->window, turn++ % WINDOWS);
		for (int i = 0; i < 3; i++) {
			scrape_under_load(exporter, load, &after);
			assert_not_fallen(&before, &after);
			before = after;
		}
		if (has_reloads)
			reload(exporter, turn);
		if (time(NULL) > give_up)
			fail_msg("limits and ttl did not bite in %d s", GIVE_UP_SECONDS);
	} while (turn < 3 * WINDOWS || !has_happened(exporter, has_reloads ? 5 : 0));
}

static void assert_exact(struct exporter *exporter, const struct load *load)
{
	char *metrics = exporter__scrape(exporter);
	struct figures figures;

	look(metrics, &figures);
	for (size_t i = 0; i < TOTALS; i++) {
		double wanted = count_calls(load, totals[i].is_weighted);

		if (figures.sums[i] != wanted)
			fail_msg("%s is %.0f, wanted %.0f", totals[i].lines, figures.sums[i],
				 wanted);
	}
	assert_true(sum_of(metrics, SERIES("plain_total{")) == count_calls(load, false));
	free(metrics);
}

static void run(struct fixture *fixture, bool has_reloads)
{
	struct exporter *exporter = &fixture->exporter;
	struct load *load = &fixture->load;

	exporter__add(exporter, "totals", "totals", YAML("one"));
	exporter__start(exporter, "totals", NULL);
	begin_writing(load);
	run_load(exporter, load, has_reloads);
	end_writing(load);
	assert_exact(exporter, load);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_totals__are_exact_under_load(void **state)
{
	run(*state, false);
}

static void test_totals__are_exact_over_reloads(void **state)
{
	run(*state, true);
}

/* Who deletes a key between scrapes that have seen its count takes nothing off the total, where that has a bound. */
static void test_totals__are_exact_when_keys_are_deleted(void **state)
{
	struct exporter *exporter = &((struct fixture *)*state)->exporter;
	double calls = 0;

	exporter__add(exporter, "totals", "totals", YAML("one"));
	exporter__start(exporter, "totals", NULL);
	for (uint64_t turn = 0; turn < 40; turn++) {
		struct figures figures;
		char *metrics;

		for (uint64_t number = 0; number < 12; number++) {
			for (uint64_t i = 0; i <= number; i++)
				fire(COUNT, number);
			calls += (double)number + 1;
		}
		for (int i = 0; i < 2; i++) { /* before and after */
			metrics = exporter__scrape(exporter);
			look(metrics, &figures);
			assert_true(figures.sums[0] == calls); /* hash_total */
			assert_true(figures.sums[1] == calls); /* percpu_total */
			assert_true(figures.sums[2] == calls); /* ttl_total */
			if (i == 1) /* gone with their keys, as in ebpf_exporter */
				assert_true(sum_of(metrics, SERIES("plain_total{")) < calls);
			free(metrics);
			for (uint64_t number = turn % 3; number < 12 && i == 0; number += 2)
				fire(DELETE, number);
		}
	}
	assert_int_equal(exporter__stop(exporter), 0);
}

/* Events are additions already; series come, leave by ttl and come back all the same. */
static void test_totals__of_events(void **state)
{
	static const char yaml[] =
		"metrics:\n  counters:\n    - name: events_total\n      help: h\n"
		"      perf_event_array: true\n      flush_interval: 24h\n" BOUNDS LABELS;
	struct exporter *exporter = &((struct fixture *)*state)->exporter;
	const char *prefix = SERIES("events_total{");
	double sent = 0, before = 0, expired = 0;

	exporter__add(exporter, "totals", "totals", yaml);
	exporter__start(exporter, "totals", NULL);
	for (uint64_t turn = 0; turn < 60 || !(expired > 0); turn++) {
		char *metrics;

		for (uint64_t i = 0; i < 50; i++, sent++)
			fire(EVENT, turn % 7 * 5 + i % 12);
		metrics = exporter__scrape(exporter); /* which drains the rings first */
		assert_true(metrics_value(metrics,
					  "sonde_metric_lost_samples_total{config=\"totals\","
					  "metric=\"" SERIES("events_total\"}")) == 0);
		assert_true(sum_of(metrics, prefix) == sent);
		assert_true(metrics_count(metrics, prefix) <= LIMIT + 1);
		assert_true(metrics_value(metrics, OVERFLOW("events_total")) >= before);
		before = metrics_value(metrics, OVERFLOW("events_total"));
		expired = metrics_value(metrics,
					"sonde_metric_expired_series_total{config=\"totals\","
					"metric=\"" SERIES("events_total\"}"));
		free(metrics);
	}
	assert_int_equal(exporter__stop(exporter), 0);
}

#define test_with_exporter(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with_exporter(test_totals__are_exact_under_load),
		test_with_exporter(test_totals__are_exact_over_reloads),
		test_with_exporter(test_totals__are_exact_when_keys_are_deleted),
		test_with_exporter(test_totals__of_events),
	};

	return cmocka_run_group_tests_name("totals", tests, NULL, NULL);
}
