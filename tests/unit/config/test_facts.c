/* SPDX-License-Identifier: Apache-2.0 */
#include "config/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct fact_map maps[] = { { .name = "one" }, { .name = "two", .key_size = 4 } };
static const struct fact_variable variables[] = { { .name = "kaddr_x", .size = 8 } };
static const struct fact_type event_type = { .kind = FACT_TYPE_STRUCT, .name = "event" };
static const struct fact_type *const types[] = { &event_type };
static const struct object_facts facts = {
	.maps = maps,
	.map_count = 2,
	.variables = variables,
	.variable_count = 1,
	.types = types,
	.type_count = 1,
};

static void test_find__by_name(void **state)
{
	(void)state;
	assert_ptr_equal(object_facts__find_map(&facts, "two"), &maps[1]);
	assert_ptr_equal(object_facts__find_variable(&facts, "kaddr_x"), &variables[0]);
	assert_ptr_equal(object_facts__find_type(&facts, "event"), &event_type);
}

static void test_find__not_there(void **state)
{
	const struct object_facts none = { 0 };

	(void)state;
	assert_null(object_facts__find_map(&facts, "three"));
	assert_null(object_facts__find_variable(&facts, "one"));
	assert_null(object_facts__find_type(&facts, ""));
	assert_null(object_facts__find_map(&none, "one"));
	assert_null(object_facts__find_variable(&none, "one"));
	assert_null(object_facts__find_type(&none, "one"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__by_name),
		cmocka_unit_test(test_find__not_there),
	};

	return cmocka_run_group_tests_name("config/facts", tests, NULL, NULL);
}
