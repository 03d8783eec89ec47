/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_table(const struct table *table, size_t width, const char *wanted)
{
	struct strbuf out = STRBUF_INIT;

	table__write(table, width, &out);
	assert_string_equal(strbuf__text(&out), wanted);
	assert_int_equal(strbuf__status(&out), 0);
	strbuf__done(&out);
}

static struct table make_table(void)
{
	static const char *const rows[][3] = {
		{ "NAME", "STATE", "WHY" },
		{ "a", "attached", NULL },
		{ "longer", "no", "because of this and that and many words more" },
		{ "ä", NULL, NULL },
	};
	struct table table = TABLE_INIT(3);

	table.has_header = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		table__add_row(&table, rows[i]);
	return table;
}

static void test_write__without_a_terminal(void **state)
{
	struct table table = make_table();

	(void)state;
	assert_table(&table, 0,
		     "NAME    STATE     WHY\n"
		     "a       attached\n"
		     "longer  no        because of this and that and many words more\n"
		     "ä\n");
	table__done(&table);
}

static void test_write__wraps_the_last_column(void **state)
{
	struct table table = make_table();

	(void)state;
	assert_table(&table, 44,
		     "NAME    STATE     WHY\n"
		     "a       attached\n"
		     "longer  no        because of this and that\n"
		     "                  and many words more\n"
		     "ä\n");
	table__done(&table);
}

static void test_write__puts_it_below_where_there_is_no_room(void **state)
{
	struct table table = make_table();

	(void)state;
	assert_table(&table, 30,
		     "NAME    STATE\n"
		     "a       attached\n"
		     "longer  no\n"
		     "    because of this and that\n"
		     "    and many words more\n"
		     "ä\n");
	table__done(&table);
}

static void test_write__keeps_words_whole(void **state)
{
	struct table table = TABLE_INIT(1);
	const char *const cells[] = { "abcdefgh  ij k" };

	(void)state;
	table__add_row(&table, cells);
	assert_table(&table, 4, "abcdefgh\nij k\n");
	table__done(&table);
}

static void test_write__of_nothing(void **state)
{
	struct table table = TABLE_INIT(2);

	(void)state;
	assert_table(&table, 80, "");
	table__done(&table);
}

static void test_terminal_width__of_a_pipe(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(terminal_width(ends[0]), 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__without_a_terminal),
		cmocka_unit_test(test_write__wraps_the_last_column),
		cmocka_unit_test(test_write__puts_it_below_where_there_is_no_room),
		cmocka_unit_test(test_write__keeps_words_whole),
		cmocka_unit_test(test_write__of_nothing),
		cmocka_unit_test(test_terminal_width__of_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
