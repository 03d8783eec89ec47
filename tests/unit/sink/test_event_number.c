/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sink/event_number.h"

/* In memory of just that size, so that a byte too many is seen. */
static void check(uint64_t value)
{
	char want[NUM_U64_MAX_LEN];
	char *buf = malloc(NUM_U64_MAX_LEN);
	size_t len = num_format_u64(want, value);

	assert_non_null(buf);
	assert_int_equal(event_number_put(buf, value) - buf, len);
	assert_memory_equal(buf, want, len);
	free(buf);
}

static void test_put__around_every_power_of_ten(void **state)
{
	uint64_t power = 1;

	(void)state;
	check(0);
	check(UINT64_MAX);
	for (int digits = 1; digits <= 20; digits++, power *= 10)
		for (uint64_t i = 0; i < 300; i++) {
			check(power + i);
			check(power - i);
			check(power * (i % 10));
		}
}

static void test_put__any(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		check(random >> i % 64);
	}
}

static void test_put_signed__bounds(void **state)
{
	static const int64_t values[] = { 0, -1, 1, -9, -10, INT32_MIN, INT64_MIN, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char want[NUM_U64_MAX_LEN], buf[NUM_U64_MAX_LEN + 1];
		size_t len = num_format_i64(want, values[i]);

		assert_int_equal(event_number_put_signed(buf, values[i]) - buf, len);
		assert_memory_equal(buf, want, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put__around_every_power_of_ten),
		cmocka_unit_test(test_put__any),
		cmocka_unit_test(test_put_signed__bounds),
	};

	return cmocka_run_group_tests_name("sink/event_number", tests, NULL, NULL);
}
