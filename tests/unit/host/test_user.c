/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/user.h"
#include "tree.h"

static struct user_list list;

static int set_up(void **state)
{
	(void)state;
	user_list__init(&list, "etc/passwd");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	user_list__done(&list);
	return 0;
}

/* Asks what was parsed: there is no root to look for a newer file in. */
static const char *find(uint32_t id)
{
	const char *name;

	list.checked_ns = 0;
	name = user_list__find(&list, -1, id);
	return name ? name : "";
}

static void parse(const char *text)
{
	assert_int_equal(user_list__parse(&list, text, strlen(text)), 0);
}

static void test_parse__both_files(void **state)
{
	(void)state;
	parse("root:x:0:0:root:/root:/bin/sh\nann:x:1000:100:Ann,,,:/home/ann:/bin/sh\n"
	      "nobody:x:65534:65534::/:/bin/false\n");
	assert_string_equal(find(0), "root");
	assert_string_equal(find(1000), "ann");
	assert_string_equal(find(65534), "nobody");
	assert_string_equal(find(1), "");
	parse("wheel:x:10:ann,bob\nusers:x:100:");
	assert_string_equal(find(10), "wheel");
	assert_string_equal(find(100), "users"); /* also without a newline at the end */
	assert_string_equal(find(0), "");
}

static void test_parse__first_of_an_id_counts(void **state)
{
	(void)state;
	parse("root:x:0:0::/:\ntoor:x:0:0::/:\nadmin:x:0:0::/:\n");
	assert_string_equal(find(0), "root");
	assert_int_equal(list.len, 1);
}

static void test_parse__what_is_no_line(void **state)
{
	(void)state;
	parse("\n# ann:x:1\n:x:2:2\n+nis\nbob\nbob:\nbob:x\nbob:x:\nbob:x:3x:\nbob:x:-4:\n"
	      "big:x:4294967295:\nbigger:x:4294967296:\nok:x:7:7\n");
	assert_int_equal(list.len, 3);
	assert_string_equal(find(1), "# ann"); /* these files have no comments */
	assert_string_equal(find(4294967295), "big");
	assert_string_equal(find(7), "ok");
	assert_int_equal(user_list__parse(&list, "a\0b:x:1:1\n\0:x:2:2\nc:x:3:3\0", 27), 0);
	assert_int_equal(list.len, 1);
	parse("");
	assert_int_equal(list.len, 0);
}

static void test_parse__bound(void **state)
{
	struct {
		char *text;
		size_t len;
	} all;
	FILE *file = open_memstream(&all.text, &all.len);

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 70000; i++)
		(void)fprintf(file, "u%d:x:%d:\n", i, i);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(user_list__parse(&list, all.text, all.len), 0);
	assert_int_equal(list.len, 65536);
	assert_string_equal(find(65535), "u65535");
	free(all.text);
}

static void test_find__file_changes(void **state)
{
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_null(user_list__find(&list, tree.fd, 0));
	assert_true(list.error < 0);
	tree_write(&tree, "etc/passwd", "root:x:0:0\n");
	assert_null(user_list__find(&list, tree.fd, 0)); /* looked at once a second */
	list.checked_ns = 0;
	assert_string_equal(user_list__find(&list, tree.fd, 0), "root");
	tree_append(&tree, "etc/passwd", "ann:x:1000:1000\n");
	list.checked_ns = 0;
	assert_string_equal(user_list__find(&list, tree.fd, 1000), "ann");
	/* While the file is replaced, what was known stays. */
	assert_int_equal(unlinkat(tree.fd, "etc/passwd", 0), 0);
	list.checked_ns = 0;
	assert_string_equal(user_list__find(&list, tree.fd, 1000), "ann");
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse__both_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parse__first_of_an_id_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_parse__what_is_no_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parse__bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_find__file_changes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
