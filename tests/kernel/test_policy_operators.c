/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operator of matchArgs with every type that it goes with: of each cell a call that matches and one that does not,
 * from the policy's text to the kernel's count. A policy has one type and a selector for each cell; the first argument
 * of a call says which selector is asked.
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "policy_run.h"
#include "subject_make.h"

static struct policy_run run;
static struct subjects subjects;

#define ARGUMENTS 4 /* which selector; what is looked at; its size, or another such; … */
#define VALUES 4

/* Of one policy: a program has to be one that the verifier goes through. What is sought in buffers is dear: 7.3 refused six. */
#define POLICY_CELLS 3

struct cell {
	const char *op;
	const char *values[VALUES];
	const char *holds, *fails;
};

struct cells {
	const struct cell *items;
	size_t count;
};
#define CELLS(table)                                                                               \
	{                                                                                          \
		(table), array_size(table)                                                         \
	}

/* ---- texts that are repeated ---- */

#define A8(with) with with with with with with with with
#define A64(with) A8(A8(with))
#define A128(with) A64(with) A64(with)
#define A99 A64("a") A8("a") A8("a") A8("a") A8("a") "aaa"
#define A126 A64("a") A8("a") A8("a") A8("a") A8("a") A8("a") A8("a") A8("a") "aaaaaa"
#define A127 A126 "a"
#define A200 A128("a") A64("a") A8("a")
/* 256 and more: two components of a path */
#define LONG A200 "/" A8("b") A8("b") A8("b") A8("b") A8("b") A8("b")

/* ---- numbers ---- */

/* Of all integers, and system calls. */
static const struct cell number_cells[] = {
	{ "Equal", { "7" }, "7", "8" },
	{ "Equal", { "1", "0x10", "010" }, "8", "10" },
	{ "NotEqual", { "7" }, "8", "7" },
	{ "NotEqual", { "7", "9", "11" }, "8", "11" },
	{ "GreaterThan", { "7" }, "8", "7" },
	{ "LessThan", { "7" }, "6", "7" },
	{ "InRange", { "5:9" }, "5", "4" },
	{ "InRange", { "1:2", "5:9" }, "9", "10" },
	{ "NotInRange", { "5:9" }, "10", "9" },
	{ "NotInRange", { "5:9", "20:30" }, "4", "20" },
	{ "Mask", { "6" }, "4", "9" },
	{ "Mask", { "1", "0x40" }, "0x60", "0x22" },
	{ "InMap", { "3", "5:9" }, "9", "10" },
	{ "NotInMap", { "3", "5:9" }, "4", "3" },
	{ "InMap", { "list:calls" }, "1", "0" }, /* more than are compared one by one */
	{ "NotInMap", { "list:calls" }, "0", "39" },
};
static const struct cell signed_cells[] = {
	{ "Equal", { "-2" }, "-2", "2" },
	{ "NotEqual", { "-2" }, "2", "-2" },
	{ "GreaterThan", { "-2" }, "-1", "-3" },
	{ "GreaterThan", { "7" }, "8", "-1" },
	{ "LessThan", { "0" }, "-1", "0" },
	{ "InRange", { "-5:5" }, "-5", "-6" },
	{ "NotInRange", { "-5:5" }, "-6", "-1" },
	{ "InMap", { "-9", "-3:-1" }, "-2", "-4" },
	{ "NotInMap", { "-9", "-3:-1" }, "-4", "-9" },
};
static const struct cell unsigned_cells[] = {
	{ "GreaterThan", { "100" }, "-1", "100" },
	{ "LessThan", { "100" }, "99", "-1" },
	{ "InRange", { "100:200" }, "200", "201" },
	{ "Mask", { "0x80" }, "0x80", "0x7f" },
};
static const struct cell syscall_cells[] = {
	{ "Equal", { "0x80000004" }, "0x80000004", "4" },
	{ "InMap", { "list:both" }, "0x80000004", "4" },
	{ "InMap", { "list:both" }, "39", "0x80000027" },
	{ "NotInMap", { "list:both" }, "4", "39" },
};
static const struct cell capability_cells[] = {
	{ "Equal", { "CAP_SYS_ADMIN" }, "21", "20" },
	{ "Equal", { "1", "5" }, "5", "4" },
	{ "NotEqual", { "CAP_SYS_ADMIN" }, "20", "21" },
	{ "InMap", { "CAP_KILL", "20:22" }, "22", "6" },
	{ "NotInMap", { "CAP_KILL", "20:22" }, "4", "5" },
};
/* Sets: what is looked at, and what it is compared with behind the colon. */
static const struct cell set_cells[] = {
	{ "Equal", { "CAP_CHOWN,CAP_KILL" }, "0x21", "0x20" },
	{ "Equal", { "0x21" }, "0x21", "0x23" },
	{ "Equal", { "CAP_KILL", "0xf000000000" }, "0xf000000000", "0xf" },
	{ "NotEqual", { "CAP_CHOWN,CAP_KILL" }, "0x20", "0x21" },
	{ "Mask", { "CAP_KILL" }, "0x21", "0x1" },
	{ "Mask", { "0x8000000000", "CAP_CHOWN" }, "0x8000000000", "0x7ffffffffe" },
};
static const struct cell gained_cells[] = {
	{ "CapabilitiesGained", { NULL }, "0x8000000003:3", "3:7" },
};

/* ---- texts ---- */

static const struct cell text_cells[] = {
	{ "Equal", { "one", "two" }, "two", "twos" },
	{ "Equal", { "12345678" }, "12345678", "12345679" },
	{ "Equal", { "123456789" }, "123456789", "123456788" },
	{ "Equal", { LONG "c" }, LONG "c", LONG "d" },
	/* Here and below: more than 128 bytes, which are looked up instead of compared with one by one. */
	{ "Equal", { LONG "c", "12345678" }, "12345678", "12345679" },
	{ "NotEqual", { "one", "two" }, "three", "one" },
	{ "NotEqual", { LONG "c" }, LONG "d", LONG "c" },
	{ "Prefix", { "some", "pre" }, "prefix", "apre" },
	{ "Prefix", { "exact" }, "exact", "exac" },
	{ "Prefix", { LONG, "some" }, LONG "c", A200 "/bbb" },
	{ "Prefix", { LONG "b", LONG, "some" }, "something", A200 "/bbb" },
	{ "NotPrefix", { "pre" }, "apre", "prefix" },
	{ "NotPrefix", { LONG, "some" }, A200 "/bbb", LONG "c" },
	{ "Postfix", { ".txt", ".c" }, "a.txt", "a.txt~" },
	{ "Postfix", { A127 }, "b" A127, "b" A126 },
	{ "Postfix", { A127 }, "d" A128("a"), A126 "b" },
	{ "Postfix", { A127, ".c.c" }, "a.c.c", "a.c.d" },
	{ "Postfix", { A127, ".c.c" }, "b" A127, "b" A126 },
	{ "Postfix", { A127, ".c.c" }, "d" A128("a"), A126 "b" },
	{ "NotPostfix", { ".txt" }, "a.txt~", "a.txt" },
	{ "NotPostfix", { A127 }, "b" A126, "b" A127 },
	{ "NotPostfix", { A127, ".c.c" }, "a.c.d", "a.c.c" },
	{ "SubString", { "pin", "needle" }, "a needle in", "a neeedle" },
	{ "SubString", { A99 }, "b" A99 "b", "b" A64("a") "b" },
	{ "SubStringIgnCase", { "NeeDle" }, "a nEEDLE in", "a need1e" },
	{ "SubStringIgnCase", { "[z]" }, "a[Z]", "a{z}" },
};
/* At the end of a text a NUL says only where it ends. And what is made to be taken for another text by a hash that is no
 * secret (FNV by words) is not taken for it. */
static const struct cell terminated_cells[] = {
	{ "Equal",
	  { "/usr/local/bin/x" },
	  "/usr/local/bin/x",
	  "/usr/lo\xe3"
	  "al/\xe2"
	  "in/\xf8" },
	{ "Equal", { "one\\0" }, "one", "on" },
	{ "Prefix", { "pre\\0" }, "prefix", "apre" },
};
/* Of 108 bytes at most. */
static const struct cell name_cells[] = {
	{ "Equal", { "/run/one", "/run/two" }, "/run/two", "/run/twos" },
	{ "NotEqual", { "/run/one" }, "/run/two", "/run/one" },
	{ "Prefix", { "/run/" }, "/run/one", "/var/run/one" },
	{ "NotPrefix", { "/run/" }, "/var/run/one", "/run/one" },
	{ "Postfix", { ".sock" }, "/run/a.sock", "/run/a.sock~" },
	{ "NotPostfix", { ".sock" }, "/run/a.sock~", "/run/a.sock" },
	{ "SubString", { "needle" }, "/a needle", "/a neeedle" },
	{ "SubStringIgnCase", { "NeeDle" }, "/a nEEDLE", "/a need1e" },
	{ "Family", { "AF_UNIX" }, "/run/one", NULL },
	{ "Family", { "AF_INET", "10" }, NULL, "/run/one" },
};

/* ---- files ---- */

static const struct cell file_cells[] = {
	{ "FileType", { "reg" }, "regular", "folder" },
	{ "FileType", { "lnk", "regular" }, "regular", "folder" },
	{ "FileType", { "dir" }, "folder", "regular" },
	{ "FileType", { "link" }, "link", "regular" },
	{ "FileType", { "chr" }, "/dev/null", "regular" },
	{ "FileType", { "fifo" }, "fifo", "regular" },
	{ "FileType", { "pipe" }, "fifo", "socket" },
	{ "FileType", { "sock" }, "socket", "fifo" },
	{ "FileType", { "blk" }, NULL, "/dev/null" },
	{ "NotFileType", { "reg" }, "folder", "regular" },
	{ "NotFileType", { "dir", "char", "block", "socket" }, "regular", "/dev/null" },
};

/* ---- connections ---- */

/* Of make_sock() and its like. */
static const struct cell end_cells[] = {
	{ "SAddr", { "10.1.2.3" }, "v4", "local" },
	{ "SAddr", { "192.168.0.0/16", "10.0.0.0/8" }, "v4", "v6" },
	{ "SAddr", { "2001:db8::/32" }, "v6", "local6" },
	{ "SAddr", { "127.0.0.1", "::1" }, "local6", "v6" },
	{ "SAddr", { "0.0.0.0/0" }, "local", "local6" },
	{ "NotSAddr", { "10.0.0.0/8" }, "local", "v4" },
	{ "NotSAddr", { "10.0.0.0/8" }, "v6", "unix" },
	{ "NotSAddr", { "2001:db8::/32", "127.0.0.0/8" }, "local6", "v6" },
	{ "SPort", { "443" }, "v4", "local" },
	{ "SPort", { "1:2", "53:442" }, "v6", "v4" },
	{ "NotSPort", { "443:443" }, "local", "v4" },
	{ "NotSPort", { "53:1023" }, "local6", "local" },
	{ "SPortPriv", { NULL }, "local", "local6" },
	{ "NotSPortPriv", { NULL }, "local6", "local" },
	{ "Family", { "AF_INET6" }, "v6", "v4" },
	{ "Family", { "1", "2" }, "v4", "local6" },
};
static const struct cell other_end_cells[] = {
	{ "DAddr", { "10.255.0.1" }, "local", "v4" },
	{ "DAddr", { "192.168.0.0/16", "fc00::/7" }, "v6", "local6" },
	{ "NotDAddr", { "192.168.0.0/16" }, "local", "v4" },
	{ "NotDAddr", { "fc00::/7" }, "local6", "unix" },
	{ "DPort", { "65535" }, "v6", "v4" },
	{ "DPort", { "8080:9000", "80" }, "v4", "local" },
	{ "NotDPort", { "8080:9000" }, "local6", "v4" },
	{ "DPortPriv", { NULL }, "local6", "local" },
	{ "NotDPortPriv", { NULL }, "local", "local6" },
	{ "Protocol", { "IPPROTO_TCP" }, "v4", "local" },
	{ "Protocol", { "1", "17" }, "local6", "v6" },
};
static const struct cell state_cells[] = {
	{ "State", { "TCP_LISTEN" }, "v6", "v4" },
	{ "State", { "2", "1" }, "v4", "local" },
};

/* ---- types ---- */

#define INTEGERS CELLS(number_cells)
#define SIGNED INTEGERS, CELLS(signed_cells)
#define UNSIGNED INTEGERS, CELLS(unsigned_cells)
#define TEXTS CELLS(text_cells), CELLS(terminated_cells)
#define SETS CELLS(set_cells), CELLS(gained_cells)
#define ENDS CELLS(end_cells), CELLS(other_end_cells)
/* Below the folder that the test works in. */
#define FILES CELLS(text_cells), CELLS(file_cells)

static const struct type_row {
	const char *type;
	make_fn make;
	struct cells cells[4];
	const char *more;   /* of the argument; or NULL */
	size_t longest;     /* words that are longer are left out; 0: none */
	bool is_brief;      /* one cell of each operator: others of its kind have them all */
	bool is_below_here; /* values of whole texts and prefixes stand for paths from here on */
} rows[] = {
#define ROW(name, maker, ...) .type = (name), .make = (maker), .cells = { __VA_ARGS__ }
	{ ROW("int", make_number, SIGNED) },
	{ ROW("int8", make_number, SIGNED) },
	{ ROW("int16", make_number, SIGNED) },
	{ ROW("int32", make_number, SIGNED) },
	{ ROW("int64", make_number, SIGNED) },
	{ ROW("sint8", make_number, SIGNED) },
	{ ROW("sint16", make_number, SIGNED) },
	{ ROW("sint32", make_number, SIGNED) },
	{ ROW("sint64", make_number, SIGNED) },
	{ ROW("long", make_number, SIGNED) },
	{ ROW("bpf_cmd", make_number, INTEGERS) },
	{ ROW("uint8", make_number, UNSIGNED) },
	{ ROW("uint16", make_number, UNSIGNED) },
	{ ROW("uint32", make_number, UNSIGNED) },
	{ ROW("uint64", make_number, UNSIGNED) },
	{ ROW("ulong", make_number, UNSIGNED) },
	{ ROW("size_t", make_number, UNSIGNED) },
	{ ROW("syscall64", make_number, INTEGERS, CELLS(syscall_cells)) },
	{ ROW("capability", make_number, CELLS(capability_cells)) },
	{ ROW("kernel_cap_t", make_set, SETS) },
	{ ROW("cap_effective", make_set, SETS) },
	{ ROW("cap_inheritable", make_set, SETS) },
	{ ROW("cap_permitted", make_set, SETS) },
	{ ROW("string", make_text, TEXTS) },
	{ ROW("filename", make_filename, TEXTS), .is_brief = true },
	{ ROW("net_device", make_device, TEXTS), .is_brief = true, .longest = 15 },
	{ ROW("char_buf", make_buffer, CELLS(text_cells)), .more = ", sizeArgIndex: 3" },
	{ ROW("const_buf", make_buffer, CELLS(text_cells)), .is_brief = true,
	  .more = ", sizeArgIndex: 3" },
	{ ROW("char_iovec", make_vector, CELLS(text_cells)), .is_brief = true,
	  .more = ", sizeArgIndex: 3" },
	{ ROW("iov_iter", make_iterator, CELLS(text_cells)), .is_brief = true },
	{ ROW("file", make_file, FILES), .is_below_here = true },
	{ ROW("path", make_path, FILES), .is_brief = true, .is_below_here = true },
	{ ROW("dentry", make_dentry, FILES), .is_brief = true, .is_below_here = true },
	{ ROW("fd", make_descriptor, FILES), .is_brief = true, .is_below_here = true },
	{ ROW("kiocb", make_kiocb, FILES), .is_brief = true, .is_below_here = true },
	{ ROW("linux_binprm", make_binprm, FILES), .is_brief = true, .is_below_here = true },
	{ ROW("sock", make_sock, ENDS, CELLS(state_cells)) },
	{ ROW("socket", make_socket, ENDS, CELLS(state_cells)) },
	{ ROW("skb", make_packet, ENDS) },
	{ ROW("sockaddr", make_address, CELLS(end_cells)) },
	{ ROW("sockaddr_un", make_name, CELLS(name_cells)) },
#undef ROW
};

/* ---- the policy of a type ---- */

struct asked {
	const struct cell *cells[POLICY_CELLS];
	uint64_t holds[POLICY_CELLS][ARGUMENTS], fails[POLICY_CELLS][ARGUMENTS];
	size_t count;
};

/* Its paths, as the type has them: a dentry alone does not know where its filesystem is mounted. */
static char here[512];

static bool is_whole(const char *op)
{
	return str_eq(op, "Equal") || str_eq(op, "NotEqual") || str_ends(op, "Prefix");
}

static bool is_too_long(const struct type_row *row, const struct cell *cell)
{
	size_t most = row->longest;

	for (size_t i = 0; most && i < VALUES && cell->values[i]; i++)
		if (strlen(cell->values[i]) > most)
			return true;
	return most && ((cell->holds && strlen(cell->holds) > most) ||
			(cell->fails && strlen(cell->fails) > most));
}

static void write_cell(const struct type_row *row, const struct cell *cell, size_t index,
		       struct strbuf *text)
{
	strbuf__printf(text,
		       "    - matchArgs:\n"
		       "      - {index: 0, operator: Equal, values: [\"%zu\"]}\n",
		       index + 1);
	if (str_eq(cell->op, "CapabilitiesGained"))
		strbuf__printf(text, "      - {args: [1, 2], operator: %s", cell->op);
	else
		strbuf__printf(text, "      - {index: 1, operator: %s", cell->op);
	for (size_t i = 0; i < VALUES && cell->values[i]; i++)
		strbuf__printf(text, "%s\"%s%s\"", i ? ", " : ", values: [",
			       row->is_below_here && is_whole(cell->op) ? here : "",
			       cell->values[i]);
	strbuf__printf(text, "%s}\n", cell->values[0] ? "]" : "");
}

static void write_policy(const struct type_row *row, const struct asked *asked, struct strbuf *text)
{
	strbuf__printf(text,
		       "apiVersion: cilium.io/v1alpha1\n"
		       "kind: TracingPolicy\n"
		       "metadata: {name: cells}\n"
		       "spec:\n"
		       "  lists:\n"
		       "  - name: calls\n"
		       "    type: syscalls\n"
		       "    values: [sys_write, sys_close, sys_lseek, sys_pause, sys_nanosleep,"
		       " sys_getitimer, sys_alarm, sys_getpid, sys_socket, sys_connect,"
		       " sys_sendto, sys_bind, sys_fork, sys_execve, sys_exit, sys_uname,"
		       " sys_msgget, sys_fcntl, sys_fsync, sys_getcwd, sys_mkdir, sys_creat,"
		       " sys_unlink, sys_chmod, sys_chown, sys_umask, sys_getuid]\n"
		       "  - name: both\n"
		       "    type: syscalls\n"
		       "    values: [sys_getpid, i386/sys_write]\n"
		       "  tracepoints:\n"
		       "  - subsystem: made\n"
		       "    event: up\n"
		       "    raw: true\n"
		       "    args:\n"
		       "    - {index: 0, type: uint32}\n"
		       "    - {index: 1, type: %s%s}\n",
		       row->type, row->more ? row->more : "");
	if (row->make == make_set)
		strbuf__printf(text, "    - {index: 2, type: %s}\n", row->type);
	/* Of paths the first selector is one that never fits, so that it is put together once for all of them. */
	strbuf__printf(text, "    selectors:\n    - matchArgs: [{index: %s}]\n",
		       row->is_below_here ? "1, operator: FileType, values: [blk]"
					  : "0, operator: Equal, values: [\"0\"]");
	for (size_t i = 0; i < asked->count; i++)
		write_cell(row, asked->cells[i], i, text);
}

static void ask(const struct type_row *row, const struct cell *cell, struct asked *asked)
{
	size_t at = asked->count++;

	asked->holds[at][0] = asked->fails[at][0] = at + 1;
	if (cell->holds)
		row->make(&subjects, cell->holds, asked->holds[at]);
	if (cell->fails)
		row->make(&subjects, cell->fails, asked->fails[at]);
	asked->cells[at] = cell;
}

static uint64_t matched(size_t index, const uint64_t *arguments)
{
	uint64_t before = hook_run__figures(&run.hook, (uint32_t)index).matched;

	hook_run__call(&run.hook, arguments, ARGUMENTS);
	return hook_run__figures(&run.hook, (uint32_t)index).matched - before;
}

static int run_cells(const struct type_row *row, struct asked *asked)
{
	struct strbuf text = STRBUF_INIT;
	int wrong = 0;

	write_policy(row, asked, &text);
	policy_run__load(&run, strbuf__text(&text), 0);
	for (size_t i = 0; i < asked->count; i++) {
		const struct cell *cell = asked->cells[i];
		bool is_missed = cell->holds && matched(i + 1, asked->holds[i]) != 1;
		bool is_taken = cell->fails && matched(i + 1, asked->fails[i]) != 0;

		if (is_missed || is_taken)
			print_message("%s %s %s: %s%s%s\n", row->type, cell->op,
				      cell->values[0] ? cell->values[0] : "",
				      is_missed ? cell->holds : "", is_missed ? " is missed " : "",
				      is_taken ? "what does not match is taken" : "");
		wrong += is_missed + is_taken;
	}
	strbuf__done(&text);
	subjects__forget(&subjects);
	*asked = (struct asked){ 0 };
	return wrong;
}

static bool is_left_out(const struct type_row *row, const struct cells *cells, size_t index)
{
	const struct cell *cell = &cells->items[index];

	for (size_t i = 0; row->is_brief && i < index; i++)
		if (str_eq(cells->items[i].op, cell->op))
			return true;
	return is_too_long(row, cell);
}

static int run_type(const struct type_row *row)
{
	struct asked asked = { 0 };
	int wrong = 0;

	for (size_t i = 0; i < array_size(row->cells); i++) {
		for (size_t j = 0; j < row->cells[i].count; j++) {
			if (!is_left_out(row, &row->cells[i], j))
				ask(row, &row->cells[i].items[j], &asked);
			if (asked.count == POLICY_CELLS)
				wrong += run_cells(row, &asked);
		}
	}
	return wrong + (asked.count ? run_cells(row, &asked) : 0);
}

static int run_types(make_fn first, make_fn last)
{
	bool is_in = false;
	int wrong = 0;

	for (size_t i = 0; i < array_size(rows); i++) {
		is_in |= rows[i].make == first;
		if (is_in)
			wrong += run_type(&rows[i]);
		if (rows[i].make == last && (i + 1 == array_size(rows) || rows[i + 1].make != last))
			break;
	}
	return wrong;
}

static void test_cells__numbers(void **state)
{
	(void)state;
	assert_int_equal(run_types(make_number, make_set), 0);
}

static void test_cells__texts(void **state)
{
	(void)state;
	assert_int_equal(run_types(make_text, make_iterator), 0);
}

static void test_cells__connections(void **state)
{
	(void)state;
	assert_int_equal(run_types(make_sock, make_name), 0);
}

/* ---- files ---- */

static void make_files(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), regular = creat("regular", 0600);

	assert_true(regular >= 0);
	(void)close(regular);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
}

/* What a hook sees of the folder. */
static void find_here(make_fn make, const char *type)
{
	struct strbuf text = STRBUF_INIT;
	uint64_t arguments[ARGUMENTS] = { 0 };
	const uint8_t *bytes;
	uint32_t size;

	make(&subjects, ".", arguments);
	strbuf__printf(&text,
		       "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\n"
		       "metadata: {name: here}\nspec:\n  tracepoints:\n"
		       "  - subsystem: made\n    event: up\n    raw: true\n"
		       "    args: [{index: 1, type: %s}]\n",
		       type);
	policy_run__load(&run, strbuf__text(&text), POLICY_SWITCH_EVENTS);
	hook_run__call(&run.hook, arguments, ARGUMENTS);
	assert_int_equal(hook_run__drain(&run.hook), 1);
	bytes = hook_run__bytes(&run.hook, 0, &size);
	size -= (uint32_t)sizeof(struct policy_path);
	(void)snprintf(here, sizeof(here), "%.*s/", (int)size,
		       (const char *)bytes + sizeof(struct policy_path));
	strbuf__done(&text);
	subjects__forget(&subjects);
}

static void test_cells__files(void **state)
{
	int wrong = 0;

	(void)state;
	make_files();
	for (size_t i = 0; i < array_size(rows); i++) {
		if (!rows[i].is_below_here)
			continue;
		find_here(rows[i].make, rows[i].type);
		wrong += run_type(&rows[i]);
	}
	assert_int_equal(wrong, 0);
}

/* ---- what is too long is refused ---- */

static void test_cells__bounds(void **state)
{
	static const struct cell refused[] = {
		{ "Postfix", { A128("a") }, NULL, NULL },
		{ "SubString", { A99 "a" }, NULL, NULL },
		{ "Equal", { "" }, NULL, NULL },
		{ "Prefix", { "\\0" }, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < array_size(refused); i++) {
		const struct type_row row = { .type = "string", .make = make_text, .more = NULL };
		struct asked asked = { .cells = { &refused[i] }, .count = 1 };
		struct strbuf text = STRBUF_INIT;
		struct err_list errors = { 0 };

		write_policy(&row, &asked, &text);
		assert_false(policy_run__compiles(&run, strbuf__text(&text), &errors));
		assert_non_null(strstr(errors.items[0].text, "values[0]: it is"));
		err_list__done(&errors);
		strbuf__done(&text);
	}
}

/* ---- all ---- */

static char folder[] = "operators.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	policy_run__open(&run);
	subjects__open(&subjects, &run.hook);
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	subjects__close(&subjects);
	policy_run__close(&run);
	return chdir("..");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells__numbers), cmocka_unit_test(test_cells__texts),
		cmocka_unit_test(test_cells__files),   cmocka_unit_test(test_cells__connections),
		cmocka_unit_test(test_cells__bounds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
