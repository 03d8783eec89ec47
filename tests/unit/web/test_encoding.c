/* SPDX-License-Identifier: Apache-2.0 */
#include "web/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_accepts_gzip__by_header(void **state)
{
	static const struct {
		const char *header;
		bool is_accepted;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ ",", false },
		{ ";", false },
		{ "gzip", true },
		{ "GZip", true },
		{ "x-gzip", true },
		{ "deflate, gzip", true },
		{ "deflate,gzip;q=1.0, *;q=0.5", true },
		{ "gzip;q=0.001", true },
		{ "gzip; q=0", false },
		{ "gzip;q=0.000", false },
		{ "gzip;q=0, *", false },
		{ "*, gzip;q=0", false },
		{ "*", true },
		{ "*;q=0", false },
		{ "identity", false },
		{ "gzipped", false },
		{ "zstd,br", false },
		{ "gzip;q=", true },
		{ "gzip;;", true },
		{ "\tgzip\t;\tq=0.0\t", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(encoding_accepts_gzip(rows[i].header), rows[i].is_accepted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_gzip__by_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
