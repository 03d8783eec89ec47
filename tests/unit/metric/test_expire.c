/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of series that leave, and of what they have counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "metric/family.h"

#define TTL_NS (10 * NS_PER_S)
#define START_NS (1000 * NS_PER_S)
#define OVERFLOW "a=\"" FAMILY_OVERFLOW_VALUE "\""

static const char *const names[] = { "a" };
static const double bounds[] = { 1, 2 };

struct fixture {
	struct family *family;
	uint32_t generation;
};

static struct family_spec spec_of(enum family_kind kind)
{
	struct family_spec spec = { .name = "x",
				    .help = "",
				    .kind = kind,
				    .label_names = names,
				    .label_count = 1,
				    .since_ns = START_NS };

	if (kind == FAMILY_KIND_HISTOGRAM)
		spec.buckets = (struct bucket_layout){ .slot_count = 2,
						       .line_count = 2,
						       .bounds = bounds,
						       .sum_slot = 2,
						       .sum_scale = 1 };
	return spec;
}

static void make(struct fixture *fixture, const struct family_spec *spec)
{
	*fixture = (struct fixture){ 0 };
	assert_int_equal(family__new(spec, &fixture->family, NULL), 0);
}

static void make_of_table(struct fixture *fixture, enum family_kind kind, int64_t ttl_ns)
{
	struct family_spec spec = spec_of(kind);

	spec.keeps_values = spec.leaves_unseen = kind != FAMILY_KIND_GAUGE;
	spec.ttl_ns = ttl_ns;
	make(fixture, &spec);
}

/* The next pass, so many seconds after the start. */
static void begin(struct fixture *fixture, int64_t at_s)
{
	const struct family_pass pass = { .generation = ++fixture->generation,
					  .wall_ns = START_NS + at_s * NS_PER_S,
					  .monotonic_ns = (at_s + 1) * NS_PER_S };

	family__begin(fixture->family, &pass);
}

static uint32_t series(struct fixture *fixture, const char *label)
{
	const struct text_slice value = { label, strlen(label) };
	uint32_t number;

	assert_int_equal(family__series(fixture->family, &value, &number, NULL), 0);
	return number;
}

static void add(struct fixture *fixture, const char *label, uint64_t value)
{
	family__add(fixture->family, series(fixture, label), value);
}

static void format(struct family *family, struct strbuf *out)
{
	struct family_cursor cursor = { 0 };
	struct series_view view;
	size_t count = 0;

	while (family__next(family, &cursor, &view)) {
		strbuf__add_text(out, count++ ? " " : "");
		strbuf__add(out, view.labels, view.labels_len);
		if (view.slots)
			strbuf__printf(out, "=%lu/%lu/%lu", view.slots[0], view.slots[1],
				       view.slots[2]);
		else
			strbuf__printf(out, "=%lu", view.count);
	}
	assert_int_equal(family__shown_count(family), count);
}

/* Ends the pass: what a sink sees then. */
static void assert_shown(struct fixture *fixture, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(family__end(fixture->family), 0);
	format(fixture->family, &out);
	assert_string_equal(strbuf__text(&out), expected);
	strbuf__done(&out);
}

static void test_unseen__leaves_its_value_to_the_overflow(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_COUNTER, 0);
	begin(&fixture, 0);
	add(&fixture, "x", 3);
	add(&fixture, "y", 4);
	assert_shown(&fixture, "a=\"x\"=3 a=\"y\"=4");
	begin(&fixture, 1);
	add(&fixture, "y", 1);
	assert_shown(&fixture, OVERFLOW "=3 a=\"y\"=5");
	assert_int_equal(family__left_count(fixture.family), 1);
	assert_int_equal(family__moved(fixture.family), 1);
	/* back again, it starts from 0 */
	begin(&fixture, 2);
	add(&fixture, "x", 10);
	add(&fixture, "y", 0);
	assert_shown(&fixture, OVERFLOW "=3 a=\"x\"=10 a=\"y\"=5");
	assert_int_equal(family__left_count(fixture.family), 0);
	family__free(fixture.family);
}

static void test_unseen__of_a_histogram(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_HISTOGRAM, 0);
	begin(&fixture, 0);
	family__add_slot(fixture.family, series(&fixture, "x"), 1, 3);
	family__add_slot(fixture.family, series(&fixture, "x"), 2, 50);
	begin(&fixture, 1);
	assert_shown(&fixture, OVERFLOW "=0/3/50");
	begin(&fixture, 2);
	family__add_slot(fixture.family, series(&fixture, "x"), 0, 1);
	assert_shown(&fixture, OVERFLOW "=0/3/50 a=\"x\"=1/0/0");
	family__free(fixture.family);
}

static void test_unseen__without_a_value_leaves_nothing(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_COUNTER, 0);
	begin(&fixture, 0);
	add(&fixture, "x", 0);
	begin(&fixture, 1);
	assert_shown(&fixture, "");
	assert_int_equal(family__moved(fixture.family), 0);
	family__free(fixture.family);
}

static void test_unseen__stays_when_the_pass_is_incomplete(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_COUNTER, 0);
	begin(&fixture, 0);
	add(&fixture, "x", 3);
	for (int at = 1; at < 10; at++) {
		begin(&fixture, at);
		family__note_incomplete(fixture.family);
		assert_shown(&fixture, "a=\"x\"=3");
	}
	begin(&fixture, 10);
	assert_shown(&fixture, OVERFLOW "=3");
	family__free(fixture.family);
}

static void test_unseen__without_labels_stays(void **state)
{
	struct family_spec spec = spec_of(FAMILY_KIND_COUNTER);
	struct fixture fixture;
	uint32_t number;

	(void)state;
	spec.label_count = 0;
	spec.keeps_values = spec.leaves_unseen = true;
	spec.ttl_ns = TTL_NS;
	make(&fixture, &spec);
	begin(&fixture, 0);
	assert_int_equal(family__series(fixture.family, NULL, &number, NULL), 0);
	family__add(fixture.family, number, 3);
	begin(&fixture, 100);
	assert_shown(&fixture, "=3");
	family__free(fixture.family);
}

static void test_ttl__counts_from_the_last_change(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_COUNTER, TTL_NS);
	begin(&fixture, 0);
	add(&fixture, "x", 3);
	add(&fixture, "y", 4);
	assert_int_equal(family__end(fixture.family), 0);
	begin(&fixture, 9);
	add(&fixture, "x", 0);
	add(&fixture, "y", 1);
	assert_shown(&fixture, "a=\"x\"=3 a=\"y\"=5");
	begin(&fixture, 10);
	add(&fixture, "x", 0);
	add(&fixture, "y", 0);
	assert_shown(&fixture, OVERFLOW "=3 a=\"y\"=5");
	assert_int_equal(family__expired(fixture.family), 1);
	begin(&fixture, 19);
	add(&fixture, "y", 0);
	assert_shown(&fixture, OVERFLOW "=8");
	/* the overflow series changes no more, and stays */
	begin(&fixture, 1000);
	assert_shown(&fixture, OVERFLOW "=8");
	family__free(fixture.family);
}

static void test_ttl__of_a_histogram_sees_every_slot(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_HISTOGRAM, TTL_NS);
	for (int slot = 0; slot < 3; slot++) {
		begin(&fixture, slot * 9);
		family__add_slot(fixture.family, series(&fixture, "x"), slot, 1);
		assert_int_equal(family__end(fixture.family), 0);
	}
	begin(&fixture, 27);
	family__add_slot(fixture.family, series(&fixture, "x"), 0, 0);
	assert_shown(&fixture, "a=\"x\"=1/1/1");
	begin(&fixture, 28);
	family__add_slot(fixture.family, series(&fixture, "x"), 0, 0);
	assert_shown(&fixture, OVERFLOW "=1/1/1");
	family__free(fixture.family);
}

/* Events: no pass brings what has not happened. */
static void test_ttl__of_events(void **state)
{
	struct family_spec spec = spec_of(FAMILY_KIND_COUNTER);
	struct fixture fixture;

	(void)state;
	spec.keeps_values = true;
	spec.ttl_ns = TTL_NS;
	make(&fixture, &spec);
	add(&fixture, "x", 3); /* before the first pass */
	begin(&fixture, 5);
	assert_shown(&fixture, "a=\"x\"=3");
	begin(&fixture, 14);
	assert_shown(&fixture, "a=\"x\"=3");
	begin(&fixture, 15);
	assert_shown(&fixture, OVERFLOW "=3");
	add(&fixture, "x", 1);
	begin(&fixture, 16);
	assert_shown(&fixture, OVERFLOW "=3 a=\"x\"=1");
	family__free(fixture.family);
}

/* A gauge has no total: it is out of sight until it changes, and nothing else. */
static void test_ttl__of_a_gauge_hides_it(void **state)
{
	static const struct {
		int64_t at_s;
		uint64_t value; /* 0: the map has no such key */
		const char *shown;
	} passes[] = {
		{ 0, 7, "a=\"x\"=7" }, { 9, 7, "a=\"x\"=7" },  { 10, 7, "" },
		{ 30, 7, "" },         { 31, 8, "a=\"x\"=8" }, { 42, 8, "" },
		{ 43, 0, "" },         { 44, 8, "a=\"x\"=8" }, { 53, 8, "a=\"x\"=8" },
		{ 54, 8, "" },
	};
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_GAUGE, TTL_NS);
	for (size_t i = 0; i < array_size(passes); i++) {
		begin(&fixture, passes[i].at_s);
		if (passes[i].value)
			add(&fixture, "x", passes[i].value);
		assert_shown(&fixture, passes[i].shown);
	}
	assert_int_equal(family__expired(fixture.family), 3);
	family__free(fixture.family);
}

static void test_left__makes_room_for_others(void **state)
{
	struct family_spec spec = spec_of(FAMILY_KIND_COUNTER);
	struct fixture fixture;
	uint32_t number;

	(void)state;
	spec.limit = 1;
	spec.keeps_values = spec.leaves_unseen = true;
	make(&fixture, &spec);
	begin(&fixture, 0);
	add(&fixture, "x", 3);
	number = series(&fixture, "x");
	assert_int_equal(family__end(fixture.family), 0);
	begin(&fixture, 1);
	assert_shown(&fixture, OVERFLOW "=3");
	assert_int_equal(family__series_count(fixture.family), 1); /* the overflow */
	begin(&fixture, 2);
	add(&fixture, "y", 4);
	assert_true(family__has_left(fixture.family, number));
	assert_int_equal(family__return(fixture.family, &number, NULL), 0);
	assert_true(family__is_overflow(fixture.family, number));
	add(&fixture, "x", 5); /* whose place has been taken */
	assert_shown(&fixture, OVERFLOW "=8 a=\"y\"=4");
	family__free(fixture.family);
}

static void test_left__is_forgotten_by_a_sweep(void **state)
{
	struct fixture fixture;
	const uint32_t *map;
	uint32_t one, two;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_COUNTER, TTL_NS);
	begin(&fixture, 0);
	add(&fixture, "x", 3);
	add(&fixture, "y", 4);
	one = series(&fixture, "x");
	two = series(&fixture, "y");
	assert_int_equal(family__end(fixture.family), 0);
	begin(&fixture, 1);
	add(&fixture, "y", 0);
	assert_int_equal(family__end(fixture.family), 0);
	assert_int_equal(family__sweep(fixture.family, 0, &map), 1);
	assert_int_equal(map[one], UINT32_MAX);
	assert_int_equal(family__left_count(fixture.family), 0);
	/* its neighbour moved, and remembers when it changed */
	begin(&fixture, 9);
	family__add(fixture.family, map[two], 0);
	assert_shown(&fixture, OVERFLOW "=3 a=\"y\"=4");
	begin(&fixture, 10);
	add(&fixture, "y", 0);
	assert_shown(&fixture, OVERFLOW "=7");
	family__free(fixture.family);
}

static int64_t created_s(struct fixture *fixture, const char *labels)
{
	struct family_cursor cursor = { 0 };
	struct series_view view;

	assert_int_equal(family__end(fixture->family), 0);
	while (family__next(fixture->family, &cursor, &view)) {
		if (strcmp(view.labels, labels) == 0)
			return (family__created_ns(fixture->family, view.series) - START_NS) /
			       NS_PER_S;
	}
	fail_msg("%s is not shown", labels);
	return 0;
}

static void test_created__is_when_it_was_not_there(void **state)
{
	struct fixture fixture;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_COUNTER, 0);
	begin(&fixture, 10);
	add(&fixture, "x", 1);
	assert_int_equal(created_s(&fixture, "a=\"x\""), 0); /* when counting began */
	begin(&fixture, 20);
	add(&fixture, "x", 1);
	add(&fixture, "y", 1);
	assert_int_equal(created_s(&fixture, "a=\"x\""), 0);
	assert_int_equal(created_s(&fixture, "a=\"y\""), 10);
	begin(&fixture, 30);
	add(&fixture, "y", 1);
	assert_int_equal(created_s(&fixture, OVERFLOW), 20);
	begin(&fixture, 40);
	begin(&fixture, 50);
	add(&fixture, "x", 1); /* a new count: the old one is in the overflow */
	assert_int_equal(created_s(&fixture, "a=\"x\""), 30);
	family__clear(fixture.family, START_NS + 55 * NS_PER_S);
	add(&fixture, "x", 1);
	assert_int_equal(created_s(&fixture, "a=\"x\""), 55);
	family__free(fixture.family);
}

static void test_created__of_a_gauge_is_not_known(void **state)
{
	struct fixture fixture;
	struct family_cursor cursor = { 0 };
	struct series_view view;

	(void)state;
	make_of_table(&fixture, FAMILY_KIND_GAUGE, 0);
	begin(&fixture, 10);
	add(&fixture, "x", 1);
	assert_int_equal(family__end(fixture.family), 0);
	assert_true(family__next(fixture.family, &cursor, &view));
	assert_int_equal(family__created_ns(fixture.family, view.series), 0);
	family__free(fixture.family);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unseen__leaves_its_value_to_the_overflow),
		cmocka_unit_test(test_unseen__of_a_histogram),
		cmocka_unit_test(test_unseen__without_a_value_leaves_nothing),
		cmocka_unit_test(test_unseen__stays_when_the_pass_is_incomplete),
		cmocka_unit_test(test_unseen__without_labels_stays),
		cmocka_unit_test(test_ttl__counts_from_the_last_change),
		cmocka_unit_test(test_ttl__of_a_histogram_sees_every_slot),
		cmocka_unit_test(test_ttl__of_events),
		cmocka_unit_test(test_ttl__of_a_gauge_hides_it),
		cmocka_unit_test(test_left__makes_room_for_others),
		cmocka_unit_test(test_left__is_forgotten_by_a_sweep),
		cmocka_unit_test(test_created__is_when_it_was_not_there),
		cmocka_unit_test(test_created__of_a_gauge_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
