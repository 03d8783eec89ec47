/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "metric/label_text.h"

static const char *const names[] = { "zone", "comm" }; /* sorted: comm, zone */

#define SLICE(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void assert_format(const struct text_slice *values, const char *expected)
{
	struct label_damage damage = { 0 };
	struct strbuf out = STRBUF_INIT;
	struct label_text labels;

	assert_int_equal(label_text__init(&labels, names, 2), 0);
	assert_int_equal(label_text__format(&labels, values, &out, &damage), 0);
	assert_int_equal(out.len, strlen(expected) + 1);
	assert_string_equal(out.data, expected);
	assert_int_equal(damage.replaced_bytes, 0);
	strbuf__done(&out);
	label_text__done(&labels);
}

static void test_format__sorts_by_name(void **state)
{
	const struct text_slice values[] = { SLICE("a"), SLICE("b") };

	(void)state;
	assert_format(values, "comm=\"b\",zone=\"a\"");
}

static void test_format__escapes(void **state)
{
	const struct text_slice values[] = { SLICE("quote\" back\\ line\n"),
					     SLICE("tab\tstays \xc3\xa9 \xe2\x82\xac") };

	(void)state;
	assert_format(values, "comm=\"tab\tstays \xc3\xa9 \xe2\x82\xac\","
			      "zone=\"quote\\\" back\\\\ line\\n\"");
}

static void test_format__empty_values(void **state)
{
	const struct text_slice values[] = { SLICE(""), { NULL, 0 } };

	(void)state;
	assert_format(values, "comm=\"\",zone=\"\"");
}

static void test_format__no_labels(void **state)
{
	struct label_damage damage = { 0 };
	struct strbuf out = STRBUF_INIT;
	struct label_text labels;

	(void)state;
	assert_int_equal(label_text__init(&labels, NULL, 0), 0);
	assert_int_equal(label_text__format(&labels, NULL, &out, &damage), 0);
	assert_int_equal(out.len, 1);
	assert_string_equal(out.data, "");
	strbuf__done(&out);
	label_text__done(&labels);
}

static void test_format__replaces_invalid_bytes(void **state)
{
	const struct text_slice values[] = { SLICE("a\xff\xfe"), SLICE("\xe2\x82") };
	struct label_damage damage = { 0 };
	struct strbuf out = STRBUF_INIT;
	struct label_text labels;

	(void)state;
	assert_int_equal(label_text__init(&labels, names, 2), 0);
	assert_int_equal(label_text__format(&labels, values, &out, &damage), 0);
	assert_string_equal(out.data, "comm=\"\xef\xbf\xbd\xef\xbf\xbd\","
				      "zone=\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_int_equal(damage.replaced_bytes, 4);
	strbuf__done(&out);
	label_text__done(&labels);
}

static void test_format__cuts_long_values_between_characters(void **state)
{
	const size_t len = FAMILY_VALUE_MAX_LEN + 100;
	char *text = malloc(len);
	const struct text_slice values[] = { { text, len }, SLICE("b") };
	const char *end;
	struct label_damage damage = { 0 };
	struct strbuf out = STRBUF_INIT;
	struct label_text labels;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text + FAMILY_VALUE_MAX_LEN - 2, "\xe2\x82\xac", 3); /* across the end */
	assert_int_equal(label_text__init(&labels, names, 2), 0);
	assert_int_equal(label_text__format(&labels, values, &out, &damage), 0);
	assert_int_equal(damage.shortened_values, 1);
	assert_int_equal(damage.replaced_bytes, 0);
	end = strchr(out.data, 'x');
	assert_int_equal(strspn(end, "x"), FAMILY_VALUE_MAX_LEN - 2);
	assert_string_equal(end + FAMILY_VALUE_MAX_LEN - 2, "\"");
	strbuf__done(&out);
	label_text__done(&labels);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format__sorts_by_name),
		cmocka_unit_test(test_format__escapes),
		cmocka_unit_test(test_format__empty_values),
		cmocka_unit_test(test_format__no_labels),
		cmocka_unit_test(test_format__replaces_invalid_bytes),
		cmocka_unit_test(test_format__cuts_long_values_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
