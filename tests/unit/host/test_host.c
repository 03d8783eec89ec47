/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "host/host.h"
#include "host/kallsyms.h"
#include "tree.h"

static struct host *open_host(const char *root)
{
	struct host *host = NULL;

	assert_int_equal(host__open(root, &host, NULL), 0);
	return host;
}

static void test_open__no_such_root(void **state)
{
	struct host *host = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(host__open("/does/not/exist", &host, &err), -ENOENT);
	assert_non_null(strstr(err.text, "'/does/not/exist'"));
	assert_null(host);
	assert_null(host__close(NULL));
	err__done(&err);
}

static void test_cpus__fixture(void **state)
{
	uint32_t *cpus = NULL;
	struct host *host;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	host = open_host(tree.root);
	assert_string_equal(host__root(host), tree.root);
	assert_int_equal(host__online_cpus(host, &cpus, NULL), -ENOENT);
	/* With holes: values of per-CPU maps have none. */
	tree_write(&tree, "sys/devices/system/cpu/possible", "0-1,4-5\n");
	tree_write(&tree, "sys/devices/system/cpu/online", "0,4\n");
	assert_int_equal(host__possible_cpus(host), 4);
	assert_int_equal(host__online_cpus(host, &cpus, NULL), 2);
	assert_int_equal(cpus[0], 0);
	assert_int_equal(cpus[1], 4);
	free(cpus);
	host__close(host);
	tree_remove(&tree);
}

static void test_cpus__without_a_list(void **state)
{
	struct host *host;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	host = open_host(tree.root);
	assert_int_equal(host__possible_cpus(host), sysconf(_SC_NPROCESSORS_CONF));
	host__close(host);
	tree_remove(&tree);
}

static void test_views__opened_once(void **state)
{
	struct kallsyms *symbols;
	struct host *host;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/kallsyms", "10 t a\n");
	host = open_host(tree.root);
	symbols = host__kallsyms(host, NULL);
	assert_non_null(symbols);
	assert_ptr_equal(host__kallsyms(host, NULL), symbols);
	host__forget_kallsyms(host);
	assert_false(kallsyms__is_loaded(symbols));
	assert_ptr_equal(host__kallsyms(host, NULL), symbols);
	assert_true(kallsyms__is_loaded(symbols));
	host__close(host);
	tree_remove(&tree);
}

static void test_open_kallsyms__reads_nothing(void **state)
{
	struct host *host;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	host = open_host(tree.root);
	host__forget_kallsyms(host); /* nothing is there yet */
	assert_int_equal(host__open_kallsyms(host, NULL), -ENOENT);
	host__close(host);
	tree_write(&tree, "proc/kallsyms", "not a table\n");
	host = open_host(tree.root);
	assert_int_equal(host__open_kallsyms(host, NULL), 0);
	assert_int_equal(host__open_kallsyms(host, NULL), 0);
	assert_null(host__kallsyms(host, NULL));
	host__close(host);
	tree_remove(&tree);
}

static void test_views__say_why_not(void **state)
{
	struct err first = ERR_INIT;
	struct err second = ERR_INIT;
	struct host *host;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	host = open_host(tree.root);
	assert_null(host__kallsyms(host, &first));
	assert_non_null(strstr(first.text, "/proc/kallsyms"));
	/* The second is not tried in the same moment, and says the same. */
	tree_write(&tree, "proc/kallsyms", "10 t a\n");
	assert_null(host__kallsyms(host, &second));
	assert_string_equal(second.text, first.text);
	assert_int_equal(second.code, first.code);
	assert_null(host__cgroups(host, NULL));
	assert_null(host__cgroups_opened(host));
	assert_null(host__pci(host, NULL));
	err__done(&first);
	err__done(&second);
	host__close(host);
	tree_remove(&tree);
}

static void test_interface_name__own_namespace(void **state)
{
	struct host *host = open_host("/");
	char name[64];

	(void)state;
	assert_int_equal(host__interface_name(host, 1, name, sizeof(name)), 2);
	assert_string_equal(name, "lo");
	assert_int_equal(host__interface_name(host, 0, name, sizeof(name)), -ENOENT);
	assert_int_equal(host__interface_name(host, UINT32_MAX, name, sizeof(name)), -ENOENT);
	assert_int_equal(host__interface_name(host, 1, name, 2), -ENOBUFS);
	host__close(host);
}

static void test_bpf_stats__fixture(void **state)
{
	struct host *host;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	host = open_host(tree.root);
	assert_int_equal(host__bpf_stats_enabled(host), -ENOENT);
	tree_write(&tree, "proc/sys/kernel/bpf_stats_enabled", "1\n");
	assert_int_equal(host__bpf_stats_enabled(host), 1);
	tree_write(&tree, "proc/sys/kernel/bpf_stats_enabled", "0\n");
	assert_int_equal(host__bpf_stats_enabled(host), 0);
	tree_write(&tree, "proc/sys/kernel/bpf_stats_enabled", "");
	assert_int_equal(host__bpf_stats_enabled(host), 0);
	host__close(host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open__no_such_root),
		cmocka_unit_test(test_cpus__fixture),
		cmocka_unit_test(test_cpus__without_a_list),
		cmocka_unit_test(test_views__opened_once),
		cmocka_unit_test(test_open_kallsyms__reads_nothing),
		cmocka_unit_test(test_views__say_why_not),
		cmocka_unit_test(test_interface_name__own_namespace),
		cmocka_unit_test(test_bpf_stats__fixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
