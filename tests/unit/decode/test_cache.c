/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/cache.h"

struct fixture {
	struct label_cache *cache;
	uint32_t generation;
};

static int setup(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);
	const struct label_cache_options options = { .key_size = 12, .max_keys = 1000 };

	*state = fixture;
	return label_cache__new(&options, &fixture->cache, NULL);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	label_cache__free(fixture->cache);
	free(fixture);
	return 0;
}

struct key {
	uint32_t words[3];
};

static struct key key_of(uint32_t number)
{
	return (struct key){ { 7, number, 9 } };
}

static void begin(struct fixture *fixture)
{
	label_cache__begin(fixture->cache, ++fixture->generation);
}

/* The series it has, or -1. */
static int64_t find(struct fixture *fixture, uint32_t number)
{
	const struct key key = key_of(number);
	const struct label_entry *entry = label_cache__find(fixture->cache, &key);

	return entry ? (int64_t)entry->series : -1;
}

static int add(struct fixture *fixture, uint32_t number, uint32_t series)
{
	const struct key key = key_of(number);
	const struct label_entry entry = { .series = series, .bucket = -1 };

	return label_cache__add(fixture->cache, &key, &entry);
}

static void pass(struct fixture *fixture, uint32_t from, uint32_t to)
{
	begin(fixture);
	for (uint32_t i = from; i < to; i++) {
		if (find(fixture, i) < 0)
			assert_int_equal(add(fixture, i, i), 0);
	}
}

static void test_find__in_an_empty_cache(void **state)
{
	begin(*state);
	assert_int_equal(find(*state, 1), -1);
}

static void test_new__refuses_keys_of_no_size(void **state)
{
	const struct label_cache_options options = { .key_size = 0 };
	struct label_cache *cache;

	(void)state;
	assert_int_equal(label_cache__new(&options, &cache, NULL), -EINVAL);
}

static void test_find__in_the_same_order(void **state)
{
	pass(*state, 0, 100);
	begin(*state);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(find(*state, i), i);
	assert_int_equal(find(*state, 100), -1);
}

static void test_find__in_another_order(void **state)
{
	pass(*state, 0, 100);
	for (int turn = 0; turn < 3; turn++) {
		begin(*state);
		for (uint32_t i = 100; i-- > 0;)
			assert_int_equal(find(*state, i), i);
		for (uint32_t i = 0; i < 100; i++)
			assert_int_equal(find(*state, i * 37 % 100), i * 37 % 100);
	}
}

static void test_find__after_a_key_has_gone(void **state)
{
	pass(*state, 0, 10);
	for (int turn = 0; turn < 2; turn++) {
		begin(*state);
		for (uint32_t i = 0; i < 10; i++) {
			if (i != 4 && i != 5 && i != 6)
				assert_int_equal(find(*state, i), i);
		}
	}
}

static void test_find__keys_of_every_size(void **state)
{
	(void)state;
	for (uint32_t size = 1; size <= 40; size++) {
		const struct label_cache_options options = { .key_size = size };
		struct label_cache *cache;
		uint8_t key[40] = { 0 };

		assert_int_equal(label_cache__new(&options, &cache, NULL), 0);
		for (uint32_t turn = 1; turn <= 2; turn++) {
			label_cache__begin(cache, turn);
			for (uint32_t at = 0; at < size;
			     at++) { /* one byte differs, each in turn */
				const struct label_entry entry = { .series = at };
				const struct label_entry *found;

				key[at] = 1;
				found = label_cache__find(cache, key);
				if (turn == 1) {
					assert_null(found);
					assert_int_equal(label_cache__add(cache, key, &entry), 0);
				} else {
					assert_int_equal(found->series, at);
				}
				key[at] = 0;
			}
		}
		label_cache__free(cache);
	}
}

static void test_add__between_known_keys(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture);
	for (uint32_t i = 0; i < 20; i += 2)
		assert_int_equal(add(fixture, i, i), 0);
	pass(fixture, 0, 20);
	assert_int_equal(label_cache__count(fixture->cache), 20);
	begin(fixture);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(find(fixture, i), i);
}

static void test_add__evicts_what_two_passes_have_not_seen(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 1000);
	pass(fixture, 500, 1000);
	assert_int_equal(add(fixture, 2000, 2000), -ENOSPC); /* 0 to 499 were seen one pass ago */
	begin(fixture);
	assert_int_equal(find(fixture, 500), 500);
	assert_int_equal(find(fixture, 2000), -1);
	assert_int_equal(add(fixture, 2000, 2000), 0);
	assert_int_equal(label_cache__count(fixture->cache), 501);
	assert_int_equal(find(fixture, 0), -1);
	assert_int_equal(find(fixture, 999), 999);
	assert_int_equal(find(fixture, 2000), 2000);
}

static void test_add__to_a_cache_full_of_living_keys(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 1000);
	begin(fixture);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(find(fixture, i), i);
	for (uint32_t i = 1000; i < 1100; i++) {
		assert_int_equal(find(fixture, i), -1);
		assert_int_equal(add(fixture, i, i), -ENOSPC);
	}
	assert_int_equal(label_cache__count(fixture->cache), 1000);
}

static void test_sweep__forgets_the_old(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 100);
	pass(fixture, 30, 100);
	assert_int_equal(label_cache__sweep(fixture->cache, 1, NULL), 0);
	assert_int_equal(label_cache__sweep(fixture->cache, 2, NULL), 30);
	assert_int_equal(label_cache__count(fixture->cache), 70);
	begin(fixture);
	assert_int_equal(find(fixture, 29), -1);
	for (uint32_t i = 30; i < 100; i++)
		assert_int_equal(find(fixture, i), i);
}

static void test_sweep__does_nothing_for_a_few(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 100);
	pass(fixture, 10, 100);
	assert_int_equal(label_cache__sweep(fixture->cache, 2, NULL), 0);
	assert_int_equal(find(fixture, 5), 5);
}

static void test_sweep__renumbers_series(void **state)
{
	struct fixture *fixture = *state;
	uint32_t map[10];

	pass(fixture, 0, 10);
	assert_int_equal(add(fixture, 100, LABEL_SERIES_SKIP), 0);
	for (uint32_t i = 0; i < 10; i++)
		map[i] = i < 3 ? UINT32_MAX : i - 3;
	assert_int_equal(label_cache__sweep(fixture->cache, 0, map), 3);
	begin(fixture);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(find(fixture, i), i < 3 ? -1 : (int)i - 3);
	assert_int_equal(find(fixture, 100), LABEL_SERIES_SKIP);
}

static void test_sweep__in_the_middle_of_a_pass(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 100);
	begin(fixture);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(find(fixture, i), i);
	assert_int_equal(label_cache__sweep(fixture->cache, 2, NULL), 50);
	for (uint32_t i = 50; i < 100; i++) {
		assert_int_equal(find(fixture, i), -1);
		assert_int_equal(add(fixture, i, i), 0);
	}
	pass(fixture, 0, 100);
	assert_int_equal(label_cache__count(fixture->cache), 100);
}

static void test_forget_provisional__keeps_the_rest(void **state)
{
	struct fixture *fixture = *state;
	const struct label_entry unknown = { .series = 77, .is_provisional = true };
	const struct key key = key_of(50);

	pass(fixture, 0, 10);
	assert_int_equal(label_cache__add(fixture->cache, &key, &unknown), 0);
	assert_int_equal(find(fixture, 50), 77);
	assert_int_equal(label_cache__forget_provisional(fixture->cache), 1);
	assert_int_equal(label_cache__forget_provisional(fixture->cache), 0);
	assert_int_equal(find(fixture, 50), -1);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(find(fixture, i), i);
}

static void test_bytes__stay_flat_under_churn(void **state)
{
	struct fixture *fixture = *state;
	size_t most = 0;

	for (uint32_t turn = 0; turn < 200; turn++) {
		pass(fixture, turn * 300, turn * 300 + 300);
		label_cache__sweep(fixture->cache, fixture->generation - 1, NULL);
		if (turn == 10)
			most = label_cache__bytes(fixture->cache);
		if (turn > 10)
			assert_true(label_cache__bytes(fixture->cache) <= most);
	}
}

static void test_clear__forgets_everything(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 10);
	label_cache__clear(fixture->cache);
	assert_int_equal(label_cache__count(fixture->cache), 0);
	assert_int_equal(find(fixture, 3), -1);
	assert_int_equal(add(fixture, 3, 4), 0);
	assert_int_equal(find(fixture, 3), 4);
}

/* ---- accounts -------------------------------------------------------------------------------- */

/* Of the key that was found last. */
static uint64_t *account(struct fixture *fixture, uint32_t number)
{
	const struct key key = key_of(number);

	return label_cache__account(fixture->cache, &key);
}

/* A pass over keys that all have their number plus one in their account. */
static void pass_with_accounts(struct fixture *fixture, uint32_t from, uint32_t to)
{
	begin(fixture);
	for (uint32_t i = from; i < to; i++) {
		if (find(fixture, i) < 0)
			assert_int_equal(add(fixture, i, i), 0);
		*account(fixture, i) = i + 1;
	}
}

static uint64_t find_account(struct fixture *fixture, uint32_t number)
{
	assert_int_not_equal(find(fixture, number), -1);
	return *account(fixture, number);
}

static void test_account__is_that_of_the_key_at_hand(void **state)
{
	struct fixture *fixture = *state;

	pass(fixture, 0, 10); /* accounts come when they are asked for */
	assert_false(label_cache__has_accounts(fixture->cache));
	begin(fixture);
	assert_int_equal(find_account(fixture, 3), 0);
	*account(fixture, 3) = 7;
	assert_int_equal(find_account(fixture, 4), 0);
	assert_null(account(fixture, 3));
	assert_int_equal(add(fixture, 100, 100), 0);
	assert_int_equal(*account(fixture, 100), 0);
	assert_int_equal(find_account(fixture, 3), 7);
	pass(fixture, 0, 900); /* the table grows */
	assert_int_equal(find_account(fixture, 899), 0);
	assert_int_equal(find_account(fixture, 3), 7);
}

static void test_account__of_several_numbers(void **state)
{
	const struct label_cache_options options = { .key_size = 12, .account_words = 3 };
	struct fixture fixture = { 0 };

	(void)state;
	assert_int_equal(label_cache__new(&options, &fixture.cache, NULL), 0);
	pass(&fixture, 0, 100);
	begin(&fixture);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(find(&fixture, i), i);
		account(&fixture, i)[2] = i;
	}
	pass(&fixture, 50, 200);
	assert_int_equal(label_cache__sweep(fixture.cache, fixture.generation, NULL), 50);
	begin(&fixture);
	for (uint32_t i = 50; i < 200; i++) {
		assert_int_equal(find(&fixture, i), i);
		assert_int_equal(account(&fixture, i)[0], 0);
		assert_int_equal(account(&fixture, i)[2], i < 100 ? i : 0);
	}
	label_cache__free(fixture.cache);
}

static void test_end__closes_accounts_of_keys_that_are_gone(void **state)
{
	struct fixture *fixture = *state;

	pass_with_accounts(fixture, 0, 10);
	pass_with_accounts(fixture, 5, 10);
	label_cache__end(fixture->cache, fixture->generation, true);
	begin(fixture);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(find_account(fixture, i), i < 5 ? 0 : i + 1);
}

static void test_end__keeps_them_when_the_pass_was_incomplete(void **state)
{
	struct fixture *fixture = *state;

	pass_with_accounts(fixture, 0, 10);
	for (int turn = 0; turn < 10; turn++) {
		pass_with_accounts(fixture, 5, 10);
		label_cache__end(fixture->cache, fixture->generation, false);
		label_cache__sweep(fixture->cache, fixture->generation, NULL);
	}
	assert_int_equal(find_account(fixture, 0), 1);
	label_cache__end(fixture->cache, fixture->generation, true);
}

static void test_sweep__lets_accounts_sleep_without_a_series(void **state)
{
	struct fixture *fixture = *state;
	uint32_t map[10];

	pass_with_accounts(fixture, 0, 9);
	assert_int_equal(add(fixture, 9, 9), 0); /* nothing was counted for it */
	for (uint32_t i = 0; i < 10; i++)
		map[i] = i % 3 == 0 ? UINT32_MAX : i + 10;
	assert_int_equal(label_cache__sweep(fixture->cache, 0, map), 1);
	begin(fixture);
	for (uint32_t i = 0; i < 9; i++) {
		assert_int_equal(find(fixture, i), i % 3 == 0 ? LABEL_SERIES_DORMANT : i + 10);
		assert_int_equal(*account(fixture, i), i + 1);
	}
	assert_int_equal(find(fixture, 9), -1);
}

static void test_forget_provisional__keeps_accounts(void **state)
{
	struct fixture *fixture = *state;
	struct label_entry entry = { .series = 77, .is_provisional = true };
	const struct key key = key_of(50);

	pass_with_accounts(fixture, 0, 10);
	assert_int_equal(label_cache__add(fixture->cache, &key, &entry), 0);
	*account(fixture, 50) = 5;
	assert_int_equal(label_cache__forget_provisional(fixture->cache), 0);
	assert_int_equal(find(fixture, 50), LABEL_SERIES_STALE);
	assert_int_equal(*account(fixture, 50), 5);
	/* still not known */
	label_cache__set(fixture->cache, &entry);
	assert_int_equal(find(fixture, 50), 77);
	label_cache__forget_provisional(fixture->cache);
	assert_int_equal(find(fixture, 50), LABEL_SERIES_STALE);
	/* in the overflow series it does not matter what it is called */
	entry.series = LABEL_SERIES_OVERFLOW;
	label_cache__set(fixture->cache, &entry);
	label_cache__forget_provisional(fixture->cache);
	assert_int_equal(find(fixture, 50), LABEL_SERIES_OVERFLOW);
	assert_int_equal(*account(fixture, 50), 5);
}

static void test_make_stale__leaves_only_what_is_no_index(void **state)
{
	struct fixture *fixture = *state;

	pass_with_accounts(fixture, 0, 10);
	assert_int_equal(add(fixture, 10, LABEL_SERIES_SKIP), 0);
	assert_int_equal(add(fixture, 11, LABEL_SERIES_OVERFLOW), 0);
	label_cache__make_stale(fixture->cache);
	assert_int_equal(find(fixture, 3), LABEL_SERIES_STALE);
	assert_int_equal(*account(fixture, 3), 4);
	assert_int_equal(find(fixture, 10), LABEL_SERIES_SKIP);
	assert_int_equal(find(fixture, 11), LABEL_SERIES_OVERFLOW);
}

static void test_raise_bound__only_raises(void **state)
{
	struct fixture *fixture = *state;

	label_cache__raise_bound(fixture->cache, 10);
	assert_int_equal(label_cache__bound(fixture->cache), 1000);
	label_cache__raise_bound(fixture->cache, 1100);
	pass(fixture, 0, 1100);
	assert_int_equal(label_cache__count(fixture->cache), 1100);
	assert_int_equal(add(fixture, 1100, 1100), -ENOSPC);
}

/* ---- against a model ------------------------------------------------------------------------- */

#define MODEL_KEYS 400

struct model {
	bool is_there[MODEL_KEYS];
	uint32_t series[MODEL_KEYS];
	uint32_t seen[MODEL_KEYS];
	bool is_provisional[MODEL_KEYS];
};

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static void model_visit(struct fixture *fixture, struct model *model, uint32_t number,
			uint64_t *seed)
{
	const struct key key = key_of(number);
	const struct label_entry *found = label_cache__find(fixture->cache, &key);

	assert_int_equal(found != NULL, model->is_there[number]);
	if (found) {
		assert_int_equal(found->series, model->series[number]);
		assert_int_equal(found->is_provisional, model->is_provisional[number]);
	} else {
		const struct label_entry entry = { .series = next_random(seed) % 1000,
						   .is_provisional = next_random(seed) % 4 == 0 };

		assert_int_equal(label_cache__add(fixture->cache, &key, &entry), 0);
		model->is_there[number] = true;
		model->series[number] = entry.series;
		model->is_provisional[number] = entry.is_provisional;
	}
	model->seen[number] = fixture->generation;
}

/* Mostly the order of the map, with keys left out and jumps. */
static void model_pass(struct fixture *fixture, struct model *model, uint64_t *seed)
{
	uint32_t number = next_random(seed) % 4;

	begin(fixture);
	while (number < MODEL_KEYS) {
		model_visit(fixture, model, number, seed);
		number += next_random(seed) % 8 ? 1 : next_random(seed) % 9;
		if (next_random(seed) % 64 == 0)
			model_visit(fixture, model, next_random(seed) % MODEL_KEYS, seed);
	}
}

static void model_sweep(struct fixture *fixture, struct model *model, uint64_t *seed)
{
	uint32_t oldest = fixture->generation - next_random(seed) % 3;
	bool renumbers = next_random(seed) % 2;
	uint32_t map[1000];
	size_t left;

	for (uint32_t i = 0; i < 1000; i++)
		map[i] = i % 10 == 0 ? UINT32_MAX : i - 1 - i / 10;
	left = label_cache__sweep(fixture->cache, oldest, renumbers ? map : NULL);
	if (left == 0 && !renumbers)
		return;
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		if (!model->is_there[i])
			continue;
		if (model->seen[i] < oldest || (renumbers && map[model->series[i]] == UINT32_MAX)) {
			model->is_there[i] = false;
			left--;
		} else if (renumbers) {
			model->series[i] = map[model->series[i]];
		}
	}
	assert_int_equal(left, 0);
}

static void model_forget(struct fixture *fixture, struct model *model)
{
	size_t left = label_cache__forget_provisional(fixture->cache);

	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		if (model->is_there[i] && model->is_provisional[i]) {
			model->is_there[i] = false;
			left--;
		}
	}
	assert_int_equal(left, 0);
}

static void test_cache__agrees_with_a_plain_array(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_zero(struct model);
	uint64_t seed = 1;

	assert_non_null(model);
	for (int turn = 0; turn < 400; turn++) {
		size_t count = 0;

		model_pass(fixture, model, &seed);
		if (next_random(&seed) % 3 == 0)
			model_sweep(fixture, model, &seed);
		if (next_random(&seed) % 5 == 0)
			model_forget(fixture, model);
		for (uint32_t i = 0; i < MODEL_KEYS; i++)
			count += model->is_there[i];
		assert_int_equal(label_cache__count(fixture->cache), count);
	}
	free(model);
}

#define test_with_cache(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with_cache(test_find__in_an_empty_cache),
		cmocka_unit_test(test_new__refuses_keys_of_no_size),
		test_with_cache(test_find__in_the_same_order),
		test_with_cache(test_find__in_another_order),
		test_with_cache(test_find__after_a_key_has_gone),
		cmocka_unit_test(test_find__keys_of_every_size),
		test_with_cache(test_add__between_known_keys),
		test_with_cache(test_add__evicts_what_two_passes_have_not_seen),
		test_with_cache(test_add__to_a_cache_full_of_living_keys),
		test_with_cache(test_sweep__forgets_the_old),
		test_with_cache(test_sweep__does_nothing_for_a_few),
		test_with_cache(test_sweep__renumbers_series),
		test_with_cache(test_sweep__in_the_middle_of_a_pass),
		test_with_cache(test_forget_provisional__keeps_the_rest),
		test_with_cache(test_bytes__stay_flat_under_churn),
		test_with_cache(test_clear__forgets_everything),
		test_with_cache(test_account__is_that_of_the_key_at_hand),
		test_with_cache(test_end__closes_accounts_of_keys_that_are_gone),
		test_with_cache(test_end__keeps_them_when_the_pass_was_incomplete),
		test_with_cache(test_sweep__lets_accounts_sleep_without_a_series),
		test_with_cache(test_forget_provisional__keeps_accounts),
		test_with_cache(test_make_stale__leaves_only_what_is_no_index),
		test_with_cache(test_raise_bound__only_raises),
		cmocka_unit_test(test_account__of_several_numbers),
		test_with_cache(test_cache__agrees_with_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
