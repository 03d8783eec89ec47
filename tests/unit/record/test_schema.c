/* SPDX-License-Identifier: Apache-2.0 */
#include "record/schema.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct field fields[] = {
	{ .name = "pid",
	  .type = FIELD_TYPE_U32,
	  .role = FIELD_ROLE_PID,
	  .size = 4,
	  .count = 1,
	  .parent = -1 },
	{ .name = "addr",
	  .type = FIELD_TYPE_STRUCT,
	  .role = FIELD_ROLE_NONE,
	  .offset = 4,
	  .size = 6,
	  .count = 1,
	  .parent = -1 },
	{ .name = "addr.port",
	  .type = FIELD_TYPE_U16,
	  .role = FIELD_ROLE_PORT,
	  .offset = 8,
	  .size = 2,
	  .count = 1,
	  .parent = 1 },
};
static const struct schema schema = {
	.name = "event", .fields = fields, .field_count = 3, .size = 10
};

static void test_find__by_whole_path(void **state)
{
	(void)state;
	assert_int_equal(schema__find(&schema, "pid"), 0);
	assert_int_equal(schema__find(&schema, "addr.port"), 2);
	assert_int_equal(schema__find(&schema, "port"), -ENOENT);
	assert_int_equal(schema__find(&schema, ""), -ENOENT);
}

static void test_find_role__first_or_none(void **state)
{
	(void)state;
	assert_int_equal(schema__find_role(&schema, FIELD_ROLE_PORT), 2);
	assert_int_equal(schema__find_role(&schema, FIELD_ROLE_UID), -ENOENT);
}

static void test_field_type_of_size__integers_and_the_rest(void **state)
{
	(void)state;
	assert_int_equal(field_type_of_size(1), FIELD_TYPE_U8);
	assert_int_equal(field_type_of_size(2), FIELD_TYPE_U16);
	assert_int_equal(field_type_of_size(4), FIELD_TYPE_U32);
	assert_int_equal(field_type_of_size(8), FIELD_TYPE_U64);
	assert_int_equal(field_type_of_size(0), FIELD_TYPE_BYTES);
	assert_int_equal(field_type_of_size(3), FIELD_TYPE_BYTES);
	assert_int_equal(field_type_of_size(16), FIELD_TYPE_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__by_whole_path),
		cmocka_unit_test(test_find_role__first_or_none),
		cmocka_unit_test(test_field_type_of_size__integers_and_the_rest),
	};

	return cmocka_run_group_tests_name("record/schema", tests, NULL, NULL);
}
