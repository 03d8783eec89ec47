/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of those who are wanted, filled by hand: with more containers than the 1,024 that gadgets have room for, and
 * with more than there is room for at all. The kernel's tables are read as programs read them.
 */
#include <bpf/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "enrich/identity.h"
#include "host/host.h"
#include "pipeline/who_wanted.h"
#include "program/program.h"

#define POD "00000000000000000000000000000001"
#define OTHER_POD "00000000000000000000000000000002"
#define HOST_MNTNS 1
/* Both are more than the 1,024 entries of a gadget's own map. */
#define WANTED 1200
#define ROOM 1100
/* What is lent keeps its own name. */
#define BY_MNTNS "wanted_mntns"
#define BY_CGROUP "wanted_cgroups"

/* Cgroups are numbered from 1 on; their mount namespaces have these numbers. */
#define MNTNS_OF(cgroup_id) (1000000 + (cgroup_id))

struct wanted_run {
	struct host *host;
	struct identity_table *table;
	struct who_filter filter;
	struct who_wanted *wanted;
	struct who_wish *wish;
};

static void must(int r, struct err *err)
{
	char text[512];

	if (r >= 0)
		return;
	err__format(err, text, sizeof(text));
	fail_msg("error %d: %s", r, text);
}

/* ---- an object that is lent a table -------------------------------------------------------------------- */

/* What a program is, for as long as it is open. */
struct lent {
	char path[4096];
	struct program_spec spec;
	struct program *program;
};

static void load_with_filter(struct lent *lent, struct wanted_run *run, const char *object)
{
	const struct program_options options = { .host = run->host };
	struct err err = ERR_INIT;

	(void)snprintf(lent->path, sizeof(lent->path), "%s/%s.bpf.o", getenv("SONDE_TEST_BPF"),
		       object);
	lent->spec = (struct program_spec){ .name = object,
					    .kind = OBJECT_KIND_PATH,
					    .object = lent->path };
	must(program__open(&lent->spec, &options, &lent->program, &err), &err);
	must(program__plan(lent->program, &err), &err);
	must(who_wanted__lend(run->wanted, run->wish, lent->program, object, &err), &err);
	must(program__load(lent->program, &err), &err);
}

static bool is_in(const struct lent *lent, const char *map_name, uint64_t key)
{
	struct program_map map;
	struct err err = ERR_INIT;
	uint64_t value = 0;

	must(program__map(lent->program, map_name, &map, &err), &err);
	return bpf_map_lookup_elem(map.fd, &key, &value) == 0;
}

static size_t size_of(const struct lent *lent, const char *map_name)
{
	struct program_map map;
	struct err err = ERR_INIT;
	uint64_t key, *before = NULL;
	size_t count = 0;

	must(program__map(lent->program, map_name, &map, &err), &err);
	while (bpf_map_get_next_key(map.fd, before, &key) == 0) {
		before = &key;
		count++;
	}
	return count;
}

/* ---- who is there -------------------------------------------------------------------------------------- */

static void set_up(struct wanted_run *run, uint32_t max)
{
	static const char *const pods[] = { POD };
	const struct identity_options options = { 0 };
	struct who_wanted_options wanted_options;
	struct err err = ERR_INIT;

	*run = (struct wanted_run){ .filter.names[WHO_POD] = { pods, 1 } };
	must(host__open("/", &run->host, &err), &err);
	must(identity_table__new(&options, &run->table, &err), &err);
	identity_table__set_host_namespaces(run->table, HOST_MNTNS, 0 /* not known */);
	wanted_options = (struct who_wanted_options){
		.filter = &run->filter, .host = run->host, .table = run->table, .max = max
	};
	must(who_wanted__new(&wanted_options, &run->wanted, &err), &err);
	must(who_wanted__wish(run->wanted, NULL, 0, &run->wish, &err), &err);
}

static void tear_down(struct wanted_run *run)
{
	who_wish__drop(run->wish);
	who_wanted__free(run->wanted);
	identity_table__free(run->table);
	host__close(run->host);
}

/* A container of that pod. */
static void add(struct wanted_run *run, uint64_t id, const char *pod)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/kubepods/pod%s/%064llx", pod, (unsigned long long)id);
	assert_int_equal(identity_table__add_cgroup(run->table, id, path, 0), 0);
	identity_table__see_namespaces(run->table, id, MNTNS_OF(id), 0 /* not known */);
	who_wanted__see(run->wanted, identity_table__find(run->table, id));
}

static void take(struct wanted_run *run, uint64_t id)
{
	identity_table__remove_cgroup(run->table, id, 0);
	who_wanted__remove(run->wanted, id);
}

static void test_wanted__more_than_gadgets_have_room_for(void **state)
{
	const uint64_t count = WANTED * 3 / 2;
	static struct lent by_mntns, by_cgroup;
	struct who_wanted_figures figures;
	struct wanted_run run;

	(void)state;
	set_up(&run, 0 /* as ever */);
	load_with_filter(&by_mntns, &run, "who_mntns");
	load_with_filter(&by_cgroup, &run, "who_execs");
	for (uint64_t id = 1; id <= count; id++)
		add(&run, id, id % 3 == 0 ? OTHER_POD : POD);
	for (uint64_t id = 1; id <= count; id++) {
		assert_int_equal(is_in(&by_mntns, BY_MNTNS, MNTNS_OF(id)), id % 3 != 0);
		assert_int_equal(is_in(&by_cgroup, BY_CGROUP, id), id % 3 != 0);
	}
	assert_int_equal(size_of(&by_mntns, BY_MNTNS), WANTED);
	assert_int_equal(size_of(&by_cgroup, BY_CGROUP), WANTED);
	figures = who_wanted__figures(run.wanted);
	assert_int_equal(figures.wanted, WANTED);
	assert_int_equal(figures.mntns, WANTED);
	assert_int_equal(figures.refused, 0);
	program__close(by_mntns.program);
	program__close(by_cgroup.program);
	tear_down(&run);
}

/* ---- no room ------------------------------------------------------------------------------------------- */

/* What goes to stderr from now on; the one before in *ret_stderr. */
static FILE *catch_log(int *ret_stderr)
{
	FILE *log = tmpfile();

	assert_non_null(log);
	*ret_stderr = dup(STDERR_FILENO);
	assert_true(*ret_stderr >= 0);
	assert_int_equal(dup2(fileno(log), STDERR_FILENO), STDERR_FILENO);
	return log;
}

static size_t end_log(FILE *log, int stderr_fd, char *ret_first, int size)
{
	char line[1024];
	size_t lines = 0;

	assert_int_equal(dup2(stderr_fd, STDERR_FILENO), STDERR_FILENO);
	close(stderr_fd);
	rewind(log);
	while (fgets(lines ? line : ret_first, lines ? (int)sizeof(line) : size, log))
		lines++;
	fclose(log);
	return lines;
}

static void assert_figures(const struct wanted_run *run, uint64_t left_out, uint64_t refused)
{
	const struct who_wanted_figures figures = who_wanted__figures(run->wanted);

	assert_int_equal(figures.wanted, ROOM);
	assert_int_equal(figures.mntns, ROOM);
	assert_int_equal(figures.left_out, left_out);
	assert_int_equal(figures.refused, refused);
}

static void test_wanted__more_than_there_is_room_for(void **state)
{
	const uint64_t last = ROOM + 5;
	static struct lent by_mntns;
	struct wanted_run run;
	char told[1024] = "";
	int stderr_fd;
	size_t lines;
	FILE *log;

	(void)state;
	set_up(&run, ROOM);
	load_with_filter(&by_mntns, &run, "who_mntns");
	log = catch_log(&stderr_fd);
	for (uint64_t id = 1; id <= last; id++)
		add(&run, id, POD);
	lines = end_log(log, stderr_fd, told, sizeof(told));
	assert_non_null(strstr(told, "is wanted but left out: there is no room for it; 1100 "));
	assert_int_equal(lines, 1);
	assert_figures(&run, 5, 5);
	assert_int_equal(size_of(&by_mntns, BY_MNTNS), ROOM);
	assert_true(is_in(&by_mntns, BY_MNTNS, MNTNS_OF(ROOM)));
	assert_false(is_in(&by_mntns, BY_MNTNS, MNTNS_OF(last)));

	/* Looked at again they are no more than they were. */
	who_wanted__review(run.wanted);
	who_wanted__retry(run.wanted);
	assert_figures(&run, 5, 5);
	/* Others go: two of them are let in, one goes itself, and two are left out still. */
	take(&run, 1);
	take(&run, 2);
	who_wanted__retry(run.wanted);
	assert_figures(&run, 3, 5);
	assert_false(is_in(&by_mntns, BY_MNTNS, MNTNS_OF(1)));
	for (uint64_t id = ROOM + 1; id <= last; id++)
		if (!is_in(&by_mntns, BY_MNTNS, MNTNS_OF(id))) {
			take(&run, id);
			break;
		}
	assert_figures(&run, 2, 5);
	take(&run, 3);
	take(&run, 4);
	who_wanted__retry(run.wanted);
	assert_figures(&run, 0, 5);
	program__close(by_mntns.program);
	tear_down(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted__more_than_gadgets_have_room_for),
		cmocka_unit_test(test_wanted__more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("who_wanted", tests, NULL, NULL);
}
