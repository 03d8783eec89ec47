/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that ebpf_exporter does not have, from end to end. What is counted are the test's own calls of fire(), so every
 * number is exact on every kernel.
 */
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter.h"

#define SERIES(name) "ebpf_exporter_" name

/* As in bpf/superset.bpf.c. */
enum { CALL, WORD, STAT, RECORD };

#define PARAMS                                                                                     \
	"params:\n"                                                                                \
	"  - {name: by_group, help: Split, constant: by_group}\n"                                  \
	"  - {name: step, help: What a call counts, type: u32, default: 1, constant: step}\n"      \
	"  - {name: word, help: Which letter, type: string, constant: word}\n"

/* One map as two metrics: kinds, split by group or not, and groups, which are there only then. */
#define CALLS                                                                                      \
	PARAMS                                                                                     \
	"metrics:\n"                                                                               \
	"  counters:\n"                                                                            \
	"    - name: calls_total\n"                                                                \
	"      help: Calls\n"                                                                      \
	"      labels:\n"                                                                          \
	"        - {name: group, if: by_group, size: 8, decoders: [{name: uint}]}\n"               \
	"        - {name: kind, size: 8, decoders: [{name: uint}]}\n"

static int set_up(void **state)
{
	static struct exporter exporter;

	exporter__init(&exporter);
	*state = &exporter;
	return 0;
}

static int tear_down(void **state)
{
	exporter__done(*state);
	return 0;
}

static void start(struct exporter *exporter, const char *yaml, const char *const *extra)
{
	exporter__add(exporter, "superset", "superset", yaml);
	exporter__start(exporter, "superset", extra);
}

static void assert_lines(struct exporter *exporter, const char *prefix, const char *wanted)
{
	char *metrics = exporter__scrape(exporter);
	char *lines = metrics_lines(metrics, prefix);

	assert_string_equal(lines, wanted);
	free(lines);
	free(metrics);
}

static void fire_calls(void)
{
	fire(CALL, 11);
	fire(CALL, 21);
	fire(CALL, 21);
	fire(CALL, 12);
}

/* ---- params and if ---------------------------------------------------------------------------------------- */

static void test_params__switched_off_the_label_is_not_there(void **state)
{
	struct exporter *exporter = *state;

	start(exporter, CALLS, NULL);
	fire_calls();
	assert_lines(exporter, SERIES("calls_total"),
		     SERIES("calls_total{kind=\"1\"} 3\n") SERIES("calls_total{kind=\"2\"} 1\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_params__switched_on_the_label_is_there(void **state)
{
	static const char *const extra[] = { "--param=superset.by_group=true",
					     "--param=superset.step=7", "--param=superset.word=z",
					     NULL };
	struct exporter *exporter = *state;

	start(exporter, CALLS, extra);
	fire_calls();
	fire(WORD, 'z');
	fire(WORD, 'a');
	assert_lines(exporter, SERIES("calls_total"),
		     SERIES("calls_total{group=\"0\",kind=\"0\"} 7\n")
			     SERIES("calls_total{group=\"1\",kind=\"1\"} 7\n")
				     SERIES("calls_total{group=\"1\",kind=\"2\"} 7\n")
					     SERIES("calls_total{group=\"2\",kind=\"1\"} 14\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

/* The object splits, the config leaves the label off: what is in the key all the same is summed. */
static void test_params__rows_that_no_label_tells_apart_are_summed(void **state)
{
	static const char *const extra[] = { "--param=superset.by_group=1", NULL };
	struct exporter *exporter = *state;
	int round;

	start(exporter,
	      "params:\n"
	      "  - {name: by_group, help: Split, constant: by_group}\n"
	      "  - {name: shown, help: Show the groups}\n"
	      "metrics:\n"
	      "  counters:\n"
	      "    - name: calls_total\n"
	      "      help: Calls\n"
	      "      labels:\n"
	      "        - {name: group, if: shown, size: 8, decoders: [{name: uint}]}\n"
	      "        - {name: kind, size: 8, decoders: [{name: uint}]}\n",
	      extra);
	for (round = 1; round <= 3; round++) {
		char wanted[128];

		fire_calls();
		snprintf(wanted, sizeof(wanted),
			 SERIES("calls_total{kind=\"1\"} %d\n")
				 SERIES("calls_total{kind=\"2\"} %d\n"),
			 3 * round, round);
		assert_lines(exporter, SERIES("calls_total"), wanted);
	}
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_params__one_of_two_metrics_of_a_name(void **state)
{
	static const char yaml[] = PARAMS
		"metrics:\n"
		"  counters:\n"
		"    - name: calls_total\n"
		"      if: by_group\n"
		"      help: By group\n"
		"      labels:\n"
		"        - {name: group, size: 8, padding: 8, decoders: [{name: uint}]}\n"
		"    - name: calls_total\n"
		"      if: '!by_group'\n"
		"      help: By kind\n"
		"      labels:\n"
		"        - {name: group, if: by_group, size: 8, decoders: [{name: uint}]}\n"
		"        - {name: kind, size: 8, decoders: [{name: uint}]}\n";
	static const char *const extra[] = { "--param=superset.by_group=true", NULL };
	struct exporter *exporter = *state;

	start(exporter, yaml, extra);
	fire_calls();
	assert_lines(exporter, SERIES("calls_total"),
		     SERIES("calls_total{group=\"1\"} 2\n") SERIES("calls_total{group=\"2\"} 2\n"));
	assert_lines(exporter, "# HELP " SERIES("calls_total"),
		     "# HELP " SERIES("calls_total") " By group\n");
	assert_int_equal(exporter__stop(exporter), 0);
	exporter__start(exporter, "superset", NULL);
	fire_calls();
	assert_lines(exporter, SERIES("calls_total"),
		     SERIES("calls_total{kind=\"1\"} 3\n") SERIES("calls_total{kind=\"2\"} 1\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_params__that_cannot_be_set(void **state)
{
	static const struct {
		const char *flag;
		const char *message;
	} rows[] = {
		{ "--param=superset.by_grup=1",
		  "'superset' has no parameter 'by_grup'; did you mean 'by_group'?" },
		{ "--param=superset.step=-1",
		  "parameter 'step' of 'superset' is \"-1\"; it must be a whole number" },
		{ "--param=super.step=1", "there is no 'super' here whose 'step' could be set" },
		{ "--param=step=1", "'step=1' is no CONFIG.NAME=VALUE" },
		{ "--param=superset.word=eightchr", "variable 'word' has 8 bytes" },
	};
	struct exporter *exporter = *state;

	exporter__add(exporter, "superset", "superset", CALLS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const extra[] = { rows[i].flag, NULL };

		assert_int_equal(exporter__run(exporter, "superset", extra), 1);
		if (!strstr(exporter->log, rows[i].message))
			fail_msg("%s", exporter->log);
	}
}

/* ---- alternatives ------------------------------------------------------------------------------------------ */

#define RUNS                                                                                       \
	"metrics:\n"                                                                               \
	"  counters:\n"                                                                            \
	"    - name: runs_total\n"                                                                 \
	"      help: Runs\n"                                                                       \
	"      labels: [{name: program, size: 4, decoders: [{name: uint}]}]\n"

static void test_alternatives__one_of_them_runs(void **state)
{
	struct exporter *exporter = *state;

	start(exporter, "alternatives: [[run_first, run_second]]\n" RUNS, NULL);
	fire(CALL, 0);
	assert_lines(exporter, SERIES("runs_total"),
		     SERIES("runs_total{program=\"0\"} 1\n")
			     SERIES("runs_total{program=\"1\"} 1\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_alternatives__first_that_can_attach_does_all(void **state)
{
	const char *const strict[] = { "--config.strict", NULL };
	struct exporter *exporter = *state;
	char *metrics;

	start(exporter, "alternatives: [[run_first, run_second, run_third]]\n" RUNS, strict);
	fire(CALL, 0);
	assert_lines(exporter, SERIES("runs_total"),
		     SERIES("runs_total{program=\"0\"} 1\n")
			     SERIES("runs_total{program=\"1\"} 0\n"));
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, "sonde_program_attached{config=\"superset\","
					   "program=\"run_second\"}") == 1);
	assert_true(metrics_value(metrics, "sonde_program_attached{config=\"superset\","
					   "program=\"run_third\"}") == 0);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_alternatives__unknown_program(void **state)
{
	struct exporter *exporter = *state;

	exporter__add(exporter, "superset", "superset",
		      "alternatives: [[run_frist, run_second]]\n" RUNS);
	assert_int_equal(exporter__run(exporter, "superset", NULL), 1);
	assert_non_null(strstr(exporter->log, "superset.yaml:1:16: object "));
	assert_non_null(
		strstr(exporter->log, "has no prog 'run_frist' to choose; it has: on_fire, "));
}

/* ---- gauges, value ----------------------------------------------------------------------------------------- */

#define KIND "      labels: [{name: kind, size: 8, decoders: [{name: uint}]}]\n"

static void fire_stats(void)
{
	fire(STAT, 11);
	fire(STAT, 101);
	fire(STAT, 3);
}

static void test_value__several_out_of_one(void **state)
{
	struct exporter *exporter = *state;

	start(exporter,
	      "metrics:\n"
	      "  counters:\n"
	      "    - name: a_count\n      help: h\n      map: stats_map\n      value: count\n" KIND
	      "    - name: b_sum\n      help: h\n      map: stats_map\n      value: sum\n" KIND
	      "    - name: c_sum\n      help: h\n      map: stats_map\n      value: {offset: 8}\n" KIND
	      "    - name: d_low\n      help: h\n      map: stats_map\n      value: {offset: 8, size: 1}\n" KIND
	      "    - name: e_port\n      help: h\n      map: stats_map\n      value: port\n" KIND
	      "  gauges:\n"
	      "    - name: f_balance\n      help: h\n      map: stats_map\n      value: balance\n" KIND
	      "    - name: g_depth\n      help: h\n      map: stats_map\n      value: deep.depth\n" KIND
	      "    - name: h_level\n      help: h\n      map: stats_map\n      value: deep.level\n" KIND
	      "    - name: i_bits\n      help: h\n      map: stats_map\n      value: {offset: 4, size: 4}\n" KIND,
	      NULL);
	fire_stats();
	assert_lines(exporter, SERIES("a_"),
		     SERIES("a_count{kind=\"1\"} 2\n") SERIES("a_count{kind=\"3\"} 1\n"));
	assert_lines(exporter, SERIES("b_"),
		     SERIES("b_sum{kind=\"1\"} 112\n") SERIES("b_sum{kind=\"3\"} 3\n"));
	assert_lines(exporter, SERIES("c_"),
		     SERIES("c_sum{kind=\"1\"} 112\n") SERIES("c_sum{kind=\"3\"} 3\n"));
	assert_lines(exporter, SERIES("d_"),
		     SERIES("d_low{kind=\"1\"} 112\n") SERIES("d_low{kind=\"3\"} 3\n"));
	assert_lines(exporter, SERIES("e_"),
		     SERIES("e_port{kind=\"1\"} 101\n") SERIES("e_port{kind=\"3\"} 3\n"));
	assert_lines(exporter, SERIES("f_"),
		     SERIES("f_balance{kind=\"1\"} -112\n") SERIES("f_balance{kind=\"3\"} -3\n"));
	assert_lines(exporter, SERIES("g_"),
		     SERIES("g_depth{kind=\"1\"} -1\n") SERIES("g_depth{kind=\"3\"} -3\n"));
	assert_lines(exporter, SERIES("h_"),
		     SERIES("h_level{kind=\"1\"} 101\n") SERIES("h_level{kind=\"3\"} 3\n"));
	assert_lines(exporter, SERIES("i_"),
		     SERIES("i_bits{kind=\"1\"} 4.294967184e+09\n")
			     SERIES("i_bits{kind=\"3\"} 4.294967293e+09\n"));
	assert_lines(exporter, "# TYPE " SERIES("f_"), "# TYPE " SERIES("f_balance") " gauge\n");
	assert_int_equal(exporter__stop(exporter), 0);
}

/* /maps shows the number that the metric is made of, not the first eight bytes. */
static void test_value__in_the_dump_of_maps(void **state)
{
	static const char *const extra[] = { "--debug", NULL };
	struct exporter *exporter = *state;
	struct reply reply;

	start(exporter,
	      "metrics:\n"
	      "  counters:\n"
	      "    - name: last\n      help: h\n      map: stats_map\n      value: {offset: 63, size: 1}\n" KIND
	      "  gauges:\n"
	      "    - name: depth\n      help: h\n      map: stats_map\n      value: deep.depth\n" KIND,
	      extra);
	fire(STAT, 13);
	exporter__get(exporter, "/maps", &reply);
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.body, "-> -3\n"));
	assert_non_null(strstr(reply.body, "-> 0\n"));
	reply__done(&reply);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* Rows that one series is made of are summed with their signs, whatever the size of the number; CPUs likewise. */
static void test_gauges__are_summed_with_their_sign(void **state)
{
	struct exporter *exporter = *state;

	start(exporter,
	      "params: [{name: split, help: h}]\n"
	      "metrics:\n"
	      "  gauges:\n"
	      "    - name: depth\n      help: h\n      map: stats_map\n      value: deep.depth\n"
	      "      labels: [{name: kind, if: split, size: 8, decoders: [{name: uint}]}]\n"
	      "    - name: percpu_balance\n      help: h\n",
	      NULL);
	fire_stats();
	assert_lines(exporter, SERIES("depth"), SERIES("depth -4\n"));
	assert_lines(exporter, SERIES("percpu_balance"), SERIES("percpu_balance -115\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_value__buckets_behind_other_members(void **state)
{
	struct exporter *exporter = *state;

	start(exporter,
	      "metrics:\n"
	      "  histograms:\n"
	      "    - name: spread\n"
	      "      help: h\n"
	      "      map: stats_map\n"
	      "      bucket_type: exp2\n"
	      "      bucket_max: 3\n"
	      "      buckets_in: value\n"
	      "      value: slots\n" KIND,
	      NULL);
	fire_stats();
	assert_lines(
		exporter, SERIES("spread"),
		SERIES("spread_bucket{kind=\"1\",le=\"1\"} 2\n") SERIES(
			"spread_bucket{kind=\"1\",le=\"2\"} 2\n") SERIES("spread_bucket{kind=\"1\",le=\"4\"} 2\n")
			SERIES("spread_bucket{kind=\"1\",le=\"8\"} 2\n") SERIES(
				"spread_bucket{kind=\"1\",le=\"+Inf\"} 2\n") SERIES("spread_sum{kind=\"1\"} 2\n")
				SERIES("spread_count{kind=\"1\"} 2\n") SERIES(
					"spread_bucket{kind=\"3\",le=\"1\"} 0\n")
					SERIES("spread_bucket{kind=\"3\",le=\"2\"} 0\n") SERIES(
						"spread_bucket{kind=\"3\",le=\"4\"} 1\n")
						SERIES("spread_bucket{kind=\"3\",le=\"8\"} 1\n") SERIES(
							"spread_bucket{kind=\"3\",le=\"+Inf\"} 1\n")
							SERIES("spread_sum{kind=\"3\"} 3\n") SERIES(
								"spread_count{kind=\"3\"} 1\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

/* The last label is the bucket, and the key has no room for the CPU before it. */
static void test_histograms__of_each_cpu(void **state)
{
	struct exporter *exporter = *state;
	int cpu = sched_getcpu();
	cpu_set_t all, one;
	char wanted[1024];

	start(exporter,
	      "metrics:\n"
	      "  histograms:\n"
	      "    - name: percpu_spread\n"
	      "      help: h\n"
	      "      bucket_type: linear\n"
	      "      bucket_max: 3\n"
	      "      skip_zeros: true\n"
	      "      labels:\n"
	      "        - {name: kind, size: 4, decoders: [{name: uint}]}\n"
	      "        - {name: cpu, size: 2, decoders: [{name: uint}]}\n"
	      "        - {name: bucket, size: 4, decoders: [{name: uint}]}\n",
	      NULL);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	fire(STAT, 2);
	fire(STAT, 12);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
#define LINE(what, le) SERIES("percpu_spread_" what "{cpu=\"%d\",kind=\"2\"" le "} ")
	snprintf(
		wanted, sizeof(wanted),
		LINE("bucket", ",le=\"0\"") "0\n" LINE("bucket", ",le=\"1\"") "0\n" LINE("bucket", ",le=\"2\"") "2\n" LINE(
			"bucket",
			",le=\"3\"") "2\n" LINE("bucket",
						",le=\"+Inf\"") "2\n" LINE("sum",
									   "") "4\n" LINE("count",
											  "") "2\n",
		cpu, cpu, cpu, cpu, cpu, cpu, cpu);
#undef LINE
	assert_lines(exporter, SERIES("percpu_spread"), wanted);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_value__that_is_not_there(void **state)
{
	static const struct {
		const char *value;
		const char *message;
	} rows[] = {
		{ "cuont",
		  "superset.yaml:6:14: there is no member 'cuont' in 'value: cuont'; there are: count, balance, sum, deep, slots" },
		{ "deep", "'value: deep' is no whole number of 1, 2, 4 or 8 bytes" },
		{ "deep.", "there is no member ''" },
		{ "count.low",
		  "there is no member 'low' in 'value: count.low'; what it is of is no struct" },
		{ "{offset: 57, size: 8}",
		  "a value of map 'stats_map' has 64 bytes; 'value' ends behind byte 65" },
		{ "{offset: 4294967295, size: 8}", "'value' ends behind byte 4294967303" },
	};
	struct exporter *exporter = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char yaml[512];

		snprintf(
			yaml, sizeof(yaml),
			"metrics:\n  counters:\n    - name: m\n      help: h\n      map: stats_map\n"
			"      value: %s\n" KIND,
			rows[i].value);
		exporter__add(exporter, "superset", "superset", yaml);
		assert_int_equal(exporter__run(exporter, "superset", NULL), 1);
		if (!strstr(exporter->log, rows[i].message))
			fail_msg("%s: %s", rows[i].value, exporter->log);
	}
}

/* ---- counters from ring buffers ---------------------------------------------------------------------------- */

#define RECORDS(more)                                                                              \
	"metrics:\n"                                                                               \
	"  counters:\n"                                                                            \
	"    - name: records\n"                                                                    \
	"      help: h\n"                                                                          \
	"      ringbuf: true\n" more KIND

static void test_ringbuf__each_record_counts_one(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start(exporter, RECORDS(""), NULL);
	fire(RECORD, 12);
	fire(RECORD, 22);
	fire(RECORD, 5);
	assert_lines(exporter, SERIES("records"),
		     SERIES("records{kind=\"2\"} 2\n") SERIES("records{kind=\"5\"} 1\n"));
	fire(RECORD, 5);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("records{kind=\"5\"}")) == 2);
	/* Nobody can say, so nobody says 0. */
	assert_int_equal(metrics_count(metrics, "sonde_metric_lost_samples_total{"), 0);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_ringbuf__records_bring_numbers(void **state)
{
	struct exporter *exporter = *state;

	start(exporter, RECORDS("      value: record.bytes\n"), NULL);
	fire(RECORD, 12);
	fire(RECORD, 22);
	fire(RECORD, 5);
	assert_lines(exporter, SERIES("records"),
		     SERIES("records{kind=\"2\"} 34\n") SERIES("records{kind=\"5\"} 5\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_ringbuf__what_is_lost_is_told(void **state)
{
	const struct {
		const char *series;
	} lost = { "sonde_metric_lost_samples_total{config=\"superset\",metric=\"" SERIES(
		"records") "\"}" };
	const int sent = 20000;
	struct exporter *exporter = *state;
	char *metrics;

	start(exporter, RECORDS("      lost: records_lost\n"), NULL);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, lost.series) == 0);
	free(metrics);
	for (int i = 0; i < sent; i++)
		fire(RECORD, 7);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("records{kind=\"7\"}")) +
			    metrics_value(metrics, lost.series) ==
		    sent);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_ringbuf__has_one_reader(void **state)
{
	struct exporter *exporter = *state;

	exporter__add(
		exporter, "superset", "superset",
		RECORDS("") "    - name: again\n      help: h\n      map: records\n      ringbuf: true\n");
	assert_int_equal(exporter__run(exporter, "superset", NULL), 1);
	assert_non_null(strstr(exporter->log,
			       "superset.yaml:7:7: ring 'records' is read by the metric on "
			       "line 3 already; a ring has one reader"));
}

/* ---- when ---------------------------------------------------------------------------------------------------- */

static double filtered(const char *metrics, const char *name)
{
	char series[256];

	snprintf(series, sizeof(series),
		 "sonde_metric_filtered_total{config=\"superset\",metric=\"" SERIES("%s") "\"}",
		 name);
	return metrics_value(metrics, series);
}

static void test_when__rows_that_are_not_wanted_are_counted(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start(exporter,
	      "params: [{name: shown, help: h}]\n"
	      "metrics:\n"
	      "  counters:\n"
	      "    - name: above\n      help: h\n      map: stats_map\n      value: count\n"
	      "      when: [{label: kind, op: '>', value: 2}, {label: kind, op: not, value: 5}]\n" KIND
	      "    - name: among\n      help: h\n      map: stats_map\n      value: count\n"
	      "      when: [{label: kind, op: in, value: [one, five]}]\n"
	      "      labels: [{name: kind, if: shown, size: 8, decoders: [{name: uint}, {name: static_map, static_map: {1: one, 2: two, 3: three, 5: five}}]}]\n",
	      NULL);
	for (uint64_t kind = 1; kind <= 5; kind++)
		fire(STAT, kind);
	metrics = exporter__scrape(exporter);
	free(metrics);
	metrics = exporter__scrape(exporter);
	assert_true(filtered(metrics, "above") == 6); /* 1, 2 and 5, twice */
	assert_true(filtered(metrics, "among") == 6); /* 2, 3 and 4, twice */
	free(metrics);
	assert_lines(exporter, SERIES("above"),
		     SERIES("above{kind=\"3\"} 1\n") SERIES("above{kind=\"4\"} 1\n"));
	assert_lines(exporter, SERIES("among"), SERIES("among 2\n"));
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_when__records_that_are_not_wanted_are_counted(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start(exporter, RECORDS("      when: [{label: kind, op: <=, value: 3}]\n"), NULL);
	for (uint64_t kind = 1; kind <= 5; kind++)
		fire(RECORD, kind);
	fire(RECORD, 5);
	metrics = exporter__scrape(exporter);
	assert_int_equal(metrics_count(metrics, SERIES("records{")), 3);
	assert_true(filtered(metrics, "records") == 3);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_params__switched_off_the_label_is_not_there),
		TEST(test_params__switched_on_the_label_is_there),
		TEST(test_params__rows_that_no_label_tells_apart_are_summed),
		TEST(test_params__one_of_two_metrics_of_a_name),
		TEST(test_params__that_cannot_be_set),
		TEST(test_value__several_out_of_one),
		TEST(test_value__in_the_dump_of_maps),
		TEST(test_gauges__are_summed_with_their_sign),
		TEST(test_value__buckets_behind_other_members),
		TEST(test_histograms__of_each_cpu),
		TEST(test_value__that_is_not_there),
		TEST(test_ringbuf__each_record_counts_one),
		TEST(test_ringbuf__records_bring_numbers),
		TEST(test_ringbuf__what_is_lost_is_told),
		TEST(test_ringbuf__has_one_reader),
		TEST(test_when__rows_that_are_not_wanted_are_counted),
		TEST(test_when__records_that_are_not_wanted_are_counted),
		TEST(test_alternatives__one_of_them_runs),
		TEST(test_alternatives__first_that_can_attach_does_all),
		TEST(test_alternatives__unknown_program),
	};

	return cmocka_run_group_tests_name("superset", tests, NULL, NULL);
}
