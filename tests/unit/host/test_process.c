/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "host/host.h"
#include "tree.h"

static struct process_figures figures_of(const char *root)
{
	struct process_figures figures;
	struct host *host = NULL;

	assert_int_equal(host__open(root, &host, NULL), 0);
	host__process_figures(host, &figures);
	host__close(host);
	return figures;
}

static void assert_figure(double figure, double expected)
{
	if (!(figure == expected))
		fail_msg("%f instead of %f", figure, expected);
}

static void test_figures__fixture(void **state)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	struct process_figures figures;
	struct rlimit limit;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	/* A name with everything that could mislead. */
	tree_write(
		&tree, "proc/self/stat",
		"77 (a) b (c) S 1 2 3 0 -1 4194560 100 200 0 0 150 50 8 9 20 0 1 0 12300 10485760 "
		"512 18446744073709551615 1 1 0\n");
	tree_write(&tree, "proc/stat", "cpu 1 2 3\nintr 5\nbtime 1700000000\nprocesses 9\n");
	tree_write(
		&tree, "proc/self/net/netstat",
		"TcpExt: InOctets SyncookiesSent\nTcpExt: 1 2\n"
		"IpExt: InNoRoutes InOctets OutOctets InMcastOctets\nIpExt: 7 686989605 713858 0\n");
	figures = figures_of(tree.root);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_figure(figures.cpu_seconds, 200 / ticks);
	assert_figure(figures.virtual_bytes, 10485760);
	assert_figure(figures.resident_bytes, 512.0 * (double)sysconf(_SC_PAGESIZE));
	assert_figure(figures.start_time_s, 1700000000 + 12300 / ticks);
	assert_figure(figures.network_receive_bytes, 686989605);
	assert_figure(figures.network_transmit_bytes, 713858);
	assert_figure(figures.max_fds, (double)limit.rlim_cur);
	assert_true(isnan(figures.open_fds));
	tree_remove(&tree);
}

static void test_figures__nothing_to_read(void **state)
{
	struct process_figures figures;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/self/stat", "77 (cut");
	tree_write(&tree, "proc/self/net/netstat", "IpExt: InOctets\nIpExt:");
	figures = figures_of(tree.root);
	assert_true(isnan(figures.cpu_seconds));
	assert_true(isnan(figures.virtual_bytes));
	assert_true(isnan(figures.resident_bytes));
	assert_true(isnan(figures.start_time_s));
	assert_true(isnan(figures.network_receive_bytes));
	assert_true(isnan(figures.network_transmit_bytes));
	tree_remove(&tree);
}

static void test_figures__of_this_process(void **state)
{
	struct process_figures before = figures_of("/");
	int fd = dup(STDERR_FILENO);
	struct process_figures after = figures_of("/");

	(void)state;
	(void)close(fd);
	assert_figure(after.open_fds, before.open_fds + 1);
	assert_true(after.cpu_seconds >= before.cpu_seconds);
	assert_true(after.resident_bytes > 0 && after.virtual_bytes >= after.resident_bytes);
	assert_true(after.start_time_s > 0);
	assert_true(after.start_time_s < (double)clock_wall_ns() / NS_PER_S + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures__fixture),
		cmocka_unit_test(test_figures__nothing_to_read),
		cmocka_unit_test(test_figures__of_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
