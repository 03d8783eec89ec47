/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/host.h"
#include "rows.h"
#include "tree.h"

#define MAX_FRAMES 4

struct stack_row {
	uint64_t frames[MAX_FRAMES];
	size_t count;
	int result;
	const char *text;
};

/* As 8-byte addresses of this machine. */
static void assert_stacks(const struct decode_env *env, const struct stack_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct decode_row row = {
			.bytes = (const char *)rows[i].frames,
			.len = rows[i].count * sizeof(rows[i].frames[0]),
			.result = rows[i].result,
			.text = rows[i].text,
		};

		assert_rows("kstack", env, &row, 1);
	}
}

static const struct stack_row first_rows[] = {
	{ { 0, 0 }, 2, DECODE_OK, "" },
	{ { 4, 5, 6, 0 }, 4, DECODE_OK, "one\none\ntwo" },
	{ { 0xab, 0x10, 6 }, 3, DECODE_OK, "three\ntwo\ntwo" },
	{ { 4, 0, 6 }, 3, DECODE_OK, "one" }, /* the first 0 ends it */
	{ { UINT64_MAX }, 1, DECODE_OK, "three" },
	{ { 0 }, 0, DECODE_OK, "" },
};

static const struct stack_row later_rows[] = {
	{ { 0xab, 3 }, 2, DECODE_OK, "three\nzero" }, /* the table is read again */
	{ { 1, 0xac, 1 }, 3, DECODE_UNKNOWN, "??\nthree\n??" },
};

static void test_run__stacks(void **state)
{
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/kallsyms", "4 t one\n6 t two\naa t three\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_stacks(&env, first_rows, array_size(first_rows));
	tree_append(&tree, "proc/kallsyms", "2 t zero\n");
	assert_stacks(&env, later_rows, array_size(later_rows));
	host__close(env.host);
	tree_remove(&tree);
}

static void test_run__sizes(void **state)
{
	static const struct decode_row rows[] = {
		ROW("\x04\0\0\0\0\0\0", -EINVAL,
		    "decoder 'kstack' got 7 bytes; it takes a multiple of 8"),
		ROW("\x04\0\0\0\0\0\0\0\x04", -EINVAL, "got 9 bytes"),
	};
	struct decode_env env = { 0 };

	(void)state;
	assert_int_equal(host__open("/", &env.host, NULL), 0);
	assert_rows("kstack", &env, rows, array_size(rows));
	host__close(env.host);
}

static void test_run__no_file(void **state)
{
	static const struct stack_row row = { { 4 }, 1, -ENODATA, "cannot open /proc/kallsyms" };
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_stacks(&env, &row, 1);
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__stacks),
		cmocka_unit_test(test_run__sizes),
		cmocka_unit_test(test_run__no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
