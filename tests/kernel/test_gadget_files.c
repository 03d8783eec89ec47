/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped gadgets that tell of files: a row does something that only this process does, and says what has to be shown of
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "gadget.h"

#define NO_FILE "/nonexistent-sonde/file"
#define OWN_NAME "test_gadget_fil" /* as much as the kernel keeps of it */

static void open_nothing(void)
{
	assert_true(open(NO_FILE, O_RDWR | O_CLOEXEC) < 0);
}

static void open_own_link(void)
{
	char target[4096];
	int fd = open("own-link", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		assert_non_null(getcwd(target, sizeof(target) - 8));
		strcat(target, "/own");
		fd = open("own", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
		assert_true(fd >= 0);
		assert_int_equal(symlink("own", "own-link"), 0);
		gadget_set("own", "%s", target);
	}
	close(fd);
}

#define WORKED_ON "worked-on"
#define WORKED_ON_BYTES 12

/* All that can be slow: made, written to behind its first bytes, read from, synced. */
static void work_on_file(void)
{
	char bytes[WORKED_ON_BYTES] = { 0 };
	int fd = open(WORKED_ON, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, 5), 5);
	assert_int_equal(write(fd, bytes, 7), 7);
	assert_int_equal(pread(fd, bytes, 4, 3), 4);
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

static void ask_how_full(void)
{
	struct statfs status;

	assert_int_equal(statfs("/proc", &status), 0);
	work_on_file(); /* is elsewhere */
}

static void keep_open(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("kept", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
}

static void write_and_read(void)
{
	static char block[4096];
	int fd = open("copied", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, block, sizeof(block), 0), (ssize_t)sizeof(block));
	assert_int_equal(read(fd, block, sizeof(block)), (ssize_t)sizeof(block));
	close(fd);
}

/* ---- the table ---- */

#define OURSELVES                                                                                  \
	{ "proc.pid", "%pid" },                                                                    \
	{                                                                                          \
		"proc.comm", OWN_NAME                                                              \
	}

static const struct gadget_case cases[] = {
	{ "trace_open",
	  { "--pid=%pid", "--failed" },
	  open_nothing,
	  { OURSELVES,
	    { "fname", NO_FILE },
	    { "error", "ENOENT" },
	    { "fd", "0" },
	    { "flags", "O_RDWR|O_CLOEXEC" },
	    { "timestamp", "*" } } },
	{ "trace_open",
	  { "--comm=" OWN_NAME, "--paths" },
	  open_own_link,
	  { OURSELVES, { "fname", "own-link" }, { "fpath", "%own" }, { "error", "" } } },
	{ "trace_fsslower",
	  { "--pid=%pid", "--min=0" },
	  work_on_file,
	  { OURSELVES,
	    { "op", "F_WRITE" },
	    { "offset", "5" },
	    { "size", "7" },
	    { "file", WORKED_ON },
	    { "filesystem", "*" } } },
	{ "trace_fsslower",
	  { "--pid=%pid", "--min=0" },
	  work_on_file,
	  { OURSELVES,
	    { "op", "F_READ" },
	    { "offset", "3" },
	    { "size", "4" },
	    { "file", WORKED_ON } } },
	{ "trace_fsslower",
	  { "--pid=%pid", "--min=0" },
	  work_on_file,
	  { OURSELVES, { "op", "F_OPEN" }, { "size", "0" }, { "file", WORKED_ON } } },
	{ "trace_fsslower",
	  { "--pid=%pid", "--min=0" },
	  work_on_file,
	  { OURSELVES, { "op", "F_FSYNC" }, { "size", "0" }, { "file", WORKED_ON } } },
	{ "trace_fsslower",
	  { "--pid=%pid", "--min=0", "--filesystem=proc" },
	  ask_how_full,
	  { OURSELVES, { "op", "F_STATFS" }, { "filesystem", "proc" }, { "file", "/proc" } } },
	{ "top_file",
	  { "--pid=%pid" },
	  write_and_read,
	  { OURSELVES,
	    { "file", "…/copied" },
	    { "t", "R" },
	    { "reads", "*" },
	    { "rbytes", "*" },
	    { "writes", "*" },
	    { "wbytes_raw", "*" },
	    { "inode", "*" } } },
	{ "snapshot_file",
	  { "--pid=%pid", "--paths" },
	  keep_open,
	  { { "pid", "%pid" },
	    { "comm", OWN_NAME },
	    { "path", "…/kept" },
	    { "type", "REGULAR" },
	    { "fd", "*" },
	    { "flags", "*" } } },
};

static void test_show__all_that_is_provoked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		printf("# %s %s\n", cases[i].gadget, cases[i].flags[0] ? cases[i].flags[0] : "");
		gadget_check(&cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_show__all_that_is_provoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
