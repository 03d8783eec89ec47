/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rows.h"

static const struct decode_row rows[] = {
	ROW("\x00\x00\x00\x00\x00\x01\x00\x00", DECODE_OK, "SYS_UNKNOWN"),
	ROW("\xff\xff\xff\xff\xff\xff\xff\xff", DECODE_OK, "SYS_UNKNOWN"),
	ROW("\xa0\x86\x01\x00", DECODE_OK, "SYS_UNKNOWN"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("syscall_name", &env, rows, array_size(rows));
}

static void test_run__numbers_of_this_architecture(void **state)
{
	static const struct {
		uint64_t number;
		const char *name;
	} calls[] = {
		{ SYS_getpid, "SYS_GETPID" },
		{ SYS_openat, "SYS_OPENAT" },
		{ SYS_exit_group, "SYS_EXIT_GROUP" },
		{ SYS_pread64, "SYS_PREAD64" },
	};
	const struct decode_env env = { 0 };

	(void)state;
	for (size_t i = 0; i < array_size(calls); i++) {
		const struct decode_row row = { (const char *)&calls[i].number,
						sizeof(calls[i].number), DECODE_OK, calls[i].name };

		assert_rows("syscall_name", &env, &row, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__numbers_of_this_architecture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
