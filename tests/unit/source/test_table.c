/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "source/source.h"

/* What reading gives is tested on real maps, in tests/kernel/test_source.c. */

static void assert_refused(const struct map_info *map, uint32_t cpus, int code, const char *text)
{
	struct err err = ERR_INIT;
	struct table_source *source = NULL;

	assert_int_equal(table_source__open(map, cpus, &source, &err), code);
	assert_non_null(strstr(err.text, "map 'm'"));
	assert_non_null(strstr(err.text, text));
	assert_null(source);
	err__done(&err);
	assert_int_equal(table_source__open(map, cpus, &source, NULL), code);
}

static void test_open__refuses_maps_without_values(void **state)
{
	const struct map_info map = {
		.name = "m", .fd = 0, .type = BPF_MAP_TYPE_HASH, .key_size = 4
	};

	(void)state;
	assert_refused(&map, 1, -EINVAL, "it is no table");
}

static void test_open__refuses_rows_that_are_too_large(void **state)
{
	struct map_info map = { .name = "m",
				.fd = 0,
				.type = BPF_MAP_TYPE_HASH,
				.key_size = 4,
				.value_size = UINT32_MAX };

	(void)state;
	assert_refused(&map, 1, -E2BIG, "too much");
	map.value_size = 1 << 20;
	map.type = BPF_MAP_TYPE_PERCPU_HASH;
	assert_refused(&map, 4096, -E2BIG, "4096 CPUs");
	assert_refused(&map, UINT32_MAX, -E2BIG, "too much");
	assert_refused(&map, 0, -E2BIG, "0 CPUs");
}

static void test_open__needs_a_descriptor(void **state)
{
	const struct map_info map = { .name = "m",
				      .fd = -1,
				      .type = BPF_MAP_TYPE_HASH,
				      .key_size = 4,
				      .value_size = 8,
				      .max_entries = 1 };

	(void)state;
	assert_refused(&map, 1, -EBADF, "descriptor");
}

static void test_method_name__of_each(void **state)
{
	(void)state;
	assert_string_equal(table_method_name(TABLE_METHOD_MMAP), "mmap");
	assert_string_equal(table_method_name(TABLE_METHOD_BATCH), "batch");
	assert_string_equal(table_method_name(TABLE_METHOD_ITERATE), "iterate");
}

static void test_close__of_nothing(void **state)
{
	(void)state;
	assert_null(table_source__close(NULL));
	assert_null(event_source__close(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open__refuses_maps_without_values),
		cmocka_unit_test(test_open__refuses_rows_that_are_too_large),
		cmocka_unit_test(test_open__needs_a_descriptor),
		cmocka_unit_test(test_method_name__of_each),
		cmocka_unit_test(test_close__of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
