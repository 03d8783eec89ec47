/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "program/btf_check.h"

/* Bytes of BTF, made by libbpf; owned by btf. */
static const void *bytes_of(const struct btf *btf, size_t *ret_len)
{
	uint32_t len;
	const void *data = btf__raw_data(btf, &len);

	assert_non_null(data);
	*ret_len = len;
	return data;
}

static int check(const struct btf *btf)
{
	size_t len;
	const void *data = bytes_of(btf, &len);

	return btf_check(data, len, NULL);
}

/* 1 int, 2 ptr, 3 struct, 4 array, 5 typedef, 6 prototype, 7 function, 8 variable, 9 section, 10 enum. */
static struct btf *make_good(void)
{
	struct btf *btf = btf__new_empty();

	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 1);
	assert_int_equal(btf__add_ptr(btf, 3), 2);
	assert_int_equal(btf__add_struct(btf, "node", 16), 3);
	assert_int_equal(btf__add_field(btf, "value", 1, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "next", 2, 64, 0),
			 0); /* to itself, through a pointer */
	assert_int_equal(btf__add_array(btf, 1, 1, 10), 4);
	assert_int_equal(btf__add_typedef(btf, "numbers", 4), 5);
	assert_int_equal(btf__add_func_proto(btf, 1), 6);
	assert_int_equal(btf__add_func_param(btf, "first", 2), 0);
	assert_int_equal(btf__add_func(btf, "walk", BTF_FUNC_GLOBAL, 6), 7);
	assert_int_equal(btf__add_var(btf, "counter", BTF_VAR_GLOBAL_ALLOCATED, 1), 8);
	assert_int_equal(btf__add_datasec(btf, ".data", 4), 9);
	assert_int_equal(btf__add_datasec_var_info(btf, 8, 0, 4), 0);
	assert_int_equal(btf__add_enum(btf, "color", 4), 10);
	assert_int_equal(btf__add_enum_value(btf, "red", 1), 0);
	return btf;
}

static void test_check__good(void **state)
{
	struct btf *btf = make_good();

	(void)state;
	assert_int_equal(check(btf), 0);
	btf__free(btf);
}

static void test_check__references_that_lead_nowhere(void **state)
{
	static const struct {
		int (*add)(struct btf *btf, int type);
		const char *what;
	} rows[] = {
		{ btf__add_ptr, "ptr" },
		{ btf__add_const, "const" },
		{ btf__add_volatile, "volatile" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct btf *btf = make_good();

		assert_true(rows[i].add(btf, 99) > 0);
		if (check(btf) != -EINVAL)
			fail_msg("%s to 99 is taken", rows[i].what);
		btf__free(btf);
	}
}

static void test_check__circles(void **state)
{
	struct btf *btf = make_good();

	(void)state;
	/* 11 stands for 12, 12 for 11: whoever follows never ends. */
	assert_int_equal(btf__add_const(btf, 12), 11);
	assert_int_equal(btf__add_volatile(btf, 11), 12);
	assert_int_equal(check(btf), -EINVAL);
	btf__free(btf);

	btf = make_good();
	assert_int_equal(btf__add_array(btf, 1, 11, 2), 11); /* an array of itself */
	assert_int_equal(check(btf), -EINVAL);
	btf__free(btf);
}

static void test_check__function_without_prototype(void **state)
{
	struct btf *btf = make_good();

	(void)state;
	assert_int_equal(btf__add_func(btf, "odd", BTF_FUNC_GLOBAL, 1), 11);
	assert_int_equal(check(btf), -EINVAL);
	btf__free(btf);
}

/* Every single byte set to something else: refused or not, nothing is read outside (the sanitizers watch). */
static void test_check__damaged_bytes(void **state)
{
	struct btf *btf = make_good();
	size_t len;
	const void *data = bytes_of(btf, &len);
	int refused = 0;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		for (int value = 0; value < 256; value += 51) {
			/* From malloc(), so that the end is the end. */
			unsigned char *copy = malloc(len);

			assert_non_null(copy);
			memcpy(copy, data, len);
			copy[i] = (unsigned char)value;
			refused += btf_check(copy, len, NULL) < 0;
			free(copy);
		}
	}
	assert_true(refused > 0);
	for (size_t cut = 0; cut < len; cut++) {
		unsigned char *copy = malloc(cut ? cut : 1);

		assert_non_null(copy);
		memcpy(copy, data, cut);
		assert_int_equal(btf_check(copy, cut, NULL), -EINVAL);
		free(copy);
	}
	btf__free(btf);
}

static void test_walk__names(void **state)
{
	struct btf *btf = make_good();
	struct btf_walk walk;
	struct btf_item item;
	size_t len;
	const void *data = bytes_of(btf, &len);
	uint32_t id = 0;

	(void)state;
	assert_int_equal(btf_walk__init(&walk, data, len, NULL), 0);
	while (btf_walk__next(&walk, &item) > 0) {
		id++;
		if (id == 7) {
			assert_int_equal(item.kind, BTF_KIND_FUNC);
			assert_string_equal(btf_walk__name(&walk, item.name), "walk");
		}
	}
	assert_int_equal(id, 10);
	assert_null(btf_walk__name(&walk, UINT32_MAX));
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check__good),
		cmocka_unit_test(test_check__references_that_lead_nowhere),
		cmocka_unit_test(test_check__circles),
		cmocka_unit_test(test_check__function_without_prototype),
		cmocka_unit_test(test_check__damaged_bytes),
		cmocka_unit_test(test_walk__names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
