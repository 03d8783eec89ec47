/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "decode/stack_source.h"
#include "host/host.h"
#include "rows.h"
#include "tree.h"

static int find_stack(void *ctx, enum stack_kind kind, uint32_t id, uint64_t *ret_addresses,
		      size_t max)
{
	static const uint64_t frames[] = { 0xab, 7, 2 };

	(void)ctx;
	assert_int_equal(kind, STACK_KERNEL);
	assert_int_equal(max, STACK_MAX_FRAMES);
	if (id == 9)
		return -EIO;
	if (id != 5)
		return 0;
	for (size_t i = 0; i < array_size(frames); i++)
		ret_addresses[i] = frames[i];
	return array_size(frames);
}

static const struct stack_source stacks = { .find = find_stack };

static const struct decode_row rows[] = {
	ROW("\x05\0\0\0", DECODE_OK, "three; two; 0x2"),
	ROW("\x06\0\0\0", DECODE_UNKNOWN, ""),  /* lost */
	ROW("\xf2\xff\xff\xff", DECODE_OK, ""), /* -EFAULT: there was none */
	ROW("\x09\0\0\0", -EIO, "cannot read stack 9: Input/output error"),
	ROW("\x05\0\0", -EINVAL, "got 3 bytes; it takes 4"),
};

static void test_run__rows(void **state)
{
	struct decode_env env = { .stacks = &stacks };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/kallsyms", "4 t one\n6 t two\naa t three\t[x]\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("kernel_stack", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

static void test_run__nobody_keeps_stacks(void **state)
{
	static const struct decode_row row = ROW("\x05\0\0\0", DECODE_OK, "");
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("kernel_stack", &env, &row, 1);
}

static void test_run__no_symbols(void **state)
{
	static const struct decode_row row = ROW("\x05\0\0\0", -ENODATA,
						 "cannot open /proc/kallsyms");
	struct decode_env env = { .stacks = &stacks };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("kernel_stack", &env, &row, 1);
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__nobody_keeps_stacks),
		cmocka_unit_test(test_run__no_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
