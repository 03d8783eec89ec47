/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/skbdrops: datagrams to nobody, and to a socket whose filter takes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network.h"
#include "probe.h"

#define UNHEARD 30
#define FILTERED 17
#define SWALLOWED 23
#define DROPS(reason) "ebpf_exporter_packets_dropped_total{reason=\"" reason "\"}"

static int bound_socket(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static void send_datagrams(const struct sockaddr_in *address, int count)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte = 0;

	assert_true(fd >= 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(
			sendto(fd, &byte, 1, 0, (const struct sockaddr *)address, sizeof(*address)),
			1);
	close(fd);
}

static void test_count__datagrams_that_nobody_takes(void **state)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K };
	const struct sock_fprog filter = { .len = 1, .filter = &nothing };
	struct sockaddr_in nobody, deaf;
	int closed = bound_socket(&nobody), fd = bound_socket(&deaf);
	struct probe probe;

	(void)state;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
	close(closed);
	probe__begin(&probe, "skbdrops");
	send_datagrams(&nobody, UNHEARD);
	send_datagrams(&deaf, FILTERED);
	/* A busy machine may leave them to a thread. */
	probe__end_when_all_moved(&probe, "ebpf_exporter_packets_dropped_total",
				  "reason=", UNHEARD + FILTERED);

	/* Kernels before 5.17 give no reason, and drop other packets meanwhile. */
	if (metrics_value(probe.after, DROPS("unknown")) > 0) {
		probe__end_when_moved(&probe, DROPS("unknown"), UNHEARD + FILTERED);
	} else {
		probe__end_when_moved(&probe, DROPS("no_socket"), UNHEARD);
		probe__end_when_moved(&probe, DROPS("socket_filter"), FILTERED);
		probe__assert_moved(&probe, DROPS("no_socket"), UNHEARD);
		probe__assert_moved(&probe, DROPS("socket_filter"), FILTERED);
	}
	close(fd);
	probe__done(&probe);
}

static void swallow_datagrams(void)
{
	struct sockaddr_in nobody;

	close(bound_socket(&nobody));
	network_add_blackhole("lo");
	send_datagrams(&nobody, SWALLOWED);
}

/* Several numbers of the kernel, on the newest ones in a list of their own. */
static void test_count__datagrams_that_a_queue_drops(void **state)
{
	struct probe probe;
	int status;

	(void)state;
	probe__begin(&probe, "skbdrops");
	status = network_run(swallow_datagrams);
	probe__end(&probe);
	if (status < 0 || metrics_value(probe.after, DROPS("unknown")) > 0) {
		probe__done(&probe);
		printf("# skip: no network namespace, or no reasons (before 5.17), are to be had here\n");
		skip();
	}
	assert_int_equal(status, 0);

	probe__assert_moved(&probe, DROPS("qdisc_drop"), SWALLOWED);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__datagrams_that_nobody_takes),
		cmocka_unit_test(test_count__datagrams_that_a_queue_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
