/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "host/kallsyms.h"
#include "tree.h"

/* The symbols of this text. NULL when it cannot be read, with the error's text in ret_error. */
static struct kallsyms *open_text(struct tree *tree, const char *text, char **ret_error)
{
	struct kallsyms *symbols = NULL;
	struct err err = ERR_INIT;

	tree_make(tree);
	tree_write(tree, "proc/kallsyms", text);
	assert_int_equal(kallsyms__open(tree->fd, &symbols, NULL), 0);
	assert_false(kallsyms__is_loaded(symbols));
	if (kallsyms__load(symbols, &err) < 0)
		symbols = kallsyms__close(symbols);
	if (ret_error)
		*ret_error = err.text ? strdup(err.text) : NULL;
	err__done(&err);
	return symbols;
}

static void close_all(struct tree *tree, struct kallsyms *symbols)
{
	assert_null(kallsyms__close(symbols));
	tree_remove(tree);
}

static const char kernel[] =
	"ffffffeb19a8a480 T __pidfd_prepare\n"
	"ffffffeb19cadfc0 T mark_page_accessed\n"
	"ffffffc0801cee80 t bpf_prog_9a4f2895a09f572a_mark_page_accessed\t[bpf]\n";

static void test_find_exact__address(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, kernel, NULL);

	(void)state;
	assert_null(kallsyms__find_exact(symbols, 0xffffffeb19a8a478));
	assert_string_equal(kallsyms__find_exact(symbols, 0xffffffeb19a8a480), "__pidfd_prepare");
	assert_null(kallsyms__find_exact(symbols, 0xffffffeb19a8a482));
	assert_string_equal(kallsyms__find_exact(symbols, 0xffffffeb19cadfc0),
			    "mark_page_accessed");
	assert_null(kallsyms__find_exact(symbols, 0));
	assert_null(kallsyms__find_exact(symbols, UINT64_MAX));
	close_all(&tree, symbols);
}

static void test_find_nearest__address(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, kernel, NULL);

	(void)state;
	/* The file is not in the order of addresses. */
	assert_string_equal(kallsyms__find_nearest(symbols, 0xffffffc0801cee9c),
			    "bpf_prog_9a4f2895a09f572a_mark_page_accessed\t[bpf]");
	assert_string_equal(kallsyms__find_nearest(symbols, 0xffffffeb19a8a481), "__pidfd_prepare");
	assert_string_equal(kallsyms__find_nearest(symbols, UINT64_MAX), "mark_page_accessed");
	assert_null(kallsyms__find_nearest(symbols, 0xffffffc0801cee7f));
	close_all(&tree, symbols);
}

static void test_find__aliases(void **state)
{
	struct tree tree;
	struct kallsyms *symbols =
		open_text(&tree, "20 t later\n10 t zeta\n10 t alpha\n10 t beta\n", NULL);

	(void)state;
	assert_string_equal(kallsyms__find_exact(symbols, 0x10), "zeta");
	assert_string_equal(kallsyms__find_nearest(symbols, 0x1f), "zeta");
	close_all(&tree, symbols);
}

static void test_find_address__last_duplicate(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(
		&tree, "30 t twice\n10 t once\n20 t twice\n40 t of_module\t[ext4]\n", NULL);
	uint64_t address = 0;

	(void)state;
	assert_int_equal(kallsyms__find_address(symbols, "once", &address), 0);
	assert_int_equal(address, 0x10);
	assert_int_equal(kallsyms__find_address(symbols, "twice", &address), 0);
	assert_int_equal(address, 0x20);
	assert_int_equal(kallsyms__find_address(symbols, "of_module", &address), -ENOENT);
	assert_int_equal(kallsyms__find_address(symbols, "", &address), -ENOENT);
	close_all(&tree, symbols);
}

static void test_open__hidden_addresses(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "0000000000000000 T a\n0000000000000000 T b\n",
					     NULL);
	uint64_t address = 1;

	(void)state;
	assert_true(kallsyms__is_hidden(symbols));
	assert_null(kallsyms__find_nearest(symbols, 0xffffffff81000000));
	assert_null(kallsyms__find_exact(symbols, 0));
	assert_int_equal(kallsyms__find_address(symbols, "b", &address), 0);
	assert_int_equal(address, 0);
	close_all(&tree, symbols);
}

static void test_open__odd_lines(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "\nffff\nffff T\n10 t a b c\n20 t last", NULL);

	(void)state;
	assert_false(kallsyms__is_hidden(symbols));
	assert_null(kallsyms__find_exact(symbols, 0xffff));
	assert_string_equal(kallsyms__find_exact(symbols, 0x10), "a");
	assert_string_equal(kallsyms__find_exact(symbols, 0x20), "last");
	close_all(&tree, symbols);
}

static void test_open__empty(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "", NULL);
	uint64_t address;

	(void)state;
	assert_non_null(symbols);
	assert_null(kallsyms__find_exact(symbols, 1));
	assert_null(kallsyms__find_nearest(symbols, 1));
	assert_int_equal(kallsyms__find_address(symbols, "a", &address), -ENOENT);
	close_all(&tree, symbols);
}

static void assert_open_fails(const char *text, const char *expected)
{
	struct tree tree;
	char *error = NULL;

	assert_null(open_text(&tree, text, &error));
	assert_string_equal(error, expected);
	free(error);
	tree_remove(&tree);
}

static void test_open__bad_address(void **state)
{
	(void)state;
	assert_open_fails("10 t a\nxyz t b\n",
			  "/proc/kallsyms: 'xyz t b' does not begin with an address");
	assert_open_fails("11111111111111111 t a\n",
			  "/proc/kallsyms: '11111111111111111 t a' does not begin with an address");
	assert_open_fails("10x t a\n", "/proc/kallsyms: '10x t a' does not begin with an address");
}

static void test_open__endless_line(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < 70000; i++)
		strbuf__add_char(&text, 'a');
	assert_open_fails(strbuf__text(&text),
			  "/proc/kallsyms has a line of more than 65536 bytes");
	strbuf__done(&text);
}

static void test_open__no_file(void **state)
{
	struct kallsyms *symbols = NULL;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(kallsyms__open(tree.fd, &symbols, NULL), -ENOENT);
	assert_null(symbols);
	tree_remove(&tree);
}

/* Many pieces, so that lines are cut at their borders. */
static void test_open__large(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct kallsyms *symbols;
	struct tree tree;

	(void)state;
	for (unsigned int i = 1; i <= 20000; i++)
		strbuf__printf(&text, "%016x T symbol_%u\n", i * 16, i);
	symbols = open_text(&tree, strbuf__text(&text), NULL);
	for (unsigned int i = 1; i <= 20000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "symbol_%u", i);
		assert_string_equal(kallsyms__find_nearest(symbols, i * 16 + 15), name);
	}
	strbuf__done(&text);
	close_all(&tree, symbols);
}

static void test_refresh__new_symbol(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "10 t a\n", NULL);

	(void)state;
	tree_append(&tree, "proc/kallsyms", "08 t b\n");
	assert_null(kallsyms__find_exact(symbols, 8));
	assert_int_equal(kallsyms__refresh(symbols, NULL), 0);
	assert_string_equal(kallsyms__find_exact(symbols, 8), "b");
	/* The next one is too early, and the table stays. */
	assert_int_equal(kallsyms__refresh(symbols, NULL), -EAGAIN);
	assert_string_equal(kallsyms__find_exact(symbols, 0x10), "a");
	close_all(&tree, symbols);
}

/* As host__forget_kallsyms() does it, and with the file that was opened first. */
static void test_unload__loads_again(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "10 t a\n", NULL);

	(void)state;
	kallsyms__unload(symbols);
	assert_false(kallsyms__is_loaded(symbols));
	assert_null(kallsyms__find_exact(symbols, 0x10));
	tree_append(&tree, "proc/kallsyms", "20 t b\n");
	assert_int_equal(kallsyms__load(symbols, NULL), 0);
	assert_string_equal(kallsyms__find_exact(symbols, 0x20), "b");
	assert_int_equal(kallsyms__load(symbols, NULL), 0);
	close_all(&tree, symbols);
}

static void test_refresh__keeps_the_old_when_it_fails(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "10 t a\n", NULL);

	(void)state;
	tree_write(&tree, "proc/kallsyms", "zz t a\n");
	assert_int_equal(kallsyms__refresh(symbols, NULL), -EINVAL);
	assert_string_equal(kallsyms__find_exact(symbols, 0x10), "a");
	close_all(&tree, symbols);
}

/* Once CAP_SYSLOG is dropped, the file shows zeros. */
static void test_refresh__keeps_the_old_when_addresses_are_hidden(void **state)
{
	struct tree tree;
	struct kallsyms *symbols = open_text(&tree, "10 t a\n", NULL);

	(void)state;
	tree_write(&tree, "proc/kallsyms", "0000000000000000 t a\n0000000000000000 t b\n");
	assert_int_equal(kallsyms__refresh(symbols, NULL), -EPERM);
	assert_string_equal(kallsyms__find_exact(symbols, 0x10), "a");
	assert_false(kallsyms__is_hidden(symbols));
	close_all(&tree, symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_exact__address),
		cmocka_unit_test(test_find_nearest__address),
		cmocka_unit_test(test_find__aliases),
		cmocka_unit_test(test_find_address__last_duplicate),
		cmocka_unit_test(test_open__hidden_addresses),
		cmocka_unit_test(test_open__odd_lines),
		cmocka_unit_test(test_open__empty),
		cmocka_unit_test(test_open__bad_address),
		cmocka_unit_test(test_open__endless_line),
		cmocka_unit_test(test_open__no_file),
		cmocka_unit_test(test_open__large),
		cmocka_unit_test(test_refresh__new_symbol),
		cmocka_unit_test(test_unload__loads_again),
		cmocka_unit_test(test_refresh__keeps_the_old_when_it_fails),
		cmocka_unit_test(test_refresh__keeps_the_old_when_addresses_are_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
