/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/facts.h"
#include "program/program.h"

/*
 * struct inode { unsigned long number; };
 * struct file { struct inode *inode; struct { int flags : 4; }; };
 * int open(struct file *file);
 * typedef void (*btf_trace_opened)(void *data, struct file *file);
 */
static void add_types(struct btf *btf)
{
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int word = btf__add_int(btf, "unsigned long", 8, 0);
	int anything = btf__add_ptr(btf, 0);
	int inode = btf__add_struct(btf, "inode", 8);
	int inode_pointer, part, file_pointer, open, trace;

	assert_int_equal(btf__add_field(btf, "number", word, 0, 0), 0);
	inode_pointer = btf__add_ptr(btf, inode);
	part = btf__add_struct(btf, NULL, 4);
	assert_int_equal(btf__add_field(btf, "flags", number, 0, 4), 0);
	file_pointer = btf__add_struct(btf, "file", 16);
	assert_int_equal(btf__add_field(btf, "inode", inode_pointer, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "", part, 64, 0), 0);
	file_pointer = btf__add_ptr(btf, file_pointer);
	open = btf__add_func_proto(btf, number);
	assert_int_equal(btf__add_func_param(btf, "file", file_pointer), 0);
	assert_true(btf__add_func(btf, "open", BTF_FUNC_GLOBAL, open) > 0);
	trace = btf__add_func_proto(btf, 0);
	assert_int_equal(btf__add_func_param(btf, "data", anything), 0);
	assert_int_equal(btf__add_func_param(btf, "file", file_pointer), 0);
	assert_true(btf__add_typedef(btf, "btf_trace_opened", btf__add_ptr(btf, trace)) > 0);
}

struct fixture {
	struct kernel_types *types;
	struct btf_view view;
	struct arena arena;
	char path[64];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct btf *btf = btf__new_empty();
	const void *bytes;
	uint32_t size;
	FILE *file;
	int fd;

	assert_non_null(fixture);
	(void)snprintf(fixture->path, sizeof(fixture->path), "/tmp/sonde-types-XXXXXX");
	fd = mkstemp(fixture->path);
	assert_true(fd >= 0);
	file = fdopen(fd, "we");
	assert_non_null(file);
	add_types(btf);
	bytes = btf__raw_data(btf, &size);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	btf__free(btf);
	assert_int_equal(kernel_types__open(fixture->path, &fixture->types, NULL), 0);
	fixture->view = kernel_types__view(fixture->types);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	kernel_types__close(fixture->types);
	arena__done(&fixture->arena);
	(void)unlink(fixture->path);
	free(fixture);
	return 0;
}

static void test_find_function__tells_parameters_and_the_result(void **state)
{
	struct fixture *fixture = *state;
	const struct fact_function *open = fixture->view.find_function(fixture->view.ctx, "open",
								       &fixture->arena);

	assert_non_null(open);
	assert_int_equal(open->parameter_count, 1);
	assert_string_equal(open->parameter_names[0], "file");
	assert_int_equal(open->parameters[0]->kind, FACT_TYPE_POINTER);
	assert_string_equal(open->parameters[0]->element->name, "file");
	assert_int_equal(open->result->kind, FACT_TYPE_INT);
	assert_null(fixture->view.find_function(fixture->view.ctx, "close", &fixture->arena));
}

static void test_find_tracepoint__leaves_out_what_is_the_callbacks_own(void **state)
{
	struct fixture *fixture = *state;
	const struct fact_function *opened =
		fixture->view.find_tracepoint(fixture->view.ctx, "opened", &fixture->arena);

	assert_non_null(opened);
	assert_int_equal(opened->parameter_count, 1);
	assert_string_equal(opened->parameter_names[0], "file");
	assert_null(opened->result);
	assert_null(fixture->view.find_tracepoint(fixture->view.ctx, "open", &fixture->arena));
}

static void test_expand__tells_members_of_what_is_behind_a_pointer(void **state)
{
	struct fixture *fixture = *state;
	const struct fact_type *file = fixture->view.find_type(fixture->view.ctx, NULL, "file",
							       &fixture->arena);
	const struct fact_type *inode;

	assert_non_null(file);
	assert_int_equal(file->member_count, 2);
	assert_int_equal(file->members[1].type->members[0].size_bits, 4);
	inode = file->members[0].type->element;
	assert_string_equal(inode->name, "inode");
	assert_int_equal(inode->member_count, 0);
	assert_int_not_equal(inode->id, 0);
	inode = fixture->view.expand(fixture->view.ctx, inode, &fixture->arena);
	assert_non_null(inode);
	assert_int_equal(inode->member_count, 1);
	assert_string_equal(inode->members[0].name, "number");
	assert_null(fixture->view.expand(fixture->view.ctx, inode, &fixture->arena));
}

static void test_find_type__knows_no_module_that_is_not_loaded(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++)
		assert_null(fixture->view.find_type(fixture->view.ctx, "no_such_module", "file",
						    &fixture->arena));
}

/* After the first few, names are looked up in an index. */
static void test_find_type__finds_the_same_however_often(void **state)
{
	struct fixture *fixture = *state;
	void *ctx = fixture->view.ctx;

	for (int i = 0; i < 20; i++) {
		const struct fact_type *file = fixture->view.find_type(ctx, NULL, "file",
								       &fixture->arena);

		assert_non_null(file);
		assert_int_equal(file->size, 16);
		assert_null(fixture->view.find_type(ctx, NULL, "open", &fixture->arena));
		assert_non_null(fixture->view.find_function(ctx, "open", &fixture->arena));
		assert_null(fixture->view.find_function(ctx, "file", &fixture->arena));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find_function__tells_parameters_and_the_result,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_find_tracepoint__leaves_out_what_is_the_callbacks_own, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_expand__tells_members_of_what_is_behind_a_pointer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_find_type__knows_no_module_that_is_not_loaded,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_find_type__finds_the_same_however_often,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
