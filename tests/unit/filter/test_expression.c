/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/expression.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/filter/sample.h"

static const struct loc flag_at = { .file = "--filter-expr" };

static struct expression *compile(const char *text)
{
	struct expression *expression = NULL;
	struct err err = ERR_INIT;

	if (expression_compile(text, &flag_at, &sample_schema, &expression, &err) < 0)
		fail_msg("'%s': %s", text, err.text);
	return expression;
}

static int run(const char *text)
{
	const struct record record = sample_record(&sample_row);
	struct expression *expression = compile(text);
	int r = expression__run(expression, &record);

	expression__free(expression);
	return r;
}

static const struct {
	const char *text;
	int wanted;
} expressions[] = {
	{ "true", 1 },
	{ "false", 0 },
	{ "is_root", 1 },
	{ "not is_root", 0 },
	{ "!is_root", 0 },
	{ "!!is_root", 1 },
	{ "is_root == true", 1 },
	/* comparison */
	{ "proc.pid == 1234", 1 },
	{ "1234 == proc.pid", 1 },
	{ "proc.pid != 1234", 0 },
	{ "proc.pid > 1233 and proc.pid < 1235", 1 },
	{ "proc.pid >= 1235 or proc.pid <= 1233", 0 },
	{ "proc.pid == 1_234", 1 },
	{ "proc.pid == 0x4d2", 1 },
	{ "error == -2", 1 },
	{ "error < 0", 1 },
	{ "bytes == 18446744073709551615", 1 },
	{ "bytes > error", 1 },
	{ "error > bytes", 0 },
	{ "share == 0.5", 1 },
	{ "share < 1", 1 },
	{ "1 > share", 1 },
	{ "share == 5e-1", 1 },
	{ "proc.comm == \"nginx\"", 1 },
	{ "proc.comm == 'nginx'", 1 },
	{ "proc.comm == `nginx`", 1 },
	{ "proc.comm < 'o'", 1 },
	{ "proc.comm == \"n\\x67in\\u0078\"", 1 },
	{ "proc.comm == `n\\x67inx`", 0 },
	/* and, or: the left one first, the tighter one first */
	{ "true or false and false", 1 },
	{ "(true or false) and false", 0 },
	{ "false && true || true", 1 },
	{ "not false and true", 1 },
	{ "not (proc.pid == 1234)", 0 },
	{ "proc.pid == 0 and 1 / 0 == 1", 0 },
	{ "proc.pid == 1234 or 1 % 0 == 1", 1 },
	/* arithmetic */
	{ "1 + 2 * 3 == 7", 1 },
	{ "(1 + 2) * 3 == 9", 1 },
	{ "10 - 3 - 2 == 5", 1 },
	{ "7 / 2 == 3.5", 1 },
	{ "7 % 4 == 3", 1 },
	{ "-7 % 4 == -3", 1 },
	{ "2 ** 3 ** 2 == 512", 1 },
	{ "2 ^ 10 == 1024", 1 },
	{ "-2 ** 2 == -4", 1 },
	{ "- error == 2", 1 },
	{ "-share == -0.5", 1 },
	{ "+kind == 7", 1 },
	{ "bytes + 1 > bytes", 1 },
	{ "bytes + 1 == 18446744073709551615 + 1", 1 },
	{ "kind * 2 == 14", 1 },
	{ "kind - 8 == -1", 1 },
	{ "kind + share == 7.5", 1 },
	/* in */
	{ "proc.pid in [1, 2, 1234]", 1 },
	{ "proc.pid not in [1, 2, 1234]", 0 },
	{ "not (proc.pid in [1, 2])", 1 },
	{ "proc.comm in ['apache', \"nginx\",]", 1 },
	{ "proc.comm in []", 0 },
	{ "share in [0.5, 1]", 1 },
	{ "kind in [6.5, 7]", 1 },
	{ "is_root in [false]", 0 },
	{ "proc.pid in 1000..2000", 1 },
	{ "proc.pid in 1235..2000", 0 },
	{ "proc.pid not in 1..1234", 0 },
	{ "error in -3..-1", 1 },
	{ "kind in proc.pid - 1230..proc.pid", 1 },
	{ "kind in [proc.pid, kind]", 1 },
	{ "address in cidr('10.0.0.0/8')", 1 },
	{ "address in cidr('10.1.2.4/31')", 0 },
	{ "address in cidr('192.168.0.0/16', '10.1.2.3')", 1 },
	{ "address not in cidr('fd00::/8', '0.0.0.0/0')", 0 },
	{ "'fd12::1' in cidr('fd00::/8')", 1 },
	{ "'::ffff:10.1.1.1' in cidr('10.0.0.0/8')", 1 },
	{ "proc.comm in cidr('0.0.0.0/0')", 0 },
	/* texts */
	{ "proc.comm matches '^ng'", 1 },
	{ "proc.comm not matches '^ng'", 0 },
	{ "proc.comm contains 'gin'", 1 },
	{ "proc.comm contains ''", 1 },
	{ "proc.comm not contains 'gin'", 0 },
	{ "proc.comm contains 'nginxx'", 0 },
	{ "proc.comm startsWith 'ng'", 1 },
	{ "proc.comm startsWith 'gi'", 0 },
	{ "proc.comm endsWith 'nx'", 1 },
	{ "proc.comm endsWith proc.comm", 1 },
	{ "proc.comm not endsWith 'nx'", 0 },
	/* len */
	{ "len(proc.comm) == 5", 1 },
	{ "len('') == 0", 1 },
	{ "len('\\u00e9\\u20ac') == 2", 1 },
	{ "len('\\xff\\xff') == 2", 1 },
	{ "len([1, 2]) == 2", 1 },
	{ "len(3..5) == 3", 1 },
	{ "len(5..3) == 0", 1 },
	/* ternary, let */
	{ "is_root ? kind == 7 : kind == 8", 1 },
	{ "(is_root ? 1 : 2.5) == 1", 1 },
	{ "(not is_root ? 1 : 2.5) == 2.5", 1 },
	{ "is_root ? false ? true : false : true", 0 },
	{ "kind in (is_root ? [7] : [8, 9])", 1 },
	{ "let limit = 1000; proc.pid > limit", 1 },
	{ "let a = 1; let b = a + 1; b == 2", 1 },
	{ "let a = 1; let a = a + 1; a == 2", 1 },
	{ "let names = ['a', 'nginx']; proc.comm in names", 1 },
	{ "let net = cidr('10.0.0.0/8'); address in net", 1 },
	{ "let pid = proc.pid; (let pid = 1; pid == 1) and pid == 1234", 1 },
};

static void test_run__expressions(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(expressions); i++)
		if (run(expressions[i].text) != expressions[i].wanted)
			fail_msg("row %zu: '%s' is %d", i, expressions[i].text,
				 run(expressions[i].text));
}

static void test_run__cannot_tell(void **state)
{
	(void)state;
	assert_int_equal(run("kind / 0 == 1"), -EDOM);
	assert_int_equal(run("kind % 0 == 1"), -EDOM);
	assert_int_equal(run("bytes * bytes * bytes == 1"), -EOVERFLOW);
}

static void test_run__short_record(void **state)
{
	struct record record = sample_record(&sample_row);
	struct expression *expression = compile("share == 0.5");

	(void)state;
	record.raw_len = 20;
	assert_int_equal(expression__run(expression, &record), -ERANGE);
	expression__free(expression);
}

static void test_compile__refuses(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{ "", "1:1: the expression ends here; a value is missing" },
		{ "1", "1:1: the expression is a number; a filter needs true or false, as of a "
		       "comparison" },
		{ "comm == 'x'", "1:1: sample has no field 'comm'; did you mean 'proc.comm'?" },
		{ "kind == 7 and eror == 1",
		  "1:15: sample has no field 'eror'; did you mean 'error'?" },
		{ "proc == 1", "1:1: field 'proc' is a group; name one of it, as 'proc.comm' or "
			       "'proc.pid'" },
		{ "blob == 1", "1:1: field 'blob' is bytes; only numbers, truth values and texts "
			       "can be compared" },
		{ "kind == 'a'", "1:6: '==' stands between a number and a text; it needs two "
				 "numbers, two texts or two truth values" },
		{ "kind = 7", "1:6: '=' stands where an operator or the end should be" },
		{ "kind == 7 AND true", "1:11: 'AND' is no operator; did you mean 'and'?" },
		{ "proc.comm startswith 'x'",
		  "1:11: 'startswith' is no operator; did you mean 'startsWith'?" },
		{ "proc.comm match 'x'", "1:11: 'match' is no operator; did you mean 'matches'?" },
		{ "kind and true",
		  "1:6: 'and' stands between a number and a truth value; it needs truth values" },
		{ "not kind == 7", "1:1: 'not' stands before a number; put what is to be negated "
				   "in parentheses" },
		{ "kind not == 7", "1:10: '==' stands where in, matches, contains, startsWith or "
				   "endsWith should be" },
		{ "proc.comm + 'x' == 'y'",
		  "1:11: '+' stands between a text and a text; it needs numbers" },
		{ "-proc.comm == 'y'", "1:1: '-' needs a number, not a text" },
		{ "share % 2 == 1", "1:7: '%' stands between a number with a fraction and a "
				    "number; it needs whole numbers" },
		{ "is_root < true", "1:9: '<' stands between a truth value and a truth value; it "
				    "needs two numbers or two texts" },
		{ "kind in 7", "1:6: 'in' stands between a number and a number; it needs a list, "
			       "a range or networks on its right" },
		{ "kind in ['a']", "1:6: 'in' stands between a number and a list; it needs "
				   "elements of the same kind as what is looked for" },
		{ "proc.comm in [1.5]", "1:11: 'in' stands between a text and a list; it needs "
					"elements of the same kind as what is looked for" },
		{ "share in 1..2", "1:7: 'in' stands between a number with a fraction and a "
				   "range; it needs a whole number in a range" },
		{ "[1, 'a'] == 1",
		  "1:5: an element is a text; a list is of numbers, of texts or of truth values" },
		{ "kind in cidr('10.0.0.0/8')",
		  "1:6: 'in' stands between a number and networks; it needs an address, which is "
		  "a text, in networks" },
		{ "address in cidr('10.0.0.0/33')", "1:17: \"10.0.0.0/33\" is no network; write "
						    "it as \"10.0.0.0/8\" or \"fd00::/8\"" },
		{ "address in cidr(address)", "1:17: cidr() takes networks in quotes" },
		{ "address in cidr()", "1:12: cidr() takes at least one network" },
		{ "lenght(proc.comm) == 1",
		  "1:1: there is no function 'lenght(proc.comm) == 1'; there are cidr() and "
		  "len()" },
		{ "len(1) == 1", "1:1: len() is of texts, lists and ranges, not of a number" },
		{ "len() == 1", "1:1: len() takes one value, not 0" },
		{ "proc.comm matches proc.comm",
		  "1:11: 'matches' stands between a text and a text; it needs a text, and a "
		  "regular expression in quotes on its right" },
		{ "proc.comm matches '('",
		  "1:19: regular expression '(': missing closing parenthesis" },
		{ "(kind == 7", "1:11: the expression ends here; ')' is missing" },
		{ "kind in [1, 2", "1:14: the expression ends here; ']' is missing" },
		{ "kind == 7)", "1:10: ')' stands where an operator or the end should be" },
		{ "kind == ", "1:9: the expression ends here; a value is missing" },
		{ "kind == or true", "1:9: 'or' stands where a value should be" },
		{ "proc.comm == 'x", "1:14: a text without its closing quote" },
		{ "proc.comm == '\\q'", "1:15: an unknown escape; a backslash itself is \\\\" },
		{ "kind == 7x", "1:9: this is no number; write 10, 0x1f or 1.5" },
		{ "kind == 18446744073709551616", "1:9: a number beyond 64 bits" },
		{ "kind == 7 $", "1:11: a byte that belongs to no expression" },
		{ "kind ? true : false",
		  "1:1: what stands before '?' is a number; it must be true or false" },
		{ "is_root ? 1 : 'a'",
		  "1:15: one branch is a number, the other a text; both must be of one kind" },
		{ "is_root ? true", "1:15: the expression ends here; ':' is missing" },
		{ "let x = 1", "1:10: the expression ends here; ';' is missing" },
		{ "let a.b = 1; true", "1:5: 'a.b' stands where the name of a variable should be" },
		{ "(let x = 1; true) and x == 1",
		  "1:23: sample has no field 'x'; it has 'proc', 'proc.comm' or 'proc.pid' and "
		  "others" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct expression *expression = NULL;
		struct err err = ERR_INIT;
		char text[512], *found = text + strlen(flag_at.file) + 1;

		assert_true(expression_compile(rows[i].text, &flag_at, &sample_schema, &expression,
					       &err) < 0);
		assert_null(expression);
		err__format(&err, text, sizeof(text));
		if (strcmp(found, rows[i].wanted) != 0)
			fail_msg("row %zu: '%s'\n  is     %s\n  wanted %s", i, rows[i].text, found,
				 rows[i].wanted);
		err__done(&err);
	}
}

/* `count` times the same around or behind "true". */
static int compile_many(const char *before, const char *behind, size_t count)
{
	struct strbuf text = STRBUF_INIT;
	struct expression *expression = NULL;
	int r;

	for (size_t i = 0; i < count; i++)
		strbuf__add_text(&text, before);
	strbuf__add_text(&text, "true");
	for (size_t i = 0; i < count; i++)
		strbuf__add_text(&text, behind);
	r = expression_compile(strbuf__text(&text), &flag_at, &sample_schema, &expression, NULL);
	expression__free(expression);
	strbuf__done(&text);
	return r;
}

static void test_compile__is_bounded(void **state)
{
	(void)state;
	assert_int_equal(compile_many("(", ")", 20), 0);
	assert_int_equal(compile_many("(", ")", 10000), -EINVAL);
	assert_int_equal(compile_many("!", "", 10000), -EINVAL);
	assert_int_equal(compile_many("", " and kind == 7", 500), 0);
	assert_int_equal(compile_many("", " and kind == 7", 4000), -EINVAL);
	assert_int_equal(compile_many("let a = 1; ", "", 20), 0);
	assert_int_equal(compile_many("let a = 1; ", "", 40), -EINVAL);
}

static void test_conditions__of_expressions(void **state)
{
	static const struct {
		const char *text;
		uint32_t count;
		bool is_whole;
		enum match_op op; /* of the first */
		uint64_t number;  /* its value */
	} rows[] = {
		{ "proc.pid > 5", 1, true, MATCH_OP_GREATER, 5 },
		{ "5 > proc.pid", 1, true, MATCH_OP_LESS, 5 },
		{ "proc.pid >= 5 and kind == 7", 2, true, MATCH_OP_GREATER_EQUAL, 5 },
		{ "proc.pid >= 5 and (kind == 7 or kind == 8)", 1, false, MATCH_OP_GREATER_EQUAL,
		  5 },
		{ "kind == 7 or kind == 8", 0, false, 0, 0 },
		{ "proc.pid in 3..5", 2, true, MATCH_OP_GREATER_EQUAL, 3 },
		{ "is_root", 1, true, MATCH_OP_EQUAL, 1 },
		{ "not is_root", 1, true, MATCH_OP_EQUAL, 0 },
		{ "proc.pid > -1", 0, false, 0, 0 },
		{ "proc.pid == kind", 0, false, 0, 0 },
		{ "proc.pid + 1 == 5", 0, false, 0, 0 },
		{ "let a = 5; proc.pid == 5 and kind == a", 1, false, MATCH_OP_EQUAL, 5 },
		{ "not (proc.pid == 5)", 0, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct expression *expression = compile(rows[i].text);
		const struct filter_condition *conditions;
		bool is_whole;
		uint32_t count;

		conditions = expression__conditions(expression, &count, &is_whole);
		if (count != rows[i].count || is_whole != rows[i].is_whole ||
		    (count &&
		     (conditions[0].op != rows[i].op || conditions[0].value.u64 != rows[i].number)))
			fail_msg("row %zu: '%s' has %u conditions", i, rows[i].text, count);
		expression__free(expression);
	}
}

static void test_reads__fields(void **state)
{
	struct expression *expression = compile("kind == 7 and len(proc.comm) > 2");

	(void)state;
	assert_true(expression__reads(expression, 1));
	assert_true(expression__reads(expression, 5));
	assert_false(expression__reads(expression, 2));
	expression__free(expression);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__expressions),
		cmocka_unit_test(test_run__cannot_tell),
		cmocka_unit_test(test_run__short_record),
		cmocka_unit_test(test_compile__refuses),
		cmocka_unit_test(test_compile__is_bounded),
		cmocka_unit_test(test_conditions__of_expressions),
		cmocka_unit_test(test_reads__fields),
	};

	return cmocka_run_group_tests_name("expression", tests, NULL, NULL);
}
