/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decode/decoder.h"

static void test_list__is_sorted_and_whole(void **state)
{
	size_t count;
	const struct decoder *decoders = decoder_list(&count);

	(void)state;
	assert_true(count >= 18);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || strcmp(decoders[i - 1].name, decoders[i].name) < 0);
		assert_true(*decoders[i].help);
		assert_non_null(decoders[i].ops->run);
		assert_true(!decoders[i].ops->open == !decoders[i].ops->close);
		assert_ptr_equal(decoder_find(decoders[i].name), &decoders[i]);
	}
}

static void test_find__unknown(void **state)
{
	(void)state;
	assert_null(decoder_find("uin"));
	assert_null(decoder_find("uint8"));
	assert_null(decoder_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list__is_sorted_and_whole),
		cmocka_unit_test(test_find__unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
