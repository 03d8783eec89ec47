/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/dns: questions to a small server on port 53 of loopback, in a network namespace of our own. One
 * thread asks and answers, so every answer comes when the test wants it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "network.h"
#include "probe.h"

#define DNS_PORT 53
#define HEADER_SIZE 12
#define MESSAGE_SIZE 512
#define FLAG_ANSWER 0x80 /* of the first byte of the flags */
#define TIMEOUT_MS 5200  /* the probe waits for 5 seconds */
#define UNANSWERED 7
#define LATE 3
#define BEYOND 8
#define CHILD_WITHOUT_BRIDGE 77
#define TAP "sondetap0"
#define BRIDGE "sondebr0"
#define CLIENT_ADDRESS "10.9.8.1"
#define VETH "sondeveth0"
#define ROUTER_ADDRESS "10.9.7.1"
#define CONTAINER_ADDRESS "10.9.7.2"
#define SERVER_ADDRESS "10.9.8.2"
#define UDP_OFFSET 20 /* in a packet of IPv4 without options */
#define UNDER_WAY_MAX 8192
#define TOO_MANY (UNDER_WAY_MAX + 100)
#define ANSWERS(type, rcode)                                                                       \
	"ebpf_exporter_dns_query_latency_seconds_count{rcode=\"" rcode "\",type=\"" type "\"}"
#define LATENCY_SUM(type, rcode)                                                                   \
	"ebpf_exporter_dns_query_latency_seconds_sum{rcode=\"" rcode "\",type=\"" type "\"}"
#define QUERIES(type) "ebpf_exporter_dns_queries_total{type=\"" type "\"}"
#define UNANSWERED_QUERIES(type) "ebpf_exporter_dns_queries_unanswered_total{type=\"" type "\"}"
#define RESENT(type) "ebpf_exporter_dns_queries_resent_total{type=\"" type "\"}"
#define UNTRACKED "ebpf_exporter_dns_queries_untracked_total"

enum { TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28, TYPE_TSIG = 250 };
enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5, UNASSIGNED = 12 };

struct end {
	struct sockaddr_storage address;
	socklen_t len;
};

/* Who asks and who answers, over one family. */
struct talk {
	int client;
	int server;
	struct end server_end;
};

struct message {
	unsigned char bytes[MESSAGE_SIZE];
	size_t size;
};

static struct end loopback(int family, uint16_t port)
{
	struct end end = { .address.ss_family = (sa_family_t)family };
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&end.address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&end.address;

	if (family == AF_INET) {
		ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		ipv4->sin_port = htons(port);
		end.len = sizeof(*ipv4);
	} else {
		ipv6->sin6_addr = in6addr_loopback;
		ipv6->sin6_port = htons(port);
		end.len = sizeof(*ipv6);
	}
	return end;
}

static struct talk begin_talk(int family, bool is_connected)
{
	struct talk talk = { .server_end = loopback(family, DNS_PORT) };

	talk.client = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	talk.server = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	NEED(talk.client >= 0 && talk.server >= 0);
	NEED(bind(talk.server, (struct sockaddr *)&talk.server_end.address, talk.server_end.len) ==
	     0);
	if (is_connected)
		NEED(connect(talk.client, (struct sockaddr *)&talk.server_end.address,
			     talk.server_end.len) == 0);
	return talk;
}

static void end_talk(struct talk *talk)
{
	close(talk->client);
	close(talk->server);
}

/* A query for a name of so many labels of so many letters. */
static struct message query(uint16_t id, uint16_t type, size_t labels, size_t letters)
{
	struct message message = { .bytes = { (unsigned char)(id >> 8), (unsigned char)id,
					      1 /* recursion, please */, 0, 0, 1 /* question */ },
				   .size = HEADER_SIZE };

	for (size_t i = 0; i < labels; i++) {
		message.bytes[message.size++] = (unsigned char)letters;
		memset(message.bytes + message.size, 'x', letters);
		message.size += letters;
	}
	message.bytes[message.size++] = 0;
	message.bytes[message.size++] = (unsigned char)(type >> 8);
	message.bytes[message.size++] = (unsigned char)type;
	message.bytes[message.size++] = 0;
	message.bytes[message.size++] = 1; /* class IN */
	return message;
}

static void ask(const struct talk *talk, const struct message *message)
{
	NEED(sendto(talk->client, message->bytes, message->size, 0,
		    (const struct sockaddr *)&talk->server_end.address,
		    talk->server_end.len) == (ssize_t)message->size);
}

/* Takes the next query and sends it back as an answer. */
static void answer(const struct talk *talk, unsigned char rcode)
{
	struct end client = { .len = sizeof(client.address) };
	unsigned char bytes[MESSAGE_SIZE];
	ssize_t size = recvfrom(talk->server, bytes, sizeof(bytes), 0,
				(struct sockaddr *)&client.address, &client.len);

	NEED(size >= HEADER_SIZE);
	bytes[2] |= FLAG_ANSWER;
	bytes[3] = rcode;
	NEED(sendto(talk->server, bytes, (size_t)size, 0, (struct sockaddr *)&client.address,
		    client.len) == size);
	NEED(recv(talk->client, bytes, sizeof(bytes), 0) == size);
}

static void exchange(const struct talk *talk, uint16_t type, unsigned char rcode, int times)
{
	for (int i = 0; i < times; i++) {
		const struct message message = query((uint16_t)(1000 + i), type, 3, 7);

		ask(talk, &message);
		answer(talk, rcode);
	}
}

static void ask_and_answer(void)
{
	struct talk ipv4 = begin_talk(AF_INET, true), ipv6 = begin_talk(AF_INET6, false);

	exchange(&ipv4, TYPE_A, NOERROR, 20);
	exchange(&ipv4, TYPE_AAAA, NXDOMAIN, 9);
	exchange(&ipv4, TYPE_TSIG, UNASSIGNED, 4);
	exchange(&ipv6, TYPE_A, NOERROR, 11);
	exchange(&ipv6, TYPE_MX, SERVFAIL, 6);
	end_talk(&ipv4);
	end_talk(&ipv6);
}

/* Names as long as they may be, and what is no name. */
static void ask_strangely(void)
{
	const struct message many_labels = query(1, TYPE_AAAA, 127, 1);
	const struct message long_labels = query(2, TYPE_MX, 3, 63);
	const struct message root = query(3, TYPE_A, 0, 0);
	struct message cut = query(4, TYPE_A, 3, 7), pointer = query(5, TYPE_A, 1, 7);
	struct talk talk = begin_talk(AF_INET6, true);
	const struct message *all[] = { &many_labels, &long_labels, &root, &cut, &pointer };

	cut.size -= 5;
	pointer.bytes[HEADER_SIZE] = 0xc0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ask(&talk, all[i]);
		answer(&talk, REFUSED);
	}
	end_talk(&talk);
}

/* An answer that nobody asked for, and a datagram that is too short, are no queries. */
static void send_others(void)
{
	struct talk talk = begin_talk(AF_INET, false);
	struct message message = query(1, TYPE_A, 3, 7);

	message.bytes[2] |= FLAG_ANSWER;
	ask(&talk, &message);
	message.bytes[2] &= (unsigned char)~FLAG_ANSWER;
	message.size = HEADER_SIZE - 1;
	ask(&talk, &message);
	talk.server_end = loopback(AF_INET, DNS_PORT + 1);
	message = query(1, TYPE_A, 3, 7);
	ask(&talk, &message);
	end_talk(&talk);
}

/* Both are answered: the second answer has no query any more. */
static void ask_again(void)
{
	const struct message message = query(1, TYPE_A, 3, 7);
	struct talk talk = begin_talk(AF_INET, false);

	ask(&talk, &message);
	ask(&talk, &message);
	answer(&talk, NOERROR);
	answer(&talk, NOERROR);
	end_talk(&talk);
}

/* What had no answer is found when other queries pass, and an answer that comes then is too late. */
static void let_wait(void)
{
	struct talk talk = begin_talk(AF_INET, false), other = begin_talk(AF_INET6, false);

	for (int i = 0; i < UNANSWERED + LATE; i++) {
		const struct message message = query((uint16_t)i, TYPE_MX, 3, 7);

		ask(&talk, &message);
	}
	NEED(poll(NULL, 0, TIMEOUT_MS) == 0);
	for (int i = 0; i < LATE; i++)
		answer(&talk, NOERROR);
	exchange(&other, TYPE_A, NOERROR, UNANSWERED);
	end_talk(&talk);
	end_talk(&other);
}

/* Nobody listens, but the socket is not connected and does not hear of it. */
static void ask_too_much(void)
{
	struct talk talk = begin_talk(AF_INET, false);

	close(talk.server);
	for (int i = 0; i < TOO_MANY; i++) {
		const struct message message = query((uint16_t)i, TYPE_A, 3, 7);

		ask(&talk, &message);
	}
	close(talk.client);
}

/* ---- a network beyond a tap, of which the test is the other end ---- */

static struct ifreq device_request(const char *device)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	return request;
}

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	NEED(inet_pton(AF_INET, text, &address.sin_addr) == 1);
	return address;
}

/* The kernel need not ask where the server is. */
static void add_neighbor(int fd, const char *device)
{
	const struct sockaddr_in server = address_of(SERVER_ADDRESS, 0);
	struct arpreq request = { .arp_flags = ATF_PERM | ATF_COM,
				  .arp_ha = { .sa_family = ARPHRD_ETHER,
					      .sa_data = { 2, 0, 0, 0, 0, 2 } } };

	memcpy(&request.arp_pa, &server, sizeof(server));
	snprintf(request.arp_dev, sizeof(request.arp_dev), "%s", device);
	NEED(ioctl(fd, SIOCSARP, &request) == 0);
}

static void add_address(int fd, const char *device, const char *text)
{
	const struct sockaddr_in address = address_of(text, 0);
	const struct sockaddr_in mask = address_of("255.255.255.0", 0);
	struct ifreq request = device_request(device);

	memcpy(&request.ifr_addr, &address, sizeof(address));
	NEED(ioctl(fd, SIOCSIFADDR, &request) == 0);
	memcpy(&request.ifr_netmask, &mask, sizeof(mask));
	NEED(ioctl(fd, SIOCSIFNETMASK, &request) == 0);
}

static int add_tap(void)
{
	struct ifreq tap = device_request(TAP);
	int frames = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	NEED(frames >= 0);
	tap.ifr_flags = IFF_TAP | IFF_NO_PI;
	NEED(ioctl(frames, TUNSETIFF, &tap) == 0);
	network_set_up(TAP);
	return frames;
}

/* The tap becomes its port. */
static void add_bridge(int fd)
{
	struct ifreq port = device_request(BRIDGE);

	port.ifr_ifindex = (int)if_nametoindex(TAP);
	if (ioctl(fd, SIOCBRADDBR, BRIDGE) < 0)
		_exit(CHILD_WITHOUT_BRIDGE);
	NEED(ioctl(fd, SIOCBRADDIF, &port) == 0);
}

struct frame {
	unsigned char bytes[2048];
	size_t size;
};

static bool is_for_port(const struct frame *frame, uint16_t port)
{
	const unsigned char *ip = frame->bytes + ETH_HLEN;
	uint16_t found;

	memcpy(&found, ip + UDP_OFFSET + 2, sizeof(found));
	return frame->size > ETH_HLEN + UDP_OFFSET + 8 && frame->bytes[12] == 8 &&
	       frame->bytes[13] == 0 && ip[9] == IPPROTO_UDP && found == htons(port);
}

/* A device takes packets somewhat after it went up. Another port shows it, so that the query itself is sent once. */
static void wait_until_forwarded(int frames, int client)
{
	const struct sockaddr_in other = address_of(SERVER_ADDRESS, DNS_PORT + 1);
	struct pollfd readable = { .fd = frames, .events = POLLIN };
	struct frame frame = { 0 };

	do {
		ssize_t size;

		NEED(sendto(client, "", 1, 0, (const struct sockaddr *)&other, sizeof(other)) == 1);
		size = poll(&readable, 1, 10) > 0 ? read(frames, frame.bytes, sizeof(frame.bytes))
						  : 0;
		NEED(size >= 0);
		frame.size = (size_t)size;
	} while (!is_for_port(&frame, DNS_PORT + 1));
}

static struct frame next_query(int frames)
{
	struct frame frame = { 0 };

	do {
		ssize_t size = read(frames, frame.bytes, sizeof(frame.bytes));

		NEED(size > 0);
		frame.size = (size_t)size;
	} while (!is_for_port(&frame, DNS_PORT));
	return frame;
}

static void swap(unsigned char *a, unsigned char *b, size_t size)
{
	unsigned char kept[16];

	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

/* A tag before the IP header, as cards that cannot take it off deliver it; 0 is no VLAN, but a priority. */
static void add_tag(struct frame *frame)
{
	static const unsigned char tag[] = { 0x81, 0x00, 0x00, 0x00 };

	memmove(frame->bytes + 2 * ETH_ALEN + sizeof(tag), frame->bytes + 2 * ETH_ALEN,
		frame->size - 2 * ETH_ALEN);
	memcpy(frame->bytes + 2 * ETH_ALEN, tag, sizeof(tag));
	frame->size += sizeof(tag);
}

static void make_answer(struct frame *frame)
{
	unsigned char *ip = frame->bytes + ETH_HLEN, *udp = ip + UDP_OFFSET;

	swap(frame->bytes, frame->bytes + ETH_ALEN, ETH_ALEN);
	swap(ip + 12, ip + 16, 4);
	swap(udp, udp + 2, 2);
	udp[6] = udp[7] = 0; /* no checksum */
	udp[8 + 2] |= FLAG_ANSWER;
}

static void ask_beyond(const char *device, int fd, int frames, void (*change)(struct frame *))
{
	const struct sockaddr_in server = address_of(SERVER_ADDRESS, DNS_PORT);

	add_address(fd, device, CLIENT_ADDRESS);
	add_neighbor(fd, device);
	wait_until_forwarded(frames, fd);
	for (uint16_t i = 0; i < BEYOND; i++) {
		const struct message message = query(i, TYPE_AAAA, 3, 7);
		unsigned char bytes[MESSAGE_SIZE];
		struct frame frame;

		NEED(sendto(fd, message.bytes, message.size, 0, (const struct sockaddr *)&server,
			    sizeof(server)) > 0);
		frame = next_query(frames);
		make_answer(&frame);
		if (change)
			change(&frame);
		NEED(write(frames, frame.bytes, frame.size) == (ssize_t)frame.size);
		NEED(recv(fd, bytes, sizeof(bytes), 0) == (ssize_t)message.size);
	}
}

static void ask_through_bridge(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), frames = add_tap();

	NEED(fd >= 0);
	add_bridge(fd);
	network_set_up(BRIDGE);
	ask_beyond(BRIDGE, fd, frames, NULL);
}

static void ask_and_hear_tagged(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), frames = add_tap();

	NEED(fd >= 0);
	ask_beyond(TAP, fd, frames, add_tag);
}

/* ---- a namespace behind this one, as a container's is ---- */

static void add_default_route(int fd, const char *gateway)
{
	const struct sockaddr_in any = { .sin_family = AF_INET }, via = address_of(gateway, 0);
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };

	memcpy(&route.rt_dst, &any, sizeof(any));
	memcpy(&route.rt_genmask, &any, sizeof(any));
	memcpy(&route.rt_gateway, &via, sizeof(via));
	NEED(ioctl(fd, SIOCADDRT, &route) == 0);
}

/* The way is open when something comes back from the other port. */
static void wait_for_way(int fd)
{
	const struct sockaddr_in other = address_of(SERVER_ADDRESS, DNS_PORT + 1);
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	char bytes[MESSAGE_SIZE] = { 0 };

	do
		NEED(sendto(fd, bytes, sizeof(bytes), 0, (const struct sockaddr *)&other,
			    sizeof(other)) > 0);
	while (poll(&readable, 1, 20) == 0);
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

/* Answers from the other port may still come; those to queries are told by their size. */
static void be_container(int to_router)
{
	const struct sockaddr_in server = address_of(SERVER_ADDRESS, DNS_PORT);
	int fd;

	NEED(unshare(CLONE_NEWNET) == 0);
	network_add_veth_to("eth0", VETH, getppid());
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	NEED(fd >= 0);
	add_address(fd, "eth0", CONTAINER_ADDRESS);
	add_default_route(fd, ROUTER_ADDRESS);
	NEED(write(to_router, "", 1) == 1);
	wait_for_way(fd);
	for (uint16_t i = 0; i < BEYOND; i++) {
		const struct message message = query(i, TYPE_AAAA, 3, 7);
		unsigned char bytes[MESSAGE_SIZE];

		NEED(sendto(fd, message.bytes, message.size, 0, (const struct sockaddr *)&server,
			    sizeof(server)) > 0);
		while (recv(fd, bytes, sizeof(bytes), 0) != (ssize_t)message.size)
			;
	}
}

static void forward(int fd)
{
	int forwarding = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC);

	NEED(forwarding >= 0);
	NEED(write(forwarding, "1", 1) == 1);
	close(forwarding);
	network_set_up(VETH);
	add_address(fd, VETH, ROUTER_ADDRESS);
}

static void answer_all(int frames)
{
	int answered = 0;

	while (answered < BEYOND) {
		struct frame frame = { 0 };
		ssize_t size = read(frames, frame.bytes, sizeof(frame.bytes));

		NEED(size > 0);
		frame.size = (size_t)size;
		if (is_for_port(&frame, DNS_PORT))
			answered++;
		else if (!is_for_port(&frame, DNS_PORT + 1))
			continue;
		make_answer(&frame);
		NEED(write(frames, frame.bytes, frame.size) == size);
	}
}

static void route_for_container(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), frames = add_tap();
	int ends[2], status;
	pid_t container;
	char byte;

	NEED(fd >= 0 && pipe2(ends, O_CLOEXEC) == 0);
	add_address(fd, TAP, CLIENT_ADDRESS);
	add_neighbor(fd, TAP);
	container = fork();
	if (container == 0) {
		be_container(ends[1]);
		_exit(0);
	}
	NEED(container > 0);
	close(ends[1]);
	NEED(read(ends[0], &byte, 1) == 1);
	forward(fd);
	answer_all(frames);
	NEED(waitpid(container, &status, 0) == container && status == 0);
}

static int observe_status(struct probe *probe, void (*activity)(void))
{
	int status;

	probe__begin(probe, "dns");
	status = network_run(activity);
	probe__end(probe);
	return status;
}

static void observe(struct probe *probe, void (*activity)(void))
{
	int status = observe_status(probe, activity);

	if (status < 0) {
		probe__done(probe);
		printf("# skip: no network namespace with IPv6 is to be had here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void test_observe__answers_of_each_type_and_code(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, ask_and_answer);

	probe__assert_moved(&probe, ANSWERS("A", "NOERROR"), 31);
	probe__assert_moved(&probe, ANSWERS("AAAA", "NXDOMAIN"), 9);
	probe__assert_moved(&probe, ANSWERS("MX", "SERVFAIL"), 6);
	probe__assert_moved(&probe, ANSWERS("other", "12"), 4);
	probe__assert_moved(&probe, QUERIES("A"), 31);
	probe__assert_moved(&probe, QUERIES("AAAA"), 9);
	probe__assert_moved(&probe, QUERIES("MX"), 6);
	probe__assert_moved(&probe, QUERIES("other"), 4);
	probe__assert_moved(&probe, RESENT("A"), 0);
	assert_true(probe__moved(&probe, LATENCY_SUM("A", "NOERROR")) > 0);
	probe__done(&probe);
}

static void test_observe__names_at_their_bounds(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, ask_strangely);

	probe__assert_moved(&probe, ANSWERS("AAAA", "REFUSED"), 1);
	probe__assert_moved(&probe, ANSWERS("MX", "REFUSED"), 1);
	probe__assert_moved(&probe, ANSWERS("A", "REFUSED"), 1);
	probe__assert_moved(&probe, ANSWERS("other", "REFUSED"), 2);
	probe__done(&probe);
}

static void test_ignore__what_is_no_query(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, send_others);

	probe__assert_moved(&probe, QUERIES("A"), 0);
	probe__assert_moved(&probe, QUERIES("other"), 0);
	probe__done(&probe);
}

static void test_count__queries_sent_again(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, ask_again);

	probe__assert_moved(&probe, QUERIES("A"), 1);
	probe__assert_moved(&probe, RESENT("A"), 1);
	probe__assert_moved(&probe, ANSWERS("A", "NOERROR"), 1);
	probe__done(&probe);
}

static void test_count__queries_without_answer(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, let_wait);

	probe__assert_moved(&probe, QUERIES("MX"), UNANSWERED + LATE);
	probe__assert_moved(&probe, UNANSWERED_QUERIES("MX"), UNANSWERED + LATE);
	probe__assert_moved(&probe, ANSWERS("MX", "NOERROR"), 0);
	probe__assert_moved(&probe, ANSWERS("A", "NOERROR"), UNANSWERED);
	probe__assert_moved(&probe, UNTRACKED, 0);
	probe__done(&probe);
}

/* On a slow machine some of them wait too long meanwhile. */
static void test_count__queries_without_room(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, ask_too_much);

	probe__assert_moved(&probe, QUERIES("A"), TOO_MANY);
	assert_true(probe__moved(&probe, UNTRACKED) +
			    probe__moved(&probe, UNANSWERED_QUERIES("A")) >=
		    TOO_MANY - UNDER_WAY_MAX);
	probe__done(&probe);
}

static void observe_beyond(void (*activity)(void))
{
	struct probe probe;
	int status;

	if (access("/dev/net/tun", F_OK) < 0) {
		printf("# skip: there is no /dev/net/tun here\n");
		skip();
	}
	status = observe_status(&probe, activity);
	if (status < 0 || status == CHILD_WITHOUT_BRIDGE) {
		probe__done(&probe);
		printf("# skip: no network namespace with a bridge is to be had here\n");
		skip();
	}
	assert_int_equal(status, 0);

	probe__assert_moved(&probe, QUERIES("AAAA"), BEYOND);
	probe__assert_moved(&probe, RESENT("AAAA"), 0);
	probe__assert_moved(&probe, ANSWERS("AAAA", "NOERROR"), BEYOND);
	probe__done(&probe);
}

static void test_observe__queries_through_devices_on_each_other(void **state)
{
	(void)state;
	observe_beyond(ask_through_bridge);
}

static void test_observe__answers_with_a_tag(void **state)
{
	(void)state;
	observe_beyond(ask_and_hear_tagged);
}

static void test_observe__queries_of_a_container(void **state)
{
	(void)state;
	observe_beyond(route_for_container);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__answers_of_each_type_and_code),
		cmocka_unit_test(test_observe__names_at_their_bounds),
		cmocka_unit_test(test_ignore__what_is_no_query),
		cmocka_unit_test(test_count__queries_sent_again),
		cmocka_unit_test(test_count__queries_without_answer),
		cmocka_unit_test(test_count__queries_without_room),
		cmocka_unit_test(test_observe__queries_through_devices_on_each_other),
		cmocka_unit_test(test_observe__answers_with_a_tag),
		cmocka_unit_test(test_observe__queries_of_a_container),
	};

	network_load_module("bridge");
	network_load_module("tun");
	network_load_module("veth");

	return cmocka_run_group_tests(tests, NULL, NULL);
}
