/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/tcp: connections over IPv6's loopback in a network namespace of our own, so that scrapes, which go
 * over IPv4, are not among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define CONNECTIONS 20
#define REFUSED 11
#define RESETS 7
#define RETRANSMITS 2
#define CHILD_UNABLE 125
#define CONNECTION(event) "ebpf_exporter_tcp_connections_total{event=\"" event "\",family=\"ipv6\"}"
#define SEGMENT(kind) "ebpf_exporter_tcp_segments_total{family=\"ipv6\",kind=\"" kind "\"}"
#define LATENCY(what) "ebpf_exporter_tcp_connect_latency_seconds_" what "{family=\"ipv6\"}"

/* Both ends of a connection, and what they came from. */
struct pair {
	int listener;
	int client;
	int server;
	struct sockaddr_in6 address;
};

/* In the child: a set-up that fails ends it with a status of its own, which the test shows. */
static void need(bool is_good, int line)
{
	if (is_good)
		return;
	printf("# line %d: %s\n", line, strerror(errno));
	fflush(stdout);
	_exit(1);
}
#define NEED(claim) need((claim), __LINE__)

static void enter_own_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		_exit(CHILD_UNABLE);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		_exit(CHILD_UNABLE);
	NEED(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
	close(fd);
}

static void listen_on_loopback(struct pair *pair)
{
	socklen_t len = sizeof(pair->address);

	memset(&pair->address, 0, sizeof(pair->address));
	pair->address.sin6_family = AF_INET6;
	pair->address.sin6_addr = in6addr_loopback;
	pair->listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(pair->listener >= 0);
	NEED(bind(pair->listener, (struct sockaddr *)&pair->address, len) == 0);
	NEED(getsockname(pair->listener, (struct sockaddr *)&pair->address, &len) == 0);
	NEED(listen(pair->listener, 8) == 0);
}

static void connect_pair(struct pair *pair)
{
	pair->client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(pair->client >= 0);
	NEED(connect(pair->client, (struct sockaddr *)&pair->address, sizeof(pair->address)) == 0);
	pair->server = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
	NEED(pair->server >= 0);
}

static struct tcp_info tcp_info(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0);
	return info;
}

static void wait_for_close(int fd)
{
	while (tcp_info(fd).tcpi_state != TCP_CLOSE)
		sched_yield();
}

static void close_pair(struct pair *pair)
{
	char byte;

	NEED(shutdown(pair->client, SHUT_WR) == 0);
	NEED(read(pair->server, &byte, 1) == 0);
	NEED(shutdown(pair->server, SHUT_WR) == 0);
	wait_for_close(pair->server);
	wait_for_close(pair->client);
	close(pair->server);
	close(pair->client);
}

static void connect_and_close(void)
{
	struct pair pair;

	listen_on_loopback(&pair);
	for (int i = 0; i < CONNECTIONS; i++) {
		connect_pair(&pair);
		close_pair(&pair);
	}
}

/* Nobody listens there any more. */
static void connect_in_vain(void)
{
	struct pair pair;

	listen_on_loopback(&pair);
	close(pair.listener);
	for (int i = 0; i < REFUSED; i++) {
		int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

		NEED(connect(fd, (struct sockaddr *)&pair.address, sizeof(pair.address)) < 0);
		NEED(errno == ECONNREFUSED);
		close(fd);
	}
}

static void close_by_force(void)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct pair pair;
	char byte;

	listen_on_loopback(&pair);
	for (int i = 0; i < RESETS; i++) {
		connect_pair(&pair);
		NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) ==
		     0);
		close(pair.client);
		NEED(read(pair.server, &byte, 1) < 0 && errno == ECONNRESET);
		close(pair.server);
	}
}

/* The receiver takes nothing until the sender has sent twice again; the exit status says how often it did in all. */
static void send_again(void)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K };
	const struct sock_fprog filter = { .len = 1, .filter = &nothing };
	int unused = 0;
	struct pair pair;
	char byte = 0;

	listen_on_loopback(&pair);
	connect_pair(&pair);
	NEED(setsockopt(pair.server, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0);
	NEED(write(pair.client, &byte, 1) == 1);
	while (tcp_info(pair.client).tcpi_total_retrans < RETRANSMITS)
		sched_yield();
	NEED(setsockopt(pair.server, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0);
	while (tcp_info(pair.client).tcpi_unacked > 0)
		sched_yield();
	_exit((int)tcp_info(pair.client).tcpi_total_retrans);
}

/* Runs it in a child with a network of its own, between two scrapes; the child's exit status. */
static int observe(struct probe *probe, void (*activity)(void))
{
	int status;
	pid_t child;

	probe__begin(probe, "tcp");
	child = fork();
	if (child == 0) {
		enter_own_network();
		activity();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	probe__end(probe);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_UNABLE) {
		probe__done(probe);
		printf("# skip: no network namespace with IPv6 is to be had here\n");
		skip();
	}
	return WEXITSTATUS(status);
}

static void test_count__connections_of_both_ends(void **state)
{
	struct probe probe;

	(void)state;
	assert_int_equal(observe(&probe, connect_and_close), 0);

	probe__assert_moved(&probe, CONNECTION("connect"), CONNECTIONS);
	probe__assert_moved(&probe, CONNECTION("connected"), CONNECTIONS);
	probe__assert_moved(&probe, CONNECTION("accepted"), CONNECTIONS);
	probe__assert_moved(&probe, CONNECTION("closed"), 2 * CONNECTIONS);
	probe__assert_moved(&probe, CONNECTION("connect_failed"), 0);
	probe__assert_moved(&probe, LATENCY("count"), CONNECTIONS);
	assert_true(probe__moved(&probe, LATENCY("sum")) > 0);
	probe__done(&probe);
}

static void test_count__connects_where_nobody_listens(void **state)
{
	struct probe probe;

	(void)state;
	assert_int_equal(observe(&probe, connect_in_vain), 0);

	probe__assert_moved(&probe, CONNECTION("connect"), REFUSED);
	probe__assert_moved(&probe, CONNECTION("connect_failed"), REFUSED);
	probe__assert_moved(&probe, CONNECTION("closed"), 0);
	probe__assert_moved(&probe, SEGMENT("reset_received"), REFUSED);
	probe__assert_moved(&probe, LATENCY("count"), 0);
	probe__done(&probe);
}

static void test_count__resets_of_both_ends(void **state)
{
	struct probe probe;

	(void)state;
	assert_int_equal(observe(&probe, close_by_force), 0);

	probe__assert_moved(&probe, SEGMENT("reset_sent"), RESETS);
	probe__assert_moved(&probe, SEGMENT("reset_received"), RESETS);
	probe__assert_moved(&probe, CONNECTION("closed"), 2 * RESETS);
	probe__done(&probe);
}

static void test_count__segments_sent_again(void **state)
{
	struct probe probe;
	int retransmits;

	(void)state;
	retransmits = observe(&probe, send_again);
	assert_true(retransmits >= RETRANSMITS);

	probe__assert_moved(&probe, SEGMENT("retransmit"), retransmits);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__connections_of_both_ends),
		cmocka_unit_test(test_count__connects_where_nobody_listens),
		cmocka_unit_test(test_count__resets_of_both_ends),
		cmocka_unit_test(test_count__segments_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
