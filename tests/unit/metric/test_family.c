/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "metric/family.h"
#include "metric/label_text.h"

static const char *const names[] = { "b", "a" };
static const double bounds[] = { 1, 2, 4 };

static const struct family_spec counter_spec = {
	.name = "x_total",
	.help = "How many",
	.kind = FAMILY_KIND_COUNTER,
	.label_names = names,
	.label_count = 2,
};

static const struct family_spec histogram_spec = {
	.name = "y",
	.help = "How long",
	.kind = FAMILY_KIND_HISTOGRAM,
	.label_names = names,
	.label_count = 2,
	.buckets = { .slot_count = 3,
		     .line_count = 3,
		     .bounds = bounds,
		     .sum_slot = 3,
		     .sum_scale = 1 },
};

static struct family *make(const struct family_spec *spec)
{
	struct family *family;

	assert_int_equal(family__new(spec, &family, NULL), 0);
	return family;
}

/* For events: values are added for good. */
static struct family *make_keeping(const struct family_spec *spec)
{
	struct family_spec keeping = *spec;

	keeping.keeps_values = true;
	return make(&keeping);
}

/* Passes are a second apart. */
static void begin(struct family *family, uint32_t generation)
{
	const struct family_pass pass = { .generation = generation,
					  .wall_ns = 1000 + generation * INT64_C(1000000000),
					  .monotonic_ns = generation * INT64_C(1000000000) };

	family__begin(family, &pass);
}

static uint32_t series(struct family *family, const char *b, const char *a)
{
	const struct text_slice values[] = { { b, strlen(b) }, { a, strlen(a) } };
	uint32_t number;

	assert_int_equal(family__series(family, values, &number, NULL), 0);
	return number;
}

/* "a,b=value a,b=value": what a sink sees. */
static void assert_shown(struct family *family, const char *expected)
{
	struct family_cursor cursor = { 0 };
	struct strbuf out = STRBUF_INIT;
	struct series_view view;
	size_t count = 0;

	assert_int_equal(family__end(family), 0);
	while (family__next(family, &cursor, &view)) {
		strbuf__add_text(&out, count++ ? " " : "");
		strbuf__add(&out, view.labels, view.labels_len);
		if (view.is_number)
			strbuf__printf(&out, "=%g", view.number);
		else if (view.slots)
			strbuf__printf(&out, "=%lu/%lu/%lu/%lu", view.slots[0], view.slots[1],
				       view.slots[2], view.slots[3]);
		else
			strbuf__printf(&out, "=%lu", view.count);
	}
	assert_string_equal(strbuf__text(&out), expected);
	assert_int_equal(family__shown_count(family), count);
	strbuf__done(&out);
}

static void test_add__sums_within_a_pass(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	family__add(family, series(family, "1", "x"), 3);
	family__add(family, series(family, "2", "x"), 4);
	family__add(family, series(family, "1", "x"), UINT64_C(1) << 60);
	assert_shown(family, "a=\"x\",b=\"1\"=1152921504606846979 a=\"x\",b=\"2\"=4");
	begin(family, 2);
	assert_shown(family, "");
	family__add(family, series(family, "2", "x"), 5);
	begin(family, 2); /* another route joins the pass */
	assert_shown(family, "a=\"x\",b=\"2\"=5");
	family__free(family);
}

static void test_add__zero_shows_the_series(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	family__add(family, series(family, "1", "x"), 0);
	(void)series(family, "2", "x"); /* known, but never added to */
	assert_shown(family, "a=\"x\",b=\"1\"=0");
	family__free(family);
}

static void test_series__separators_do_not_mix_values(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	assert_int_not_equal(series(family, "a|b", "c"), series(family, "a", "b|c"));
	assert_int_not_equal(series(family, "\",b=\"", ""), series(family, "", "\",b=\""));
	assert_int_equal(series(family, "a|b", "c"), series(family, "a|b", "c"));
	family__free(family);
}

static void test_series__without_labels(void **state)
{
	const struct family_spec spec = { .name = "z", .help = "", .kind = FAMILY_KIND_GAUGE };
	struct family *family = make(&spec);
	uint32_t number;

	(void)state;
	begin(family, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(family__series(family, NULL, &number, NULL), 0);
		family__add(family, number, 1);
	}
	assert_shown(family, "=2");
	family__free(family);
}

static void test_end__sorts_by_values_as_bytes(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	family__add(family, series(family, "x", "2"), 1);
	family__add(family, series(family, "x", "10"), 1);
	assert_shown(family, "a=\"10\",b=\"x\"=1 a=\"2\",b=\"x\"=1");
	/* arrivals are merged: before, between, behind */
	family__add(family, series(family, "y", "10"), 1);
	family__add(family, series(family, "", "1"), 1);
	family__add(family, series(family, "x", "3"), 1);
	assert_shown(family, "a=\"1\",b=\"\"=1 a=\"10\",b=\"x\"=1 a=\"10\",b=\"y\"=1 "
			     "a=\"2\",b=\"x\"=1 a=\"3\",b=\"x\"=1");
	family__free(family);
}

static void test_end__keeps_thousands_sorted(void **state)
{
	struct family *family = make(&counter_spec);
	struct family_cursor cursor = { 0 };
	struct series_view view;
	unsigned int expected = 0;

	(void)state;
	for (uint32_t pass = 1; pass <= 7; pass++) {
		begin(family, pass);
		for (unsigned int i = 0; i < 10000; i++) {
			char text[16];

			if (i * 2654435761u % 7 >= pass)
				continue;
			(void)snprintf(text, sizeof(text), "%04u", i);
			family__add(family, series(family, "x", text), i);
		}
		assert_int_equal(family__end(family), 0);
	}
	while (family__next(family, &cursor, &view))
		assert_int_equal(view.count, expected++);
	assert_int_equal(expected, 10000);
	family__free(family);
}

static void test_series__over_the_limit(void **state)
{
	struct family_spec spec = counter_spec;
	struct family *family;

	(void)state;
	spec.limit = 2;
	family = make(&spec);
	begin(family, 1);
	for (unsigned int i = 0; i < 5; i++) {
		const char text[] = { (char)('0' + i), '\0' };

		family__add(family, series(family, text, "x"), 1);
	}
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=3 a=\"x\",b=\"0\"=1 "
			     "a=\"x\",b=\"1\"=1");
	assert_int_equal(family__overflowed(family), 3);
	/* what is known stays itself, and the overflow never falls */
	begin(family, 2);
	family__add(family, series(family, "1", "x"), 7);
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=3 a=\"x\",b=\"1\"=7");
	family__free(family);
}

static void test_series__over_the_limit_of_a_gauge(void **state)
{
	struct family_spec spec = counter_spec;
	struct family *family;

	(void)state;
	spec.kind = FAMILY_KIND_GAUGE;
	spec.limit = 1;
	family = make(&spec);
	for (uint32_t generation = 1; generation < 4; generation++) {
		begin(family, generation);
		family__add(family, series(family, "1", "x"), 7);
		family__add(family, series(family, "2", "x"), 8);
		assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=8 a=\"x\",b=\"1\"=7");
	}
	family__free(family);
}

static void test_overflow__goes_on_from_pass_to_pass(void **state)
{
	struct family *family = make(&histogram_spec);
	uint32_t number;

	(void)state;
	begin(family, 1);
	assert_int_equal(family__overflow(family, &number, NULL), 0);
	assert_true(family__keeps(family, number));
	assert_false(family__keeps(family, series(family, "1", "x")));
	family__add_slot(family, number, 0, 1);
	begin(family, 2);
	family__add_slot(family, number, 0, 1);
	family__add_slot(family, number, 3, 5);
	begin(family, 3);
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=2/0/0/5");
	family__free(family);
}

/* The program's own name for something must not end up where sums go on. */
static void test_series__named_like_the_overflow_is_it(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	assert_true(family__is_overflow(
		family, series(family, FAMILY_OVERFLOW_VALUE, FAMILY_OVERFLOW_VALUE)));
	assert_false(family__is_overflow(family, series(family, FAMILY_OVERFLOW_VALUE, "x")));
	family__free(family);
}

static void test_overflow__is_there_when_asked_for(void **state)
{
	struct family_spec spec = counter_spec;
	struct family *family;
	uint32_t number;

	(void)state;
	spec.limit = 1;
	family = make(&spec);
	begin(family, 1);
	family__add(family, series(family, "1", "x"), 1);
	assert_int_equal(family__overflow(family, &number, NULL), 0);
	family__add(family, number, 40);
	family__add(family, series(family, "2", "x"), 2); /* over the limit: the same series */
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=42 a=\"x\",b=\"1\"=1");
	family__free(family);
}

static void test_overflow__does_not_count_towards_the_limit(void **state)
{
	struct family_spec spec = histogram_spec;
	struct family *family;
	uint32_t number;

	(void)state;
	spec.limit = 1;
	family = make(&spec);
	begin(family, 1);
	assert_int_equal(family__overflow(family, &number, NULL), 0);
	family__add_slot(family, number, 2, 7);
	family__add_slot(family, number, 3, 70); /* the raw sum */
	family__add_slot(family, series(family, "1", "x"), 0, 1);
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=0/0/7/70 "
			     "a=\"x\",b=\"1\"=1/0/0/0");
	family__free(family);
}

static void test_overflow__without_labels_is_the_one_series(void **state)
{
	const struct family_spec spec = { .name = "z", .help = "", .kind = FAMILY_KIND_COUNTER };
	struct family *family = make(&spec);
	uint32_t number, overflow;

	(void)state;
	begin(family, 1);
	assert_int_equal(family__series(family, NULL, &number, NULL), 0);
	assert_int_equal(family__overflow(family, &overflow, NULL), 0);
	assert_int_equal(overflow, number);
	family__free(family);
}

static void test_agrees__not_with_another_unit(void **state)
{
	struct family_spec spec = counter_spec;
	struct family *family;
	struct err err = ERR_INIT;
	char text[256];

	(void)state;
	spec.unit = "bytes";
	family = make(&spec);
	assert_string_equal(family__unit(family), "bytes");
	assert_true(family__agrees(family, &spec, NULL));
	assert_false(family__agrees(family, &counter_spec, &err));
	err__format(&err, text, sizeof(text));
	assert_non_null(strstr(text, "unit"));
	err__done(&err);
	family__free(family);
}

static void test_series__invalid_bytes_are_counted(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	family__add(family, series(family, "\xff", "x"), 1);
	assert_shown(family, "a=\"x\",b=\"\xef\xbf\xbd\"=1");
	assert_int_equal(family__replaced_bytes(family), 1);
	assert_int_equal(family__shortened_values(family), 0);
	family__free(family);
}

static void test_set__makes_all_values_numbers(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	begin(family, 1);
	family__add(family, series(family, "1", "x"), 3);
	family__set(family, series(family, "2", "x"), 0.5);
	family__set(family, series(family, "2", "x"), 1.5);
	family__add(family, series(family, "1", "x"), 1);
	assert_shown(family, "a=\"x\",b=\"1\"=4 a=\"x\",b=\"2\"=1.5");
	family__free(family);
}

static void test_add_slot__counts_and_sums(void **state)
{
	struct family *family = make(&histogram_spec);

	(void)state;
	begin(family, 1);
	family__add_slot(family, series(family, "1", "x"), 0, 3);
	family__add_slot(family, series(family, "1", "x"), 2, 4);
	family__add_slot(family, series(family, "1", "x"), 2, 4);
	family__add_slot(family, series(family, "1", "x"), 3, 100);
	family__add_slot(family, series(family, "2", "x"), -1, 9);
	assert_shown(family, "a=\"x\",b=\"1\"=3/0/8/100 a=\"x\",b=\"2\"=0/0/0/0");
	begin(family, 2);
	family__add_slot(family, series(family, "1", "x"), 1, 1);
	assert_shown(family, "a=\"x\",b=\"1\"=0/1/0/0");
	family__free(family);
}

static void test_keep_values__survive_a_pass(void **state)
{
	struct family *family = make_keeping(&counter_spec);

	(void)state;
	family__add(family, series(family, "1", "x"), 3);
	begin(family, 2);
	family__add(family, series(family, "2", "x"), 1);
	begin(family, 3);
	family__add(family, series(family, "1", "x"), 3);
	assert_shown(family, "a=\"x\",b=\"1\"=6 a=\"x\",b=\"2\"=1");
	family__clear(family, 0);
	assert_shown(family, "");
	family__add(family, series(family, "1", "x"), 1);
	assert_shown(family, "a=\"x\",b=\"1\"=1");
	family__free(family);
}

static void test_sweep__forgets_and_renumbers(void **state)
{
	struct family *family = make(&counter_spec);
	uint32_t old[10], number;
	const uint32_t *map;

	(void)state;
	begin(family, 1);
	for (unsigned int i = 0; i < 10; i++) {
		const char text[] = { (char)('9' - i), '\0' };

		old[i] = series(family, text, "x");
		family__add(family, old[i], i);
	}
	assert_int_equal(family__end(family), 0);
	begin(family, 2);
	for (unsigned int i = 5; i < 10; i++)
		family__add(family, old[i], i);
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 1, &map), 0);
	assert_int_equal(family__sweep(family, 2, &map), 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(map[old[i]], UINT32_MAX);
	number = map[old[9]];
	assert_int_equal(number, series(family, "0", "x"));
	assert_int_equal(family__series_count(family), 5);
	assert_shown(family, "a=\"x\",b=\"0\"=9 a=\"x\",b=\"1\"=8 a=\"x\",b=\"2\"=7 "
			     "a=\"x\",b=\"3\"=6 a=\"x\",b=\"4\"=5");
	/* what was forgotten is new again */
	family__add(family, series(family, "9", "x"), 1);
	assert_int_equal(family__series_count(family), 6);
	family__free(family);
}

static void test_sweep__keeps_a_few_dead(void **state)
{
	struct family *family = make(&counter_spec);
	const uint32_t *map;

	(void)state;
	begin(family, 1);
	for (unsigned int i = 0; i < 20; i++) {
		const char text[] = { (char)('a' + i), '\0' };

		family__add(family, series(family, text, "x"), 1);
	}
	begin(family, 2);
	for (unsigned int i = 1; i < 20; i++) {
		const char text[] = { (char)('a' + i), '\0' };

		family__add(family, series(family, text, "x"), 1);
	}
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 2, &map), 0);
	assert_int_equal(family__series_count(family), 20);
	family__free(family);
}

static void test_sweep__moves_slots(void **state)
{
	struct family *family = make(&histogram_spec);
	const uint32_t *map;

	(void)state;
	begin(family, 1);
	family__add_slot(family, series(family, "1", "x"), 0, 1);
	family__add_slot(family, series(family, "2", "x"), 0, 1);
	begin(family, 2);
	family__add_slot(family, series(family, "2", "x"), 2, 5);
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 2, &map), 1);
	assert_shown(family, "a=\"x\",b=\"2\"=0/0/5/0");
	family__free(family);
}

static void test_bytes__stay_flat_under_churn(void **state)
{
	struct family *family = make(&counter_spec);
	const uint32_t *map;
	size_t most = 0;

	(void)state;
	for (uint32_t pass = 1; pass < 60; pass++) {
		begin(family, pass);
		for (unsigned int i = 0; i < 500; i++) {
			char text[16];

			(void)snprintf(text, sizeof(text), "%u", pass * 500 + i);
			family__add(family, series(family, text, "x"), 1);
		}
		assert_int_equal(family__end(family), 0);
		assert_int_equal(family__shown_count(family), 500);
		(void)family__sweep(family, pass - 1, &map);
		if (pass == 10)
			most = family__bytes(family);
		if (pass > 10)
			assert_true(family__bytes(family) <= most);
	}
	assert_true(family__series_count(family) <= 1500);
	family__free(family);
}

/* ---- against a model ------------------------------------------------------------------------- */

#define MODEL_KEYS 300

struct model_key {
	char b[8], a[8]; /* label values */
	uint32_t series; /* index in the family, UINT32_MAX: not known there */
	uint32_t seen;
	uint64_t value;
};

struct model {
	struct model_key keys[MODEL_KEYS]; /* in order of output */
	uint32_t generation;
};

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static int compare_keys(const void *x, const void *y)
{
	const struct model_key *key_x = x;
	const struct model_key *key_y = y;
	int order = strcmp(key_x->a, key_y->a);

	return order ? order : strcmp(key_x->b, key_y->b);
}

static void fill_model(struct model *model)
{
	static const char bytes[] = "a!\"\\\n #n";
	size_t base = sizeof(bytes) - 1;

	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		struct model_key *key = &model->keys[i];
		uint32_t rest = i;

		*key = (struct model_key){ .series = UINT32_MAX };
		for (size_t at = 0; rest > 0; at++, rest /= (uint32_t)base)
			(at % 2 ? key->a : key->b)[at / 2] = bytes[rest % base];
	}
	/* some numbers spell the same */
	qsort(model->keys, MODEL_KEYS, sizeof(model->keys[0]), compare_keys);
	for (uint32_t i = 1; i < MODEL_KEYS; i++) {
		if (compare_keys(&model->keys[i - 1], &model->keys[i]) == 0)
			(void)snprintf(model->keys[i].b, sizeof(model->keys[i].b), "z%u", i);
	}
	qsort(model->keys, MODEL_KEYS, sizeof(model->keys[0]), compare_keys);
}

static void model_pass(struct family *family, struct model *model, uint64_t *seed)
{
	uint32_t share = 1 + next_random(seed) % 8;

	begin(family, ++model->generation);
	for (uint32_t row = 0; row < MODEL_KEYS * 2; row++) {
		struct model_key *key = &model->keys[next_random(seed) % (MODEL_KEYS / share)];
		uint64_t value = next_random(seed) % 100;
		uint32_t known = key->series;

		if (known == UINT32_MAX || next_random(seed) % 4 == 0)
			key->series = series(family, key->b, key->a);
		assert_true(known == UINT32_MAX || known == key->series);
		family__add(family, key->series, value);
		key->value = key->seen == model->generation ? key->value + value : value;
		key->seen = model->generation;
	}
	assert_int_equal(family__end(family), 0);
}

static void assert_model(struct family *family, const struct model *model)
{
	static const char *const label_names[] = { "b", "a" };
	struct label_text labels;
	struct family_cursor cursor = { 0 };
	struct series_view view;

	assert_int_equal(label_text__init(&labels, label_names, 2), 0);
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		const struct model_key *key = &model->keys[i];
		const struct text_slice values[] = { { key->b, strlen(key->b) },
						     { key->a, strlen(key->a) } };
		struct label_damage damage = { 0 };
		struct strbuf text = STRBUF_INIT;

		if (key->seen != model->generation)
			continue;
		assert_true(family__next(family, &cursor, &view));
		assert_int_equal(label_text__format(&labels, values, &text, &damage), 0);
		assert_int_equal(view.labels_len, text.len - 1);
		assert_memory_equal(view.labels, text.data, view.labels_len);
		assert_int_equal(view.count, key->value);
		strbuf__done(&text);
	}
	assert_false(family__next(family, &cursor, &view));
	label_text__done(&labels);
}

static void model_sweep(struct family *family, struct model *model, uint64_t *seed)
{
	uint32_t age = next_random(seed) % 3;
	uint32_t oldest = model->generation > age ? model->generation - age : 0;
	const uint32_t *map;

	if (family__sweep(family, oldest, &map) == 0)
		return;
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		struct model_key *key = &model->keys[i];

		if (key->series == UINT32_MAX)
			continue;
		assert_int_equal(map[key->series] == UINT32_MAX, key->seen < oldest);
		key->series = map[key->series];
	}
}

static void test_family__agrees_with_a_plain_list(void **state)
{
	struct family *family = make(&counter_spec);
	struct model *model = new_zero(struct model);
	uint64_t seed = 7;

	(void)state;
	assert_non_null(model);
	fill_model(model);
	for (int turn = 0; turn < 300; turn++) {
		model_pass(family, model, &seed);
		assert_model(family, model);
		if (next_random(&seed) % 2)
			model_sweep(family, model, &seed);
		assert_model(family, model);
	}
	free(model);
	family__free(family);
}

static void test_agrees__with_the_same_only(void **state)
{
	static const char *const other_names[] = { "a", "c" };
	static const char *const swapped_names[] = { "a", "b" };
	struct family *family = make(&histogram_spec);
	struct family_spec spec = histogram_spec;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(family__agrees(family, &spec, &err));
	spec.label_names = swapped_names;
	assert_true(family__agrees(family, &spec, &err));
	assert_int_equal(family__label_position(family, "a"), 1); /* of the family's own spec */
	assert_int_equal(family__label_position(family, "b"), 0);
	assert_int_equal(family__label_position(family, "c"), -ENOENT);
	spec.label_names = other_names;
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "set of labels"));
	spec = histogram_spec;
	spec.help = "other";
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "help"));
	spec = histogram_spec;
	spec.buckets.sum_scale = 2;
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "set of buckets"));
	spec = histogram_spec;
	spec.kind = FAMILY_KIND_GAUGE;
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "kind"));
	err__done(&err);
	family__free(family);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__sums_within_a_pass),
		cmocka_unit_test(test_add__zero_shows_the_series),
		cmocka_unit_test(test_series__separators_do_not_mix_values),
		cmocka_unit_test(test_series__without_labels),
		cmocka_unit_test(test_overflow__is_there_when_asked_for),
		cmocka_unit_test(test_overflow__does_not_count_towards_the_limit),
		cmocka_unit_test(test_overflow__without_labels_is_the_one_series),
		cmocka_unit_test(test_agrees__not_with_another_unit),
		cmocka_unit_test(test_end__sorts_by_values_as_bytes),
		cmocka_unit_test(test_end__keeps_thousands_sorted),
		cmocka_unit_test(test_series__over_the_limit),
		cmocka_unit_test(test_series__over_the_limit_of_a_gauge),
		cmocka_unit_test(test_overflow__goes_on_from_pass_to_pass),
		cmocka_unit_test(test_series__named_like_the_overflow_is_it),
		cmocka_unit_test(test_series__invalid_bytes_are_counted),
		cmocka_unit_test(test_set__makes_all_values_numbers),
		cmocka_unit_test(test_add_slot__counts_and_sums),
		cmocka_unit_test(test_keep_values__survive_a_pass),
		cmocka_unit_test(test_sweep__forgets_and_renumbers),
		cmocka_unit_test(test_sweep__keeps_a_few_dead),
		cmocka_unit_test(test_sweep__moves_slots),
		cmocka_unit_test(test_bytes__stay_flat_under_churn),
		cmocka_unit_test(test_family__agrees_with_a_plain_list),
		cmocka_unit_test(test_agrees__with_the_same_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
