/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "metric/registry.h"

static int setup(void **state)
{
	return registry__new((struct registry **)state, NULL);
}

static int teardown(void **state)
{
	registry__free(*state);
	return 0;
}

static const double bounds[] = { 1 };

static struct family_spec spec_of(enum family_kind kind, const char *name)
{
	return (struct family_spec){
		.name = name,
		.help = "help",
		.kind = kind,
		.buckets = { .slot_count = 1, .line_count = 1, .bounds = bounds, .sum_slot = 1 },
	};
}

static int add(struct registry *registry, enum family_kind kind, const char *name)
{
	const struct family_spec spec = spec_of(kind, name);
	struct family *family;

	return registry__family(registry, &spec, &family, NULL);
}

static void assert_names(const struct registry *registry, const char *expected)
{
	struct strbuf out = STRBUF_INIT;
	const struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(registry, &cursor))) {
		strbuf__add_text(&out, out.len ? " " : "");
		strbuf__add_text(&out, family__name(family));
	}
	assert_string_equal(strbuf__text(&out), expected);
	strbuf__done(&out);
}

static void test_next__walks_by_name(void **state)
{
	struct registry *registry = *state;

	assert_names(registry, "");
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "b"), 0);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "a_b"), 0);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "aB"), 0);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "a"), 0);
	assert_names(registry, "a aB a_b b");
}

static void test_family__is_shared_when_it_agrees(void **state)
{
	struct registry *registry = *state;
	const struct family_spec spec = spec_of(FAMILY_KIND_COUNTER, "a");
	struct family *first, *second;

	assert_int_equal(registry__family(registry, &spec, &first, NULL), 0);
	assert_int_equal(registry__family(registry, &spec, &second, NULL), 0);
	assert_ptr_equal(first, second);
	assert_int_equal(add(registry, FAMILY_KIND_GAUGE, "a"), -EEXIST);
	registry__drop(registry, first);
	assert_names(registry, "a");
	registry__drop(registry, second);
	assert_names(registry, "");
	assert_int_equal(add(registry, FAMILY_KIND_GAUGE, "a"), 0);
}

static void test_family__refuses_lines_of_a_histogram(void **state)
{
	struct registry *registry = *state;

	assert_int_equal(add(registry, FAMILY_KIND_HISTOGRAM, "h"), 0);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "h_count"), -EEXIST);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "h_sum"), -EEXIST);
	assert_int_equal(add(registry, FAMILY_KIND_GAUGE, "h_bucket"), -EEXIST);
	assert_int_equal(add(registry, FAMILY_KIND_HISTOGRAM, "h_sum"), -EEXIST);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "h_total"), 0);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "c_sum"), 0);
	assert_int_equal(add(registry, FAMILY_KIND_HISTOGRAM, "c"), -EEXIST);
	assert_int_equal(add(registry, FAMILY_KIND_COUNTER, "c"), 0);
	assert_names(registry, "c c_sum h h_total");
}

/* Prometheus may ask for names in any scheme; most ask for underscores. */
static void test_family__refuses_names_that_escaping_makes_equal(void **state)
{
	static const struct {
		const char *first, *second;
		enum family_kind kind; /* of the first */
		int result;
	} cases[] = {
		{ "a.b", "a_b", FAMILY_KIND_COUNTER, -EEXIST },
		{ "a_b", "a.b", FAMILY_KIND_COUNTER, -EEXIST },
		{ "a.b", "a-b", FAMILY_KIND_COUNTER, -EEXIST },
		{ "caf\xc3\xa9", "caf_", FAMILY_KIND_COUNTER, -EEXIST },
		{ "1a", "_a", FAMILY_KIND_COUNTER, -EEXIST },
		{ "a.b", "a_dot_b", FAMILY_KIND_COUNTER, -EEXIST },
		{ "a.b", "U__a_2e_b", FAMILY_KIND_COUNTER, -EEXIST },
		{ "a.b", "a_b_sum", FAMILY_KIND_HISTOGRAM, -EEXIST },
		{ "a_b", "a.b_sum", FAMILY_KIND_HISTOGRAM, -EEXIST },
		{ "a.b", "a__b", FAMILY_KIND_COUNTER, 0 },
		{ "a.b", "A.b", FAMILY_KIND_COUNTER, 0 },
		{ "a.b", "a_b_sum", FAMILY_KIND_COUNTER, 0 },
		{ "a.b", "a.c", FAMILY_KIND_COUNTER, 0 },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct registry *registry;

		assert_int_equal(registry__new(&registry, NULL), 0);
		assert_int_equal(add(registry, cases[i].kind, cases[i].first), 0);
		assert_int_equal(add(registry, FAMILY_KIND_COUNTER, cases[i].second),
				 cases[i].result);
		registry__free(registry);
	}
	(void)state;
}

static void test_family__refuses_labels_that_escaping_makes_equal(void **state)
{
	static const char *const names[] = { "a.b", "a_b" };
	struct family_spec spec = spec_of(FAMILY_KIND_COUNTER, "x");
	struct err err = ERR_INIT;
	struct family *family;

	spec.label_names = names;
	spec.label_count = 2;
	assert_int_equal(registry__family(*state, &spec, &family, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'a_b'"));
	err__done(&err);
}

static void test_family__refuses_bad_names(void **state)
{
	static const struct {
		const char *name;
		const char *labels[2];
		uint32_t label_count;
		const char *text;
	} rows[] = {
		{ "", { NULL, NULL }, 0, "metric name is empty" },
		{ "a\xff", { NULL, NULL }, 0, "metric name is not valid UTF-8" },
		{ "a", { "", NULL }, 1, "label name is empty" },
		{ "a", { "\xc3", NULL }, 1, "label name is not valid UTF-8" },
		{ "a", { "__name__", NULL }, 1, "'__name__' is reserved" },
		{ "a", { "x", "x" }, 2, "'x' stands there twice" },
		{ "a", { "x", "le" }, 2, "'le' is reserved" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct family_spec spec = spec_of(FAMILY_KIND_HISTOGRAM, rows[i].name);
		struct err err = ERR_INIT;
		struct family *family;

		spec.label_names = rows[i].labels;
		spec.label_count = rows[i].label_count;
		assert_int_equal(registry__family(*state, &spec, &family, &err), -EINVAL);
		assert_non_null(strstr(err.text, rows[i].text));
		err__done(&err);
	}
	assert_names(*state, "");
}

static void test_family__takes_unusual_names(void **state)
{
	static const char *const labels[] = { "le", "na.me", "_x" };
	struct family_spec spec = spec_of(FAMILY_KIND_COUNTER, "a.b \xc3\xa9");
	struct family *family;

	spec.label_names = labels;
	spec.label_count = array_size(labels);
	assert_int_equal(registry__family(*state, &spec, &family, NULL), 0);
}

static void test_begin__starts_all_families(void **state)
{
	struct registry *registry = *state;
	const struct family_spec spec = spec_of(FAMILY_KIND_COUNTER, "a");
	struct family *family;
	uint32_t series;

	assert_int_equal(registry__family(registry, &spec, &family, NULL), 0);
	registry__begin(registry, &(struct family_pass){ .generation = 5 });
	assert_int_equal(family__series(family, NULL, &series, NULL), 0);
	family__add(family, series, 1);
	assert_int_equal(registry__end(registry), 0);
	assert_int_equal(family__shown_count(family), 1);
	registry__begin(registry, &(struct family_pass){ .generation = 6 });
	assert_int_equal(family__shown_count(family), 0);
}

#define test_with_registry(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- one after another ------------------------------------------------------------------------ */

static struct family *find_family(const struct registry *registry, const char *name)
{
	struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(registry, &cursor)) &&
	       strcmp(family__name(family), name) != 0)
		continue;
	return family;
}

static void test_new_after__shares_what_agrees(void **state)
{
	struct registry *before = *state, *after;
	struct family *shared;

	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "same"), 0);
	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "changed"), 0);
	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "gone"), 0);
	shared = find_family(before, "same");
	assert_int_equal(registry__new_after(before, &after, NULL), 0);
	assert_int_equal(add(after, FAMILY_KIND_COUNTER, "same"), 0);
	assert_int_equal(add(after, FAMILY_KIND_GAUGE, "changed"), 0);
	assert_int_equal(add(after, FAMILY_KIND_COUNTER, "new"), 0);
	assert_ptr_equal(find_family(after, "same"), shared);
	assert_ptr_not_equal(find_family(after, "changed"), find_family(before, "changed"));
	registry__succeed(after);
	/* The one before ends first, and takes only what is its own. */
	registry__free(before);
	assert_names(after, "changed new same");
	assert_ptr_equal(find_family(after, "same"), shared);
	*state = after;
}

static void test_new_after__leaves_everything_when_nothing_comes_of_it(void **state)
{
	struct registry *before = *state, *after;

	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "same"), 0);
	assert_int_equal(registry__new_after(before, &after, NULL), 0);
	assert_int_equal(add(after, FAMILY_KIND_COUNTER, "same"), 0);
	registry__drop(after, find_family(after, "same"));
	assert_int_equal(add(after, FAMILY_KIND_COUNTER, "same"), 0);
	registry__free(after);
	assert_names(before, "same");
	assert_string_equal(family__help(find_family(before, "same")), "help");
}

static void test_keep__counts_uses_and_refuses_a_rival(void **state)
{
	struct registry *before = *state, *after;
	struct family *kept, *lost;

	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "kept"), 0);
	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "lost"), 0);
	kept = find_family(before, "kept");
	lost = find_family(before, "lost");
	assert_int_equal(registry__new_after(before, &after, NULL), 0);
	assert_int_equal(registry__keep(after, kept, NULL), 0);
	assert_int_equal(registry__keep(after, kept, NULL), 0);
	registry__drop(after, kept);
	assert_names(after, "kept");
	assert_int_equal(add(after, FAMILY_KIND_GAUGE, "lost"), 0);
	assert_int_equal(registry__keep(after, lost, NULL), -EEXIST);
	registry__free(after);
}

/* Whichever of the two configs comes first. */
static void test_keep__refuses_lines_of_a_histogram(void **state)
{
	struct registry *before = *state, *after;
	struct family *kept, *plain;

	assert_int_equal(add(before, FAMILY_KIND_HISTOGRAM, "kept"), 0);
	assert_int_equal(add(before, FAMILY_KIND_COUNTER, "plain_sum"), 0);
	kept = find_family(before, "kept");
	plain = find_family(before, "plain_sum");
	assert_int_equal(registry__new_after(before, &after, NULL), 0);
	assert_int_equal(add(after, FAMILY_KIND_COUNTER, "kept_count"), 0);
	assert_int_equal(registry__keep(after, kept, NULL), -EEXIST);
	assert_int_equal(add(after, FAMILY_KIND_HISTOGRAM, "plain"), 0);
	assert_int_equal(registry__keep(after, plain, NULL), -EEXIST);
	assert_names(after, "kept_count plain");
	registry__free(after);
}

/* Values that are read and values that are added for good cannot make one sum. */
static void test_family__of_a_table_and_of_events(void **state)
{
	struct family_spec spec = spec_of(FAMILY_KIND_COUNTER, "name");
	struct family *family;

	assert_int_equal(registry__family(*state, &spec, &family, NULL), 0);
	spec.keeps_values = true;
	assert_int_equal(registry__family(*state, &spec, &family, NULL), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with_registry(test_next__walks_by_name),
		test_with_registry(test_family__is_shared_when_it_agrees),
		test_with_registry(test_family__refuses_lines_of_a_histogram),
		test_with_registry(test_family__refuses_bad_names),
		test_with_registry(test_family__refuses_names_that_escaping_makes_equal),
		test_with_registry(test_family__refuses_labels_that_escaping_makes_equal),
		test_with_registry(test_family__takes_unusual_names),
		test_with_registry(test_begin__starts_all_families),
		test_with_registry(test_new_after__shares_what_agrees),
		test_with_registry(test_new_after__leaves_everything_when_nothing_comes_of_it),
		test_with_registry(test_keep__counts_uses_and_refuses_a_rival),
		test_with_registry(test_keep__refuses_lines_of_a_histogram),
		test_with_registry(test_family__of_a_table_and_of_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
