/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metric/buckets.h"
#include "sink/prometheus.h"

static struct registry *registry;
static struct strbuf out;

static int setup(void **state)
{
	(void)state;
	return registry__new(&registry, NULL);
}

static int teardown(void **state)
{
	(void)state;
	registry = registry__free(registry);
	strbuf__done(&out);
	return 0;
}

static struct family *make(const struct family_spec *spec)
{
	struct family *family;

	assert_int_equal(registry__family(registry, spec, &family, NULL), 0);
	return family;
}

/* The series with these label values; a NULL ends them. */
static uint32_t series(struct family *family, const char *first, const char *second)
{
	const struct text_slice values[] = {
		{ first, first ? strlen(first) : 0 },
		{ second, second ? strlen(second) : 0 },
	};
	uint32_t number;

	assert_int_equal(family__series(family, values, &number, NULL), 0);
	return number;
}

static void assert_text(enum name_escaping escaping, const char *expected)
{
	assert_int_equal(registry__end(registry), 0);
	strbuf__reset(&out);
	prometheus__write(registry, escaping, &out);
	assert_int_equal(strbuf__status(&out), 0);
	assert_string_equal(strbuf__text(&out), expected);
}

static void test_write__nothing(void **state)
{
	const struct family_spec spec = { .name = "empty",
					  .help = "",
					  .kind = FAMILY_KIND_COUNTER };

	(void)state;
	assert_text(NAME_ESCAPING_UNDERSCORES, "");
	(void)make(&spec);
	assert_text(NAME_ESCAPING_UNDERSCORES, "");
}

static void test_write__counters_in_order(void **state)
{
	static const char *const names[] = { "vec", "cpu" };
	const struct family_spec softirqs = { .name = "softirqs_total",
					      .help = "Soft \\ interrupts\nby \"vec\"",
					      .kind = FAMILY_KIND_COUNTER,
					      .label_names = names,
					      .label_count = 2 };
	const struct family_spec plain = { .name = "a_total",
					   .help = "A",
					   .kind = FAMILY_KIND_COUNTER };
	struct family *family = make(&softirqs);

	(void)state;
	family__add(family, series(family, "timer", "2"), 5);
	family__add(family, series(family, "timer", "10"), 999999);
	family__add(family, series(family, "a\"b\\c\nd\te", ""), 0);
	family = make(&plain);
	family__add(family, series(family, NULL, NULL), 1287408);
	assert_text(NAME_ESCAPING_UNDERSCORES,
		    "# HELP a_total A\n"
		    "# TYPE a_total counter\n"
		    "a_total 1.287408e+06\n"
		    "# HELP softirqs_total Soft \\\\ interrupts\\nby \"vec\"\n"
		    "# TYPE softirqs_total counter\n"
		    "softirqs_total{cpu=\"\",vec=\"a\\\"b\\\\c\\nd\te\"} 0\n"
		    "softirqs_total{cpu=\"10\",vec=\"timer\"} 999999\n"
		    "softirqs_total{cpu=\"2\",vec=\"timer\"} 5\n");
}

static void test_write__numbers_as_go_prints_them(void **state)
{
	static const char *const names[] = { "n" };
	const struct family_spec spec = { .name = "g",
					  .help = "",
					  .kind = FAMILY_KIND_GAUGE,
					  .label_names = names,
					  .label_count = 1 };
	struct family *family = make(&spec);

	(void)state;
	family__set(family, series(family, "1", NULL), -0.0);
	family__set(family, series(family, "2", NULL), -1);
	family__set(family, series(family, "3", NULL), 1.0 / 0.0);
	family__set(family, series(family, "4", NULL), -1.0 / 0.0);
	family__set(family, series(family, "5", NULL), __builtin_nan(""));
	family__set(family, series(family, "6", NULL), 1824 * 1e-6);
	family__set(family, series(family, "7", NULL), 9007199254740992.0);
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP g \n"
					       "# TYPE g gauge\n"
					       "g{n=\"1\"} 0\n"
					       "g{n=\"2\"} -1\n"
					       "g{n=\"3\"} +Inf\n"
					       "g{n=\"4\"} -Inf\n"
					       "g{n=\"5\"} NaN\n"
					       "g{n=\"6\"} 0.0018239999999999999\n"
					       "g{n=\"7\"} 9.007199254740992e+15\n");
}

static void test_write__counts_beyond_doubles(void **state)
{
	const struct family_spec spec = { .name = "c", .help = "", .kind = FAMILY_KIND_COUNTER };
	struct family *family = make(&spec);

	(void)state;
	family__add(family, series(family, NULL, NULL), UINT64_MAX);
	assert_text(NAME_ESCAPING_UNDERSCORES,
		    "# HELP c \n# TYPE c counter\nc 1.8446744073709552e+19\n");
}

/* ---- histograms ------------------------------------------------------------------------------ */

/* A histogram family of these buckets, fed with `count` pairs of bucket key and value. */
static struct family *fill(const struct bucket_spec *buckets, const char *const *names,
			   uint32_t label_count, const uint64_t (*pairs)[2], size_t count)
{
	struct family_spec spec = { .name = "h",
				    .help = "",
				    .kind = FAMILY_KIND_HISTOGRAM,
				    .label_names = names,
				    .label_count = label_count };
	struct bucket_map *map;
	struct family *family;

	assert_int_equal(bucket_map__new(buckets, SUM_KIND_KEY_AFTER_LAST, &map, NULL), 0);
	spec.buckets = *bucket_map__layout(map);
	family = make(&spec);
	for (size_t i = 0; i < count; i++)
		family__add_slot(family, series(family, "x", NULL),
				 bucket_map__slot(map, pairs[i][0]), pairs[i][1]);
	bucket_map__free(map);
	return family;
}

static void test_write__exp2(void **state)
{
	/* 1 to 8 with a last bucket of 3, as programs count them; keys outside count nowhere */
	static const uint64_t pairs[][2] = { { 0, 1 }, { 1, 1 },  { 2, 2 },
					     { 3, 4 }, { 4, 36 }, { 5, 99 } };
	static const char *const names[] = { "kind" };
	const struct bucket_spec buckets = { .kind = BUCKET_KIND_EXP2, .scale = 1, .max = 3 };

	(void)state;
	(void)fill(&buckets, names, 1, pairs, array_size(pairs));
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{kind=\"x\",le=\"1\"} 1\n"
					       "h_bucket{kind=\"x\",le=\"2\"} 2\n"
					       "h_bucket{kind=\"x\",le=\"4\"} 4\n"
					       "h_bucket{kind=\"x\",le=\"8\"} 8\n"
					       "h_bucket{kind=\"x\",le=\"+Inf\"} 8\n"
					       "h_sum{kind=\"x\"} 36\n"
					       "h_count{kind=\"x\"} 8\n");
}

static void test_write__exp2zero_without_labels(void **state)
{
	static const uint64_t pairs[][2] = { { 0, 3 }, { 2, 2 } }; /* sparse, no sum */
	const struct bucket_spec buckets = { .kind = BUCKET_KIND_EXP2ZERO,
					     .scale = 0.001,
					     .max = 3 };

	(void)state;
	(void)fill(&buckets, NULL, 0, pairs, array_size(pairs));
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{le=\"0\"} 3\n"
					       "h_bucket{le=\"0.001\"} 3\n"
					       "h_bucket{le=\"0.002\"} 5\n"
					       "h_bucket{le=\"0.004\"} 5\n"
					       "h_bucket{le=\"+Inf\"} 5\n"
					       "h_sum 0\n"
					       "h_count 5\n");
}

static void test_write__linear(void **state)
{
	static const uint64_t pairs[][2] = { { 1, 1 }, { 2, 1000000 }, { 3, 21772 } };
	const struct bucket_spec buckets = {
		.kind = BUCKET_KIND_LINEAR, .scale = 1e-6, .min = 1, .max = 2
	};

	(void)state;
	(void)fill(&buckets, NULL, 0, pairs, array_size(pairs));
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{le=\"1e-06\"} 1\n"
					       "h_bucket{le=\"2e-06\"} 1.000001e+06\n"
					       "h_bucket{le=\"+Inf\"} 1.000001e+06\n"
					       "h_sum 0.021772\n"
					       "h_count 1.000001e+06\n");
}

static void test_write__fixed_in_given_order(void **state)
{
	static const uint64_t pairs[][2] = { { 1000, 1 }, { 10, 2 }, { 100, 4 }, { 101, 7 } };
	static const double keys[] = { 1000, 10, 100 };
	const struct bucket_spec buckets = {
		.kind = BUCKET_KIND_FIXED, .scale = 1, .keys = keys, .key_count = 3
	};

	(void)state;
	(void)fill(&buckets, NULL, 0, pairs, array_size(pairs));
	/* each line counts the keys given up to its own */
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{le=\"10\"} 3\n"
					       "h_bucket{le=\"100\"} 7\n"
					       "h_bucket{le=\"1000\"} 1\n"
					       "h_bucket{le=\"+Inf\"} 7\n"
					       "h_sum 7\n"
					       "h_count 7\n");
}

static void test_write__max_below_min_is_infinity_alone(void **state)
{
	static const uint64_t pairs[][2] = { { 7, 1 } };
	const struct bucket_spec buckets = {
		.kind = BUCKET_KIND_EXP2, .scale = 1, .min = 5, .max = 3
	};

	(void)state;
	(void)fill(&buckets, NULL, 0, pairs, array_size(pairs));
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{le=\"+Inf\"} 0\n"
					       "h_sum 0\n"
					       "h_count 0\n");
}

static void test_write__a_bound_that_is_infinite(void **state)
{
	static const uint64_t pairs[][2] = { { 1023, 1 }, { 1024, 2 }, { 1025, 4 } };
	const struct bucket_spec buckets = {
		.kind = BUCKET_KIND_EXP2, .scale = 1, .min = 1023, .max = 1025
	};

	(void)state;
	(void)fill(&buckets, NULL, 0, pairs, array_size(pairs));
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{le=\"8.98846567431158e+307\"} 1\n"
					       "h_bucket{le=\"+Inf\"} 7\n"
					       "h_sum 0\n"
					       "h_count 7\n");
}

/* ---- names ----------------------------------------------------------------------------------- */

static void make_odd_families(void)
{
	static const char *const names[] = { "zone", "na.me" };
	const struct family_spec odd = { .name = "my.total",
					 .help = "H",
					 .kind = FAMILY_KIND_COUNTER,
					 .label_names = names,
					 .label_count = 2 };
	const struct family_spec bare = { .name = "\xc3\xa9_x",
					  .help = "H",
					  .kind = FAMILY_KIND_GAUGE };
	struct family *family = make(&odd);

	family__add(family, series(family, "a\"\\b", "c\",d=\""), 1);
	family = make(&bare);
	family__add(family, series(family, NULL, NULL), 2);
}

static void test_write__odd_names_with_underscores(void **state)
{
	(void)state;
	make_odd_families();
	assert_text(NAME_ESCAPING_UNDERSCORES,
		    "# HELP my_total H\n"
		    "# TYPE my_total counter\n"
		    "my_total{na_me=\"c\\\",d=\\\"\",zone=\"a\\\"\\\\b\"} 1\n"
		    "# HELP __x H\n"
		    "# TYPE __x gauge\n"
		    "__x 2\n");
}

static void test_write__odd_names_in_quotes(void **state)
{
	(void)state;
	make_odd_families();
	assert_text(NAME_ESCAPING_ALLOW_UTF8,
		    "# HELP \"my.total\" H\n"
		    "# TYPE \"my.total\" counter\n"
		    "{\"my.total\",\"na.me\"=\"c\\\",d=\\\"\",zone=\"a\\\"\\\\b\"} 1\n"
		    "# HELP \"\xc3\xa9_x\" H\n"
		    "# TYPE \"\xc3\xa9_x\" gauge\n"
		    "{\"\xc3\xa9_x\"} 2\n");
}

static void test_write__histogram_without_a_sum(void **state)
{
	const double bounds[] = { 1, 2 };
	const struct family_spec spec = { .name = "h",
					  .help = "",
					  .kind = FAMILY_KIND_HISTOGRAM,
					  .buckets = { .slot_count = 3,
						       .line_count = 2,
						       .bounds = bounds,
						       .sum_slot = 3,
						       .sum_scale = 1,
						       .has_no_sum = true } };
	struct family *family = make(&spec);
	uint32_t number = series(family, NULL, NULL);

	(void)state;
	family__add_slot(family, number, 0, 1);
	family__add_slot(family, number, 2, 2);
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP h \n"
					       "# TYPE h histogram\n"
					       "h_bucket{le=\"1\"} 1\n"
					       "h_bucket{le=\"2\"} 1\n"
					       "h_bucket{le=\"+Inf\"} 3\n"
					       "h_count 3\n");
}

static void test_write__scaled_counter(void **state)
{
	const struct family_spec spec = {
		.name = "c_total", .help = "", .kind = FAMILY_KIND_COUNTER, .scale = 0.001
	};
	struct family *family = make(&spec);

	(void)state;
	family__add(family, series(family, NULL, NULL), 1500);
	assert_text(NAME_ESCAPING_UNDERSCORES, "# HELP c_total \n"
					       "# TYPE c_total counter\n"
					       "c_total 1.5\n");
}

static void test_write__odd_histogram_names(void **state)
{
	static const double bounds[] = { 1 };
	const struct family_spec spec = {
		.name = "my.h",
		.help = "H",
		.kind = FAMILY_KIND_HISTOGRAM,
		.buckets = { .slot_count = 1,
			     .line_count = 1,
			     .bounds = bounds,
			     .sum_slot = 1,
			     .sum_scale = 1 },
	};
	struct family *family = make(&spec);

	(void)state;
	family__add_slot(family, series(family, NULL, NULL), 0, 1);
	assert_text(NAME_ESCAPING_ALLOW_UTF8, "# HELP \"my.h\" H\n"
					      "# TYPE \"my.h\" histogram\n"
					      "{\"my.h_bucket\",le=\"1\"} 1\n"
					      "{\"my.h_bucket\",le=\"+Inf\"} 1\n"
					      "{\"my.h_sum\"} 0\n"
					      "{\"my.h_count\"} 1\n");
	assert_text(NAME_ESCAPING_VALUES, "# HELP U__my_2e_h H\n"
					  "# TYPE U__my_2e_h histogram\n"
					  "U__my_2e_h_bucket{le=\"1\"} 1\n"
					  "U__my_2e_h_bucket{le=\"+Inf\"} 1\n"
					  "U__my_2e_h_sum 0\n"
					  "U__my_2e_h_count 1\n");
}

#define test_with_registry(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with_registry(test_write__nothing),
		test_with_registry(test_write__counters_in_order),
		test_with_registry(test_write__numbers_as_go_prints_them),
		test_with_registry(test_write__counts_beyond_doubles),
		test_with_registry(test_write__exp2),
		test_with_registry(test_write__exp2zero_without_labels),
		test_with_registry(test_write__linear),
		test_with_registry(test_write__fixed_in_given_order),
		test_with_registry(test_write__max_below_min_is_infinity_alone),
		test_with_registry(test_write__a_bound_that_is_infinite),
		test_with_registry(test_write__odd_names_with_underscores),
		test_with_registry(test_write__odd_names_in_quotes),
		test_with_registry(test_write__histogram_without_a_sum),
		test_with_registry(test_write__scaled_counter),
		test_with_registry(test_write__odd_histogram_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
