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
#include "program/feature.h"
#include "tree.h"

struct fixture {
	struct tree tree;
	struct host *host;
	struct features *features;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	tree_make(&fixture.tree);
	assert_int_equal(host__open(fixture.tree.root, &fixture.host, NULL), 0);
	assert_int_equal(features__new(fixture.host, &fixture.features, NULL), 0);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	features__free(fixture->features);
	host__close(fixture->host);
	tree_remove(&fixture->tree);
	return 0;
}

static void test_tracefs__where_it_is_mounted(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	tree_write(&fixture->tree, "sys/kernel/debug/tracing/events/sched/sched_switch/id",
		   "316\n");
	fd = features__tracefs(fixture->features, NULL);
	assert_true(fd >= 0);
	assert_int_equal(faccessat(fd, "events/sched/sched_switch/id", F_OK, 0), 0);
	assert_int_equal(features__tracefs(fixture->features, NULL), fd);
}

static void test_tracefs__says_how_to_get_it(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	/* Another root than / gets no mount of ours. An empty directory is a mount point without its mount. */
	tree_mkdir(&fixture->tree, "sys/kernel/tracing");
	assert_true(features__tracefs(fixture->features, &err) < 0);
	assert_string_equal(
		err.text,
		"tracefs is not mounted; `mount -t tracefs none /sys/kernel/tracing` gives it");
	err__done(&err);
}

static void test_kprobes__by_their_event_source(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	assert_int_equal(features__kprobes(fixture->features, &err), -EOPNOTSUPP);
	assert_string_equal(
		err.text, "kprobe events are not supported by this kernel (CONFIG_KPROBE_EVENTS)");
	assert_int_equal(features__uprobes(fixture->features, &err), -EOPNOTSUPP);
	tree_write(&fixture->tree, "sys/bus/event_source/devices/kprobe/type", "8\n");
	tree_write(&fixture->tree, "sys/bus/event_source/devices/uprobe/type", "9\n");
	assert_int_equal(features__kprobes(fixture->features, NULL), 0);
	assert_int_equal(features__uprobes(fixture->features, NULL), 0);
	err__done(&err);
}

static void test_lsm__by_the_list_of_modules(void **state)
{
	static const struct {
		const char *list;
		int answer;
	} rows[] = {
		{ "lockdown,capability,landlock,yama,apparmor,bpf", 0 },
		{ "bpf\n", 0 },
		{ "bpf,capability", 0 },
		{ "capability,bpfilter", -EOPNOTSUPP },
		{ "capability\n", -EOPNOTSUPP },
		{ "", -EOPNOTSUPP },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct features *features;

		tree_write(&fixture->tree, "sys/kernel/security/lsm", rows[i].list);
		assert_int_equal(features__new(fixture->host, &features, NULL), 0);
		if (features__lsm(features, NULL) != rows[i].answer)
			fail_msg("'%s'", rows[i].list);
		features__free(features);
	}
}

/* Where the list cannot be read, the kernel has the word. */
static void test_lsm__unknown(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(features__lsm(fixture->features, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tracefs__where_it_is_mounted),
		TEST(test_tracefs__says_how_to_get_it),
		TEST(test_kprobes__by_their_event_source),
		TEST(test_lsm__by_the_list_of_modules),
		TEST(test_lsm__unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
