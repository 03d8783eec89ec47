/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/host.h"
#include "rows.h"
#include "tree.h"

static const struct decode_row rows[] = {
	ROW("\x28\x08\xd9\x19\xeb\xff\xff\xff", DECODE_UNKNOWN, "unknown_addr:0xffffffeb19d90828"),
	ROW("\x30\x08\xd9\x19\xeb\xff\xff\xff", DECODE_OK, "pipe_lock"),
	ROW("\x70\x08\xd9\x19\xeb\xff\xff\xff", DECODE_OK, "pipe_unlock"),
	ROW("\x78\x08\xd9\x19\xeb\xff\xff\xff", DECODE_UNKNOWN, "unknown_addr:0xffffffeb19d90878"),
	ROW("\x80\xee\x1c\x80\xc0\xff\xff\xff", DECODE_OK, "of_module\t[mod]"),
	ROW("\x30\x08\xd9\x19\xeb\xff\xff\xff\x99", DECODE_OK, "pipe_lock"),
	ROW("\0\0\0\0\0\0\0\0", DECODE_UNKNOWN, "unknown_addr:0x0"),
	ROW("\x30\x08\xd9\x19", -EINVAL, "decoder 'ksym' got 4 bytes; it takes at least 8"),
	ROW("", -EINVAL, "got 0 bytes"),
};

static void test_run__rows(void **state)
{
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/kallsyms",
		   "ffffffeb19d90830 T pipe_lock\n"
		   "ffffffeb19d90870 T pipe_unlock\n"
		   "ffffffc0801cee80 t of_module\t[mod]\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("ksym", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

/* What was opened with privileges serves when they are gone: another file for those who open it later. */
static void test_prepare__addresses_are_hidden_later(void **state)
{
	static const struct step_spec step = { .decoder = "ksym" };
	struct decode_env env = { 0 };
	struct decode_chain *chain = NULL;
	struct strbuf out = STRBUF_INIT;
	const uint64_t address = 0x10;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/kallsyms", "10 t early\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_int_equal(decode_chain__open(&step, 1, 8, &env, &chain, NULL), 0);
	decode_chain__prepare(chain);
	assert_int_equal(unlinkat(tree.fd, "proc/kallsyms", 0), 0);
	tree_write(&tree, "proc/kallsyms", "0 t early\n");
	assert_int_equal(decode_chain__run(chain, &address, 8, &out, NULL), DECODE_OK);
	assert_string_equal(strbuf__text(&out), "early");
	strbuf__done(&out);
	decode_chain__close(chain);
	host__close(env.host);
	tree_remove(&tree);
}

/* A module that came after the first reading. */
static void test_run__reads_again(void **state)
{
	static const struct step_spec step = { .decoder = "ksym" };
	struct decode_env env = { 0 };
	struct decode_chain *chain = NULL;
	struct strbuf out = STRBUF_INIT;
	const uint64_t addresses[] = { 0x10, 0x20 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/kallsyms", "10 t early\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_int_equal(decode_chain__open(&step, 1, 8, &env, &chain, NULL), 0);
	assert_int_equal(decode_chain__run(chain, &addresses[0], 8, &out, NULL), DECODE_OK);
	tree_append(&tree, "proc/kallsyms", "20 t late\n");
	assert_int_equal(decode_chain__run(chain, &addresses[1], 8, &out, NULL), DECODE_OK);
	assert_string_equal(strbuf__text(&out), "earlylate");
	strbuf__done(&out);
	decode_chain__close(chain);
	host__close(env.host);
	tree_remove(&tree);
}

static void test_run__no_file(void **state)
{
	static const struct decode_row none[] = {
		ROW("\0\0\0\0\0\0\0\0", -ENODATA, "cannot open /proc/kallsyms"),
	};
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("ksym", &env, none, array_size(none));
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_prepare__addresses_are_hidden_later),
		cmocka_unit_test(test_run__reads_again),
		cmocka_unit_test(test_run__no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
