/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "host/proc_pid.h"

static struct host *open_host(void)
{
	struct host *host = NULL;

	assert_int_equal(host__open("/", &host, NULL), 0);
	return host;
}

static void test_proc_pid__of_this_process(void **state)
{
	struct host *host = open_host();
	struct proc_pid process;
	char cwd[PROC_PID_LINK_MAX];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(host__proc_pid(host, (uint32_t)getpid(), 1 << 20, &process), 0);
	assert_string_equal(process.cwd, cwd);
	assert_int_equal(process.exe[0], '/');
	assert_non_null(process.arguments);
	assert_in_range(process.arguments_len, 1, 1 << 20);
	proc_pid__done(&process);
	host__close(host);
}

static void test_proc_pid__of_arguments_that_are_too_long(void **state)
{
	struct host *host = open_host();
	struct proc_pid process;

	(void)state;
	assert_int_equal(host__proc_pid(host, (uint32_t)getpid(), 1, &process), 0);
	assert_null(process.arguments);
	assert_int_equal(process.arguments_len, 0);
	proc_pid__done(&process);
	host__close(host);
}

static void test_proc_pid__of_nobody(void **state)
{
	struct host *host = open_host();
	struct proc_pid process;

	(void)state;
	assert_int_equal(host__proc_pid(host, UINT32_MAX, 1 << 20, &process), -ESRCH);
	host__close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proc_pid__of_this_process),
		cmocka_unit_test(test_proc_pid__of_arguments_that_are_too_long),
		cmocka_unit_test(test_proc_pid__of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
