/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/apportion.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MOST 8

/* Matrices are written as a text per row: 'x' is a mark. */
struct scene {
	const char *uses[MOST];                  /* programs × maps */
	const char *feeds[MOST];                 /* maps × outputs */
	const char *left_out;                    /* outputs, or NULL */
	const char *variables;                   /* maps, or NULL */
	const char *programs[MOST], *maps[MOST]; /* expected, × outputs */
};

static uint32_t read_rows(const char *const *rows, bool *marks)
{
	uint32_t count = 0;

	for (; count < MOST && rows[count]; count++)
		for (const char *c = rows[count]; *c; c++)
			*marks++ = *c == 'x';
	return count;
}

static void assert_rows(const bool *marks, const char *const *rows)
{
	for (uint32_t row = 0; row < MOST && rows[row]; row++) {
		char text[MOST + 1] = "";
		size_t len = strlen(rows[row]);

		for (size_t i = 0; i < len; i++)
			text[i] = marks[i] ? 'x' : '.';
		marks += len;
		if (strcmp(text, rows[row]) != 0)
			fail_msg("row %u is %s, expected %s", row, text, rows[row]);
	}
}

static void assert_scene(const struct scene *scene)
{
	bool uses[MOST * MOST], feeds[MOST * MOST], variables[MOST] = { false };
	bool programs[MOST * MOST], maps[MOST * MOST], left_out[MOST] = { false };
	const char *const variable_rows[MOST] = { scene->variables };
	const char *const left_out_rows[MOST] = { scene->left_out };
	struct apportion_input input = {
		.uses = uses, .feeds = feeds, .is_left_out = left_out, .is_variables = variables
	};

	input.programs = read_rows(scene->uses, uses);
	input.maps = read_rows(scene->feeds, feeds);
	input.outputs = (uint32_t)strlen(scene->feeds[0]);
	(void)read_rows(variable_rows, variables);
	(void)read_rows(left_out_rows, left_out);
	assert_int_equal(apportion(&input, programs, maps, NULL), 0);
	assert_rows(programs, scene->programs);
	assert_rows(maps, scene->maps);
}

static void test_apportion__a_program_belongs_to_what_is_read_from_its_maps(void **state)
{
	/* The second map feeds two metrics. */
	const struct scene scene = { .uses = { "x.", "xx" },
				     .feeds = { "x..", ".xx" },
				     .programs = { "x..", "xxx" },
				     .maps = { "x..", ".xx" } };

	(void)state;
	assert_scene(&scene);
}

static void test_apportion__a_helper_map_ties_those_who_use_it(void **state)
{
	/* Wake-up and switch: both use the map of begins; the first counts failures, the second fills the histogram. */
	const struct scene scene = { .uses = { "x.x", "xxx" },
				     .feeds = { "..", "x.", ".x" },
				     .programs = { "xx", "xx" },
				     .maps = { "xx", "x.", ".x" } };

	(void)state;
	assert_scene(&scene);
}

static void test_apportion__a_map_that_is_read_ties_nobody(void **state)
{
	const struct scene scene = { .uses = { "xx.", ".xx" },
				     .feeds = { "x..", ".x.", "..x" },
				     .programs = { "xx.", ".xx" },
				     .maps = { "x..", ".x.", "..x" } };

	(void)state;
	assert_scene(&scene);
}

static void test_apportion__variables_tie_nobody(void **state)
{
	const struct scene scene = { .uses = { "x.x", ".xx" },
				     .feeds = { "x.", ".x", ".." },
				     .variables = "..x",
				     .programs = { "x.", ".x" },
				     .maps = { "x.", ".x", "xx" } };

	(void)state;
	assert_scene(&scene);
}

static void test_apportion__the_nearest_pays(void **state)
{
	/* A chain: 0 -a- 1 -b- 2 -> first metric; 3 -> second metric, tied to nobody. */
	const struct scene scene = { .uses = { "x...", "xx..", ".xx.", "...x" },
				     .feeds = { "..", "..", "x.", ".x" },
				     .programs = { "x.", "x.", "x.", ".x" },
				     .maps = { "x.", "x.", "x.", ".x" } };

	(void)state;
	assert_scene(&scene);
}

static void test_apportion__what_is_tied_to_nothing_is_everybodys(void **state)
{
	const struct scene scene = { .uses = { "..", "x." },
				     .feeds = { "xx.", "..." },
				     .programs = { "xxx", "xx." },
				     .maps = { "xx.", "xxx" } };

	(void)state;
	assert_scene(&scene);
}

static void test_apportion__what_is_left_out_pays_only_alone(void **state)
{
	const struct scene some = { .uses = { "." },
				    .feeds = { "..." },
				    .left_out = ".x.",
				    .programs = { "x.x" },
				    .maps = { "x.x" } };
	const struct scene all = { .uses = { "." },
				   .feeds = { ".." },
				   .left_out = "xx",
				   .programs = { "xx" },
				   .maps = { "xx" } };

	(void)state;
	assert_scene(&some);
	assert_scene(&all);
}

static void test_apportion__nothing_is_no_failure(void **state)
{
	const bool none = false;
	bool mark = true;
	const struct apportion_input nothing = {
		.uses = &none, .feeds = &none, .is_left_out = &none, .is_variables = &none
	};
	const struct apportion_input no_outputs = { .programs = 1,
						    .maps = 1,
						    .uses = &none,
						    .feeds = &none,
						    .is_left_out = &none,
						    .is_variables = &none };

	(void)state;
	assert_int_equal(apportion(&nothing, &mark, &mark, NULL), 0);
	assert_int_equal(apportion(&no_outputs, &mark, &mark, NULL), 0);
}

static void test_run_time__goes_by_how_often_outputs_move(void **state)
{
	const double unknown = (double)NAN;
	const struct {
		const char *marks;
		double runs, moves[3], parts[3];
	} rows[] = {
		{ "xx.", 100, { 30, 10, 99 }, { 0.75, 0.25, 0 } },
		/* A histogram, its counter of failures, and nobody fails. */
		{ "xx.", 100, { 80, 0, 0 }, { 1, 0, 0 } },
		/* Bytes: not more than it ran. */
		{ "x.x", 100, { 1e9, 0, 25 }, { 0.8, 0, 0.2 } },
		{ "xxx", 100, { unknown, 50, 50 }, { 0.5, 0.25, 0.25 } },
		/* Nothing moves, nothing is known. */
		{ ".xx", 100, { 0, 0, 0 }, { 0, 0.5, 0.5 } },
		{ "xx.", 100, { unknown, unknown, 0 }, { 0.5, 0.5, 0 } },
		{ ".x.", 100, { 7, 0, 7 }, { 0, 1, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const marks_row[MOST] = { rows[i].marks };
		bool marks[3];
		double parts[3];

		(void)read_rows(marks_row, marks);
		apportion_run_time(marks, rows[i].moves, 3, rows[i].runs, parts);
		for (size_t k = 0; k < 3; k++)
			assert_true(fabs(parts[k] - rows[i].parts[k]) < 1e-12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apportion__a_program_belongs_to_what_is_read_from_its_maps),
		cmocka_unit_test(test_apportion__a_helper_map_ties_those_who_use_it),
		cmocka_unit_test(test_apportion__a_map_that_is_read_ties_nobody),
		cmocka_unit_test(test_apportion__variables_tie_nobody),
		cmocka_unit_test(test_apportion__the_nearest_pays),
		cmocka_unit_test(test_apportion__what_is_tied_to_nothing_is_everybodys),
		cmocka_unit_test(test_apportion__what_is_left_out_pays_only_alone),
		cmocka_unit_test(test_apportion__nothing_is_no_failure),
		cmocka_unit_test(test_run_time__goes_by_how_often_outputs_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
