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

#include "base/mem.h"
#include "base/str.h"

/* Has no bytes in the C locale, so printf fails: a text that cannot be made, as when memory is short. */
static const wchar_t unprintable[] = { 0x100, 0 };

static void test_strbuf__collects(void **state)
{
	struct strbuf buf = STRBUF_INIT;

	(void)state;
	strbuf__add_text(&buf, "abc");
	strbuf__add_char(&buf, '-');
	strbuf__add(&buf, "x\0y", 3);
	strbuf__add_u64(&buf, UINT64_MAX);
	strbuf__printf(&buf, "[%d]", -7);
	strbuf__add(&buf, NULL, 0);
	assert_int_equal(buf.len, 3 + 1 + 3 + 20 + 4);
	assert_memory_equal(buf.data, "abc-x\0y18446744073709551615[-7]", buf.len);
	assert_int_equal(strbuf__status(&buf), 0);
	strbuf__done(&buf);
	assert_null(buf.data);
}

static void test_strbuf__grows(void **state)
{
	struct strbuf buf = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		strbuf__add_text(&buf, "0123456789");
	assert_int_equal(buf.len, 100000);
	assert_int_equal(strlen(strbuf__text(&buf)), 100000);
	assert_true(buf.capacity < 400000);
	strbuf__done(&buf);
}

static void test_strbuf_text__of_an_empty_buffer(void **state)
{
	struct strbuf buf = STRBUF_INIT;

	(void)state;
	assert_string_equal(strbuf__text(&buf), "");
	assert_int_equal(buf.len, 0);
	strbuf__done(&buf);
}

static void test_strbuf_printf__longer_than_the_room(void **state)
{
	struct strbuf buf = STRBUF_INIT;

	(void)state;
	/* around the first capacity, where the result just fits or just does not */
	for (int width = 250; width < 262; width++) {
		strbuf__reset(&buf);
		strbuf__printf(&buf, "%0*d", width, 5);
		assert_int_equal(buf.len, width);
		assert_int_equal(buf.data[width - 1], '5');
		strbuf__done(&buf);
	}
	strbuf__printf(&buf, "%0*d|%0*d", 1000, 1, 2000, 2);
	assert_int_equal(buf.len, 3001);
	strbuf__done(&buf);
}

static void test_strbuf__remembers_a_failure(void **state)
{
	struct strbuf buf = STRBUF_INIT;

	(void)state;
	strbuf__add_text(&buf, "kept");
	assert_null(strbuf__reserve(&buf, SIZE_MAX));
	assert_int_equal(strbuf__status(&buf), -ENOMEM);
	strbuf__add_text(&buf, "lost");
	assert_int_equal(buf.len, 4);
	assert_string_equal(strbuf__text(&buf), "");
	strbuf__reset(&buf);
	assert_int_equal(strbuf__status(&buf), 0);
	strbuf__add_text(&buf, "again");
	assert_string_equal(strbuf__text(&buf), "again");

	strbuf__printf(&buf, "%ls", unprintable);
	assert_int_equal(strbuf__status(&buf), -ENOMEM);
	assert_null(strbuf__take(&buf));
	assert_null(buf.data);
	assert_int_equal(strbuf__status(&buf), 0);
}

static void test_strbuf_take__empties_the_buffer(void **state)
{
	struct strbuf buf = STRBUF_INIT;
	char *text;

	(void)state;
	strbuf__add_text(&buf, "abc");
	text = strbuf__take(&buf);
	assert_string_equal(text, "abc");
	free(text);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	text = strbuf__take(&buf);
	assert_string_equal(text, "");
	free(text);
}

static void test_starts_and_ends__table(void **state)
{
	(void)state;
	assert_true(str_starts("kprobe/x", "kprobe/"));
	assert_true(str_starts("x", ""));
	assert_true(str_starts("x", "x"));
	assert_false(str_starts("x", "xy"));
	assert_false(str_starts("yx", "x"));
	assert_true(str_ends("a.yaml", ".yaml"));
	assert_true(str_ends("a", ""));
	assert_true(str_ends("a", "a"));
	assert_false(str_ends("a", "ba"));
	assert_false(str_ends("a.yaml", ".yam"));
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "b"));
}

static void test_nearest__table(void **state)
{
	static const char *const names[] = { "uint",       "string", "syscall",
					     "majorminor", "ksym",   "pci_vendor" };
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{ "uint", "uint" },
		{ "unit", "uint" },
		{ "sting", "string" },
		{ "syscal", "syscall" },
		{ "sycsall", "syscall" },
		{ "majorminro", "majorminor" },
		{ "pcivendor", "pci_vendor" },
		{ "ksim", "ksym" },
		{ "s", NULL },
		{ "", NULL },
		{ "regexp", NULL },
		{ "abc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const char *nearest = str_nearest(rows[i].text, names, array_size(names));

		if (rows[i].expected)
			assert_string_equal(nearest, rows[i].expected);
		else
			assert_null(nearest);
	}
	assert_null(str_nearest("x", NULL, 0));
}

static void test_nearest__long_names_are_passed_over(void **state)
{
	char text[300];
	const char *const names[] = { text, "short" };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(str_nearest(text, names, 2));
	assert_string_equal(str_nearest("shrt", names, 2), "short");
	text[63] = '\0';
	assert_ptr_equal(str_nearest(text, names, 2), text);
}

static void test_printf__makes_fresh_memory(void **state)
{
	char *text = str_printf("%s %d", "x", 5);

	(void)state;
	assert_string_equal(text, "x 5");
	free(text);
	assert_null(str_printf("%ls", unprintable));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strbuf__collects),
		cmocka_unit_test(test_strbuf__grows),
		cmocka_unit_test(test_strbuf_text__of_an_empty_buffer),
		cmocka_unit_test(test_strbuf_printf__longer_than_the_room),
		cmocka_unit_test(test_strbuf__remembers_a_failure),
		cmocka_unit_test(test_strbuf_take__empties_the_buffer),
		cmocka_unit_test(test_starts_and_ends__table),
		cmocka_unit_test(test_nearest__table),
		cmocka_unit_test(test_nearest__long_names_are_passed_over),
		cmocka_unit_test(test_printf__makes_fresh_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
