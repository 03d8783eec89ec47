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

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/ipv6.h>
#include <math.h>
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
#include <unistd.h>

#include "network.h"
#include "probe.h"

#define CONNECTIONS 20
#define REFUSED 11
#define RESETS 7
#define MEASURED 9
#define RETRANSMITS 2
#define US_PER_S 1e6
#define CONNECTION(event) "ebpf_exporter_tcp_connections_total{event=\"" event "\",family=\"ipv6\"}"
#define SEGMENT(kind) "ebpf_exporter_tcp_segments_total{family=\"ipv6\",kind=\"" kind "\"}"
#define LATENCY(what) "ebpf_exporter_tcp_connect_latency_seconds_" what "{family=\"ipv6\"}"
#define RTT(what, peer) "ebpf_exporter_tcp_rtt_seconds_" what "{family=\"ipv6\",peer=\"" peer "\"}"

/* What the child found out, for the test to see. */
struct told {
	uint64_t rtt_us;      /* the sum of both ends of all connections */
	uint64_t retransmits; /* by the counters of the child's network */
};

static struct told *told;

/* Both ends of a connection, and what they came from. */
struct pair {
	int listener;
	int client;
	int server;
	struct sockaddr_in6 address;
};

/* An address that was just added can be bound once the kernel has gone through its doubts about it. */
static void bind_when_valid(int fd, const struct sockaddr_in6 *address)
{
	while (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		NEED(errno == EADDRNOTAVAIL);
		sched_yield();
	}
}

static void listen_on(struct pair *pair, const struct in6_addr *address)
{
	socklen_t len = sizeof(pair->address);

	memset(&pair->address, 0, sizeof(pair->address));
	pair->address.sin6_family = AF_INET6;
	pair->address.sin6_addr = *address;
	pair->listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(pair->listener >= 0);
	bind_when_valid(pair->listener, &pair->address);
	NEED(getsockname(pair->listener, (struct sockaddr *)&pair->address, &len) == 0);
	NEED(listen(pair->listener, 8) == 0);
}

static void listen_on_loopback(struct pair *pair)
{
	listen_on(pair, &in6addr_loopback);
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

/* Ends without a further segment that is answered, so both ends keep the round-trip time they have. */
static void measure_and_reset(struct pair *pair)
{
	const struct linger at_once = { .l_onoff = 1 };
	char byte;

	told->rtt_us += tcp_info(pair->client).tcpi_rtt + tcp_info(pair->server).tcpi_rtt;
	NEED(setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
	close(pair->client);
	NEED(read(pair->server, &byte, 1) < 0 && errno == ECONNRESET);
	close(pair->server);
}

static void measure_local(void)
{
	struct pair pair;

	listen_on_loopback(&pair);
	for (int i = 0; i < MEASURED; i++) {
		connect_pair(&pair);
		measure_and_reset(&pair);
	}
}

static void add_address(const char *text, struct in6_addr *ret_address)
{
	struct in6_ifreq request = { .ifr6_prefixlen = 128 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	NEED(inet_pton(AF_INET6, text, &request.ifr6_addr) == 1);
	request.ifr6_ifindex = (int)if_nametoindex("lo");
	NEED(ioctl(fd, SIOCSIFADDR, &request) == 0);
	close(fd);
	*ret_address = request.ifr6_addr;
}

/* Two addresses: to the probe the other end is another machine. */
static void measure_remote(void)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6 };
	struct in6_addr to;
	struct pair pair;

	add_address("fd00::1", &from.sin6_addr);
	add_address("fd00::2", &to);
	listen_on(&pair, &to);
	for (int i = 0; i < MEASURED; i++) {
		pair.client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bind_when_valid(pair.client, &from);
		NEED(connect(pair.client, (struct sockaddr *)&pair.address, sizeof(pair.address)) ==
		     0);
		pair.server = accept4(pair.listener, NULL, NULL, SOCK_CLOEXEC);
		NEED(pair.server >= 0);
		measure_and_reset(&pair);
	}
}

/* A figure of the child's network, SYNs and SYN-ACKs among them: the two lines "Tcp:" have names, then values. */
static uint64_t retransmitted_segments(void)
{
	char names[1024], values[1024], *name, *value, *next_name, *next_value;
	FILE *file = fopen("/proc/self/net/snmp", "re");
	uint64_t count = 0;

	NEED(file != NULL);
	do
		NEED(fgets(names, sizeof(names), file) != NULL);
	while (strncmp(names, "Tcp:", 4) != 0);
	NEED(fgets(values, sizeof(values), file) != NULL);
	fclose(file);
	name = strtok_r(names, " \n", &next_name);
	value = strtok_r(values, " \n", &next_value);
	while (name && value && strcmp(name, "RetransSegs") != 0) {
		name = strtok_r(NULL, " \n", &next_name);
		value = strtok_r(NULL, " \n", &next_value);
	}
	NEED(value != NULL && sscanf(value, "%" SCNu64, &count) == 1);
	return count;
}

/* The client takes no SYN-ACK until its SYN and the SYN-ACK were sent again. */
static void begin_again(void)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K };
	const struct sock_fprog filter = { .len = 1, .filter = &nothing };
	struct pair pair;
	int unused = 0;

	listen_on_loopback(&pair);
	pair.client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0);
	NEED(connect(pair.client, (struct sockaddr *)&pair.address, sizeof(pair.address)) < 0);
	NEED(errno == EINPROGRESS);
	while (retransmitted_segments() < RETRANSMITS)
		sched_yield();
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0);
	pair.server = accept4(pair.listener, NULL, NULL, SOCK_CLOEXEC);
	NEED(pair.server >= 0);
	told->retransmits = retransmitted_segments();
}

/* Runs it in a child with a network of its own, between two scrapes; the child's exit status. */
static int observe(struct probe *probe, void (*activity)(void))
{
	int status;

	*told = (struct told){ 0 };
	probe__begin(probe, "tcp");
	status = network_run(activity);
	probe__end(probe);
	if (status < 0) {
		probe__done(probe);
		printf("# skip: no network namespace with IPv6 is to be had here\n");
		skip();
	}
	return status;
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

/* What the sockets themselves say is cut to microseconds, where the probe rounds. */
static void assert_rtt(double moved_s)
{
	double moved_us = round(moved_s * US_PER_S), told_us = (double)told->rtt_us;

	if (moved_us < told_us || (getenv("SONDE_IN_VM") && moved_us > told_us + 2 * MEASURED))
		fail_msg("%g us, where the sockets had %g", moved_us, told_us);
}

static void test_observe__round_trips_to_oneself(void **state)
{
	struct probe probe;

	(void)state;
	assert_int_equal(observe(&probe, measure_local), 0);

	probe__assert_moved(&probe, RTT("count", "local"), 2 * MEASURED);
	probe__assert_moved(&probe, RTT("count", "remote"), 0);
	assert_rtt(probe__moved(&probe, RTT("sum", "local")));
	probe__done(&probe);
}

static void test_observe__round_trips_to_others(void **state)
{
	struct probe probe;

	(void)state;
	assert_int_equal(observe(&probe, measure_remote), 0);

	probe__assert_moved(&probe, RTT("count", "remote"), 2 * MEASURED);
	assert_rtt(probe__moved(&probe, RTT("sum", "remote")));
	probe__done(&probe);
}

static void test_count__connects_that_are_sent_again(void **state)
{
	struct probe probe;
	double syns, synacks;

	(void)state;
	assert_int_equal(observe(&probe, begin_again), 0);

	syns = probe__moved(&probe, SEGMENT("retransmit"));
	synacks = probe__moved(&probe, SEGMENT("synack_retransmit"));
	assert_true(syns >= 1 && synacks >= 1);
	if (getenv("SONDE_IN_VM"))
		assert_true(syns + synacks == (double)told->retransmits);
	else
		assert_true(syns + synacks >= (double)told->retransmits);
	probe__assert_moved(&probe, CONNECTION("connected"), 1);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__connections_of_both_ends),
		cmocka_unit_test(test_count__connects_where_nobody_listens),
		cmocka_unit_test(test_count__resets_of_both_ends),
		cmocka_unit_test(test_count__segments_sent_again),
		cmocka_unit_test(test_count__connects_that_are_sent_again),
		cmocka_unit_test(test_observe__round_trips_to_oneself),
		cmocka_unit_test(test_observe__round_trips_to_others),
	};

	told = network_shared(sizeof(*told));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
