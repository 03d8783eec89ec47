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
	ROW("2", DECODE_OK, ""),
	ROW("3", DECODE_UNKNOWN, SHORT_ID),
	ROW("4", DECODE_OK, "web"),
	ROW("5", DECODE_UNKNOWN, SHORT_ID),
	ROW("6", DECODE_OK, "app"),
	ROW("7", DECODE_OK, ""), /* the pod holds no process of its own */
	ROW("9", DECODE_OK, "db"),
	ROW("10", DECODE_OK, "POD"),
	ROW("11", DECODE_OK, SHORT_ID),
};

static void test_run__rows(void **state)
{
	(void)state;
	assert_identity_rows("container", rows, array_size(rows));
}

static void test_open__nobody_to_ask(void **state)
{
	(void)state;
	assert_identity_missing("container");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_open__nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
