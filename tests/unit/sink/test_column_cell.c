/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "base/mem.h"
#include "sink/column_cell.h"

#define KANJI "\xe6\xbc\xa2"
#define ACUTE "\xcc\x81" /* stands on the character before it */
#define DOTS "\xe2\x80\xa6"
#define WRONG "\xef\xbf\xbd"

static const struct {
	const char *text;
	uint16_t width;
	bool is_right;
	enum ellipsis ellipsis;
	const char *want;
} rows[] = {
	{ "abc", 5, false, ELLIPSIS_END, "abc  " },
	{ "abc", 5, true, ELLIPSIS_END, "  abc" },
	{ "abcde", 5, false, ELLIPSIS_END, "abcde" },
	{ "abcdef", 5, false, ELLIPSIS_END, "abcd" DOTS },
	{ "abcdef", 5, true, ELLIPSIS_END, "abcd" DOTS },
	{ "abcdef", 5, false, ELLIPSIS_START, DOTS "cdef" },
	{ "abcdefgh", 5, false, ELLIPSIS_MIDDLE, "ab" DOTS "gh" },
	{ "abcdefgh", 6, false, ELLIPSIS_MIDDLE, "abc" DOTS "gh" },
	{ "abcdef", 5, false, ELLIPSIS_NONE, "abcde" },
	{ "abcdef", 1, false, ELLIPSIS_END, DOTS },
	{ "abcdef", 1, false, ELLIPSIS_MIDDLE, DOTS },
	{ "abcdef", 0, false, ELLIPSIS_END, "" },
	{ "", 2, false, ELLIPSIS_END, "  " },
	/* characters of two cells, and of none */
	{ KANJI KANJI, 5, false, ELLIPSIS_END, KANJI KANJI " " },
	{ KANJI KANJI KANJI, 5, false, ELLIPSIS_END, KANJI KANJI DOTS },
	{ KANJI KANJI KANJI, 4, false, ELLIPSIS_END, KANJI DOTS " " },
	{ KANJI KANJI KANJI, 4, false, ELLIPSIS_START, DOTS KANJI " " },
	{ KANJI KANJI KANJI, 5, false, ELLIPSIS_NONE, KANJI KANJI " " },
	{ "e" ACUTE "f", 3, false, ELLIPSIS_END, "e" ACUTE "f " },
	{ "abe" ACUTE "f", 3, false, ELLIPSIS_START, DOTS "e" ACUTE "f" },
	{ "abe" ACUTE "fg", 3, false, ELLIPSIS_START, DOTS "fg" },
	/* nothing that a terminal obeys */
	{ "a\033[2Jb", 8, false, ELLIPSIS_END, "a" WRONG "[2Jb  " },
	{ "a\tb\nc\rd", 7, false, ELLIPSIS_END, "a b c d" },
	{ "\x7f\xc2\x9b", 2, false, ELLIPSIS_END, WRONG WRONG },
	{ "\xe2\x80\xae", 2, false, ELLIPSIS_END, WRONG " " },
	{ "a\xff"
	  "b",
	  4, false, ELLIPSIS_END, "a" WRONG "b " },
	{ "\xff\xff\xff", 2, false, ELLIPSIS_END, WRONG DOTS },
};

static int set_locale(void **state)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	(void)state;
	if (!locale)
		return -1;
	uselocale(locale);
	return 0;
}

static int reset_locale(void **state)
{
	(void)state;
	freelocale(uselocale(LC_GLOBAL_LOCALE));
	return 0;
}

static void test_add__rows(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct cell_format format = { .width = rows[i].width,
						    .is_right = rows[i].is_right,
						    .is_cut = true,
						    .ellipsis = rows[i].ellipsis };

		strbuf__reset(&out);
		column_cell_add(&out, &format, rows[i].text, strlen(rows[i].text));
		assert_string_equal(strbuf__text(&out), rows[i].want);
		assert_int_equal(column_cell_width(out.data, out.len), rows[i].width);
	}
	strbuf__done(&out);
}

static void test_add__uncut_and_last(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	column_cell_add(&out, &(struct cell_format){ .width = 2 }, "abc", 3);
	column_cell_add(&out, &(struct cell_format){ .width = 8, .is_last = true }, "def", 3);
	column_cell_add(&out,
			&(struct cell_format){ .width = 5, .is_last = true, .is_right = true },
			"ghi", 3);
	assert_string_equal(strbuf__text(&out), "abcdef  ghi");
	strbuf__done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__rows),
		cmocka_unit_test(test_add__uncut_and_last),
	};

	return cmocka_run_group_tests_name("sink/column_cell", tests, set_locale, reset_locale);
}
