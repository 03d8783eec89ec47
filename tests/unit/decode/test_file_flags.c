/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rows.h"

static void check(uint32_t flags, const char *want)
{
	const struct decode_env env = { 0 };
	const struct decode_row row = { (const char *)&flags, sizeof(flags), DECODE_OK, want };

	assert_rows("file_flags", &env, &row, 1);
}

static void test_run__flags(void **state)
{
	(void)state;
	check(O_RDONLY, "O_RDONLY");
	check(O_WRONLY | O_CREAT | O_TRUNC, "O_WRONLY|O_CREAT|O_TRUNC");
	check(O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY,
	      "O_RDWR|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC");
	check(O_EXCL | O_NOCTTY | O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME,
	      "O_RDONLY|O_EXCL|O_NOCTTY|O_APPEND|O_NONBLOCK|O_FASYNC|O_DIRECT|O_NOATIME");
	check(O_SYNC, "O_RDONLY|O_DSYNC");
	check(O_ACCMODE, "");
	check(O_ACCMODE | O_CREAT, "O_CREAT");
#ifdef __x86_64__
	check(0100000, "O_RDONLY|O_LARGEFILE");
#else
	check(0400000, "O_RDONLY|O_LARGEFILE");
#endif
}

static void test_run__sizes(void **state)
{
	const struct decode_env env = { 0 };
	static const struct decode_row rows[] = {
		ROW("\x01", DECODE_OK, "O_WRONLY"),
		ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	};

	(void)state;
	assert_rows("file_flags", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__flags),
		cmocka_unit_test(test_run__sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
