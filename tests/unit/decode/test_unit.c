/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "identity_rows.h"

static const struct decode_row rows[] = {
	ROW("1", DECODE_OK, ""),
	ROW("2", DECODE_OK, "ssh.service"),
	ROW("3", DECODE_OK, "docker-" CONTAINER_ID ".scope"),
	ROW("6", DECODE_OK, ""),
};

static void test_run__rows(void **state)
{
	(void)state;
	assert_identity_rows("unit", rows, array_size(rows));
}

static void test_open__nobody_to_ask(void **state)
{
	(void)state;
	assert_identity_missing("unit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_open__nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
