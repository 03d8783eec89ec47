/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *plain, *text;
} rows[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe\xfd", "//79" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void test_format__any_length(void **state)
{
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		size_t len = base64_format(buffer, rows[i].plain, strlen(rows[i].plain));

		assert_int_equal(len, BASE64_LEN(strlen(rows[i].plain)));
		assert_int_equal(len, strlen(rows[i].text));
		assert_memory_equal(buffer, rows[i].text, len);
	}
}

static void test_parse__reads_what_format_wrote(void **state)
{
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		ssize_t len = base64_parse(buffer, rows[i].text, strlen(rows[i].text));

		assert_int_equal(len, strlen(rows[i].plain));
		assert_memory_equal(buffer, rows[i].plain, (size_t)len);
	}
}

static void test_parse__without_padding_and_of_urls(void **state)
{
	char buffer[16];

	(void)state;
	assert_int_equal(base64_parse(buffer, "Zg", 2), 1);
	assert_int_equal(buffer[0], 'f');
	assert_int_equal(base64_parse(buffer, "__79", 4), 3);
	assert_memory_equal(buffer, "\xff\xfe\xfd", 3);
}

static void test_parse__what_is_none(void **state)
{
	static const char *const none[] = { "Z",    "Zm9vY", "Zg=",    "Z===",
					    "====", "Zm 9",  "Zm9v\n", "=" };
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(base64_parse(buffer, none[i], strlen(none[i])), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format__any_length),
		cmocka_unit_test(test_parse__reads_what_format_wrote),
		cmocka_unit_test(test_parse__without_padding_and_of_urls),
		cmocka_unit_test(test_parse__what_is_none),
	};

	return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
