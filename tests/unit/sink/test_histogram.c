/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "sink/histogram.h"

static void check(const struct histogram_drawing *drawing, uint16_t columns, const char *want)
{
	struct strbuf out = STRBUF_INIT;

	histogram_draw(drawing, columns, /* is_colored */ false, &out);
	assert_string_equal(strbuf__text(&out), want);
	strbuf__done(&out);
}

/* Slots of powers of two, as bcc shows them. */
static void test_draw__slots(void **state)
{
	static const double bounds[] = { 1, 2, 4, 8, 16, 32 };
	static const uint64_t counts[] = { 0, 2, 0, 8, 1, 0 };
	const struct histogram_drawing drawing = { .unit = "µs",
						   .bounds = bounds,
						   .counts = counts,
						   .bucket_count = array_size(bounds),
						   .is_exclusive = true };

	(void)state;
	check(&drawing, 0,
	      "  µs                       : count    distribution\n"
	      "           0 -> 0          : 0        |                                        |\n"
	      "           1 -> 1          : 2        |**********                              |\n"
	      "           2 -> 3          : 0        |                                        |\n"
	      "           4 -> 7          : 8        |****************************************|\n"
	      "           8 -> 15         : 1        |*****                                   |\n");
}

static void test_draw__inclusive_and_infinite(void **state)
{
	const double bounds[] = { 10, 100, INFINITY };
	static const uint64_t counts[] = { 1, 1, 2 };
	const struct histogram_label labels[] = { { "dev", "sda" }, { "rw", "\033[2J" } };
	const struct histogram_drawing drawing = { .name = "latency",
						   .labels = labels,
						   .label_count = array_size(labels),
						   .bounds = bounds,
						   .counts = counts,
						   .bucket_count = array_size(bounds) };

	(void)state;
	check(&drawing, 60,
	      "latency: dev=sda, rw=\xef\xbf\xbd[2J\n"
	      "  value                    : count    distribution\n"
	      "           0 -> 10         : 1        |**********          |\n"
	      "          11 -> 100        : 1        |**********          |\n"
	      "         101 -> +Inf       : 2        |********************|\n");
}

static void test_draw__fractions(void **state)
{
	static const double bounds[] = { 0.005, 0.01, 2.5 };
	static const uint64_t counts[] = { 3, 0, 3 };
	const struct histogram_drawing drawing = {
		.unit = "s", .bounds = bounds, .counts = counts, .bucket_count = array_size(bounds)
	};

	(void)state;
	check(&drawing, 20, /* too narrow for anything: the least */
	      "  s                        : count    distribution\n"
	      "           0 -> 0.005      : 3        |********|\n"
	      "       0.005 -> 0.01       : 0        |        |\n"
	      "        0.01 -> 2.5        : 3        |********|\n");
}

static void test_draw__empty(void **state)
{
	static const double bounds[] = { 1, 2 };
	static const uint64_t counts[] = { 0, 0 };
	const struct histogram_drawing drawing = { .bounds = bounds,
						   .counts = counts,
						   .bucket_count = array_size(bounds) };

	(void)state;
	check(&drawing, 80, "  value                    : count    distribution\n");
}

static void test_draw__large_numbers(void **state)
{
	static const double bounds[] = { 4294967296.0, 1099511627776.0 };
	static const uint64_t counts[] = { UINT64_MAX, UINT64_MAX / 2 };
	const struct histogram_drawing drawing = { .bounds = bounds,
						   .counts = counts,
						   .bucket_count = array_size(bounds),
						   .is_exclusive = true };

	(void)state;
	check(&drawing, 80,
	      "  value                          : count                distribution\n"
	      "              0 -> 4294967295    : 18446744073709551615 "
	      "|**********************|\n"
	      "     4294967296 -> 1099511627775 : 9223372036854775807  "
	      "|***********           |\n");
}

static void test_draw__colors(void **state)
{
	static const double bounds[] = { 1 };
	static const uint64_t counts[] = { 0 };
	const struct histogram_drawing drawing = {
		.name = "x", .bounds = bounds, .counts = counts, .bucket_count = 1
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	histogram_draw(&drawing, 80, /* is_colored */ true, &out);
	assert_memory_equal(strbuf__text(&out), "\033[1mx\033[m\n", 9);
	strbuf__done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draw__slots),
		cmocka_unit_test(test_draw__inclusive_and_infinite),
		cmocka_unit_test(test_draw__fractions),
		cmocka_unit_test(test_draw__empty),
		cmocka_unit_test(test_draw__large_numbers),
		cmocka_unit_test(test_draw__colors),
	};

	return cmocka_run_group_tests_name("sink/histogram", tests, NULL, NULL);
}
