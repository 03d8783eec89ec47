/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/label_selector.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool matches(const char *text, const struct text_pair *labels, uint32_t count)
{
	const struct label_selector *selector = NULL;
	struct arena arena = ARENA_INIT;
	bool is_match;

	assert_int_equal(label_selector_parse(text, &arena, &selector, NULL), 0);
	is_match = label_selector__match(selector, labels, count);
	arena__done(&arena);
	return is_match;
}

static void test_match__every_kind_of_requirement(void **state)
{
	const struct text_pair labels[] = {
		{ text_view_of("app"), text_view_of("cart") },
		{ text_view_of("app.kubernetes.io/name"), text_view_of("x") },
		{ text_view_of("empty"), text_view_of("") },
		{ text_view_of("size"), text_view_of("12") },
	};
	static const struct {
		const char *text;
		bool is_match;
	} rows[] = {
		{ "", true },
		{ "  ", true },
		{ "app", true },
		{ "!app", false },
		{ "! canary", true },
		{ "canary", false },
		{ "app=cart", true },
		{ "app == cart", true },
		{ "app=shop", false },
		{ "app!=cart", false },
		{ "app != shop", true },
		{ "canary!=x", true },
		{ "app in (shop, cart)", true },
		{ "app in (shop)", false },
		{ "app notin (shop)", true },
		{ "canary notin (shop)", true },
		{ "canary in (shop)", false },
		{ "app.kubernetes.io/name=x", true },
		{ "empty=", true },
		{ "empty in (,a)", true },
		{ "app=", false },
		{ "size>11", true },
		{ "size > 12", false },
		{ "size<13", true },
		{ "app>1", false },
		{ "app=cart,size>1,!canary", true },
		{ "app=cart,size>100", false },
		{ "in", false },
		{ "notin in (a)", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(matches(rows[i].text, labels, 4), rows[i].is_match);
}

static void test_parse__what_is_none(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "!@#$%", "label selector '!@#$%', byte 2: the name of a label was expected" },
		{ "a,", "label selector 'a,', byte 3: the name of a label was expected" },
		{ ",a", "label selector ',a', byte 1: the name of a label was expected" },
		{ "a b", "label selector 'a b', byte 3: a ',' was expected" },
		{ "a in b", "label selector 'a in b', byte 6: a '(' was expected" },
		{ "a in (b", "label selector 'a in (b', byte 8: a ',' or ')' was expected" },
		{ "a=-b", "label selector 'a=-b', byte 5: this is no value of a label" },
		{ "a>x", "label selector 'a>x', byte 4: a whole number was expected" },
		{ "a/b/c", "label selector 'a/b/c', byte 6: the name of a label was expected" },
		{ "a=b;c", "label selector 'a=b;c', byte 4: a ',' was expected" },
	};
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct label_selector *selector;

		assert_int_equal(label_selector_parse(rows[i].text, &arena, &selector, &err),
				 -EINVAL);
		assert_string_equal(err.text, rows[i].message);
	}
	err__done(&err);
	arena__done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match__every_kind_of_requirement),
		cmocka_unit_test(test_parse__what_is_none),
	};

	return cmocka_run_group_tests_name("filter/label_selector", tests, NULL, NULL);
}
