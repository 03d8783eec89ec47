/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/cpu.h"
#include "tree.h"

static const struct {
	const char *text;
	int result;
	const char *cpus; /* each with a blank behind it */
} rows[] = {
	{ "0\n", 0, "0 " },
	{ "0-3\n", 0, "0 1 2 3 " },
	{ "0-1,4,6-7\n", 0, "0 1 4 6 7 " },
	{ "5", 0, "5 " },
	{ "65535\n", 0, "65535 " },
	{ "\n", -EINVAL, "" },
	{ "", -EINVAL, "" },
	{ "x\n", -EINVAL, "" },
	{ "3-1\n", -EINVAL, "" },
	{ "1-\n", -EINVAL, "" },
	{ "-1\n", -EINVAL, "" },
	{ "0,,1\n", -EINVAL, "" },
	{ "65536\n", -EINVAL, "" },
	{ "99999999999999999999\n", -EINVAL, "" },
};

static void test_read__rows(void **state)
{
	struct tree tree;

	(void)state;
	tree_make(&tree);
	for (size_t i = 0; i < array_size(rows); i++) {
		struct cpu_list list = CPU_LIST_INIT;
		struct strbuf shown = STRBUF_INIT;
		int r;

		tree_write(&tree, "list", rows[i].text);
		r = cpu_list__read(&list, tree.fd, "list");
		assert_int_equal(r, rows[i].result);
		for (size_t cpu = 0; r == 0 && cpu < list.len; cpu++)
			strbuf__printf(&shown, "%u ", list.cpus[cpu]);
		assert_string_equal(strbuf__text(&shown), rows[i].cpus);
		strbuf__done(&shown);
		cpu_list__done(&list);
	}
	tree_remove(&tree);
}

static void test_read__no_file(void **state)
{
	struct cpu_list list = CPU_LIST_INIT;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(cpu_list__read(&list, tree.fd, "list"), -ENOENT);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__rows),
		cmocka_unit_test(test_read__no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
