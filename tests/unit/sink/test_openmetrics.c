/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sink/openmetrics.h"

#define START_NS (INT64_C(1700000000) * NS_PER_S + 123456789)

static const char *const names[] = { "cpu" };
static const double bounds[] = { 0, 0.5, 1, 1e6 };

static struct registry *registry;
static struct strbuf out;
static struct openmetrics_options options;

static int setup(void **state)
{
	(void)state;
	options = (struct openmetrics_options){ .escaping = NAME_ESCAPING_UNDERSCORES };
	return registry__new(&registry, NULL);
}

static int teardown(void **state)
{
	(void)state;
	registry = registry__free(registry);
	strbuf__done(&out);
	return 0;
}

static struct family *make(enum family_kind kind, const char *name, const char *unit)
{
	struct family_spec spec = { .name = name,
				    .help = "H",
				    .unit = unit,
				    .kind = kind,
				    .label_names = names,
				    .label_count = 1,
				    .since_ns = START_NS };
	struct family *family;

	if (kind == FAMILY_KIND_HISTOGRAM)
		spec.buckets = (struct bucket_layout){ .slot_count = 4,
						       .line_count = 4,
						       .bounds = bounds,
						       .sum_slot = 4,
						       .sum_scale = 0.5 };
	assert_int_equal(registry__family(registry, &spec, &family, NULL), 0);
	return family;
}

static uint32_t series(struct family *family, const char *cpu)
{
	const struct text_slice value = { cpu, strlen(cpu) };
	uint32_t number;

	assert_int_equal(family__series(family, &value, &number, NULL), 0);
	return number;
}

static void add(struct family *family, const char *cpu, uint64_t value)
{
	family__add(family, series(family, cpu), value);
}

static void assert_text(const char *expected)
{
	assert_int_equal(registry__end(registry), 0);
	strbuf__reset(&out);
	openmetrics__write(registry, &options, &out);
	assert_int_equal(strbuf__status(&out), 0);
	assert_string_equal(strbuf__text(&out), expected);
}

static void test_write__nothing(void **state)
{
	(void)state;
	(void)make(FAMILY_KIND_COUNTER, "x_total", NULL);
	assert_text("# EOF\n");
}

static void test_write__counter(void **state)
{
	struct family *family = make(FAMILY_KIND_COUNTER, "x_seconds_total", "seconds");

	(void)state;
	add(family, "a\"\\\n", 1287408);
	add(family, "b", UINT64_MAX);
	assert_text("# HELP x_seconds H\n"
		    "# TYPE x_seconds counter\n"
		    "# UNIT x_seconds seconds\n"
		    "x_seconds_total{cpu=\"a\\\"\\\\\\n\"} 1287408\n"
		    "x_seconds_created{cpu=\"a\\\"\\\\\\n\"} 1700000000.123\n"
		    "x_seconds_total{cpu=\"b\"} 18446744073709551615\n"
		    "x_seconds_created{cpu=\"b\"} 1700000000.123\n"
		    "# EOF\n");
}

/* It has no place in OpenMetrics, and its series must not be called otherwise than in the other format. */
static void test_write__counter_without_total(void **state)
{
	struct family *family = make(FAMILY_KIND_COUNTER, "run_time_seconds", "seconds");

	(void)state;
	family__set(family, series(family, "0"), 2);
	assert_text("# HELP run_time_seconds H\n"
		    "# TYPE run_time_seconds unknown\n"
		    "# UNIT run_time_seconds seconds\n"
		    "run_time_seconds{cpu=\"0\"} 2.0\n"
		    "# EOF\n");
}

static void test_write__names_that_are_taken(void **state)
{
	(void)state;
	add(make(FAMILY_KIND_GAUGE, "x", NULL), "0", 1);
	add(make(FAMILY_KIND_COUNTER, "x_total", NULL), "0", 2);
	add(make(FAMILY_KIND_GAUGE, "y_created", NULL), "0", 3);
	add(make(FAMILY_KIND_COUNTER, "y_total", NULL), "0", 4);
	(void)make(FAMILY_KIND_GAUGE, "a.b", NULL); /* not shown yet */
	add(make(FAMILY_KIND_COUNTER, "a_b_total", NULL), "0", 5);
	assert_text("# HELP a_b_total H\n"
		    "# TYPE a_b_total unknown\n"
		    "a_b_total{cpu=\"0\"} 5\n"
		    "# HELP x H\n"
		    "# TYPE x gauge\n"
		    "x{cpu=\"0\"} 1\n"
		    "# HELP x_total H\n"
		    "# TYPE x_total unknown\n"
		    "x_total{cpu=\"0\"} 2\n"
		    "# HELP y_created H\n"
		    "# TYPE y_created gauge\n"
		    "y_created{cpu=\"0\"} 3\n"
		    "# HELP y H\n"
		    "# TYPE y counter\n"
		    "y_total{cpu=\"0\"} 4\n"
		    "# EOF\n");
}

static void test_write__only_a_name_that_ends_so_has_a_unit(void **state)
{
	static const struct {
		enum family_kind kind;
		const char *name, *unit;
		bool is_told;
	} rows[] = {
		{ FAMILY_KIND_GAUGE, "x_bytes", "bytes", true },
		{ FAMILY_KIND_GAUGE, "x_bytes", "", false },
		{ FAMILY_KIND_GAUGE, "xbytes", "bytes", false },
		{ FAMILY_KIND_GAUGE, "bytes", "bytes", false },
		{ FAMILY_KIND_GAUGE, "_bytes", "bytes", false },
		{ FAMILY_KIND_GAUGE, "x_seconds", "bytes", false },
		{ FAMILY_KIND_GAUGE, "x_bytes_total", "bytes", false },
		{ FAMILY_KIND_COUNTER, "x_bytes_total", "bytes", true },
		{ FAMILY_KIND_COUNTER, "x_total", "total", false },
		{ FAMILY_KIND_GAUGE, "x_by\ntes", "by\ntes", false },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		add(make(rows[i].kind, rows[i].name, rows[i].unit), "0", 1);
		assert_int_equal(registry__end(registry), 0);
		strbuf__reset(&out);
		openmetrics__write(registry, &options, &out);
		assert_int_equal(strstr(strbuf__text(&out), "# UNIT ") != NULL, rows[i].is_told);
		registry__free(registry);
		assert_int_equal(registry__new(&registry, NULL), 0);
	}
}

static void test_write__floats(void **state)
{
	struct family *family = make(FAMILY_KIND_GAUGE, "g", NULL);

	(void)state;
	family__set(family, series(family, "1"), -0.0);
	family__set(family, series(family, "2"), -1);
	family__set(family, series(family, "3"), INFINITY);
	family__set(family, series(family, "4"), -INFINITY);
	family__set(family, series(family, "5"), NAN);
	family__set(family, series(family, "6"), 1e6);
	family__set(family, series(family, "7"), 0.25);
	family__set(family, series(family, "8"), 999999);
	assert_text("# HELP g H\n"
		    "# TYPE g gauge\n"
		    "g{cpu=\"1\"} 0.0\n"
		    "g{cpu=\"2\"} -1.0\n"
		    "g{cpu=\"3\"} +Inf\n"
		    "g{cpu=\"4\"} -Inf\n"
		    "g{cpu=\"5\"} NaN\n"
		    "g{cpu=\"6\"} 1e+06\n"
		    "g{cpu=\"7\"} 0.25\n"
		    "g{cpu=\"8\"} 999999.0\n"
		    "# EOF\n");
}

static void test_write__histogram(void **state)
{
	struct family *family = make(FAMILY_KIND_HISTOGRAM, "h", NULL);

	(void)state;
	for (int slot = 0; slot < 4; slot++)
		family__add_slot(family, series(family, "0"), slot, 1000000);
	family__add_slot(family, series(family, "0"), 4, 6);
	assert_text("# HELP h H\n"
		    "# TYPE h histogram\n"
		    "h_bucket{cpu=\"0\",le=\"0.0\"} 1000000\n"
		    "h_bucket{cpu=\"0\",le=\"0.5\"} 2000000\n"
		    "h_bucket{cpu=\"0\",le=\"1.0\"} 3000000\n"
		    "h_bucket{cpu=\"0\",le=\"1e+06\"} 4000000\n"
		    "h_bucket{cpu=\"0\",le=\"+Inf\"} 4000000\n"
		    "h_sum{cpu=\"0\"} 3.0\n"
		    "h_count{cpu=\"0\"} 4000000\n"
		    "h_created{cpu=\"0\"} 1700000000.123\n"
		    "# EOF\n");
}

static void test_write__help_is_escaped(void **state)
{
	const struct family_spec spec = { .name = "g",
					  .help = "a \"b\" \\ c\nd",
					  .kind = FAMILY_KIND_GAUGE };
	struct family *family;
	uint32_t number;

	(void)state;
	assert_int_equal(registry__family(registry, &spec, &family, NULL), 0);
	assert_int_equal(family__series(family, NULL, &number, NULL), 0);
	family__add(family, number, 1);
	assert_text("# HELP g a \\\"b\\\" \\\\ c\\nd\n"
		    "# TYPE g gauge\n"
		    "g 1\n"
		    "# EOF\n");
}

static void test_write__odd_names(void **state)
{
	static const char *const texts[] = {
		[NAME_ESCAPING_UNDERSCORES] = "# HELP a_b H\n"
					      "# TYPE a_b counter\n"
					      "a_b_total{cpu=\"0\"} 1\n"
					      "a_b_created{cpu=\"0\"} 1700000000.123\n"
					      "# EOF\n",
		[NAME_ESCAPING_ALLOW_UTF8] = "# HELP \"a.b\" H\n"
					     "# TYPE \"a.b\" counter\n"
					     "{\"a.b_total\",cpu=\"0\"} 1\n"
					     "{\"a.b_created\",cpu=\"0\"} 1700000000.123\n"
					     "# EOF\n",
		[NAME_ESCAPING_DOTS] = "# HELP a_dot_b_ H\n"
				       "# TYPE a_dot_b_ counter\n"
				       "a_dot_b__total{cpu=\"0\"} 1\n"
				       "a_dot_b__created{cpu=\"0\"} 1700000000.123\n"
				       "# EOF\n",
		[NAME_ESCAPING_VALUES] = "# HELP U__a_2e_b_ H\n"
					 "# TYPE U__a_2e_b_ counter\n"
					 "U__a_2e_b__total{cpu=\"0\"} 1\n"
					 "U__a_2e_b__created{cpu=\"0\"} 1700000000.123\n"
					 "# EOF\n",
	};

	(void)state;
	add(make(FAMILY_KIND_COUNTER, "a.b_total", NULL), "0", 1);
	for (unsigned int i = 0; i < array_size(texts); i++) {
		options.escaping = (enum name_escaping)i;
		assert_text(texts[i]);
	}
}

/* ---- exemplars: nobody in sonde has some yet ------------------------------------------------------------ */

static bool find_exemplar(void *ctx, const struct family *family, uint32_t number, uint32_t line,
			  struct exemplar *ret_exemplar)
{
	static const char too_long[] =
		"a=\"0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890\"";
	bool is_counter = family__kind(family) == FAMILY_KIND_COUNTER;

	(void)ctx;
	(void)number;
	assert_int_not_equal(family__kind(family), FAMILY_KIND_GAUGE);
	if (line == 1) /* left out */
		*ret_exemplar = (struct exemplar){ .labels = too_long,
						   .labels_len = strlen(too_long) };
	else if (line == 4) /* of the bucket +Inf */
		*ret_exemplar = (struct exemplar){ .labels = "", .value = 2e6 };
	else if (is_counter || line == 2)
		*ret_exemplar = (struct exemplar){ .labels = "pid=\"7\"",
						   .labels_len = strlen("pid=\"7\""),
						   .value = 1,
						   .time_ns = START_NS };
	return is_counter || (line != 0 && line != 3);
}

static void test_write__exemplars(void **state)
{
	const struct exemplar_source source = { .find = find_exemplar };
	struct family *family = make(FAMILY_KIND_HISTOGRAM, "h", NULL);

	(void)state;
	options.exemplars = &source;
	family__add_slot(family, series(family, "0"), 0, 1);
	add(make(FAMILY_KIND_COUNTER, "x_total", NULL), "0", 3);
	add(make(FAMILY_KIND_GAUGE, "y", NULL), "0", 4);
	assert_text("# HELP h H\n"
		    "# TYPE h histogram\n"
		    "h_bucket{cpu=\"0\",le=\"0.0\"} 1\n"
		    "h_bucket{cpu=\"0\",le=\"0.5\"} 1\n"
		    "h_bucket{cpu=\"0\",le=\"1.0\"} 1 # {pid=\"7\"} 1.0 1700000000.123\n"
		    "h_bucket{cpu=\"0\",le=\"1e+06\"} 1\n"
		    "h_bucket{cpu=\"0\",le=\"+Inf\"} 1 # {} 2e+06\n"
		    "h_sum{cpu=\"0\"} 0.0\n"
		    "h_count{cpu=\"0\"} 1\n"
		    "h_created{cpu=\"0\"} 1700000000.123\n"
		    "# HELP x H\n"
		    "# TYPE x counter\n"
		    "x_total{cpu=\"0\"} 3 # {pid=\"7\"} 1.0 1700000000.123\n"
		    "x_created{cpu=\"0\"} 1700000000.123\n"
		    "# HELP y H\n"
		    "# TYPE y gauge\n"
		    "y{cpu=\"0\"} 4\n"
		    "# EOF\n");
}

#define test_with_registry(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with_registry(test_write__nothing),
		test_with_registry(test_write__counter),
		test_with_registry(test_write__counter_without_total),
		test_with_registry(test_write__names_that_are_taken),
		test_with_registry(test_write__only_a_name_that_ends_so_has_a_unit),
		test_with_registry(test_write__floats),
		test_with_registry(test_write__histogram),
		test_with_registry(test_write__help_is_escaped),
		test_with_registry(test_write__odd_names),
		test_with_registry(test_write__exemplars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
