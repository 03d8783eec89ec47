/* SPDX-License-Identifier: Apache-2.0 */
#include "pci_rows.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "host/host.h"
#include "tree.h"

#define FIXTURE_BYTES (64u << 10)

static void copy_fixture(const struct tree *tree)
{
	const char *source = getenv("SONDE_SOURCE");
	char path[512];
	char *text = NULL;

	assert_non_null(source);
	(void)snprintf(path, sizeof(path), "%s/tests/fixture/machine/usr/share/misc/pci.ids", source);
	assert_int_equal(fd_read_all(AT_FDCWD, path, FIXTURE_BYTES, &text, NULL), 0);
	tree_write(tree, "usr/share/misc/pci.ids", text);
	free(text);
}

static void assert_rows_on(const struct tree *tree, const char *decoder,
			   const struct decode_row *rows, size_t count)
{
	struct decode_env env = { 0 };

	unsetenv("PCIDB_PATH");
	unsetenv("HOME");
	assert_int_equal(host__open(tree->root, &env.host, NULL), 0);
	assert_rows(decoder, &env, rows, count);
	host__close(env.host);
}

void assert_pci_rows(const char *decoder, const struct decode_row *rows, size_t count)
{
	struct tree tree;

	tree_make(&tree);
	copy_fixture(&tree);
	assert_rows_on(&tree, decoder, rows, count);
	tree_remove(&tree);
}

void assert_pci_missing(const char *decoder)
{
	static const struct decode_row rows[] = {
		ROW("32902", DECODE_UNKNOWN, "missing pci.ids db"),
		ROW("no number", DECODE_UNKNOWN, "missing pci.ids db"),
		ROW("", DECODE_UNKNOWN, "missing pci.ids db"),
	};
	struct tree tree;

	tree_make(&tree);
	assert_rows_on(&tree, decoder, rows, array_size(rows));
	tree_remove(&tree);
}
