/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that ebpf_exporter does not have, from end to end. What is counted are the test's own calls of fire(), so every
 * number is exact on every kernel.
 */
#include <math.h>
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
enum { CALL, WORD };

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
		  "'superset' has no parameter 'by_grup'; it has: by_group, step, word" },
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

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_params__switched_off_the_label_is_not_there),
		TEST(test_params__switched_on_the_label_is_there),
		TEST(test_params__rows_that_no_label_tells_apart_are_summed),
		TEST(test_params__one_of_two_metrics_of_a_name),
		TEST(test_params__that_cannot_be_set),
		TEST(test_alternatives__one_of_them_runs),
		TEST(test_alternatives__first_that_can_attach_does_all),
		TEST(test_alternatives__unknown_program),
	};

	return cmocka_run_group_tests_name("superset", tests, NULL, NULL);
}
