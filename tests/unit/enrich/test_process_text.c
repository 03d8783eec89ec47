/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "enrich/process.h"
#include "who_records.h"

static struct process_table *new_table(void)
{
	struct process_options options = { .node = "node" };
	struct process_table *table = NULL;

	assert_int_equal(process_table__new(&options, &table), 0);
	return table;
}

static const struct process *take(struct process_table *table, struct who_exec_record *record)
{
	assert_int_equal(process_table__take(table, record, record->exec.header.size), 0);
	return process_table__find_key(table, &record->exec.task.process);
}

static void assert_arguments(const struct process *process, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	process__add_arguments(process, &text);
	assert_string_equal(strbuf__text(&text), expected);
	strbuf__done(&text);
}

static void assert_flags(const struct process *process, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	process__add_flags(process, &text);
	assert_string_equal(strbuf__text(&text), expected);
	strbuf__done(&text);
}

static void test_take__names(void **state)
{
	struct process_table *table = new_table();
	struct who_exec_record record;
	const struct process *process;

	(void)state;
	who_exec_record__init(&record, who_key(7, 5), who_key(1, 1));
	WHO_ADD(&record, filename, "./run.sh\0");
	WHO_ADD(&record, interpreter, "/bin/sh\0");
	WHO_ADD(&record, cwd, "my dir\0home\0");
	WHO_ADD_ARGUMENTS(&record, "/bin/sh\0./run.sh\0a b\0\0c\0");
	process = take(table, &record);
	assert_string_equal(process->binary, "/home/my dir/run.sh");
	assert_string_equal(process->interpreter, "/bin/sh");
	assert_string_equal(process->cwd, "/home/my dir");
	assert_string_equal(process->file, "");
	assert_arguments(process, "./run.sh \"a b\"  c");
	process_table__free(table);
}

static void test_take__names_at_the_root(void **state)
{
	struct process_table *table = new_table();
	struct who_exec_record record;
	const struct process *process;

	(void)state;
	who_exec_record__init(&record, who_key(7, 5), who_key(1, 1));
	record.exec.task.flags |= WHO_FLAG_ROOT_CWD;
	record.exec.links = 0;
	WHO_ADD(&record, filename, "x\0");
	WHO_ADD(&record, file, "memfd:y\0");
	process = take(table, &record);
	assert_string_equal(process->binary, "/x");
	assert_string_equal(process->cwd, "/");
	assert_string_equal(process->file, "/memfd:y");
	assert_arguments(process, "");
	process_table__free(table);
}

static void test_take__names_without_an_end(void **state)
{
	struct process_table *table = new_table();
	struct who_exec_record record;
	const struct process *process;

	(void)state;
	who_exec_record__init(&record, who_key(7, 5), who_key(1, 1));
	WHO_ADD(&record, filename, "/a");
	WHO_ADD(&record, cwd, "b");
	WHO_ADD_ARGUMENTS(&record, "x\0y");
	process = take(table, &record);
	assert_string_equal(process->binary, "/a");
	assert_arguments(process, "y");
	process_table__free(table);
}

static int take_piece_of(uint16_t kind, struct process_table *table, struct who_key key,
			 uint32_t offset, const char *bytes, uint32_t size)
{
	struct {
		struct who_arguments arguments;
		char text[64];
	} record = { .arguments = {
			     .header = who_header(kind, sizeof(record.arguments) + size, 1),
			     .process = key,
			     .offset = offset,
			     .piece_size = size,
		     } };

	memcpy(record.text, bytes, size);
	return process_table__take(table, &record, record.arguments.header.size);
}

static int take_piece(struct process_table *table, struct who_key key, uint32_t offset,
		      const char *bytes, uint32_t size)
{
	return take_piece_of(WHO_RECORD_ARGUMENTS, table, key, offset, bytes, size);
}

/* Beside the arguments, in pieces of its own; what is missing shows. */
static void test_take__environment(void **state)
{
	struct process_table *table = new_table();
	struct who_exec_record record;
	const struct process *process;
	struct who_key key = who_key(7, 5);

	(void)state;
	who_exec_record__init(&record, key, who_key(1, 1));
	assert_int_equal(take_piece_of(WHO_RECORD_ENVIRONMENT, table, key, 0, "", 0), 0);
	assert_int_equal(take_piece_of(WHO_RECORD_ENVIRONMENT, table, key, 0, "A=1\0B", 5), 0);
	assert_int_equal(take_piece_of(WHO_RECORD_ENVIRONMENT, table, key, 5, "=2\0", 3), 0);
	WHO_ADD_ARGUMENTS(&record, "prog\0one\0");
	record.exec.environment_size = 8;
	process = take(table, &record);
	assert_arguments(process, "one");
	assert_int_equal(process->environment_size, 8);
	assert_memory_equal(process->environment, "A=1\0B=2\0", 8);
	assert_int_equal(process->flags & WHO_FLAG_ENVIRONMENT_CUT, 0);
	key = who_key(7, 9);
	who_exec_record__init(&record, key, who_key(7, 5));
	assert_int_equal(take_piece_of(WHO_RECORD_ENVIRONMENT, table, key, 0, "A=1", 3), 0);
	record.exec.environment_size = 8;
	process = take(table, &record);
	assert_int_equal(process->environment_size, 4);
	assert_int_equal(process->flags & WHO_FLAG_ENVIRONMENT_CUT, WHO_FLAG_ENVIRONMENT_CUT);
	process_table__free(table);
}

static void test_take__arguments_in_pieces(void **state)
{
	struct process_table *table = new_table();
	struct who_exec_record record;
	const struct process *process;

	(void)state;
	who_exec_record__init(&record, who_key(7, 5), who_key(1, 1));
	assert_int_equal(take_piece(table, record.exec.task.process, 0, "prog\0one tw", 11), 0);
	assert_int_equal(take_piece(table, record.exec.task.process, 11, "o\0thr", 5), 0);
	record.exec.arguments_size = 16;
	WHO_ADD_ARGUMENTS(&record, "ee\0");
	process = take(table, &record);
	assert_arguments(process, "\"one two\" three");
	assert_int_equal(process->flags & WHO_FLAG_ARGUMENTS_CUT, 0);
	process_table__free(table);
}

static void test_take__a_piece_is_missing(void **state)
{
	struct process_table *table = new_table();
	struct process_table_figures figures;
	struct who_exec_record record;
	const struct process *process;

	(void)state;
	who_exec_record__init(&record, who_key(7, 5), who_key(1, 1));
	assert_int_equal(take_piece(table, record.exec.task.process, 0, "prog\0one", 8), 0);
	assert_int_equal(take_piece(table, record.exec.task.process, 20, "lost before", 11), 0);
	record.exec.arguments_size = 31;
	WHO_ADD_ARGUMENTS(&record, "ee\0");
	process = take(table, &record);
	assert_arguments(process, "one");
	assert_flags(process, "execve truncArgs miss nocwd clone");
	process_table__figures(table, &figures);
	assert_int_equal(figures.arguments_lost, 1);
	process_table__free(table);
}

/* Those whose exec never comes make room for others. */
static void test_take__pieces_without_exec(void **state)
{
	struct process_table *table = new_table();

	(void)state;
	for (uint32_t i = 1; i < 100; i++)
		assert_int_equal(take_piece(table, who_key(i, i), 0, "prog\0", 5), 0);
	process_table__free(table);
}

static void test_add_exec_id__is_base64(void **state)
{
	struct process_table *table = new_table();
	struct strbuf text = STRBUF_INIT;
	struct who_key key = who_key(0, 1);

	(void)state;
	process_table__add_exec_id(table, &key, &text);
	assert_string_equal(strbuf__text(&text), "bm9kZToxOjA=");
	strbuf__reset(&text);
	key = who_key(10, 1);
	process_table__add_exec_id(table, &key, &text);
	assert_string_equal(strbuf__text(&text), "bm9kZToxOjEw");
	strbuf__reset(&text);
	key = who_key(100, 1);
	process_table__add_exec_id(table, &key, &text);
	assert_string_equal(strbuf__text(&text), "bm9kZToxOjEwMA==");
	strbuf__done(&text);
	process_table__free(table);
}

static void test_add_flags__order(void **state)
{
	struct process process = { .cwd = "/", .key = who_key(2, 2), .parent = who_key(2, 1) };

	(void)state;
	process.flags = WHO_FLAG_EXEC | WHO_FLAG_ROOT_CWD | WHO_FLAG_IN_INIT_TREE;
	assert_flags(&process, "execve rootcwd inInitTree");
	process.parent = who_key(1, 1);
	process.flags = WHO_FLAG_EXEC;
	assert_flags(&process, "execve clone");
	process.flags = 0;
	assert_flags(&process, "clone");
	process.flags = WHO_FLAG_EXEC | WHO_FLAG_SEED;
	assert_flags(&process, "procFS");
}

static void test_names__of_numbers(void **state)
{
	char buffer[CAPABILITY_NAME_MAX];

	(void)state;
	assert_string_equal(capability_name(0, buffer), "CAP_CHOWN");
	assert_string_equal(capability_name(21, buffer), "CAP_SYS_ADMIN");
	assert_string_equal(capability_name(40, buffer), "CAP_CHECKPOINT_RESTORE");
	assert_string_equal(capability_name(41, buffer), "CAP_41");
	assert_string_equal(capability_name(UINT32_MAX, buffer), "CAP_4294967295");
	assert_string_equal(namespace_name(WHO_NAMESPACE_NET), "net");
	assert_string_equal(namespace_name(WHO_NAMESPACE_COUNT), "");
	assert_string_equal(process_raised_name(2), "PRIVILEGES_RAISED_EXEC_FILE_SETGID");
	assert_string_equal(process_raised_name(PROCESS_RAISED_COUNT), "");
}

static void test_names__of_signals(void **state)
{
	static const struct {
		uint32_t code;
		const char *name;
	} rows[] = {
		{ SIGKILL, "SIGKILL" }, { 0x80 | SIGSEGV, "SIGSEGV" },
		{ 3 << 8, "" },         { 31, "SIGSYS" },
		{ 32, "SIG32" },        { 33, "SIG33" },
		{ 34, "SIGRTMIN" },     { 35, "SIGRTMIN+1" },
		{ 49, "SIGRTMIN+15" },  { 50, "SIGRTMAX-14" },
		{ 63, "SIGRTMAX-1" },   { 64, "SIGRTMAX" },
		{ 65, "SIG65" },        { 127, "SIG127" },
	};
	char buffer[SIGNAL_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_string_equal(process_signal_name(rows[i].code, buffer), rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take__names),
		cmocka_unit_test(test_take__names_at_the_root),
		cmocka_unit_test(test_take__names_without_an_end),
		cmocka_unit_test(test_take__arguments_in_pieces),
		cmocka_unit_test(test_take__a_piece_is_missing),
		cmocka_unit_test(test_take__pieces_without_exec),
		cmocka_unit_test(test_take__environment),
		cmocka_unit_test(test_names__of_signals),
		cmocka_unit_test(test_add_exec_id__is_base64),
		cmocka_unit_test(test_add_flags__order),
		cmocka_unit_test(test_names__of_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
