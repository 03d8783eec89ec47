/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "program/tracepoint_format.h"

static void test_parse__all_kinds_of_fields(void **state)
{
	static const char text[] =
		"name: open\nID: 622\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\n"
		"\tfield:unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;\n"
		"\tfield:const char * filename;\toffset:64;\tsize:8;\tsigned:1;\n"
		"\tfield:__data_loc char[] name;\toffset:72;\tsize:4;\tsigned:0;\n"
		"\nprint fmt: \"%s\", REC->name\n";
	static const struct tracepoint_field rows[] = {
		{ "common_type", "unsigned short", 0, 2, false, false },
		{ "args", "unsigned long", 16, 48, false, false },
		{ "filename", "const char *", 64, 8, true, false },
		{ "name", "char[]", 72, 4, false, true },
	};
	struct arena arena = { 0 };
	const struct tracepoint_field *fields;
	uint32_t count;

	(void)state;
	assert_int_equal(tracepoint_format_parse(text, &arena, &fields, &count, NULL), 0);
	assert_int_equal(count, array_size(rows));
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_string_equal(fields[i].name, rows[i].name);
		assert_string_equal(fields[i].type, rows[i].type);
		assert_int_equal(fields[i].offset, rows[i].offset);
		assert_int_equal(fields[i].size, rows[i].size);
		assert_int_equal(fields[i].is_signed, rows[i].is_signed);
		assert_int_equal(fields[i].is_dynamic, rows[i].is_dynamic);
	}
	arena__done(&arena);
}

static void test_parse__what_is_no_format(void **state)
{
	static const char *const rows[] = {
		"",
		"name: open\n",
		"field:int a;\n",
		"field:int a;\toffset:x;\tsize:4;\tsigned:1;\n",
		"field:int a\toffset:1\tsize:4\tsigned:1",
		"field:int a;\toffset:8;\tsize:99999999999;\tsigned:1;\n",
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct arena arena = { 0 };
		const struct tracepoint_field *fields;
		struct err err = ERR_INIT;
		uint32_t count;

		assert_int_equal(tracepoint_format_parse(rows[i], &arena, &fields, &count, &err),
				 -EPROTO);
		assert_true(err__is_set(&err));
		err__done(&err);
		arena__done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__all_kinds_of_fields),
		cmocka_unit_test(test_parse__what_is_no_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
