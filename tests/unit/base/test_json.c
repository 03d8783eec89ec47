/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static void test_write__nested_groups(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json = { .out = &out };

	(void)state;
	json__begin_object(&json, NULL);
	json__add_text(&json, "name", "runqlat");
	json__begin_array(&json, "numbers");
	json__add_u64(&json, NULL, UINT64_MAX);
	json__add_i64(&json, NULL, INT64_MIN);
	json__begin_object(&json, NULL);
	json__end_object(&json);
	json__begin_array(&json, NULL);
	json__end_array(&json);
	json__end_array(&json);
	json__add_bool(&json, "yes", true);
	json__add_bool(&json, "no", false);
	json__add_text(&json, "nothing", NULL);
	json__end_object(&json);
	assert_string_equal(strbuf__text(&out),
			    "{\"name\":\"runqlat\",\"numbers\":[18446744073709551615,"
			    "-9223372036854775808,{},[]],\"yes\":true,\"no\":false,"
			    "\"nothing\":null}");
	strbuf__done(&out);
}

static void test_add_string__escapes(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		const char *expected;
	} rows[] = {
		{ "", 0, "\"\"" },
		{ "plain", 5, "\"plain\"" },
		{ "\"", 1, "\"\\\"\"" },
		{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
		{ "\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9d", 11,
		  "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9d\"" },
		{ "a\xff\"\xc3", 4, "\"a\xef\xbf\xbd\\\"\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct strbuf out = STRBUF_INIT;
		struct json_writer json = { .out = &out };

		json__add_string(&json, NULL, rows[i].value, rows[i].len);
		assert_string_equal(strbuf__text(&out), rows[i].expected);
		strbuf__done(&out);
	}
}

/* Eight bytes are looked at together: what needs an escape is found wherever it stands among them. */
static void test_add_string__escapes_at_every_place(void **state)
{
	static const struct {
		char byte;
		const char *expected;
	} specials[] = {
		{ '"', "\\\"" },
		{ '\\', "\\\\" },
		{ '\0', "\\u0000" },
		{ '\x1f', "\\u001f" },
		{ '\xff', "\xef\xbf\xbd" },
		{ ' ', " " },
		{ '\x7f', "\x7f" },
		{ '!', "!" },
	};
	char value[20];

	(void)state;
	for (size_t i = 0; i < array_size(specials) * sizeof(value); i++) {
		size_t place = i / array_size(specials);
		const char *expected = specials[i % array_size(specials)].expected;
		struct strbuf out = STRBUF_INIT;
		struct json_writer json = { .out = &out };

		memset(value, 'a', sizeof(value));
		value[place] = specials[i % array_size(specials)].byte;
		json__add_string(&json, NULL, value, sizeof(value));
		assert_int_equal(out.len, 2 + sizeof(value) - 1 + strlen(expected));
		assert_memory_equal(out.data + 1 + place, expected, strlen(expected));
		strbuf__done(&out);
	}
}

static void test_add_text__escapes_keys_too(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json = { .out = &out };

	(void)state;
	json__begin_object(&json, NULL);
	json__add_text(&json, "a\"b\n", "c");
	json__add_text(&json, "", "empty key");
	json__end_object(&json);
	assert_string_equal(strbuf__text(&out), "{\"a\\\"b\\n\":\"c\",\"\":\"empty key\"}");
	strbuf__done(&out);
}

static void test_add_double__has_no_word_for_nan_and_infinity(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json = { .out = &out };

	(void)state;
	json__begin_array(&json, NULL);
	json__add_double(&json, NULL, 0.1);
	json__add_double(&json, NULL, 1e21);
	json__add_double(&json, NULL, -0.0);
	json__add_double(&json, NULL, NAN);
	json__add_double(&json, NULL, INFINITY);
	json__add_double(&json, NULL, -INFINITY);
	json__end_array(&json);
	assert_string_equal(strbuf__text(&out), "[0.1,1e+21,-0,null,null,null]");
	strbuf__done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__nested_groups),
		cmocka_unit_test(test_add_string__escapes),
		cmocka_unit_test(test_add_string__escapes_at_every_place),
		cmocka_unit_test(test_add_text__escapes_keys_too),
		cmocka_unit_test(test_add_double__has_no_word_for_nan_and_infinity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
