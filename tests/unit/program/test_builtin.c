/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "bpf/abi/who.h"
#include "host/host.h"
#include "program/builtin.h"
#include "program/program.h"

static int open_builtin(const char *name, struct program **ret_program, struct host **ret_host,
			struct program_spec *spec, struct err *err)
{
	struct program_options options = { 0 };

	*spec = (struct program_spec){ .name = name, .kind = OBJECT_KIND_BUILTIN, .object = name };
	assert_int_equal(host__open("/", ret_host, NULL), 0);
	options.host = *ret_host;
	return program__open(spec, &options, ret_program, err);
}

static void test_find__knows_its_own(void **state)
{
	(void)state;
	assert_non_null(builtin_find("who"));
	assert_memory_equal(builtin_find("who")->image, "\177ELF", 4);
	assert_null(builtin_find("nobody"));
	assert_null(builtin_find(""));
}

static void test_open__needs_no_file(void **state)
{
	struct program *program = NULL;
	struct program_spec spec;
	struct host *host = NULL;
	const struct fact_map *processes;

	(void)state;
	assert_int_equal(open_builtin("who", &program, &host, &spec, NULL), 0);
	processes = object_facts__find_map(program__facts(program), "who_processes");
	assert_non_null(processes);
	assert_int_equal(processes->value_size, sizeof(struct who_process));
	assert_in_range(processes->value_size, 1, 64);
	assert_int_equal(program__part_count(program), 7);
	program__close(program);
	host__close(host);
}

static void test_open__says_what_is_not_built_in(void **state)
{
	struct program *program = NULL;
	struct program_spec spec;
	struct host *host = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(open_builtin("nobody", &program, &host, &spec, &err), -ENOENT);
	assert_string_equal(err.text, "object 'nobody' is not built in");
	err__done(&err);
	host__close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__knows_its_own),
		cmocka_unit_test(test_open__needs_no_file),
		cmocka_unit_test(test_open__says_what_is_not_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
