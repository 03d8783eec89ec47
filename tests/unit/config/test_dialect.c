/* SPDX-License-Identifier: Apache-2.0 */
#include "config/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_find__every_dialect_of_the_list(void **state)
{
	size_t count;
	const struct dialect *dialects = dialect_list(&count);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(dialect_find(dialects[i].name), &dialects[i]);
		assert_true(strlen(dialects[i].help) > 0);
		assert_non_null(dialects[i].parse);
		assert_non_null(dialects[i].complete);
	}
}

static void test_find__none_of_that_name(void **state)
{
	(void)state;
	assert_null(dialect_find("esperanto"));
	assert_null(dialect_find(""));
}

static void test_of_text__kinds_of_manifests(void **state)
{
	static const char *const policies[] = {
		"kind: TracingPolicy",
		"a: b\nkind:   \"TracingPolicyNamespaced\"\n",
		"{\"kind\": \"TracingPolicy\"}",
		"a: 1\n---\nkind: TracingPolicy\n",
	};
	static const char *const others[] = {
		"",
		"kind: Pod\n",
		"# kind: TracingPolicy\n",
		"metrics: []\n",
		"unkind: TracingPolicy",
		"name: TracingPolicy",
		"TracingPolicy",
		"kindTracingPolicy",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		assert_ptr_equal(dialect_of_text(policies[i]), dialect_find("tracing_policy"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(dialect_of_text(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__every_dialect_of_the_list),
		cmocka_unit_test(test_find__none_of_that_name),
		cmocka_unit_test(test_of_text__kinds_of_manifests),
	};

	return cmocka_run_group_tests_name("config/dialect", tests, NULL, NULL);
}
