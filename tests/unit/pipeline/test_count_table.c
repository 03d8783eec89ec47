/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pipeline/count_table.h"

#define KEY_SIZE 12

struct sums {
	size_t rows;
	uint64_t count, number;
};

static const struct aggregate sum_aggregate = {
	.record_size = 8,
	.value = { .kind = AGGREGATE_KIND_SUM,
		   .field = { .type = AGGREGATE_TYPE_INTEGER, .size = 8 } },
	.max_keys = 1000,
};

static void add(struct count_table *table, uint32_t key, uint64_t number)
{
	const struct aggregate_sample sample = { .number = number };
	uint8_t bytes[KEY_SIZE] = { 0 };

	memcpy(bytes + 4, &key, sizeof(key));
	count_table__add(table, bytes, &sample);
}

static uint64_t number_at(const uint8_t *value, uint32_t offset)
{
	uint64_t number;

	memcpy(&number, value + offset, sizeof(number));
	return number;
}

static struct aggregate_layout layout;

static int sum_up(void *ctx, const struct row_batch *rows)
{
	struct sums *sums = ctx;

	assert_int_equal(rows->key_size, KEY_SIZE);
	for (size_t i = 0; i < rows->len; i++) {
		const uint8_t *value = rows->values + i * rows->value_stride;

		sums->count += number_at(value, layout.count_offset);
		sums->number += number_at(value, layout.number_offset);
	}
	sums->rows += rows->len;
	return 0;
}

static void test_read__nothing(void **state)
{
	struct count_table *table;
	struct sums sums = { 0 };

	(void)state;
	assert_int_equal(aggregate__layout(&sum_aggregate, &layout, NULL), 0);
	table = count_table__new(&sum_aggregate, &layout, KEY_SIZE);
	assert_non_null(table);
	assert_int_equal(count_table__read(table, sum_up, &sums), 0);
	assert_int_equal(sums.rows, 0);
	count_table__free(table);
}

/* Every record is in a row or in the spare value. */
static void test_add__more_keys_than_room(void **state)
{
	const uint32_t keys = 1500, rounds = 3;
	struct count_table *table;
	struct sums sums = { 0 };

	(void)state;
	assert_int_equal(aggregate__layout(&sum_aggregate, &layout, NULL), 0);
	table = count_table__new(&sum_aggregate, &layout, KEY_SIZE);
	assert_non_null(table);
	for (uint32_t i = 0; i < rounds * keys; i++)
		add(table, i % keys, 7);
	assert_int_equal(count_table__read(table, sum_up, &sums), 0);
	assert_int_equal(sums.rows, 1000);
	assert_int_equal(sums.count, rounds * 1000);
	assert_int_equal(sums.number, rounds * 1000 * 7);
	assert_int_equal(number_at(table->spare, layout.count_offset), rounds * 500);
	assert_int_equal(number_at(table->spare, layout.number_offset), rounds * 500 * 7);
	count_table__free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__nothing),
		cmocka_unit_test(test_add__more_keys_than_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
