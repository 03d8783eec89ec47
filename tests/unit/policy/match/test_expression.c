/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

/* arg0: int32, arg1: uint32, arg2: int64, arg3: uint64, arg4: a text */
static int compile(struct policy_fixture *fixture, const char *expression)
{
	const struct argument_spec args[] = { ARG(0, "int32"), ARG(1, "uint32"), ARG(2, "int64"),
					      ARG(3, "uint64"), ARG(4, "string") };
	const struct value_spec value = { .text = expression,
					  .len = strlen(expression),
					  .list = SPEC_NONE };
	const struct match_spec match = { ASK(EXPRESSION), .values = &value, .value_count = 1 };
	const struct rule_spec rule = { .matches = &match, .match_count = 1 };
	const struct hook_spec hook = { HOOKED, .args = args, .arg_count = array_size(args),
					.rules = &rule, .rule_count = 1 };

	return policy_fixture__compile_hook(fixture, &hook);
}

static void test_compile__expressions(void **state)
{
	static const struct {
		const char *text, *listing;
	} rows[] = {
		{ "true", " 1" },
		{ " arg0==1 ", " value 0, 1, equal i32" },
		{ "1 < arg1", " 1, value 1, less u32" },
		{ "arg3 >= 0x10", " value 3, 16, greater-or-equal u64" },
		{ "arg2 == -1", " value 2, -1, equal i64" },
		{ "arg2 == -0010", " value 2, -10, equal i64" },
		{ "arg1 - 1u > 4", " value 1, 1, subtract u32, 4, greater u32" },
		{ "arg0 + 1 - 2 == 3", " value 0, 1, add i32, 2, subtract i32, 3, equal i32" },
		{ "arg0 - (1 - arg0) == 3",
		  " value 0, 1, value 0, subtract i32, subtract i32, 3, equal i32" },
		{ "arg0 == 1 || arg1 == 2 && !(arg2 == 3)",
		  " value 0, 1, equal i32, value 1, 2, equal u32, value 2, 3, equal i64, is-zero u64, "
		  "and u64, or u64" },
		{ "int32(arg2) == arg0", " value 2, cast i32, value 0, equal i32" },
		{ "uint32(-1) == arg1", " -1, cast u32, value 1, equal u32" },
		{ "and(arg1, not(3u)) != xor(arg1, or(arg1, 8))",
		  NULL /* 3u and its complement are 64 bits wide */ },
		{ "and(arg1, not(uint32(3))) != xor(arg1, or(arg1, 8))",
		  " value 1, 3, cast u32, complement u32, and u32, value 1, value 1, 8, or u32, "
		  "xor u32, not-equal u32" },
		{ "-arg0 <= 5", " value 0, negate i32, 5, less-or-equal i32" },
		{ "(arg0 == 1) == (arg1 == 1)",
		  " value 0, 1, equal i32, value 1, 1, equal u32, equal u64" },
		{ "arg2 == 9223372036854775807", " value 2, 9223372036854775807, equal i64" },
		{ "arg2 == -9223372036854775808", " value 2, -9223372036854775808, equal i64" },
		{ "arg3 == 18446744073709551615u", " value 3, -1, equal u64" },
	};
	struct policy_fixture *fixture = *state;

	for (size_t i = 0; i < array_size(rows); i++) {
		const char *at;

		strbuf__reset(&fixture->text);
		if (!rows[i].listing) {
			assert_int_equal(compile(fixture, rows[i].text), -EINVAL);
			err_list__done(&fixture->errors);
			continue;
		}
		if (compile(fixture, rows[i].text) < 0)
			fail_msg("%s: %s", rows[i].text, policy_fixture__error(fixture));
		at = strstr(policy_fixture__listing(fixture), "when expression");
		assert_non_null(at);
		at += strlen("when expression");
		if (strncmp(at, rows[i].listing, strlen(rows[i].listing)) != 0 ||
		    at[strlen(rows[i].listing)] != '\n')
			fail_msg("%s: %s", rows[i].text, at);
	}
}

static void test_compile__refuses(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", "character 1: it ends where an operand is missing" },
		{ "arg0", "character 1: a truth value is wanted, and this is int32" },
		{ "arg0 == ", "character 9: it ends where an operand is missing" },
		{ "arg0 == 1 arg1", "character 11: an operator is missing here" },
		{ "arg0 = 1", "character 6: an operator is missing here" },
		{ "arg0 == arg1", "character 6: int32 and uint32 do not go together" },
		{ "arg0 == 2147483648", "character 6: int32 and int64 do not go together" },
		{ "arg1 == -1", "character 6: uint32 and int64 do not go together" },
		{ "arg0 == 18446744073709551615u", "int32 and uint64 do not go together" },
		{ "arg3 == 18446744073709551615", "is no integer of 64 bits" },
		{ "arg3 == 1x", "'1x' is no integer of 64 bits" },
		{ "arg9 == 1", "character 1: there is no arg9: args has 5" },
		{ "arg4 == 1", "character 1: arg4 is no integer" },
		{ "argument == 1", "'argument' is not known" },
		{ "arg0 == 1 && arg1",
		  "character 11: a truth value is wanted, and this is uint32" },
		{ "!arg0", "character 1: a truth value is wanted, and this is int32" },
		{ "true + 1 == 2", "an integer is wanted, and this is a truth value" },
		{ "true < false", "an integer is wanted, and this is a truth value" },
		{ "(arg0 == 1", "character 11: ')' is missing at the end" },
		{ "int32 arg0 == 1", "'(' is missing behind the name of a function" },
		{ "and(arg0) == 1", "',' is missing between what is combined" },
		{ "-1u == arg1", "an integer without a sign cannot be below 0" },
		{ "arg0 * 2 == 4", "an operator is missing here" },
		{ "\"a\" == arg4", "character 1: an operand is missing here" },
		{ "0==arg0-(0-(arg0-(0-(arg0-(0-(arg0-(0-(arg0-1))))))))",
		  "more than 8 results wait" },
	};
	struct policy_fixture *fixture = *state;

	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(compile(fixture, rows[i].text), -EINVAL);
		if (!strstr(policy_fixture__error(fixture), rows[i].error))
			fail_msg("%s: %s", rows[i].text, policy_fixture__error(fixture));
		err_list__done(&fixture->errors);
	}
}

static void assert_refused(struct policy_fixture *fixture, const char *text, const char *error)
{
	assert_int_equal(compile(fixture, text), -EINVAL);
	assert_non_null(strstr(policy_fixture__error(fixture), error));
	err_list__done(&fixture->errors);
}

static void test_compile__bounds(void **state)
{
	struct policy_fixture *fixture = *state;
	struct strbuf text = STRBUF_INIT;

	for (int i = 0; i < 100; i++)
		strbuf__add_char(&text, '(');
	assert_refused(fixture, strbuf__text(&text), "nested deeper than 64");
	strbuf__reset(&text);
	for (int i = 0; i < 100; i++)
		strbuf__add_char(&text, '!');
	assert_refused(fixture, strbuf__text(&text), "nested deeper than 64");
	strbuf__reset(&text);
	strbuf__add_text(&text, "0 == arg0");
	for (int i = 0; i < 100; i++)
		strbuf__add_text(&text, " + 1");
	assert_int_equal(compile(fixture, strbuf__text(&text)), 0);
	for (int i = 0; i < 100; i++)
		strbuf__add_text(&text, " + 1");
	assert_refused(fixture, strbuf__text(&text), "more than 256 terms");
	strbuf__done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__expressions),
		TEST(test_compile__refuses),
		TEST(test_compile__bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
