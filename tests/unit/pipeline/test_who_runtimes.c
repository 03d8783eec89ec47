/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root of the tests' own in which Docker listens where it usually does, with a fake behind the socket.
 */
#include "pipeline/who_runtimes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "enrich/identity.h"
#include "fake_runtime.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SOCKET "/run/docker.sock"

#define HELLO                                                                                      \
	{                                                                                          \
		FAKE_ANSWERS, 200, "{\"Version\":\"20.10.24\"}", 0                                 \
	}

struct machine {
	char root[64];
	struct fake_runtime *fake;
	struct loop *loop;
	struct identity_table *table;
	struct who_runtimes *runtimes;
};

static void open_machine_with(struct machine *machine, struct who_runtimes_options options,
			      const struct fake_step *steps, size_t count)
{
	const struct identity_options identity = { 0 };
	char path[128];

	(void)snprintf(machine->root, sizeof(machine->root), "/tmp/sonde-runtimes.XXXXXX");
	assert_non_null(mkdtemp(machine->root));
	(void)snprintf(path, sizeof(path), "%s/run", machine->root);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s" SOCKET, machine->root);
	machine->fake = fake_runtime__start(path, /* is_grpc */ false, steps, count);
	assert_int_equal(loop__new(&machine->loop, NULL), 0);
	assert_int_equal(identity_table__new(&identity, &machine->table, NULL), 0);
	options.root = machine->root;
	options.loop = machine->loop;
	options.table = machine->table;
	assert_int_equal(who_runtimes__new(&options, &machine->runtimes, NULL), 0);
}

static void open_machine(struct machine *machine, const struct fake_step *steps, size_t count)
{
	open_machine_with(machine, (struct who_runtimes_options){ 0 }, steps, count);
}

static void close_machine(struct machine *machine)
{
	char path[128];

	assert_null(who_runtimes__free(machine->runtimes));
	identity_table__free(machine->table);
	loop__free(machine->loop);
	fake_runtime__stop(machine->fake);
	(void)snprintf(path, sizeof(path), "%s" SOCKET, machine->root);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/run", machine->root);
	(void)rmdir(path);
	(void)rmdir(machine->root);
}

static struct runtime_figures figures_of(const struct machine *machine)
{
	struct runtime_figures figures = { .state = RUNTIME_STATE_ABSENT };

	for (uint32_t i = 0; i < who_runtimes__count(machine->runtimes); i++)
		if (strcmp(who_runtimes__socket(machine->runtimes, i), SOCKET) == 0)
			who_runtimes__figures(machine->runtimes, i, &figures);
	return figures;
}

/* Its cgroup comes, as the kernel tells it. */
static const struct identity *see_container(struct machine *machine)
{
	const struct identity *identity;

	assert_int_equal(identity_table__add_cgroup(machine->table, 7, "/docker/" ID, 1), 0);
	identity = identity_table__find(machine->table, 7);
	assert_non_null(identity);
	assert_non_null(identity->container);
	who_runtimes__ask(machine->runtimes, identity->container);
	return identity;
}

/* Seen with a real podman: whoever knows nothing of a container ended the agent. */
static void test_ask__nobody_knows_it(void **state)
{
	static const struct fake_step steps[] = {
		HELLO,
		{ FAKE_ANSWERS, 200, "[]", 0 }, /* the list */
		{ FAKE_ANSWERS, 404, "{\"message\":\"No such container\"}", 0 },
	};
	struct machine machine;
	const struct identity *identity;

	(void)state;
	open_machine(&machine, steps, array_size(steps));
	identity = see_container(&machine);
	while (figures_of(&machine).unknown == 0)
		assert_true(loop__run_once(machine.loop, -1) >= 0);
	assert_null(identity->container->name);
	assert_false(identity->container->is_told);
	close_machine(&machine);
}

static void test_ask__a_name_comes(void **state)
{
	static const struct fake_step steps[] = {
		HELLO,
		{ FAKE_ANSWERS, 200, "[]", 0 }, /* the list */
		{ FAKE_ANSWERS, 200,
		  "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1\"},"
		  "\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":42}}",
		  0 },
	};
	struct machine machine;
	const struct identity *identity;

	(void)state;
	open_machine(&machine, steps, array_size(steps));
	(void)see_container(&machine);
	while (figures_of(&machine).found == 0)
		assert_true(loop__run_once(machine.loop, -1) >= 0);
	identity = identity_table__find(machine.table, 7);
	assert_string_equal(identity->container->name, "web");
	assert_true(identity->container->is_told);
	close_machine(&machine);
}

static void test_check__what_names_a_socket(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
	} rows[] = {
		{ "cri:/run/a.sock", true },
		{ "docker:/a", true },
		{ "podman:/run/user/1000/podman.sock", true },
		{ "cri:run/a.sock", false },
		{ "cri:", false },
		{ "/run/a.sock", false },
		{ "lxc:/run/a", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(who_runtimes_check(rows[i].text, NULL) == 0, rows[i].is_good);
}

static void test_check_timeout__of_a_machine(void **state)
{
	static const struct {
		int64_t timeout_ns;
		bool is_good;
	} rows[] = {
		{ 0, true },
		{ NS_PER_MS, true },
		{ 60 * NS_PER_S, true },
		{ 600 * NS_PER_S, true },
		{ -1, false },
		{ NS_PER_MS - 1, false },
		{ 600 * NS_PER_S + 1, false },
		{ INT64_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(who_runtimes_check_timeout(rows[i].timeout_ns, NULL) == 0,
				 rows[i].is_good);
}

/* Short for one that never answers, longer for one that does late: it is asked again until it does. */
static void test_new__waits_as_long_as_it_is_told(void **state)
{
	static const struct fake_step steps[] = { { FAKE_IS_SILENT, 0, NULL, 0 }, HELLO };
	const struct who_runtimes_options options = { .timeout_ns = 20 * NS_PER_MS };
	struct machine machine;

	(void)state;
	open_machine_with(&machine, options, steps, array_size(steps));
	while (figures_of(&machine).state != RUNTIME_STATE_UP)
		assert_true(loop__run_once(machine.loop, -1) >= 0);
	assert_true(figures_of(&machine).failures[RUNTIME_FAILURE_TIMEOUT] >= 1);
	close_machine(&machine);
}

static void test_new__named_sockets_come_first(void **state)
{
	static const struct fake_step steps[] = { HELLO };
	const char *const named[] = { "podman:" SOCKET, "docker:" SOCKET },
			  *missing = "cri:/run/x.sock";
	struct who_runtimes_options options = { .sockets = named, .socket_count = 2 };
	struct who_runtimes *runtimes = NULL;
	struct err err = ERR_INIT;
	struct machine machine;
	uint32_t usual;

	(void)state;
	open_machine(&machine, steps, array_size(steps));
	usual = who_runtimes__count(machine.runtimes);
	options.root = machine.root;
	options.loop = machine.loop;
	options.table = machine.table;
	assert_int_equal(who_runtimes__new(&options, &runtimes, NULL), 0);
	assert_string_equal(who_runtimes__socket(runtimes, 0), SOCKET);
	/* It is a usual one, and nobody is asked twice. */
	assert_int_equal(who_runtimes__count(runtimes), usual);
	who_runtimes__free(runtimes);
	options.sockets = &missing;
	options.socket_count = 1;
	assert_int_equal(who_runtimes__new(&options, &runtimes, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/run/x.sock"));
	err__done(&err);
	close_machine(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask__nobody_knows_it),
		cmocka_unit_test(test_ask__a_name_comes),
		cmocka_unit_test(test_check__what_names_a_socket),
		cmocka_unit_test(test_check_timeout__of_a_machine),
		cmocka_unit_test(test_new__waits_as_long_as_it_is_told),
		cmocka_unit_test(test_new__named_sockets_come_first),
	};

	return cmocka_run_group_tests_name("who_runtimes", tests, NULL, NULL);
}
