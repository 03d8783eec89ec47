/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/udp: datagrams that are dropped on loopback of a network namespace of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network.h"
#include "probe.h"

#define SENT 60
#define UNHEARD 30
#define FILTERED 17
#define DAMAGED 9
#define LEFT 5
#define DATAGRAM_SIZE 600
#define DROPS(family, reason)                                                                      \
	"ebpf_exporter_udp_drops_total{family=\"" family "\",reason=\"" reason "\"}"

/* What the child found out, for the test to see. */
struct told {
	uint32_t dropped_ipv4;
	uint32_t dropped_ipv6;
};

static struct told *told;

/* A loopback address of the family, and a port that is given when a socket is bound to it. */
struct end {
	struct sockaddr_storage address;
	socklen_t len;
};

static struct end loopback(int family)
{
	struct end end = { .address.ss_family = (sa_family_t)family };

	if (family == AF_INET) {
		((struct sockaddr_in *)&end.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		end.len = sizeof(struct sockaddr_in);
	} else {
		((struct sockaddr_in6 *)&end.address)->sin6_addr = in6addr_loopback;
		end.len = sizeof(struct sockaddr_in6);
	}
	return end;
}

static int bound_socket(int family, struct end *ret_end)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*ret_end = loopback(family);
	NEED(fd >= 0);
	NEED(bind(fd, (struct sockaddr *)&ret_end->address, ret_end->len) == 0);
	NEED(getsockname(fd, (struct sockaddr *)&ret_end->address, &ret_end->len) == 0);
	return fd;
}

static void send_datagrams(const struct end *to, int count)
{
	int fd = socket(to->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char datagram[DATAGRAM_SIZE] = { 0 };

	NEED(fd >= 0);
	for (int i = 0; i < count; i++)
		NEED(sendto(fd, datagram, sizeof(datagram), 0,
			    (const struct sockaddr *)&to->address,
			    to->len) == (ssize_t)sizeof(datagram));
	close(fd);
}

static uint32_t drops_of(int fd)
{
	uint32_t figures[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(figures);

	NEED(getsockopt(fd, SOL_SOCKET, SO_MEMINFO, figures, &len) == 0);
	return figures[SK_MEMINFO_DROPS];
}

/* More than the socket has room for; how many it dropped, when it has had all. */
static uint32_t fill(int family)
{
	char datagram[DATAGRAM_SIZE];
	int smallest = 1;
	uint32_t taken = 0;
	struct end end;
	int fd = bound_socket(family, &end);

	NEED(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)) == 0);
	send_datagrams(&end, SENT);
	while (taken + drops_of(fd) < SENT) {
		if (recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT) > 0)
			taken++;
		else
			sched_yield();
	}
	close(fd);
	NEED(taken < SENT);
	return SENT - taken;
}

static void fill_both(void)
{
	told->dropped_ipv4 = fill(AF_INET);
	told->dropped_ipv6 = fill(AF_INET6);
}

static void send_to_nobody(int family)
{
	struct end end;

	close(bound_socket(family, &end));
	send_datagrams(&end, UNHEARD);
}

static void send_to_the_deaf(int family)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K };
	const struct sock_fprog filter = { .len = 1, .filter = &nothing };
	struct end end;
	int fd = bound_socket(family, &end);

	NEED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0);
	send_datagrams(&end, FILTERED);
	while (drops_of(fd) < FILTERED)
		sched_yield();
	close(fd);
}

/* So short that the checksum is looked at before the datagram is queued. */
static void send_damaged(void)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
	} packet = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP },
		.udp = { .source = htons(1),
			 .len = htons(sizeof(struct udphdr)),
			 .check = htons(1) },
	};
	struct end end;
	int receiver = bound_socket(AF_INET, &end);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	NEED(fd >= 0);
	packet.ip.daddr = htonl(INADDR_LOOPBACK);
	packet.udp.dest = ((struct sockaddr_in *)&end.address)->sin_port;
	for (int i = 0; i < DAMAGED; i++)
		NEED(sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&end.address,
			    end.len) == (ssize_t)sizeof(packet));
	close(fd);
	close(receiver);
}

static void drop_for_reasons(void)
{
	send_to_nobody(AF_INET);
	send_to_nobody(AF_INET6);
	send_to_the_deaf(AF_INET);
	send_to_the_deaf(AF_INET6);
	send_damaged();
}

static void leave_unread(void)
{
	struct end end;
	int fd = bound_socket(AF_INET6, &end);

	send_datagrams(&end, LEFT);
	close(fd);
}

static void observe(struct probe *probe, void (*activity)(void))
{
	int status;

	*told = (struct told){ 0 };
	probe__begin(probe, "udp");
	status = network_run(activity);
	probe__end(probe);
	if (status < 0) {
		probe__done(probe);
		printf("# skip: no network namespace with IPv6 is to be had here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* Which of the alternatives it is. */
static bool is_attached(const struct probe *probe, const char *program)
{
	char series[128];

	snprintf(series, sizeof(series), "sonde_program_attached{config=\"udp\",program=\"%s\"}",
		 program);
	return metrics_value(probe->after, series) == 1;
}

static void skip_without_reasons(struct probe *probe)
{
	probe__done(probe);
	printf("# skip: this kernel (before 5.18) does not tell why it drops\n");
	skip();
}

static void test_count__datagrams_without_room(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, fill_both);

	probe__assert_moved(&probe, DROPS("ipv4", "receive_queue_full"), told->dropped_ipv4);
	/* The last resort of older kernels tells of IPv4 alone. */
	if (!is_attached(&probe, "udp_fail_queue_rcv_skb"))
		probe__assert_moved(&probe, DROPS("ipv6", "receive_queue_full"),
				    told->dropped_ipv6);
	probe__done(&probe);
}

static void test_count__reasons(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, drop_for_reasons);
	if (!is_attached(&probe, "kfree_skb"))
		skip_without_reasons(&probe);

	/* Nobody waited for those that no socket tells of: a busy machine may leave them to a thread. */
	probe__end_when_moved(&probe, DROPS("ipv4", "no_socket"), UNHEARD);
	probe__end_when_moved(&probe, DROPS("ipv6", "no_socket"), UNHEARD);
	probe__end_when_moved(&probe, DROPS("ipv4", "checksum"), DAMAGED);
	probe__assert_moved(&probe, DROPS("ipv4", "no_socket"), UNHEARD);
	probe__assert_moved(&probe, DROPS("ipv6", "no_socket"), UNHEARD);
	probe__assert_moved(&probe, DROPS("ipv4", "socket_filter"), FILTERED);
	probe__assert_moved(&probe, DROPS("ipv6", "socket_filter"), FILTERED);
	probe__assert_moved(&probe, DROPS("ipv4", "checksum"), DAMAGED);
	probe__done(&probe);
}

/* The kernel frees them some time after the socket is gone. */
static void test_count__datagrams_left_unread(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, leave_unread);
	if (!is_attached(&probe, "kfree_skb"))
		skip_without_reasons(&probe);

	probe__end_when_moved(&probe, DROPS("ipv6", "other"), LEFT);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__datagrams_without_room),
		cmocka_unit_test(test_count__reasons),
		cmocka_unit_test(test_count__datagrams_left_unread),
	};

	told = network_shared(sizeof(*told));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
