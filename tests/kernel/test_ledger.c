/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What things cost, by the real exporter: sampled run times, their apportioning, kernel memory, and why something is
 * absent. BPF statistics are the machine's: somebody else may have them on at any time.
 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter.h"

/* As in bpf/shapes.bpf.c. */
enum { PLAIN, PERCPU, FRUIT, FRUIT_PLUM, LRU, PERF_EVENT = 10, SHORT_EVENT };

#define UINT_LABEL(name, size)                                                                     \
	"        - name: " name "\n          size: " size                                          \
	"\n          decoders:\n            - name: uint\n"
#define YAML                                                                                                \
	"metrics:\n  counters:\n"                                                                           \
	"    - name: fruit_total\n      help: h\n      labels:\n" UINT_LABEL(                               \
		"number",                                                                                   \
		"4") "        - name: fruit\n          size: 32\n          decoders:\n"                     \
		     "            - name: string\n            - name: regexp\n"                             \
		     "              regexps: ['^plum$']\n"                                                  \
		     "    - name: lru_total\n      help: h\n      labels:\n" UINT_LABEL(                    \
			     "key",                                                                         \
			     "8") "    - name: percpu_plain_total\n      help: h\n"                         \
				  "    - name: events_total\n      help: h\n      perf_event_array: true\n" \
				  "      labels:\n" UINT_LABEL("value", "8")

#define INFO(mode) "sonde_program_statistics_info{mode=\"" mode "\",reason=\""
#define PROGRAM(family) "sonde_program_" family "{config=\"shapes\",program=\"on_fire\"}"
#define METRIC(family, metric)                                                                     \
	"sonde_metric_" family "{config=\"shapes\",metric=\"ebpf_exporter_" metric "\"}"

static int set_up(void **state)
{
	static struct exporter exporter;

	exporter__init(&exporter);
	exporter__add(&exporter, "shapes", "shapes", YAML);
	*state = &exporter;
	return 0;
}

static int tear_down(void **state)
{
	exporter__done(*state);
	return 0;
}

/* Sum of all lines of a family. */
static double sum_of(const char *metrics, const char *family)
{
	char prefix[128];
	char *lines, *rest, *line;
	double sum = 0;

	snprintf(prefix, sizeof(prefix), "%s{", family);
	lines = rest = metrics_lines(metrics, prefix);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-6 * fabs(expected)))
		fail_msg("%.17g, expected %.17g", value, expected);
}

/* Fires until the program was seen running; the runner ends a wait that never does. NULL: the kernel refuses. */
static char *fire_until_seen(struct exporter *exporter)
{
	while (true) {
		char *metrics = exporter__scrape(exporter);

		if (metrics_value(metrics, PROGRAM("runs_total")) > 0)
			return metrics;
		if (metrics_count(metrics, INFO("refused")) > 0) {
			free(metrics);
			return NULL;
		}
		free(metrics);
		for (uint64_t i = 0; i < 2000; i++)
			fire(FRUIT_PLUM, i % 8);
	}
}

static void test_cost__is_sampled_and_apportioned(void **state)
{
	static const char *const flags[] = { "--ledger.interval=200ms", "--ledger.window=100ms",
					     NULL };
	struct exporter *exporter = *state;
	char *metrics;

	exporter__start(exporter, "shapes", flags);
	metrics = fire_until_seen(exporter);
	if (!metrics) {
		printf("# skip: BPF statistics may not be enabled here\n");
		skip();
	}
	assert_int_equal(
		metrics_count(metrics, INFO("sampled")) + metrics_count(metrics, INFO("exact")), 1);
	assert_true(metrics_value(metrics, PROGRAM("run_seconds_total")) > 0);
	assert_near(sum_of(metrics, "sonde_metric_cost_seconds_total"),
		    sum_of(metrics, "sonde_program_run_seconds_total"));
	assert_true(metrics_value(metrics,
				  "sonde_program_sampled_seconds_total{config=\"shapes\"}") > 0);
	assert_true(
		metrics_value(metrics, "sonde_program_covered_seconds_total{config=\"shapes\"}") >=
		metrics_value(metrics, "sonde_program_sampled_seconds_total{config=\"shapes\"}"));
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* One program for all four metrics, of which it fills one. */
static void test_cost__is_paid_by_the_metric_that_moves(void **state)
{
	static const char *const flags[] = { "--ledger.interval=200ms", "--ledger.window=100ms",
					     NULL };
	struct exporter *exporter = *state;
	uint64_t value = 0;
	double moving, still;
	char *metrics;

	exporter__add(exporter, "shapes", "shapes",
		      "metrics:\n  counters:\n    - name: plain_total\n      help: h\n"
		      "    - name: percpu_plain_total\n      help: h\n");
	exporter__start(exporter, "shapes", flags);
	metrics = fire_until_seen(exporter);
	if (!metrics) {
		printf("# skip: BPF statistics may not be enabled here\n");
		skip();
	}
	/* Before it was known who moves both paid the same; the runner ends a wait that never does. */
	do {
		free(metrics);
		for (uint64_t i = 0; i < 2000; i++)
			fire(PLAIN, value++);
		metrics = exporter__scrape(exporter);
		moving = metrics_value(metrics, METRIC("cost_seconds_total", "plain_total"));
		still = metrics_value(metrics, METRIC("cost_seconds_total", "percpu_plain_total"));
	} while (!(moving > 2 * still));
	assert_near(moving + still, metrics_value(metrics, PROGRAM("run_seconds_total")));
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void assert_absent(const char *metrics)
{
	assert_int_equal(metrics_count(metrics, "sonde_program_run_seconds_total{"), 0);
	assert_int_equal(metrics_count(metrics, "sonde_program_runs_total{"), 0);
	assert_int_equal(metrics_count(metrics, "sonde_metric_cost_seconds_total{"), 0);
}

static void test_cost__without_the_privilege_is_absent(void **state)
{
	static const char *const flags[] = { "--capabilities.keep=cap_bpf,cap_perfmon", NULL };
	struct exporter *exporter = *state;
	char *metrics;

	exporter__start(exporter, "shapes", flags);
	/* The first window begins when the loop first turns: before any request is answered. */
	metrics = exporter__scrape(exporter);
	if (metrics_count(metrics, INFO("refused")) == 0) {
		free(metrics);
		printf("# skip: kernel.bpf_stats_enabled is on\n");
		skip();
	}
	assert_int_equal(
		metrics_count(metrics,
			      INFO("refused") "no privilege: BPF statistics need CAP_SYS_ADMIN"),
		1);
	assert_absent(metrics);
	/* Memory needs no statistics. */
	assert_true(metrics_value(metrics, PROGRAM("memory_bytes")) > 0);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_non_null(strstr(exporter->log, "What programs cost is not known: no privilege"));
}

static void test_cost__switched_off_is_absent(void **state)
{
	static const char *const flags[] = { "--ledger.interval=0", NULL };
	struct exporter *exporter = *state;
	char *metrics;

	exporter__start(exporter, "shapes", flags);
	metrics = exporter__scrape(exporter);
	assert_int_equal(metrics_count(metrics, INFO("off") "switched off\"} 1"), 1);
	assert_absent(metrics);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void write_sysctl(const char *value)
{
	FILE *file = fopen("/proc/sys/kernel/bpf_stats_enabled", "w");

	assert_non_null(file);
	assert_true(fputs(value, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int tear_down_sysctl(void **state)
{
	if (getenv("SONDE_IN_VM"))
		write_sysctl("0");
	return tear_down(state);
}

/* The switch is the whole machine's: only where there is nobody else. */
static void test_cost__is_exact_while_the_kernel_counts_anyway(void **state)
{
	static const char *const flags[] = { "--ledger.interval=200ms", "--ledger.window=50ms",
					     NULL };
	struct exporter *exporter = *state;
	double before, after;
	bool is_exact;
	char *metrics;

	if (!getenv("SONDE_IN_VM")) {
		printf("# skip: kernel.bpf_stats_enabled is only switched in a VM\n");
		skip();
	}
	write_sysctl("1");
	exporter__start(exporter, "shapes", flags);
	do {
		metrics = exporter__scrape(exporter);
		before = metrics_value(metrics, PROGRAM("runs_total"));
		is_exact = metrics_count(metrics, INFO("exact")) > 0;
		free(metrics);
	} while (!is_exact);
	for (uint64_t i = 0; i < 1000; i++)
		fire(FRUIT_PLUM, i % 8);
	metrics = exporter__scrape(exporter);
	after = metrics_value(metrics, PROGRAM("runs_total"));
	assert_true(after - before == 1000);
	assert_true(metrics_count(metrics, "ebpf_exporter_ebpf_program_run_count_total{") > 0);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* Every row and event that was read is told: added, refused on purpose, or undecodable. */
static void assert_balanced(const char *metrics)
{
	static const char *const parts[] = { "kept", "filtered", "decode_errors", "unremembered" };
	char *lines = metrics_lines(metrics, "sonde_metric_seen_total{"), *rest = lines, *line;

	while ((line = strsep(&rest, "\n"))) {
		double seen, sum = 0;

		if (!*line)
			continue;
		seen = strtod(strrchr(line, ' ') + 1, NULL);
		*strrchr(line, ' ') = '\0';
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			char series[512];

			snprintf(series, sizeof(series), "sonde_metric_%s_total%s", parts[i],
				 strchr(line, '{'));
			sum += metrics_value(metrics, series);
		}
		if (seen != sum)
			fail_msg("%s: %g seen, %g accounted for", line, seen, sum);
	}
	free(lines);
}

static void test_rows__are_all_accounted_for(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	exporter__start(exporter, "shapes", NULL);
	for (uint64_t i = 0; i < 10; i++) {
		fire(FRUIT_PLUM, i);
		fire(LRU, i);
		fire(PERCPU, i);
		fire(PERF_EVENT, i);
		fire(SHORT_EVENT, i);
	}
	fire(FRUIT, 77); /* whose name the regexp refuses */
	free(exporter__scrape(exporter));
	metrics = exporter__scrape(exporter);
	assert_balanced(metrics);
	assert_true(metrics_value(metrics, METRIC("seen_total", "fruit_total")) == 2 * 11);
	assert_true(metrics_value(metrics, METRIC("filtered_total", "fruit_total")) == 2);
	assert_true(metrics_value(metrics, METRIC("seen_total", "events_total")) == 20);
	assert_true(metrics_value(metrics, METRIC("decode_errors_total", "events_total")) == 10);
	assert_near(metrics_value(metrics, METRIC("map_fill_ratio", "fruit_total")), 11 / 64.0);
	assert_near(metrics_value(metrics, METRIC("map_fill_ratio", "lru_total")), 10 / 64.0);
	/* An array is always full, a ring never. */
	assert_true(isnan(metrics_value(metrics, METRIC("map_fill_ratio", "percpu_plain_total"))));
	assert_true(isnan(metrics_value(metrics, METRIC("map_fill_ratio", "events_total"))));
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_scrape__tells_of_the_one_before(void **state)
{
	struct exporter *exporter = *state;
	char *first, *second, *lines;
	double bytes;

	exporter__start(exporter, "shapes", NULL);
	for (uint64_t i = 0; i < 10; i++)
		fire(FRUIT_PLUM, i);
	first = exporter__scrape(exporter);
	second = exporter__scrape(exporter);
	assert_true(metrics_value(first, "sonde_scrapes_total") == 0);
	assert_true(isnan(metrics_value(first, "sonde_scrape_bytes")));
	assert_true(metrics_value(second, "sonde_scrapes_total") == 1);
	assert_true(metrics_value(second, "sonde_scrape_bytes") == (double)strlen(first));
	assert_true(metrics_value(second, "sonde_scrape_seconds") > 0);
	lines = metrics_lines(first, "ebpf_exporter_fruit_total{");
	bytes = metrics_value(second, METRIC("scrape_bytes", "fruit_total"));
	/* And its two lines of comment. */
	assert_true(bytes > (double)strlen(lines) && bytes < (double)strlen(lines) + 128);
	assert_true(metrics_value(second, METRIC("series_limit", "fruit_total")) == 1 << 20);
	assert_true(metrics_value(second, METRIC("agent_seconds_total", "fruit_total")) > 0);
	free(lines);
	free(first);
	free(second);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_page__has_the_table(void **state)
{
	struct exporter *exporter = *state;
	struct reply before, page, ledger;

	exporter__start(exporter, "shapes", NULL);
	exporter__get(exporter, "/", &before);
	assert_non_null(strstr(before.body, "Nobody has asked for the metrics yet"));
	reply__done(&before);
	exporter__get(exporter, "/ledger.json", &before);
	assert_non_null(strstr(before.body, "\"scrape_bytes\":null"));
	fire(FRUIT_PLUM, 1);
	free(exporter__scrape(exporter));
	exporter__get(exporter, "/", &page);
	assert_non_null(strstr(page.body, "<h2>What it costs</h2>"));
	assert_non_null(strstr(page.body, "<code>ebpf_<wbr>exporter_<wbr>fruit_<wbr>total</code> "
					  "<span class=config>shapes</span>"));
	assert_null(strstr(page.body, "Nobody has asked"));
	exporter__get(exporter, "/ledger.json", &ledger);
	assert_non_null(strstr(ledger.head, "application/json"));
	assert_non_null(strstr(ledger.body, "\"name\":\"ebpf_exporter_fruit_total\""));
	assert_non_null(strstr(ledger.body, "\"scrapes\":{\"count\":1,"));
	assert_non_null(strstr(ledger.body, "\"series_limit\":1048576"));
	reply__done(&before);
	reply__done(&page);
	reply__done(&ledger);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* The config is another one and its object is the same: programs stay, and what they have cost so far. */
static void test_cost__goes_on_after_a_reload(void **state)
{
	static const char *const flags[] = { "--ledger.interval=200ms", "--ledger.window=100ms",
					     NULL };
	struct exporter *exporter = *state;
	double before;
	char *metrics;

	exporter__start(exporter, "shapes", flags);
	metrics = fire_until_seen(exporter);
	if (!metrics) {
		printf("# skip: BPF statistics may not be enabled here\n");
		skip();
	}
	before = metrics_value(metrics, PROGRAM("runs_total"));
	free(metrics);
	exporter__add(exporter, "shapes", "shapes",
		      "metrics:\n  counters:\n    - name: plain_total\n      help: h\n");
	assert_int_equal(kill(exporter->pid, SIGHUP), 0);
	do
		metrics = exporter__scrape(exporter);
	while (metrics_count(metrics, METRIC("active", "plain_total")) == 0 &&
	       (free(metrics), true));
	assert_true(metrics_value(metrics, PROGRAM("runs_total")) >= before);
	assert_near(metrics_value(metrics, METRIC("cost_seconds_total", "plain_total")),
		    metrics_value(metrics, PROGRAM("run_seconds_total")));
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_memory__of_outputs_is_that_of_maps_and_programs(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	exporter__start(exporter, "shapes", NULL);
	metrics = exporter__scrape(exporter);
	assert_near(sum_of(metrics, "sonde_metric_kernel_memory_bytes"),
		    sum_of(metrics, "sonde_program_memory_bytes") +
			    sum_of(metrics, "sonde_config_map_memory_bytes"));
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cost__is_sampled_and_apportioned),
		TEST(test_cost__is_paid_by_the_metric_that_moves),
		TEST(test_cost__without_the_privilege_is_absent),
		TEST(test_cost__switched_off_is_absent),
		cmocka_unit_test_setup_teardown(test_cost__is_exact_while_the_kernel_counts_anyway,
						set_up, tear_down_sysctl),
		TEST(test_rows__are_all_accounted_for),
		TEST(test_scrape__tells_of_the_one_before),
		TEST(test_page__has_the_table),
		TEST(test_cost__goes_on_after_a_reload),
		TEST(test_memory__of_outputs_is_that_of_maps_and_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
