/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/host.h"
#include "program/kernel_targets.h"
#include "tree.h"

static void write_types(const struct tree *tree, const char *path, const struct btf *btf)
{
	uint32_t len;
	const void *data = btf__raw_data(btf, &len);
	int fd;

	tree_write(tree, path, "");
	fd = openat(tree->fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
}

/* A kernel with two functions and a tracepoint, and a module with one function more. */
static void make_kernel(const struct tree *tree)
{
	struct btf *kernel = btf__new_empty();
	struct btf *module;

	assert_int_equal(btf__add_int(kernel, "int", 4, BTF_INT_SIGNED), 1);
	assert_int_equal(btf__add_func_proto(kernel, 1), 2);
	assert_int_equal(btf__add_func(kernel, "vfs_read", BTF_FUNC_STATIC, 2), 3);
	assert_int_equal(btf__add_func(kernel, "vfs_write", BTF_FUNC_STATIC, 2), 4);
	assert_int_equal(btf__add_ptr(kernel, 2), 5);
	assert_int_equal(btf__add_typedef(kernel, "btf_trace_sched_switch", 5), 6);
	write_types(tree, "sys/kernel/btf/vmlinux", kernel);
	module = btf__new_empty_split(kernel);
	assert_int_equal(btf__add_func(module, "xfs_open", BTF_FUNC_STATIC, 2), 7);
	write_types(tree, "sys/kernel/btf/xfs", module);
	btf__free(module);
	btf__free(kernel);
}

static int find(const struct tree *tree, struct kernel_target *targets, size_t count,
		struct arena *arena, struct err *err)
{
	struct host *host;
	int r;

	assert_int_equal(host__open(tree->root, &host, NULL), 0);
	r = kernel_targets_find(host, targets, count, arena, err);
	host__close(host);
	return r;
}

static void test_find__in_kernel_and_modules(void **state)
{
	struct kernel_target targets[] = {
		{ .name = "vfs_write", .kind = BTF_KIND_FUNC },
		{ .name = "btf_trace_sched_switch", .kind = BTF_KIND_TYPEDEF },
		{ .name = "xfs_open", .kind = BTF_KIND_FUNC },
		{ .name = "vfs_raed", .kind = BTF_KIND_FUNC },
		{ .name = "nothing_like_it", .kind = BTF_KIND_FUNC },
		{ .name = "vfs_read", .kind = BTF_KIND_TYPEDEF }, /* there, but a function */
	};
	struct arena arena = ARENA_INIT;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	make_kernel(&tree);
	assert_int_equal(find(&tree, targets, array_size(targets), &arena, NULL), 0);
	assert_int_equal(targets[0].btf_id, 4);
	assert_null(targets[0].module);
	assert_int_equal(targets[1].btf_id, 6);
	assert_int_equal(targets[2].btf_id, 7);
	assert_string_equal(targets[2].module, "xfs");
	assert_int_equal(targets[3].btf_id, 0);
	assert_string_equal(targets[3].nearest, "vfs_read");
	assert_int_equal(targets[4].btf_id, 0);
	assert_null(targets[4].nearest);
	assert_int_equal(targets[5].btf_id, 0);
	arena__done(&arena);
	tree_remove(&tree);
}

static void test_find__without_types(void **state)
{
	struct kernel_target target = { .name = "vfs_read", .kind = BTF_KIND_FUNC };
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(find(&tree, &target, 1, &arena, &err), -ENOENT);
	assert_string_equal(
		err.text,
		"the kernel's types (/sys/kernel/btf/vmlinux) cannot be read: No such file or "
		"directory");
	tree_write(&tree, "sys/kernel/btf/vmlinux",
		   "no types at all, but long enough for a header");
	assert_int_equal(find(&tree, &target, 1, &arena, &err), -EINVAL);
	err__done(&err);
	arena__done(&arena);
	tree_remove(&tree);
}

/* One damaged module hides nothing else. */
static void test_find__damaged_module(void **state)
{
	struct kernel_target target = { .name = "xfs_open", .kind = BTF_KIND_FUNC };
	struct arena arena = ARENA_INIT;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	make_kernel(&tree);
	tree_write(&tree, "sys/kernel/btf/aaa", "damaged");
	tree_write(&tree, "sys/kernel/btf/zzz", "");
	assert_int_equal(find(&tree, &target, 1, &arena, NULL), 0);
	assert_int_equal(target.btf_id, 7);
	arena__done(&arena);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__in_kernel_and_modules),
		cmocka_unit_test(test_find__without_types),
		cmocka_unit_test(test_find__damaged_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
