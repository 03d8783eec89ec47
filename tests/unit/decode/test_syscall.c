/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/mem.h"
#include "decode/ops.h"
#include "rows.h"

static const struct decode_row usual_rows[] = {
#ifdef __x86_64__
	ROW("0", DECODE_OK, "read"),
	ROW("1", DECODE_OK, "write"),
	ROW("7", DECODE_OK, "poll_time64"),
	ROW("60", DECODE_OK, "exit"),
	ROW("92", DECODE_OK, "chown"),
	ROW("94", DECODE_OK, "chown"),
	ROW("155", DECODE_OK, "pivotroot"),
	ROW("156", DECODE_OK, "sysctl"),
	ROW("202", DECODE_OK, "futex_time64"),
	ROW("214", DECODE_OK, "printargs"),
	ROW("215", DECODE_OK, "printargs"),
	ROW("231", DECODE_OK, "exit"),
	ROW("293", DECODE_OK, "pipe2"),
	ROW("335", DECODE_OK, "unknown_syscall:335"),
#else
	ROW("0", DECODE_OK, "io_setup"),
	ROW("1", DECODE_OK, "io_destroy"),
	ROW("41", DECODE_OK, "pivotroot"),
	ROW("94", DECODE_OK, "exit"),
	ROW("98", DECODE_OK, "futex_time64"),
	ROW("244", DECODE_OK, "unknown_syscall:244"),
	ROW("293", DECODE_OK, "rseq"),
	ROW("403", DECODE_OK, "unknown_syscall:403"),
#endif
	ROW("447", DECODE_OK, "memfd_secret"),
	ROW("451", DECODE_OK, "cachestat"),
	ROW("461", DECODE_OK, "lsm_list_modules"),
	ROW("462", DECODE_OK, "unknown_syscall:462"),
	ROW("100000", DECODE_OK, "unknown_syscall:100000"),
	ROW("-1", DECODE_OK, "unknown_syscall:-1"),
	ROW("", -EINVAL, "'' is no decimal number"),
	ROW("read", -EINVAL, "'read' is no decimal number"),
	ROW("18446744073709551615", -ERANGE, "does not fit"),
};

static void test_run__usual_names(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("syscall", &env, usual_rows, array_size(usual_rows));
}

static const struct {
	long number;
	const char *name;
} kernel_names[] = {
	{ SYS_read, "read" },
	{ SYS_exit, "exit" },
	{ SYS_exit_group, "exit_group" },
	{ SYS_futex, "futex" },
	{ SYS_pivot_root, "pivot_root" },
	{ SYS_lsetxattr, "lsetxattr" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
	{ SYS_openat2, "openat2" },
	{ 462, "mseal" },
	{ 469, "file_setattr" },
};

static void test_run__kernel_names(void **state)
{
	const struct decode_env env = { .uses_kernel_syscall_names = true };

	(void)state;
	for (size_t i = 0; i < array_size(kernel_names); i++) {
		struct decode_row row = { .text = kernel_names[i].name };
		char number[24];

		row.len = (size_t)snprintf(number, sizeof(number), "%ld", kernel_names[i].number);
		row.bytes = number;
		assert_rows("syscall", &env, &row, 1);
	}
}

static void test_name_32__table(void **state)
{
	(void)state;
#ifdef __x86_64__
	assert_string_equal(decode_syscall_name_32(0), "restart_syscall");
	assert_string_equal(decode_syscall_name_32(20), "getpid");
	assert_string_equal(decode_syscall_name_32(64), "getppid");
	assert_string_equal(decode_syscall_name_32(295), "openat");
	assert_string_equal(decode_syscall_name_32(469), "file_setattr");
	assert_null(decode_syscall_name_32(222)); /* was never one */
#else
	assert_null(decode_syscall_name_32(0));
#endif
	assert_null(decode_syscall_name_32(-1));
	assert_null(decode_syscall_name_32(INT64_C(1) << 31));
}

/* Both architectures' tables, whatever machine this is: how many names, and which stand twice. */
struct syscall_row {
	unsigned int number;
	const char *kernel, *usual;
};

#define SYSCALL(number, kernel_name, usual_name) { number, kernel_name, usual_name },
static const struct syscall_row x86_64[] = {
#include "decode/syscall_names_x86_64.inc"
};
static const struct syscall_row aarch64[] = {
#include "decode/syscall_names_aarch64.inc"
};
#undef SYSCALL

static void assert_table(const struct syscall_row *rows, size_t count, size_t usual_count,
			 size_t twice_count)
{
	size_t usual = 0, twice = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || rows[i - 1].number < rows[i].number);
		usual += rows[i].usual != NULL;
		for (size_t earlier = 0; earlier < i; earlier++) {
			assert_string_not_equal(rows[earlier].kernel, rows[i].kernel);
			twice += rows[earlier].usual && rows[i].usual &&
				 str_eq(rows[earlier].usual, rows[i].usual);
		}
	}
	assert_int_equal(usual, usual_count);
	assert_int_equal(twice, twice_count);
}

static void test_tables__counts(void **state)
{
	(void)state;
	assert_table(x86_64, array_size(x86_64), 373, 7);
	assert_table(aarch64, array_size(aarch64), 317, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__usual_names),
		cmocka_unit_test(test_run__kernel_names),
		cmocka_unit_test(test_name_32__table),
		cmocka_unit_test(test_tables__counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
