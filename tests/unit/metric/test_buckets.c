/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "metric/buckets.h"

static struct bucket_map *make(const struct bucket_spec *spec)
{
	struct err err = ERR_INIT;
	struct bucket_map *map;

	assert_int_equal(bucket_map__new(spec, SUM_KIND_KEY_AFTER_LAST, &map, &err), 0);
	return map;
}

static void assert_bounds(const struct bucket_spec *spec, const char *expected)
{
	struct bucket_map *map = make(spec);
	const struct bucket_layout *layout = bucket_map__layout(map);
	struct strbuf out = STRBUF_INIT;

	for (uint32_t i = 0; i < layout->line_count; i++) {
		char text[NUM_DOUBLE_MAX_LEN];

		strbuf__add_text(&out, i ? " " : "");
		strbuf__add(&out, text, num_format_double(text, layout->bounds[i]));
	}
	assert_string_equal(strbuf__text(&out), expected);
	assert_null(layout->ends);
	strbuf__done(&out);
	bucket_map__free(map);
}

static void test_bounds__exp2_microseconds(void **state)
{
	const struct bucket_spec spec = { .kind = BUCKET_KIND_EXP2, .scale = 1e-6, .max = 27 };

	(void)state;
	assert_bounds(&spec,
		      "1e-06 2e-06 4e-06 8e-06 1.6e-05 3.2e-05 6.4e-05 0.000128 0.000256 0.000512 "
		      "0.001024 0.002048 0.004096 0.008192 0.016384 0.032768 0.065536 0.131072 "
		      "0.262144 0.524288 1.048576 2.097152 4.194304 8.388608 16.777216 33.554432 "
		      "67.108864 134.217728");
}

static void test_bounds__exp2_nanoseconds(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_EXP2, .scale = 1e-9, .min = 9, .max = 14
	};

	(void)state;
	assert_bounds(&spec, "5.12e-07 1.024e-06 2.048e-06 4.096e-06 8.192e-06 1.6384e-05");
}

static void test_bounds__exp2zero(void **state)
{
	const struct bucket_spec spec = { .kind = BUCKET_KIND_EXP2ZERO, .scale = 1, .max = 5 };

	(void)state;
	assert_bounds(&spec, "0 1 2 4 8 16");
}

static void test_bounds__linear(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_LINEAR, .scale = 50, .min = 1, .max = 4
	};

	(void)state;
	assert_bounds(&spec, "50 100 150 200");
}

static void test_bounds__fixed(void **state)
{
	static const double keys[] = { 100, 1000, 250000, 1000000, 2500000, 5000000 };
	const struct bucket_spec spec = { .kind = BUCKET_KIND_FIXED,
					  .scale = 1e-6,
					  .keys = keys,
					  .key_count = array_size(keys) };

	(void)state;
	assert_bounds(&spec, "9.999999999999999e-05 0.001 0.25 1 2.5 5");
}

static void test_bounds__max_below_min_has_none(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_EXP2, .scale = 1, .min = 5, .max = 3
	};
	struct bucket_map *map = make(&spec);

	(void)state;
	assert_int_equal(bucket_map__layout(map)->slot_count, 0);
	assert_int_equal(bucket_map__layout(map)->line_count, 0);
	assert_int_equal(bucket_map__slot(map, 4), 0); /* the sum: one after the last */
	assert_int_equal(bucket_map__slot(map, 5), -1);
	bucket_map__free(map);
}

static void test_bounds__infinite_ones_are_one(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_EXP2, .scale = 1, .min = 1022, .max = 1030
	};
	struct bucket_map *map = make(&spec);
	const struct bucket_layout *layout = bucket_map__layout(map);

	(void)state;
	assert_int_equal(layout->slot_count, 9);
	assert_int_equal(layout->line_count, 3);
	assert_true(isinf(layout->bounds[2]));
	assert_int_equal(layout->ends[2], 9); /* the last of them has counted everything */
	bucket_map__free(map);
}

static void test_slot__of_a_range(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_EXP2, .scale = 1, .min = 2, .max = 10
	};
	struct bucket_map *map = make(&spec);

	(void)state;
	assert_int_equal(bucket_map__slot(map, 0), -1);
	assert_int_equal(bucket_map__slot(map, 1), -1);
	assert_int_equal(bucket_map__slot(map, 2), 0);
	assert_int_equal(bucket_map__slot(map, 10), 8);
	assert_int_equal(bucket_map__slot(map, 11), 9);
	assert_int_equal(bucket_map__slot(map, 12), -1);
	assert_int_equal(bucket_map__slot(map, UINT64_MAX), -1);
	assert_int_equal(bucket_map__layout(map)->sum_slot, 9);
	bucket_map__free(map);
}

static void test_slot__below_zero(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_LINEAR, .scale = 1, .min = -3, .max = -1
	};
	struct bucket_map *map = make(&spec);

	(void)state;
	assert_int_equal(bucket_map__slot(map, 0),
			 -1); /* a key of 0 would be the sum, had it been meant */
	assert_int_equal(bucket_map__slot(map, UINT64_MAX), -1);
	bucket_map__free(map);
}

static void test_slot__at_the_end_of_numbers(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_LINEAR, .scale = 1, .min = INT64_MAX - 2, .max = INT64_MAX
	};
	struct bucket_map *map = make(&spec);

	(void)state;
	assert_int_equal(bucket_map__slot(map, INT64_MAX), 2);
	assert_int_equal(bucket_map__slot(map, (uint64_t)INT64_MAX + 1), -1);
	bucket_map__free(map);
}

static void test_slot__of_fixed_keys_in_any_order(void **state)
{
	static const double keys[] = { 1000, 10, 100, 10, 0.5 };
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_FIXED, .scale = 1, .keys = keys, .key_count = 4
	};
	struct bucket_map *map = make(&spec);
	const struct bucket_layout *layout = bucket_map__layout(map);

	(void)state;
	assert_int_equal(bucket_map__slot(map, 1000), 0);
	assert_int_equal(bucket_map__slot(map, 10),
			 1); /* a key that stands there twice counts once */
	assert_int_equal(bucket_map__slot(map, 100), 2);
	assert_int_equal(bucket_map__slot(map, 11), 4); /* the last one as given, and one */
	assert_int_equal(bucket_map__slot(map, 1001), -1);
	/* lines by bound; what they count is in the given order */
	assert_int_equal(layout->line_count, 3);
	assert_int_equal(layout->ends[0], 4); /* 10 */
	assert_int_equal(layout->ends[1], 3); /* 100 */
	assert_int_equal(layout->ends[2], 1); /* 1000 */
	bucket_map__free(map);
}

static void test_slot__of_a_sum_that_is_a_bucket_too(void **state)
{
	static const double keys[] = { 11, 10 };
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_FIXED, .scale = 1, .keys = keys, .key_count = 2
	};
	struct bucket_map *map = make(&spec);

	(void)state;
	assert_int_equal(bucket_map__slot(map, 11), 0);
	assert_int_equal(bucket_map__layout(map)->sum_slot, 0);
	bucket_map__free(map);
}

static void test_slot__without_a_sum(void **state)
{
	const struct bucket_spec spec = { .kind = BUCKET_KIND_EXP2, .scale = 1, .max = 3 };
	struct bucket_map *map;

	(void)state;
	assert_int_equal(bucket_map__new(&spec, SUM_KIND_NONE, &map, NULL), 0);
	assert_int_equal(bucket_map__slot(map, 4), -1);
	bucket_map__free(map);
}

/* What is above the last bound is counted, and has no line of its own. */
static void test_bounds__open_ended(void **state)
{
	const struct bucket_spec range = {
		.kind = BUCKET_KIND_EXP2, .scale = 1, .max = 3, .is_open_ended = true
	};
	const double keys[] = { 5, 10 };
	const struct bucket_spec fixed = { .kind = BUCKET_KIND_FIXED,
					   .scale = 1,
					   .keys = keys,
					   .key_count = 2,
					   .is_open_ended = true };
	struct bucket_map *map;

	(void)state;
	assert_bounds(&range, "1 2 4");
	assert_bounds(&fixed, "5 10");
	map = make(&range);
	assert_int_equal(bucket_map__layout(map)->slot_count, 4);
	bucket_map__free(map);
	map = make(&fixed);
	assert_int_equal(bucket_map__layout(map)->slot_count, 3);
	assert_int_equal(bucket_map__layout(map)->sum_slot, 3);
	bucket_map__free(map);
}

static void test_new__refuses(void **state)
{
	static const double not_a_number[] = { 1, NAN };
	static const struct {
		struct bucket_spec spec;
		const char *text;
	} rows[] = {
		{ { .kind = BUCKET_KIND_NONE, .scale = 1 }, "no bucket_type" },
		{ { .kind = BUCKET_KIND_BAD, .scale = 1, .type = "exp3" }, "'exp3' is unknown" },
		{ { .kind = BUCKET_KIND_EXP2, .scale = 1, .min = 4, .max = 4 }, "both 4" },
		{ { .kind = BUCKET_KIND_LINEAR, .scale = 1, .max = BUCKETS_MAX }, "too many" },
		{ { .kind = BUCKET_KIND_LINEAR, .scale = 1, .min = INT64_MIN, .max = INT64_MAX },
		  "too many" },
		{ { .kind = BUCKET_KIND_FIXED, .scale = 1 }, "no bucket_keys" },
		{ { .kind = BUCKET_KIND_FIXED, .scale = 1, .keys = not_a_number, .key_count = 2 },
		  "bucket_keys[1]" },
		{ { .kind = BUCKET_KIND_EXP2, .scale = INFINITY, .max = 4 }, "bucket_multiplier" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;
		struct bucket_map *map;

		assert_int_equal(
			bucket_map__new(&rows[i].spec, SUM_KIND_KEY_AFTER_LAST, &map, &err),
			-EINVAL);
		assert_non_null(strstr(err.text, rows[i].text));
		err__done(&err);
	}
}

static void test_new__takes_the_most(void **state)
{
	const struct bucket_spec spec = {
		.kind = BUCKET_KIND_LINEAR, .scale = 1, .min = 1, .max = BUCKETS_MAX
	};
	struct bucket_map *map = make(&spec);

	(void)state;
	assert_int_equal(bucket_map__layout(map)->slot_count, BUCKETS_MAX);
	assert_int_equal(bucket_map__slot(map, BUCKETS_MAX), BUCKETS_MAX - 1);
	assert_int_equal(bucket_map__slot(map, BUCKETS_MAX + 1), BUCKETS_MAX);
	bucket_map__free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds__exp2_microseconds),
		cmocka_unit_test(test_bounds__exp2_nanoseconds),
		cmocka_unit_test(test_bounds__exp2zero),
		cmocka_unit_test(test_bounds__linear),
		cmocka_unit_test(test_bounds__fixed),
		cmocka_unit_test(test_bounds__max_below_min_has_none),
		cmocka_unit_test(test_bounds__infinite_ones_are_one),
		cmocka_unit_test(test_slot__of_a_range),
		cmocka_unit_test(test_slot__below_zero),
		cmocka_unit_test(test_slot__at_the_end_of_numbers),
		cmocka_unit_test(test_slot__of_fixed_keys_in_any_order),
		cmocka_unit_test(test_slot__of_a_sum_that_is_a_bucket_too),
		cmocka_unit_test(test_slot__without_a_sum),
		cmocka_unit_test(test_bounds__open_ended),
		cmocka_unit_test(test_new__refuses),
		cmocka_unit_test(test_new__takes_the_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
