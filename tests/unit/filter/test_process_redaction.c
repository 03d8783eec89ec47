/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_redaction.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_redacted(const char *filters, const char *binary, const char *text,
			    const char *expected)
{
	struct text_view binary_view = text_view_of(binary), view = text_view_of(text);
	struct process_redaction *redaction = NULL;
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(process_redaction_parse(filters, NULL, &redaction, NULL), 0);
	assert_int_equal(process_redaction__run(redaction, &binary_view, &view, &out),
			 expected != NULL);
	assert_string_equal(strbuf__text(&out), expected ? expected : "");
	strbuf__done(&out);
	process_redaction__free(redaction);
}

static void test_run__what_groups_stand_for(void **state)
{
	static const struct {
		const char *filters, *text, *expected;
	} rows[] = {
		{ "", "--password x", NULL },
		{ "{\"redact\":[\"--password ([^ ]+)\"]}", "", NULL },
		{ "{\"redact\":[\"--password ([^ ]+)\"]}", "ls -l", NULL },
		{ "{\"redact\":[\"--password ([^ ]+)\"]}", "a --password b c",
		  "a --password ***** c" },
		{ "{\"redact\":[\"--(?:user|password) ([^ ]+)\"]}", "--user a --password b",
		  "--user ***** --password *****" },
		{ "{\"redact\":[\"(a)(b)\"]}", "xabx", "x**********x" },
		{ "{\"redact\":[\"(a(b)c)\"]}", "xabcx", "x*****x" },
		{ "{\"redact\":[\"a(x)?b\"]}", "ab", "ab" },
		{ "{\"redact\":[\"^(.)\"]}", "aaa", "*****aa" },
		{ "{\"redact\":[\"\\\\bk(ey)\"]}", "keykey key", "k*****key k*****" },
		{ "{\"redact\":[\"(x*)\"]}", "a", "*****a*****" },
		{ "{\"redact\":[\"T=(.*)\"]} {\"redact\":[\"(T)=\"]}", "T=secret", "*****=*****" },
		{ "{\"redact\":[\"T=(.*)\"]}", "T=\xff", "T=*****" },
		{ "{\"redact\":[\"T=(.*)\"],\"binaryRegex\":[\"bash\"]}", "T=x", "T=*****" },
		{ "{\"redact\":[\"T=(.*)\"],\"binary_regex\":[\"zsh\"]}", "T=x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_redacted(rows[i].filters, "/bin/bash", rows[i].text, rows[i].expected);
}

static void test_run__all_of_it_when_it_cannot_be_told(void **state)
{
	char text[4096];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[1000] = 'b'; /* or the pattern is not tried */
	text[sizeof(text) - 1] = 0;
	assert_redacted("{\"redact\":[\"^(a|a)*(a|a)*(a|a)*b$\"]}", "/bin/bash", text, REDACTED);
}

static void test_parse__what_is_wrong(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "[", "filter 1 is no JSON: '[' or '{' expected near end of file" },
		{ "{\"redact\":[\"(\"]}", NULL },
		{ "{\"redact\":[\"secret\"]}",
		  "filter 1: 'redact': value 1 has no group, and what groups stand for is hidden; put the "
		  "secret in ( and )" },
		{ "{\"redact\":\"(a)\"}", "filter 1: 'redact': it is no list" },
		{ "{}{\"match\":[]}", "filter 2: 'match': it has been without effect for long; "
				      "binary_regex says whose secrets are meant" },
		{ "{\"readct\":[]}",
		  "filter 1: 'readct': there is no such key; there are redact and binary_regex" },
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_redaction *redaction;

		assert_int_equal(process_redaction_parse(rows[i].text, NULL, &redaction, &err),
				 -EINVAL);
		if (rows[i].message && i > 0)
			assert_string_equal(err.text, rows[i].message);
	}
	err__done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__what_groups_stand_for),
		cmocka_unit_test(test_run__all_of_it_when_it_cannot_be_told),
		cmocka_unit_test(test_parse__what_is_wrong),
	};

	return cmocka_run_group_tests_name("filter/process_redaction", tests, NULL, NULL);
}
