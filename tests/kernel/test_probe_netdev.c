/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/netdev: packets that XDP and drivers give up, in a network namespace of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "network.h"
#include "probe.h"

#define ABORTED 20
#define INVALID 13
#define REDIRECTED 9
#define SENT_BACK 17
#define SWALLOWED 23
#define OVER_RING 40
#define INVALID_ACTION 77
#define NO_DEVICE 99999
#define COUNTED_SIZE 100 /* XDP takes these; smaller ones pass */
#define SMALL_SIZE 60
#define TAP "sondetap0"
#define VETH "sondeveth0"
#define VETH_PEER "sondeveth1"
#define XDP_DROPS(device, reason)                                                                  \
	"ebpf_exporter_netdev_xdp_drops_total{device=\"" device "\",reason=\"" reason "\"}"
#define FAILURES(device, reason)                                                                   \
	"ebpf_exporter_netdev_transmit_failures_total{device=\"" device "\",reason=\"" reason "\"}"
#define DROPS(device, reason)                                                                      \
	"ebpf_exporter_netdev_drops_total{device=\"" device "\",reason=\"" reason "\"}"

/* What the child found out, for the test to see. */
struct told {
	uint64_t dropped;    /* by the device's own counter */
	uint64_t redirected; /* likewise, of packets that XDP sent there */
};

static struct told *told;

/* ---- XDP: packets that are large enough meet `rest`, all others pass ---- */

static int load_xdp(const struct bpf_insn *rest, size_t count)
{
	struct bpf_insn code[16] = {
		{ BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct xdp_md, data_end), 0 },
		{ BPF_LDX | BPF_MEM | BPF_W, 3, 1, offsetof(struct xdp_md, data), 0 },
		{ BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, COUNTED_SIZE },
		{ BPF_JMP | BPF_JLE | BPF_X, 3, 2, 2, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uint64_t)(uintptr_t)code,
		.insn_cnt = (uint32_t)(6 + count),
		.license = (uint64_t)(uintptr_t) "GPL",
	};
	int fd;

	/* Before 5.11 programs are locked memory. */
	(void)setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	memcpy(code + 6, rest, count * sizeof(*rest));
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	NEED(fd >= 0);
	return fd;
}

static int load_xdp_result(int action)
{
	const struct bpf_insn rest[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, action },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return load_xdp(rest, sizeof(rest) / sizeof(rest[0]));
}

static int load_xdp_redirect(int device)
{
	const struct bpf_insn rest[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, device },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0 },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return load_xdp(rest, sizeof(rest) / sizeof(rest[0]));
}

/* Closing what it returns takes the program off. */
static int attach_xdp(int program, int device, uint32_t mode)
{
	union bpf_attr attr = {
		.link_create = { .prog_fd = (uint32_t)program,
				 .target_ifindex = (uint32_t)device,
				 .attach_type = BPF_XDP,
				 .flags = mode },
	};
	int link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	NEED(link >= 0);
	close(program);
	return link;
}

/* ---- packets over loopback ---- */

/* A queue for each CPU stands before loopback: on one CPU what was sent first is through first. */
static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;
	int cpu = sched_getcpu();

	NEED(cpu >= 0);
	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	NEED(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
}

/* Ends when all are through: the last one is small, and comes back. */
static void send_over_loopback(int count)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	char bytes[COUNTED_SIZE] = { 0 };

	NEED(fd >= 0);
	NEED(bind(fd, (struct sockaddr *)&address, len) == 0);
	NEED(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	for (int i = 0; i < count; i++)
		NEED(sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, len) > 0);
	NEED(sendto(fd, bytes, 1, 0, (struct sockaddr *)&address, len) == 1);
	NEED(recv(fd, bytes, sizeof(bytes), 0) == 1);
	close(fd);
}

static void meet_on_loopback(int program, int count)
{
	int link = attach_xdp(program, (int)if_nametoindex("lo"), XDP_FLAGS_SKB_MODE);

	send_over_loopback(count);
	close(link);
}

static void lose_on_loopback(void)
{
	stay_on_one_cpu();
	meet_on_loopback(load_xdp_result(XDP_ABORTED), ABORTED);
	meet_on_loopback(load_xdp_result(INVALID_ACTION), INVALID);
	meet_on_loopback(load_xdp_redirect(NO_DEVICE), REDIRECTED);
}

/* ---- packets through devices ---- */

/* The kernel's own packets of IPv6 would be among those that are counted. */
static void have_no_ipv6(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	NEED(fd >= 0);
	NEED(write(fd, "1", 1) == 1);
	close(fd);
}

static int packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	NEED(fd >= 0);
	return fd;
}

static void send_frame(int fd, const char *device, size_t size)
{
	const struct sockaddr_ll address = { .sll_family = AF_PACKET,
					     .sll_ifindex = (int)if_nametoindex(device) };
	unsigned char frame[COUNTED_SIZE] = {
		[0 ... 5] = 0xff,
		[12] = 0x88, /* an experiment of our own */
		[13] = 0xb5,
	};

	NEED(sendto(fd, frame, size, 0, (const struct sockaddr *)&address, sizeof(address)) > 0 ||
	     errno == ENOBUFS);
}

static void send_frames(const char *device, int count)
{
	int fd = packet_socket();

	for (int i = 0; i < count; i++)
		send_frame(fd, device, COUNTED_SIZE);
	close(fd);
}

/* What a device sent, by its own figures in /proc/net/dev. */
struct sent {
	unsigned long long packets;
	unsigned long long dropped;
};

static struct sent sent_by(const char *device)
{
	struct sent sent = { 0 };
	char line[512], name[IFNAMSIZ];
	bool is_found = false;
	FILE *file = fopen("/proc/self/net/dev", "re");

	NEED(file != NULL);
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = sscanf(line,
				  " %15[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu %*u %llu",
				  name, &sent.packets, &sent.dropped) == 3 &&
			   strcmp(name, device) == 0;
	NEED(is_found);
	fclose(file);
	return sent;
}

/*
 * A device that went up takes packets somewhat later: some, too small for XDP, until its figures move. What a tap sends
 * counts once somebody reads it, so there it is when the first one has no room.
 */
static void send_until_it_moves(const char *device)
{
	int fd = packet_socket();
	struct sent sent;

	do {
		send_frame(fd, device, SMALL_SIZE);
		sent = sent_by(device);
	} while (sent.packets == 0 && sent.dropped == 0);
	close(fd);
}

/* A device whose packets nobody takes, so that its ring is full. */
static int add_full_tap(void)
{
	struct ifreq request = { .ifr_name = TAP, .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), device;

	NEED(fd >= 0);
	NEED(ioctl(fd, TUNSETIFF, &request) == 0);
	device = network_set_up(TAP);
	send_until_it_moves(TAP);
	return device;
}

static void overfill_tap(void)
{
	have_no_ipv6();
	add_full_tap();
	send_frames(TAP, OVER_RING);
	told->dropped = sent_by(TAP).dropped;
}

static void add_veth(int program_of_peer)
{
	network_add_veth(VETH, VETH_PEER);
	attach_xdp(program_of_peer, (int)if_nametoindex(VETH_PEER), XDP_FLAGS_DRV_MODE);
	send_until_it_moves(VETH);
}

static void send_into_blackhole(void)
{
	have_no_ipv6();
	network_add_veth(VETH, VETH_PEER);
	network_add_blackhole(VETH);
	send_frames(VETH, SWALLOWED);
}

/* The end that sent it takes nothing from XDP, because nobody polls it. */
static void send_back(void)
{
	have_no_ipv6();
	add_veth(load_xdp_result(XDP_TX));
	send_frames(VETH, SENT_BACK);
}

static void redirect_to_full_tap(void)
{
	uint64_t before;

	have_no_ipv6();
	add_veth(load_xdp_redirect(add_full_tap()));
	before = sent_by(TAP).dropped;
	send_frames(VETH, REDIRECTED);
	while (sent_by(TAP).dropped < before + REDIRECTED)
		sched_yield();
	told->redirected = sent_by(TAP).dropped - before;
}

/* ---- tests ---- */

static void observe(struct probe *probe, void (*activity)(void))
{
	int status;

	*told = (struct told){ 0 };
	probe__begin(probe, "netdev");
	status = network_run(activity);
	probe__end(probe);
	if (status < 0) {
		probe__done(probe);
		printf("# skip: no network namespace with IPv6 is to be had here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void skip_without(const char *path)
{
	if (access(path, F_OK) == 0)
		return;
	printf("# skip: there is no %s here\n", path);
	skip();
}

/* Since 5.18. */
static bool kernel_tells_reasons(void)
{
	struct utsname name;
	int major, minor;

	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%d.%d", &major, &minor), 2);
	return major > 5 || (major == 5 && minor >= 18);
}

static void test_count__packets_that_xdp_loses(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, lose_on_loopback);

	probe__assert_moved(&probe, XDP_DROPS("lo", "aborted"), ABORTED);
	probe__assert_moved(&probe, XDP_DROPS("lo", "invalid_action"), INVALID);
	probe__assert_moved(&probe, XDP_DROPS("lo", "redirect_error"), REDIRECTED);
	probe__done(&probe);
}

static void test_count__packets_that_a_driver_drops(void **state)
{
	struct probe probe;

	(void)state;
	skip_without("/dev/net/tun");
	observe(&probe, overfill_tap);

	assert_true(told->dropped >= OVER_RING);
	probe__assert_moved(&probe, FAILURES(TAP, "dropped"), (double)told->dropped);
	if (kernel_tells_reasons())
		probe__assert_moved(&probe, DROPS(TAP, "full_ring"), (double)told->dropped);
	probe__done(&probe);
}

static void test_count__packets_that_a_queue_drops(void **state)
{
	struct probe probe;

	(void)state;
	if (!kernel_tells_reasons()) {
		printf("# skip: this kernel (before 5.18) does not tell why it drops\n");
		skip();
	}
	observe(&probe, send_into_blackhole);

	probe__assert_moved(&probe, DROPS(VETH, "queueing_discipline"), SWALLOWED);
	probe__done(&probe);
}

static void test_count__packets_that_nobody_takes_back(void **state)
{
	struct probe probe;

	(void)state;
	observe(&probe, send_back);
	probe__end_when_moved(&probe, XDP_DROPS(VETH_PEER, "bulk_tx"), SENT_BACK);

	probe__assert_moved(&probe, XDP_DROPS(VETH_PEER, "bulk_tx"), SENT_BACK);
	probe__done(&probe);
}

static void test_count__redirected_packets_without_room(void **state)
{
	struct probe probe;

	(void)state;
	skip_without("/dev/net/tun");
	observe(&probe, redirect_to_full_tap);

	probe__assert_moved(&probe, XDP_DROPS(TAP, "bulk_redirect"), (double)told->redirected);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__packets_that_xdp_loses),
		cmocka_unit_test(test_count__packets_that_a_driver_drops),
		cmocka_unit_test(test_count__packets_that_a_queue_drops),
		cmocka_unit_test(test_count__packets_that_nobody_takes_back),
		cmocka_unit_test(test_count__redirected_packets_without_room),
	};

	told = network_shared(sizeof(*told));
	network_load_module("tun");
	network_load_module("veth");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
