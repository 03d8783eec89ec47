/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/pattern.h"

/* What pattern__match() answers, or the error of compiling. */
static int match(const char *expression, const char *text, size_t len)
{
	struct pattern *pattern = NULL;
	int r = pattern__compile(expression, NULL, &pattern, NULL);

	if (r == 0)
		r = pattern__match(pattern, text, len);
	pattern__free(pattern);
	return r;
}

static const struct {
	const char *expression, *text;
	int answer;
} rows[] = {
	{ "^systemd-journal$", "systemd-journal", 1 },
	{ "^systemd-journal$", "systemd-bananad", 0 },
	{ "journal", "systemd-journal", 1 }, /* unanchored */
	{ "a$", "a\n", 0 },                  /* the end of the text, not before a last newline */
	{ "a\\z", "a\n", 0 },
	{ "(?m)a$", "a\nb", 1 },
	{ "(?m)\n^", "a\n", 1 },
	{ "^.$", "\r", 1 },
	{ ".", "\n", 0 },
	{ "(?s).", "\n", 1 },
	{ "(?i)ABC", "abc", 1 },
	{ "^\\x41\\101\\x{41}\\062$", "AAA2", 1 },
	{ "^\\v$", "\v", 1 },
	{ "^\\v$", "\n", 0 }, /* PCRE2 alone would take any vertical space */
	{ "^\\s$", "\v", 0 }, /* likewise */
	{ "^[\\s]$", " ", 1 },
	{ "^\\S$", "\v", 1 },
	{ "^\\d$", "\u0663", 0 },
	{ "^\\x{e9}[\\x{fffd}]\\x{1F600}$", "\u00e9\ufffd\U0001f600", 1 },
	{ "^\\x{1001}$", "\u1001", 1 }, /* no repetition */
	{ "^\\p{Greek}\\P{Greek}\\p{^Greek}{2}$", "\u03b1abc", 1 },
	{ "\\x{41", "A", -EINVAL },
	{ "^\\pL$", "\u00e9", 1 },
	{ "^[[:alpha:]]+$", "abc", 1 },
	{ "^[]a]$", "]", 1 },
	{ "^[^]a]$", "]", 0 },
	{ "^[[.a]$", "[", 1 },
	{ "^\\Qa.b\\E$", "a.b", 1 },
	{ "^\\Qa.b\\E$", "axb", 0 },
	{ "^a{,2}$", "a{,2}", 1 }, /* no repetition: literal */
	{ "^a{2}$", "aa", 1 },
	{ "^a{2,}?$", "aaa", 1 },
	{ "^(?P<n>a|b)+?$", "ab", 1 },
	{ "^(?:a|ab)$", "ab", 1 },
	{ "", "", 1 },
	{ "$a^", "a", 0 },
	{ "(a)\\1", "aa", -EINVAL },
	{ "a(?=b)", "ab", -EINVAL },
	{ "(?<!a)b", "b", -EINVAL },
	{ "(?>a)", "a", -EINVAL },
	{ "(?#x)a", "a", -EINVAL },
	{ "(*UTF)a", "a", -EINVAL },
	{ "a++", "a", -EINVAL },
	{ "a**", "a", -EINVAL },
	{ "a{1001}", "a", -EINVAL },
	{ "a{99999999999999999999}", "a", -EINVAL },
	{ "\\K", "a", -EINVAL },
	{ "\\Z", "a", -EINVAL },
	{ "\\", "a", -EINVAL },
	{ "(", "a", -EINVAL },
	{ "[a", "a", -EINVAL },
	{ "[[:alpha:", "a", -EINVAL },
	{ "*a", "a", -EINVAL },
};

static void test_match__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		int answer = match(rows[i].expression, rows[i].text, strlen(rows[i].text));

		if (answer != rows[i].answer)
			fail_msg("'%s' on '%s': %d instead of %d", rows[i].expression, rows[i].text,
				 answer, rows[i].answer);
	}
}

static void test_match__bytes_that_are_no_utf8(void **state)
{
	(void)state;
	assert_int_equal(match("b",
			       "a\xff\xfe"
			       "b",
			       4),
			 1);
	assert_int_equal(match("^$", "\xff", 1), 0);
	assert_int_equal(match("^.$", "\xff", 1), 1);
	assert_int_equal(match("^..$", "\xe2\x82", 2), 1); /* a character cut off: two bytes */
	assert_int_equal(match("^.\\x{fffd}a$",
			       "\xff\xff"
			       "a",
			       3),
			 1);
	assert_int_equal(match("a", "\0a", 2), 1);
}

static void test_match__gives_up_at_the_step_limit(void **state)
{
	char text[64];

	(void)state;
	memset(text, 'a', sizeof(text));
	/* The b is there, or PCRE2 would refuse without trying. */
	memcpy(text + sizeof(text) - 2, "cb", 2);
	assert_int_equal(match("^(a|a)*(a|a)*(a|a)*b$", text, sizeof(text)), -E2BIG);
}

static void test_group__spans(void **state)
{
	struct pattern *pattern = NULL;
	struct pattern_span span;

	(void)state;
	assert_int_equal(pattern__compile("x(a+)(b)?", NULL, &pattern, NULL), 0);
	assert_int_equal(pattern__group_count(pattern), 2);
	assert_int_equal(pattern__match(pattern, "..xaa", 5), 1);
	span = pattern__group(pattern, 0);
	assert_true(span.start == 2 && span.end == 5);
	span = pattern__group(pattern, 1);
	assert_true(span.start == 3 && span.end == 5);
	span = pattern__group(pattern, 2);
	assert_true(span.start == PATTERN_UNSET && span.end == PATTERN_UNSET);
	span = pattern__group(pattern, 3);
	assert_true(span.start == PATTERN_UNSET);
	pattern__free(pattern);
}

static void test_group__spans_in_bytes_that_are_no_utf8(void **state)
{
	struct pattern *pattern = NULL;
	struct pattern_span span;

	(void)state;
	assert_int_equal(pattern__compile("^.(\u00e9.)(x)?", NULL, &pattern, NULL), 0);
	assert_int_equal(pattern__match(pattern, "\xff\u00e9\xfe..", 6), 1);
	span = pattern__group(pattern, 0);
	assert_true(span.start == 0 && span.end == 4);
	span = pattern__group(pattern, 1);
	assert_true(span.start == 1 && span.end == 4);
	span = pattern__group(pattern, 2);
	assert_true(span.start == PATTERN_UNSET && span.end == PATTERN_UNSET);
	pattern__free(pattern);
}

static void test_compile__names_what_is_wrong(void **state)
{
	struct loc at = { "x.yaml", 3, 7 };
	struct pattern *pattern = NULL;
	struct err err = ERR_INIT;
	char text[256];

	(void)state;
	assert_int_equal(pattern__compile("(a)\\1", &at, &pattern, &err), -EINVAL);
	err__format(&err, text, sizeof(text));
	assert_string_equal(text, "x.yaml:3:7: regular expression '(a)\\1': a back-reference at "
				  "offset 3; RE2 syntax is expected");
	err__done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match__table),
		cmocka_unit_test(test_match__bytes_that_are_no_utf8),
		cmocka_unit_test(test_match__gives_up_at_the_step_limit),
		cmocka_unit_test(test_group__spans),
		cmocka_unit_test(test_group__spans_in_bytes_that_are_no_utf8),
		cmocka_unit_test(test_compile__names_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
