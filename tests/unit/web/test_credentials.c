/* SPDX-License-Identifier: Apache-2.0 */
#include "web/credentials.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_parse__good(void **state)
{
	static const struct {
		const char *header, *user, *password;
	} rows[] = {
		{ "Basic YTpi", "a", "b" },
		{ "basic YTpi", "a", "b" },
		{ "BASIC YTpi", "a", "b" },
		{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
		{ "Basic Og==", "", "" },
		{ "Basic Ojo=", "", ":" },
		{ "Basic YTpiOmM6", "a", "b:c:" },
		{ "Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3" },
		{ "Basic Oj4/Pj4+", "", ">?>>>" },
	};
	struct credentials credentials;

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(credentials__parse(&credentials, rows[i].header), 0);
		assert_string_equal(credentials.user, rows[i].user);
		assert_string_equal(credentials.password, rows[i].password);
		assert_int_equal(credentials.user_len, strlen(rows[i].user));
		assert_int_equal(credentials.password_len, strlen(rows[i].password));
	}
}

static void test_parse__bad(void **state)
{
	static const char *const headers[] = {
		"",
		"Basic",
		"Basic ",
		"Basic  YTpi",
		"Basic YTpi ",
		"Bearer YTpi",
		"BasicYTpi",
		"Basic YWI=",     /* no colon */
		"Basic YTp",      /* no whole group */
		"Basic YTpi=",    /* likewise */
		"Basic YTpi====", /* padding alone */
		"Basic YTo=YTo=", /* padding in the middle */
		"Basic Y===",
		"Basic YT=i",
		"Basic =Tpi",
		"Basic YTp\n",
		"Basic YTp-",
		"Basic YTp\xff",
		"Basic YQA6Yg==", /* NUL in the name */
		"Basic YTpiAGM=", /* NUL in the password */
	};
	struct credentials credentials;

	(void)state;
	for (size_t i = 0; i < array_size(headers); i++)
		if (credentials__parse(&credentials, headers[i]) != -EINVAL)
			fail_msg("'%s'", headers[i]);
}

/* base64 of so many letters, a colon, and so many letters */
static int parse_lens(size_t user_len, size_t password_len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char bytes[1024] = { 0 };
	char header[1500] = "Basic ";
	size_t len = user_len + 1 + password_len, out = strlen(header);
	struct credentials credentials;

	memset(bytes, 'x', len);
	bytes[user_len] = ':';
	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);

		for (int j = 0; j < 4; j++)
			header[out++] = digits[bits >> (18 - 6 * j) & 63];
	}
	for (size_t i = 0; i < (3 - len % 3) % 3; i++)
		header[out - 1 - i] = '=';
	return credentials__parse(&credentials, header);
}

static void test_parse__lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(parse_lens(i, i / 2), 0);
	assert_int_equal(parse_lens(255, 511), 0);
	assert_int_equal(parse_lens(256, 1), -EINVAL);
	assert_int_equal(parse_lens(1, 512), -EINVAL);
	assert_int_equal(parse_lens(0, 767), -EINVAL);
	assert_int_equal(parse_lens(300, 700), -EINVAL);
}

static void test_wipe__leaves_nothing(void **state)
{
	struct credentials credentials;
	const struct credentials nothing = { .user_len = 0 };

	(void)state;
	assert_int_equal(credentials__parse(&credentials, "Basic YTpi"), 0);
	credentials__wipe(&credentials);
	assert_memory_equal(&credentials, &nothing, sizeof(nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__good),
		cmocka_unit_test(test_parse__bad),
		cmocka_unit_test(test_parse__lengths),
		cmocka_unit_test(test_wipe__leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
