/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const struct {
	const char *bytes;
	size_t len;
	bool is_valid;
	const char *replaced;
} rows[] = {
	{ "", 0, true, "" },
	{ "plain ascii that is longer than two words", 41, true,
	  "plain ascii that is longer than two words" },
	{ "\xc2\x80", 2, true, "\xc2\x80" },
	{ "\xdf\xbf", 2, true, "\xdf\xbf" },
	{ "\xe0\xa0\x80", 3, true, "\xe0\xa0\x80" },
	{ "\xed\x9f\xbf", 3, true, "\xed\x9f\xbf" },
	{ "\xee\x80\x80", 3, true, "\xee\x80\x80" },
	{ "\xef\xbf\xbf", 3, true, "\xef\xbf\xbf" },
	{ "\xf0\x90\x80\x80", 4, true, "\xf0\x90\x80\x80" },
	{ "\xf4\x8f\xbf\xbf", 4, true, "\xf4\x8f\xbf\xbf" },
	{ "\x80", 1, false, REPLACEMENT },
	{ "\xbf", 1, false, REPLACEMENT },
	{ "\xff", 1, false, REPLACEMENT },
	{ "\xfe", 1, false, REPLACEMENT },
	/* overlong */
	{ "\xc0\x80", 2, false, REPLACEMENT REPLACEMENT },
	{ "\xc1\xbf", 2, false, REPLACEMENT REPLACEMENT },
	{ "\xe0\x9f\xbf", 3, false, REPLACEMENT REPLACEMENT REPLACEMENT },
	{ "\xf0\x8f\xbf\xbf", 4, false, REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT },
	/* surrogates */
	{ "\xed\xa0\x80", 3, false, REPLACEMENT REPLACEMENT REPLACEMENT },
	{ "\xed\xbf\xbf", 3, false, REPLACEMENT REPLACEMENT REPLACEMENT },
	/* beyond 10FFFF */
	{ "\xf4\x90\x80\x80", 4, false, REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT },
	{ "\xf5\x80\x80\x80", 4, false, REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT },
	/* cut off */
	{ "a\xc3", 2, false, "a" REPLACEMENT },
	{ "\xe2\x82", 2, false, REPLACEMENT REPLACEMENT },
	{ "\xf0\x9f\x90", 3, false, REPLACEMENT REPLACEMENT REPLACEMENT },
	/* not continued */
	{ "\xc3z", 2, false, REPLACEMENT "z" },
	{ "\xe2\x82z", 3, false, REPLACEMENT REPLACEMENT "z" },
	{ "\xf0\x9f\x90z", 4, false, REPLACEMENT REPLACEMENT REPLACEMENT "z" },
	/* in the middle of long text, across the words that are looked at together */
	{ "0123456789abcde\xc3\xbc"
	  "0123456789abcdef\xff"
	  "0123",
	  38, false,
	  "0123456789abcde\xc3\xbc"
	  "0123456789abcdef" REPLACEMENT "0123" },
};

static void test_is_utf8__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(str_is_utf8(rows[i].bytes, rows[i].len), rows[i].is_valid);
}

static void test_is_utf8__finds_a_bad_byte_anywhere(void **state)
{
	(void)state;
	/* exact heap blocks: ASan sees a byte too many */
	for (size_t len = 1; len < 70; len++) {
		char *bytes = malloc(len);

		memset(bytes, 'a', len);
		assert_true(str_is_utf8(bytes, len));
		for (size_t i = 0; i < len; i++) {
			bytes[i] = (char)0xff;
			assert_false(str_is_utf8(bytes, len));
			bytes[i] = 'a';
		}
		free(bytes);
	}
}

static void test_add_utf8__replaces_each_bad_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct strbuf buf = STRBUF_INIT;
		size_t replaced = str_add_utf8(&buf, rows[i].bytes, rows[i].len);

		assert_string_equal(strbuf__text(&buf), rows[i].replaced);
		assert_int_equal(replaced == 0, rows[i].is_valid);
		assert_true(str_is_utf8(buf.data, buf.len));
		strbuf__done(&buf);
	}
}

static void test_utf8_step__table(void **state)
{
	(void)state;
	assert_int_equal(str_utf8_step("", 0), 0);
	assert_int_equal(str_utf8_step("\0", 1), 1);
	assert_int_equal(str_utf8_step("ab", 2), 1);
	assert_int_equal(str_utf8_step("\xc3\xbcx", 3), 2);
	assert_int_equal(str_utf8_step("\xe2\x82\xac", 3), 3);
	assert_int_equal(str_utf8_step("\xf0\x9f\x90\x9d", 4), 4);
	assert_int_equal(str_utf8_step("\xf0\x9f\x90\x9d", 3), 0);
	assert_int_equal(str_utf8_step("\x80", 1), 0);
}

/* All code points, encoded by the book. */
static void test_is_utf8__every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0x80; code < 0x120000; code++) {
		char bytes[4];
		size_t len = 0;

		if (code < 0x800) {
			bytes[len++] = (char)(0xc0 | code >> 6);
		} else if (code < 0x10000) {
			bytes[len++] = (char)(0xe0 | code >> 12);
			bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
		} else {
			bytes[len++] = (char)(0xf0 | code >> 18);
			bytes[len++] = (char)(0x80 | (code >> 12 & 0x3f));
			bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
		}
		bytes[len++] = (char)(0x80 | (code & 0x3f));
		assert_int_equal(str_is_utf8(bytes, len),
				 code < 0x110000 && (code < 0xd800 || code > 0xdfff));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_utf8__table),
		cmocka_unit_test(test_is_utf8__finds_a_bad_byte_anywhere),
		cmocka_unit_test(test_add_utf8__replaces_each_bad_byte),
		cmocka_unit_test(test_utf8_step__table),
		cmocka_unit_test(test_is_utf8__every_code_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
