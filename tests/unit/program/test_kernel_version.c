/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "program/kernel_version.h"

static void test_parse_debian__rows(void **state)
{
	static const struct {
		const char *version;
		int result;
		uint32_t number;
	} rows[] = {
		{ "#1 SMP Debian 5.10.262-1 (2026-01-20)", 0, KERNEL_VERSION(5, 10, 255) },
		{ "#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-1 (2026-05-01)", 0,
		  KERNEL_VERSION(6, 1, 170) },
		{ "#1 SMP Debian 4.19.316-1 (2024-06-25)", 0, KERNEL_VERSION(4, 19, 255) },
		{ "#1 SMP Debian 6.19.0~rc1-1 (2026-01-01)", 0, KERNEL_VERSION(6, 19, 0) },
		{ "#1 SMP PREEMPT_DYNAMIC Sun Jun  1 10:00:00 UTC 2026", -ENOENT, 0 },
		{ "#1 SMP Debian unknown", -ENOENT, 0 },
		{ "#1 SMP Debian 6.1", -ENOENT, 0 },
		{ "Debian ", -ENOENT, 0 },
		{ "", -ENOENT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t number = 0;

		assert_int_equal(kernel_version_parse_debian(rows[i].version, &number),
				 rows[i].result);
		assert_int_equal(number, rows[i].number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_debian__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
