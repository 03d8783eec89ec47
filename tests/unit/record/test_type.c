/* SPDX-License-Identifier: Apache-2.0 */
#include "record/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_name__of_first_and_last(void **state)
{
	(void)state;
	assert_string_equal(field_type_name(FIELD_TYPE_BYTES), "bytes");
	assert_string_equal(field_type_name(FIELD_TYPE_S16), "s16");
	assert_string_equal(field_type_name(FIELD_TYPE_STRUCT), "struct");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name__of_first_and_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
