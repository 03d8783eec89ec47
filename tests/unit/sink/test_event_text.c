/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "sink/event_text.h"

static void test_quote__rows(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} rows[] = {
		{ "", 0, "\"\"" },
		{ "plain text of more than eight characters", 40,
		  "\"plain text of more than eight characters\"" },
		{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
		{ "\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\"" },
		{ "\0\x01\x1f", 3, "\"\\u0000\\u0001\\u001f\"" },
		/* what terminals obey */
		{ "\033[2J", 4, "\"\\u001b[2J\"" },
		{ "\x7f", 1, "\"\\u007f\"" },
		{ "\xc2\x9b", 2, "\"\\u009b\"" },
		{ "12345678\xe2\x80\xae", 11, "\"12345678\\u202e\"" },
		/* what is no UTF-8 */
		{ "\xff", 1, "\"\xef\xbf\xbd\"" },
		{ "a\xc3", 2, "\"a\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		/* what is */
		{ "\xef\xbf\xbd", 3, "\"\xef\xbf\xbd\"" },
		{ "\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x90\x9d", 9,
		  "\"\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x90\x9d\"" },
		{ "\xef\xbf\xbe", 3, "\"\\ufffe\"" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		char buf[EVENT_TEXT_ROOM(40) + 1];
		char *end = event_text_quote(buf, rows[i].text, rows[i].len);

		*end = '\0';
		assert_string_equal(buf, rows[i].want);
	}
}

/* The special byte at every place of the words that are looked at at once, before and behind every other byte. */
static void test_quote__every_byte_at_every_place(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 0x100; byte++)
		for (size_t at = 0; at < 20; at++) {
			char text[20], one[EVENT_TEXT_ROOM(1)], buf[EVENT_TEXT_ROOM(20)];
			char want[EVENT_TEXT_ROOM(20)];
			size_t one_len, len;
			char c = (char)byte;

			memset(text, 'x', sizeof(text));
			text[at] = c;
			one_len = (size_t)(event_text_quote(one, &c, 1) - one) - 2;
			len = (size_t)(event_text_quote(buf, text, sizeof(text)) - buf);
			memset(want, 'x', sizeof(want));
			memcpy(want + 1 + at, one + 1, one_len);
			want[0] = want[20 + one_len] = '"';
			assert_int_equal(len, 21 + one_len);
			assert_memory_equal(buf, want, len);
		}
}

static void test_quote__worst_case_has_room(void **state)
{
	char text[64], buf[EVENT_TEXT_ROOM(64)];

	(void)state;
	memset(text, 1, sizeof(text));
	assert_int_equal(event_text_quote(buf, text, sizeof(text)) - buf, 6 * 64 + 2);
}

/* The same text, whether its end is known or has to be found. */
static void test_quote_field__ends_at_nul(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char field[48], want[EVENT_TEXT_ROOM(48)], buf[EVENT_TEXT_ROOM(48)];
		size_t size = 0, len;

		for (size_t k = 0; k < sizeof(field); k++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			/* plain ones for the most part */
			field[k] = random >> 60 ? 'a' : (char)(random >> 32);
			if (random >> 56 == 17)
				field[k] = '\0';
		}
		size = (size_t)(random >> 40) % (sizeof(field) + 1);
		len = (size_t)(event_text_quote(want, field, strnlen(field, size)) - want);
		assert_int_equal(event_text_quote_field(buf, field, size) - buf, len);
		assert_memory_equal(buf, want, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote__rows),
		cmocka_unit_test(test_quote__every_byte_at_every_place),
		cmocka_unit_test(test_quote__worst_case_has_room),
		cmocka_unit_test(test_quote_field__ends_at_nul),
	};

	return cmocka_run_group_tests_name("sink/event_text", tests, NULL, NULL);
}
