/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "enrich/process.h"
#include "who_records.h"

#define SHELL 100
#define CHILD 200

struct fixture {
	struct process_table *table;
	uint32_t execs, exits;
	uint32_t last_code;
};

static void on_exec(void *ctx, const struct process *process)
{
	struct fixture *fixture = ctx;

	assert_non_null(process);
	fixture->execs++;
}

static void on_exit_record(void *ctx, const struct process *process)
{
	struct fixture *fixture = ctx;

	fixture->exits++;
	fixture->last_code = process->exit_code;
}

static void open_table(struct fixture *fixture, uint32_t max)
{
	struct process_options options = { .max = max,
					   .keep_ns = 10,
					   .node = "node",
					   .exec = on_exec,
					   .exit = on_exit_record,
					   .ctx = fixture };

	*fixture = (struct fixture){ 0 };
	assert_int_equal(process_table__new(&options, &fixture->table), 0);
}

static void close_table(struct fixture *fixture)
{
	fixture->table = process_table__free(fixture->table);
}

static int take_fork(struct fixture *fixture, struct who_key key, struct who_key parent)
{
	struct who_fork fork = { .header = who_header(WHO_RECORD_FORK, sizeof(fork), key.time_ns),
				 .process = key,
				 .parent = parent };

	return process_table__take(fixture->table, &fork, sizeof(fork));
}

static int take_exit(struct fixture *fixture, struct who_key key, uint64_t now, uint32_t code)
{
	struct who_exit exit = { .header = who_header(WHO_RECORD_EXIT, sizeof(exit), now),
				 .process = key,
				 .code = code,
				 .tid = key.tgid };

	return process_table__take(fixture->table, &exit, sizeof(exit));
}

static int take_exec(struct fixture *fixture, struct who_key key, struct who_key parent)
{
	struct who_exec_record record;

	who_exec_record__init(&record, key, parent);
	WHO_ADD(&record, filename, "/bin/true\0");
	WHO_ADD(&record, cwd, "lib\0var\0");
	WHO_ADD_ARGUMENTS(&record, "true\0-x\0");
	return process_table__take(fixture->table, &record, record.exec.header.size);
}

static int take_seed(struct fixture *fixture, struct who_key key, struct who_key parent,
		     uint32_t flags)
{
	struct who_seed seed = { .header = who_header(WHO_RECORD_SEED, sizeof(seed), 1),
				 .task = { .process = key,
					   .parent = parent,
					   .flags = WHO_FLAG_EXEC | WHO_FLAG_SEED | flags },
				 .comm = "older" };

	return process_table__take(fixture->table, &seed, sizeof(seed));
}

static struct process_table_figures figures(const struct fixture *fixture)
{
	struct process_table_figures figures;

	process_table__figures(fixture->table, &figures);
	return figures;
}

/* ---- in order --------------------------------------------------------------------------------- */

static void test_take__fork_exec_exit(void **state)
{
	struct who_key shell = who_key(SHELL, 1), clone = who_key(CHILD, 5),
		       exec = who_key(CHILD, 6);
	const struct process *process;
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	assert_int_equal(take_exec(&fixture, shell, who_key(1, 0)), 0);
	assert_int_equal(take_fork(&fixture, clone, shell), 0);
	process = process_table__find(fixture.table, CHILD);
	assert_string_equal(process->binary, "/bin/true"); /* of the shell, until exec */
	assert_ptr_equal(process_table__parent(fixture.table, process),
			 process_table__find(fixture.table, SHELL));
	assert_int_equal(take_exec(&fixture, exec, shell), 0);
	assert_int_equal(take_exit(&fixture, exec, 7, 3 << 8), 0);
	process = process_table__find_key(fixture.table, &exec);
	assert_true(process->is_exited);
	assert_int_equal(fixture.last_code, 3 << 8);
	assert_ptr_equal(process_table__parent(fixture.table, process),
			 process_table__find(fixture.table, SHELL));
	assert_int_equal(fixture.execs, 2);
	assert_int_equal(fixture.exits, 1);
	assert_int_equal(figures(&fixture).missed, 1); /* the shell's fork */
	close_table(&fixture);
}

static void test_expire__ends_flat(void **state)
{
	struct who_key shell = who_key(SHELL, 1);
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_exec(&fixture, shell, who_key(1, 0));
	for (uint64_t i = 0; i < 1000; i++) {
		struct who_key clone = who_key(CHILD + (uint32_t)i, 10 + 2 * i);
		struct who_key exec = who_key(CHILD + (uint32_t)i, 11 + 2 * i);

		take_fork(&fixture, clone, shell);
		take_exec(&fixture, exec, shell);
		take_exit(&fixture, exec, 12 + 2 * i, 0);
	}
	assert_int_equal(figures(&fixture).live, 1);
	process_table__expire(fixture.table, 1000000);
	assert_int_equal(figures(&fixture).remembered, 0);
	assert_int_equal(process_table__find(fixture.table, SHELL)->references, 0);
	process_table__expire(fixture.table, 1000000);
	assert_int_equal(figures(&fixture).live, 1);
	close_table(&fixture);
}

static void test_expire__keeps_parents_of_the_living(void **state)
{
	struct who_key shell = who_key(SHELL, 1), clone = who_key(CHILD, 5);
	const struct process *process;
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_exec(&fixture, shell, who_key(1, 0));
	take_fork(&fixture, clone, shell);
	take_exit(&fixture, shell, 6, 0);
	process_table__expire(fixture.table, 1000000);
	process = process_table__parent(fixture.table, process_table__find(fixture.table, CHILD));
	assert_non_null(process);
	assert_int_equal(process->key.tgid, SHELL);
	take_exit(&fixture, clone, 7, 9);
	process_table__expire(fixture.table, 1000000);
	assert_null(process_table__find(fixture.table, SHELL));
	assert_int_equal(figures(&fixture).remembered, 0);
	assert_int_equal(figures(&fixture).text_bytes, 0);
	close_table(&fixture);
}

static void test_take__exec_without_fork(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_exec(&fixture, who_key(SHELL, 1), who_key(1, 0));
	for (uint64_t time = 2; time <= 1000; time++)
		take_exec(&fixture, who_key(SHELL, time), who_key(SHELL, time - 1));
	assert_int_equal(figures(&fixture).live, 1);
	assert_in_range(figures(&fixture).remembered, 2, 20);
	assert_int_equal(process_table__find(fixture.table, SHELL)->key.time_ns, 1000);
	assert_int_equal(process_table__find_at(fixture.table, SHELL, 998)->key.time_ns, 998);
	assert_int_equal(
		process_table__parent(fixture.table, process_table__find(fixture.table, SHELL))
			->key.time_ns,
		999);
	close_table(&fixture);
}

/* ---- out of order ----------------------------------------------------------------------------- */

static void test_take__missing_parent(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	assert_int_equal(take_fork(&fixture, who_key(CHILD, 5), who_key(SHELL, 1)), 0);
	assert_true(process_table__find(fixture.table, CHILD)->is_missed);
	assert_null(
		process_table__parent(fixture.table, process_table__find(fixture.table, CHILD)));
	assert_int_equal(figures(&fixture).missed, 1);
	close_table(&fixture);
}

static void test_take__reused_number(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_fork(&fixture, who_key(CHILD, 5), who_key(SHELL, 1));
	take_fork(&fixture, who_key(CHILD, 50), who_key(SHELL, 1)); /* its exit was lost */
	assert_int_equal(figures(&fixture).live, 1);
	assert_int_equal(process_table__find(fixture.table, CHILD)->key.time_ns, 50);
	assert_int_equal(process_table__find_at(fixture.table, CHILD, 49)->key.time_ns, 5);
	assert_false(process_table__find_at(fixture.table, CHILD, 49)->is_exited);
	close_table(&fixture);
}

static void test_take__late_record_of_the_past(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_exec(&fixture, who_key(CHILD, 50), who_key(SHELL, 1));
	take_fork(&fixture, who_key(CHILD, 5), who_key(SHELL, 1));
	assert_int_equal(process_table__find(fixture.table, CHILD)->key.time_ns, 50);
	assert_int_equal(figures(&fixture).live, 1);
	close_table(&fixture);
}

static void test_take__exit_of_an_image_that_was_lost(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_fork(&fixture, who_key(CHILD, 5), who_key(SHELL, 1));
	take_exit(&fixture, who_key(CHILD, 6), 7, 0);
	assert_int_equal(figures(&fixture).live, 0);
	assert_int_equal(fixture.exits, 1);
	take_exit(&fixture, who_key(CHILD, 6), 8, 0);
	take_exit(&fixture, who_key(999, 6), 8, 0);
	assert_int_equal(fixture.exits, 1);
	close_table(&fixture);
}

static void test_take__same_record_twice(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_exec(&fixture, who_key(CHILD, 5), who_key(SHELL, 1));
	take_exec(&fixture, who_key(CHILD, 5), who_key(SHELL, 1));
	assert_int_equal(figures(&fixture).execs, 1);
	close_table(&fixture);
}

/* ---- full ------------------------------------------------------------------------------------- */

static void test_take__full_of_the_living(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 3);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(take_fork(&fixture, who_key(CHILD + i, 5 + i), who_key(SHELL, 1)),
				 i < 3 ? 0 : -ENOSPC);
	assert_int_equal(figures(&fixture).dropped, 2);
	assert_int_equal(figures(&fixture).live, 3);
	close_table(&fixture);
}

static void test_take__full_of_the_dead(void **state)
{
	struct who_key shell = who_key(SHELL, 1);
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 3);
	take_exec(&fixture, shell, who_key(1, 0));
	take_fork(&fixture, who_key(CHILD, 5), shell);
	take_exit(&fixture, who_key(CHILD, 5), 6, 0);
	take_fork(&fixture, who_key(CHILD + 1, 7), shell);
	take_exit(&fixture, shell, 8, 0); /* is held by the second child */
	assert_int_equal(take_fork(&fixture, who_key(CHILD + 2, 9), shell), 0);
	assert_null(process_table__find(fixture.table, CHILD));
	assert_non_null(process_table__find(fixture.table, SHELL));
	assert_int_equal(take_fork(&fixture, who_key(CHILD + 3, 10), shell), 0);
	assert_null(process_table__find(fixture.table, SHELL)); /* held, and yet */
	assert_int_equal(figures(&fixture).evicted, 2);
	close_table(&fixture);
}

/* ---- seeds ------------------------------------------------------------------------------------ */

static void test_take__seeds_whose_parent_comes_later(void **state)
{
	struct who_key parent = who_key(SHELL, 9), child = who_key(50, 10);
	const struct process *process;
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_seed(&fixture, child, parent, 0);
	take_seed(&fixture, parent, who_key(0, 0), WHO_FLAG_IN_INIT_TREE);
	take_fork(&fixture, who_key(CHILD, 20), child);
	process = process_table__find(fixture.table, CHILD);
	assert_string_equal(process->binary, "older");
	assert_int_not_equal(process->flags & WHO_FLAG_IN_INIT_TREE, 0);
	assert_int_equal(process_table__find(fixture.table, SHELL)->references, 1);
	close_table(&fixture);
}

static void test_take__seed_of_what_is_known(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_seed(&fixture, who_key(CHILD, 5), who_key(SHELL, 1), 0);
	take_exec(&fixture, who_key(CHILD, 9), who_key(CHILD, 5));
	take_seed(&fixture, who_key(CHILD, 5), who_key(SHELL, 1), 0);
	assert_string_equal(process_table__find(fixture.table, CHILD)->binary, "/bin/true");
	assert_int_equal(figures(&fixture).seeded, 1);
	close_table(&fixture);
}

static void test_take__seed_of_a_kernel_thread(void **state)
{
	struct strbuf flags = STRBUF_INIT;
	const struct process *process;
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	take_seed(&fixture, who_key(CHILD, 5), who_key(2, 1), WHO_FLAG_KERNEL_THREAD);
	process = process_table__find(fixture.table, CHILD);
	assert_string_equal(process->binary, "[older]");
	assert_string_equal(process->cwd, "");
	process__add_flags(process, &flags);
	assert_string_equal(strbuf__text(&flags), "procFS");
	strbuf__done(&flags);
	close_table(&fixture);
}

/* ---- bytes that are no record ----------------------------------------------------------------- */

static void test_take__malformed(void **state)
{
	struct who_exec_record record;
	struct fixture fixture;
	uint64_t count = 0;

	(void)state;
	open_table(&fixture, 0);
	who_exec_record__init(&record, who_key(CHILD, 5), who_key(SHELL, 1));
	WHO_ADD(&record, filename, "/bin/true\0");
	for (size_t len = 0; len < record.exec.header.size; len++, count++)
		assert_int_equal(process_table__take(fixture.table, &record, len), -EINVAL);
	record.exec.cwd_size = 1;
	assert_int_equal(process_table__take(fixture.table, &record, record.exec.header.size),
			 -EINVAL);
	record.exec.cwd_size = 0;
	record.exec.header.version++;
	assert_int_equal(process_table__take(fixture.table, &record, record.exec.header.size),
			 -EINVAL);
	record.exec.header.version--;
	record.exec.header.kind = WHO_RECORD_COUNT;
	assert_int_equal(process_table__take(fixture.table, &record, record.exec.header.size),
			 -EINVAL);
	assert_int_equal(figures(&fixture).malformed, count + 3);
	assert_int_equal(figures(&fixture).live, 0);
	close_table(&fixture);
}

static void test_take__parents_in_a_circle(void **state)
{
	struct who_key key = who_key(CHILD, 5), next = who_key(CHILD, 6);
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	assert_int_equal(take_exec(&fixture, key, key), 0);
	assert_int_equal(take_exec(&fixture, next, next), 0);
	close_table(&fixture);
	open_table(&fixture, 0);
	take_exec(&fixture, key, next);
	take_exec(&fixture, next, key);
	assert_int_equal(take_exec(&fixture, who_key(CHILD, 7), next), 0);
	process_table__expire(fixture.table, 1000000);
	close_table(&fixture);
}

/* A sum that does not fit is no time, and no harm. */
static void test_take__far_future(void **state)
{
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	assert_int_equal(take_exec(&fixture, who_key(CHILD, INT64_MAX), who_key(SHELL, 1)), 0);
	assert_int_equal(take_exec(&fixture, who_key(CHILD, UINT64_MAX), who_key(SHELL, 1)), 0);
	assert_int_equal(take_exit(&fixture, who_key(CHILD, UINT64_MAX), UINT64_MAX, 0), 0);
	close_table(&fixture);
}

static void test_take__cgroups_are_others_business(void **state)
{
	struct who_cgroup cgroup = { .header = who_header(WHO_RECORD_CGROUP_MADE, sizeof(cgroup),
							  1) };
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	assert_int_equal(process_table__take(fixture.table, &cgroup, sizeof(cgroup)), 0);
	assert_int_equal(figures(&fixture).malformed, 0);
	close_table(&fixture);
}

/* ---- what else is told ------------------------------------------------------------------------- */

static void test_take__moved_to_another_cgroup(void **state)
{
	struct who_key key = who_key(CHILD, 5);
	struct who_moved moved = { .header = who_header(WHO_RECORD_MOVED, sizeof(moved), 9),
				   .process = key,
				   .cgroup_id = 77 };
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	assert_int_equal(process_table__take(fixture.table, &moved, sizeof(moved)), 0);
	assert_int_equal(take_fork(&fixture, key, who_key(SHELL, 1)), 0);
	assert_int_equal(process_table__find(fixture.table, CHILD)->cgroup_id, 0);
	assert_int_equal(process_table__take(fixture.table, &moved, sizeof(moved)), 0);
	assert_int_equal(process_table__find(fixture.table, CHILD)->cgroup_id, 77);
	close_table(&fixture);
}

static void test_ancestors__nearest_first(void **state)
{
	const struct process *ancestors[4];
	struct fixture fixture;

	(void)state;
	open_table(&fixture, 0);
	for (uint32_t tgid = 2; tgid <= 6; tgid++)
		assert_int_equal(
			take_exec(&fixture, who_key(tgid, tgid), who_key(tgid - 1, tgid - 1)), 0);
	assert_int_equal(process_table__ancestors(fixture.table,
						  process_table__find(fixture.table, 6), ancestors,
						  4),
			 3);
	assert_int_equal(ancestors[0]->key.tgid, 4);
	assert_int_equal(ancestors[2]->key.tgid, 2);
	assert_int_equal(process_table__ancestors(fixture.table,
						  process_table__find(fixture.table, 6), ancestors,
						  1),
			 1);
	assert_int_equal(process_table__ancestors(fixture.table,
						  process_table__find(fixture.table, 3), ancestors,
						  4),
			 0);
	close_table(&fixture);
}

static void test_take__what_raised_it(void **state)
{
	static const struct {
		uint32_t flags;
		uint32_t uid, euid, gid, egid;
		uint64_t before, after;
		uint32_t raised;
	} rows[] = {
		{ 0, 1000, 1000, 1000, 1000, 0, 0, 0 },
		{ 0, 1000, 1000, 1000, 1000, 6, 2, 0 },
		{ 0, 1000, 1000, 1000, 1000, 2, 6, PROCESS_RAISED_BY_CAPABILITIES },
		{ WHO_FLAG_SETUID, 1000, 0, 1000, 1000, 0, ~0ull, PROCESS_RAISED_BY_SETUID },
		{ WHO_FLAG_SETUID, 1000, 500, 1000, 1000, 0, 0, 0 },
		{ WHO_FLAG_SETUID, 0, 0, 1000, 1000, 0, 0, 0 },
		{ WHO_FLAG_SETGID, 1000, 1000, 1000, 0, 0, 0, PROCESS_RAISED_BY_SETGID },
		{ WHO_FLAG_SETGID, 1000, 1000, 1000, 50, 0, 0, 0 },
		{ WHO_FLAG_SETUID | WHO_FLAG_SETGID, 1000, 0, 1000, 0, 0, 1,
		  PROCESS_RAISED_BY_SETUID | PROCESS_RAISED_BY_SETGID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct who_exec_record record;
		struct fixture fixture;

		open_table(&fixture, 0);
		who_exec_record__init(&record, who_key(CHILD, 5), who_key(SHELL, 1));
		record.exec.task.credentials.permitted = rows[i].before;
		(void)process_table__take(fixture.table, &record, record.exec.header.size);
		who_exec_record__init(&record, who_key(CHILD, 6), who_key(CHILD, 5));
		record.exec.task.flags |= rows[i].flags;
		record.exec.task.credentials = (struct who_credentials){
			.uid = rows[i].uid,
			.euid = rows[i].euid,
			.gid = rows[i].gid,
			.egid = rows[i].egid,
			.permitted = rows[i].after,
		};
		(void)process_table__take(fixture.table, &record, record.exec.header.size);
		if (process_table__find(fixture.table, CHILD)->raised != rows[i].raised)
			fail_msg("row %zu", i);
		close_table(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take__fork_exec_exit),
		cmocka_unit_test(test_expire__ends_flat),
		cmocka_unit_test(test_expire__keeps_parents_of_the_living),
		cmocka_unit_test(test_take__exec_without_fork),
		cmocka_unit_test(test_take__missing_parent),
		cmocka_unit_test(test_take__reused_number),
		cmocka_unit_test(test_take__late_record_of_the_past),
		cmocka_unit_test(test_take__exit_of_an_image_that_was_lost),
		cmocka_unit_test(test_take__same_record_twice),
		cmocka_unit_test(test_take__full_of_the_living),
		cmocka_unit_test(test_take__full_of_the_dead),
		cmocka_unit_test(test_take__seeds_whose_parent_comes_later),
		cmocka_unit_test(test_take__seed_of_what_is_known),
		cmocka_unit_test(test_take__seed_of_a_kernel_thread),
		cmocka_unit_test(test_take__malformed),
		cmocka_unit_test(test_take__moved_to_another_cgroup),
		cmocka_unit_test(test_take__what_raised_it),
		cmocka_unit_test(test_ancestors__nearest_first),
		cmocka_unit_test(test_take__parents_in_a_circle),
		cmocka_unit_test(test_take__far_future),
		cmocka_unit_test(test_take__cgroups_are_others_business),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
