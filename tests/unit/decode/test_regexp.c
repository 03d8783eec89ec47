/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rows.h"

#define MAX_PATTERNS 3

/* Opens the decoder with these patterns (up to a NULL), runs one text. */
static void assert_match(const char *const patterns[MAX_PATTERNS], const char *text, int result,
			 const char *expected)
{
	const struct decode_env env = { 0 };
	const struct decode_row row = { text, strlen(text), result, expected };
	struct spec_text texts[MAX_PATTERNS];
	struct step_spec step = { .decoder = "regexp", .patterns = texts, .has_patterns = true };

	for (size_t i = 0; i < MAX_PATTERNS && patterns[i]; i++)
		texts[step.pattern_count++] = (struct spec_text){ .text = patterns[i] };
	assert_chain_rows(&step, 1, &env, &row, 1);
}

static const struct {
	const char *patterns[MAX_PATTERNS];
	const char *text;
	int result;
	const char *expected;
} rows[] = {
	{ { "^systemd-journal$", "^syslog-ng$" }, "systemd-journal", DECODE_OK, "systemd-journal" },
	{ { "^systemd-journal$", "^syslog-ng$" }, "syslog-ng", DECODE_OK, "syslog-ng" },
	{ { "^systemd-journal$", "^syslog-ng$" }, "systemd-bananad", DECODE_SKIP, NULL },
	{ { "^(systemd).*$", "^syslog-ng$" }, "systemd-bananad", DECODE_OK, "systemd" },
	{ { "^bananas$", "$is-banana-even-fruit$" }, "bananas", DECODE_OK, "bananas" },
	{ { "^tomato$" }, "bananas", DECODE_SKIP, NULL },
	{ { "nan" }, "bananas", DECODE_OK, "nan" },  /* no group: what matched, not all */
	{ { "b(x)?an" }, "bananas", DECODE_OK, "" }, /* a group that took no part */
	{ { "b()an" }, "bananas", DECODE_OK, "" },
	{ { "(b)(a)" }, "bananas", DECODE_SKIP, NULL }, /* two groups: a miss */
	{ { "(b)(a)", "(nan)" }, "bananas", DECODE_OK, "nan" },
	{ { "(?:b)(a)" }, "bananas", DECODE_OK, "a" },
	{ { "a|ab" }, "ab", DECODE_OK, "a" }, /* leftmost-first */
	{ { "^$" }, "", DECODE_OK, "" },
	{ { "a$" }, "a\n", DECODE_SKIP, NULL },
	{ { "^(.)" }, "\u00e9t\u00e9", DECODE_OK, "\u00e9" },
	{ { "b" },
	  "\xff\xfe"
	  "b",
	  DECODE_OK,
	  "b" },
	{ { NULL }, "anything", DECODE_SKIP, NULL }, /* `regexps: []` drops every row */
};

static void test_run__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_match(rows[i].patterns, rows[i].text, rows[i].result, rows[i].expected);
}

static void test_run__gives_up(void **state)
{
	static const char *const patterns[MAX_PATTERNS] = { "^(?:a|a)*(?:a|a)*(?:a|a)*b$" };
	char text[65] = { 0 };

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 3, "cb", 2);
	assert_match(patterns, text, -E2BIG, "pattern 1 needs too many steps for this value");
}

static void test_open__no_patterns(void **state)
{
	const struct step_spec step = { .at = { "x.yaml", 7, 9 }, .decoder = "regexp" };

	(void)state;
	assert_open_fails(&step, 1, 0, -EINVAL,
			  "x.yaml:7:9: decoder 'regexp' has no patterns; add a list 'regexps'");
}

static void test_open__bad_pattern(void **state)
{
	static const struct spec_text patterns[] = {
		{ "good", { "x.yaml", 8, 11 } },
		{ "(a)\\1", { "x.yaml", 9, 11 } },
	};
	const struct step_spec step = {
		.at = { "x.yaml", 7, 9 },
		.decoder = "regexp",
		.patterns = patterns,
		.pattern_count = array_size(patterns),
		.has_patterns = true,
	};

	(void)state;
	assert_open_fails(&step, 1, 0, -EINVAL,
			  "x.yaml:9:11: regular expression '(a)\\1': a back-reference at offset 3; "
			  "RE2 syntax is expected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__gives_up),
		cmocka_unit_test(test_open__no_patterns),
		cmocka_unit_test(test_open__bad_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
