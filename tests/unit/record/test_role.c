/* SPDX-License-Identifier: Apache-2.0 */
#include "record/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_find__every_name_leads_back_to_its_role(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIELD_ROLE_COUNT; i++) {
		enum field_role role = (enum field_role)i;

		assert_int_equal(role_find(role_name(role)), role);
		assert_true(strlen(role_help(role)) > 0);
	}
}

static void test_find__unknown_name(void **state)
{
	(void)state;
	assert_int_equal(role_find("no_such_role"), FIELD_ROLE_COUNT);
	assert_int_equal(role_find(""), FIELD_ROLE_COUNT);
	assert_string_equal(role_name(FIELD_ROLE_COUNT), "?");
	assert_string_equal(role_help(FIELD_ROLE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__every_name_leads_back_to_its_role),
		cmocka_unit_test(test_find__unknown_name),
	};

	return cmocka_run_group_tests_name("record/role", tests, NULL, NULL);
}
