/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/err.h"
#include "base/mem.h"

/* Has no bytes in the C locale, so printf fails: a text that cannot be made, as when memory is short. */
static const wchar_t unprintable[] = { 0x100, 0 };

static void assert_text(const struct err *err, const char *expected)
{
	char text[256];
	size_t len = err__format(err, text, sizeof(text));

	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
}

static void test_set__prints_what_is_known_of_the_position(void **state)
{
	static const struct {
		struct loc at;
		const char *expected;
	} rows[] = {
		{ { "a.yaml", 3, 7 }, "a.yaml:3:7: size 5 is odd" },
		{ { "a.yaml", 3, 0 }, "a.yaml:3: size 5 is odd" },
		{ { "a.yaml", 0, 0 }, "a.yaml: size 5 is odd" },
		{ { "a.yaml", 0, 7 }, "a.yaml: size 5 is odd" },
		{ { NULL, 3, 7 }, "size 5 is odd" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(err__set(&err, -EINVAL, &rows[i].at, "size %u is odd", 5u),
				 -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_text(&err, rows[i].expected);
		err__done(&err);
	}
}

static void test_set__without_err_returns_the_code(void **state)
{
	(void)state;
	assert_int_equal(err__set(NULL, -ENOENT, NULL, "gone"), -ENOENT);
	assert_int_equal(err__wrap(NULL, -ENOENT, NULL, "gone"), -ENOENT);
	err__cause(NULL, "cause");
	assert_false(err__is_set(NULL));
	err__done(NULL);
}

static void test_set__replaces_text_position_and_cause(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err__set(&err, -EINVAL, &(struct loc){ "a.yaml", 1, 1 }, "first");
	err__cause(&err, "evidence");
	err__set(&err, -ENOENT, NULL, "second, after '%s'", err.text);
	assert_text(&err, "second, after 'first'");
	assert_int_equal(err.code, -ENOENT);
	assert_null(err.cause);
	err__done(&err);
}

static void test_set__copies_the_file_name(void **state)
{
	struct err err = ERR_INIT;
	char *file = strdup("spec.yaml");

	(void)state;
	err__set(&err, -EINVAL, &(struct loc){ file, 2, 3 }, "bad");
	free(file);
	assert_text(&err, "spec.yaml:2:3: bad");
	err__done(&err);
}

static void test_wrap__puts_contexts_in_front(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err__set(&err, -EINVAL, NULL, "size 3 is odd");
	assert_int_equal(err__wrap(&err, -EINVAL, NULL, "label '%s'", "cpu"), -EINVAL);
	err__wrap(&err, -EINVAL, NULL, "metric 'x'");
	assert_text(&err, "metric 'x': label 'cpu': size 3 is odd");
	err__done(&err);
}

static void test_wrap__of_nothing_names_the_errno(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err__wrap(&err, -ENOENT, NULL, "map 'x'"), -ENOENT);
	assert_true(err__is_set(&err));
	assert_text(&err, "map 'x': No such file or directory");
	err__done(&err);
}

static void test_wrap__keeps_the_innermost_position(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err__set(&err, -EINVAL, NULL, "bad");
	err__wrap(&err, -EINVAL, &(struct loc){ "inner.yaml", 4, 2 }, "label");
	err__wrap(&err, -EINVAL, &(struct loc){ "outer.yaml", 1, 1 }, "metric");
	assert_text(&err, "inner.yaml:4:2: metric: label: bad");
	err__done(&err);
}

static void test_cause__is_kept_beside_the_message(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err__set(&err, -EACCES, NULL, "prog 'x' was refused");
	err__cause(&err, "R1 invalid mem access");
	err__cause(&err, "R2 invalid mem access");
	err__wrap(&err, -EACCES, NULL, "object");
	err__cause(&err, NULL);
	assert_text(&err, "object: prog 'x' was refused");
	assert_string_equal(err.cause, "R2 invalid mem access");
	err__done(&err);
	assert_null(err.cause);
}

static void test_format__tells_the_length_it_needs(void **state)
{
	struct err err = ERR_INIT;
	char text[12];

	(void)state;
	err__set(&err, -EINVAL, &(struct loc){ "f", 1, 2 }, "0123456789");
	assert_int_equal(err__format(&err, NULL, 0), 17);
	assert_int_equal(err__format(&err, text, sizeof(text)), 17);
	assert_string_equal(text, "f:1:2: 0123");
	assert_int_equal(err__format(&err, text, 4), 17);
	assert_string_equal(text, "f:1");
	err__done(&err);
}

static void test_format__of_nothing_is_empty(void **state)
{
	const struct err err = ERR_INIT;
	char text[4] = "old";

	(void)state;
	assert_int_equal(err__format(&err, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void test_set__without_text_falls_back_to_the_errno(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err__set(&err, -ENOMEM, NULL, "%ls", unprintable), -ENOMEM);
	assert_null(err.text);
	assert_text(&err, "Cannot allocate memory");
	err__set(&err, -EINVAL, NULL, "kept");
	err__wrap(&err, -ENOENT, NULL, "%ls", unprintable);
	assert_text(&err, "kept");
	assert_int_equal(err.code, -ENOENT);
	err__done(&err);
}

static void test_list__collects_and_counts_beyond_the_bound(void **state)
{
	struct err_list list = { 0 };

	(void)state;
	for (int i = 0; i < ERR_LIST_MAX + 3; i++)
		assert_int_equal(err_list__set(&list, -EINVAL, NULL, "error %d", i), -EINVAL);
	assert_int_equal(list.len, ERR_LIST_MAX);
	assert_int_equal(list.dropped, 3);
	assert_text(&list.items[0], "error 0");
	assert_text(&list.items[ERR_LIST_MAX - 1], "error 19");
	err_list__done(&list);
	assert_int_equal(list.len, 0);
}

static void test_list_add__moves_the_error(void **state)
{
	struct err_list list = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	err_list__add(&list, &err);
	assert_int_equal(list.len, 0);
	err__set(&err, -EINVAL, &(struct loc){ "f", 1, 1 }, "bad");
	err_list__add(&list, &err);
	assert_false(err__is_set(&err));
	assert_null(err.text);
	assert_text(&list.items[0], "f:1:1: bad");
	err_list__done(&list);
}

static void test_list__may_be_absent(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err__set(&err, -EINVAL, NULL, "nobody listens");
	err_list__add(NULL, &err);
	assert_null(err.text);
	assert_int_equal(err_list__set(NULL, -EINVAL, NULL, "nor here"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set__prints_what_is_known_of_the_position),
		cmocka_unit_test(test_set__without_err_returns_the_code),
		cmocka_unit_test(test_set__replaces_text_position_and_cause),
		cmocka_unit_test(test_set__copies_the_file_name),
		cmocka_unit_test(test_wrap__puts_contexts_in_front),
		cmocka_unit_test(test_wrap__of_nothing_names_the_errno),
		cmocka_unit_test(test_wrap__keeps_the_innermost_position),
		cmocka_unit_test(test_cause__is_kept_beside_the_message),
		cmocka_unit_test(test_format__tells_the_length_it_needs),
		cmocka_unit_test(test_format__of_nothing_is_empty),
		cmocka_unit_test(test_set__without_text_falls_back_to_the_errno),
		cmocka_unit_test(test_list__collects_and_counts_beyond_the_bound),
		cmocka_unit_test(test_list_add__moves_the_error),
		cmocka_unit_test(test_list__may_be_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
