/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHILD_UNABLE 125

void network_need(bool is_good, const char *file, int line)
{
	if (is_good)
		return;
	printf("# %s:%d: %s\n", file, line, strerror(errno));
	fflush(stdout);
	_exit(1);
}

void network_load_module(const char *module)
{
	pid_t child;

	if (!getenv("SONDE_IN_VM"))
		return;
	child = fork();
	if (child == 0) {
		execlp("modprobe", "modprobe", module, (char *)NULL);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int network_set_up(const char *device)
{
	struct ifreq request = { .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	NEED(fd >= 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	NEED(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
	close(fd);
	return (int)if_nametoindex(device);
}

/* A message of rtnetlink while it is put together: attributes may hold attributes. */
struct route_message {
	struct nlmsghdr header;
	char payload[512];
};

static void add_bytes(struct route_message *message, const void *bytes, size_t size)
{
	char *end = (char *)message + message->header.nlmsg_len;

	memcpy(end, bytes, size);
	message->header.nlmsg_len += (unsigned)size;
}

static struct rtattr *begin_attribute(struct route_message *message, unsigned short type)
{
	struct rtattr *attribute;

	message->header.nlmsg_len = NLMSG_ALIGN(message->header.nlmsg_len);
	attribute = (struct rtattr *)((char *)message + message->header.nlmsg_len);
	attribute->rta_type = type;
	message->header.nlmsg_len += (unsigned)RTA_LENGTH(0);
	return attribute;
}

static void end_attribute(const struct route_message *message, struct rtattr *attribute)
{
	attribute->rta_len = (unsigned short)((const char *)message + message->header.nlmsg_len -
					      (char *)attribute);
}

static void add_text(struct route_message *message, unsigned short type, const char *text)
{
	struct rtattr *attribute = begin_attribute(message, type);

	add_bytes(message, text, strlen(text) + 1);
	end_attribute(message, attribute);
}

static struct route_message begin_message(unsigned short type, const void *head, size_t size)
{
	struct route_message message = {
		.header = { .nlmsg_len = NLMSG_HDRLEN,
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK },
	};

	add_bytes(&message, head, size);
	return message;
}

/* Sends it and waits for what the kernel says. */
static void have_made(const struct route_message *message)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	NEED(fd >= 0);
	NEED(send(fd, message, message->header.nlmsg_len, 0) > 0);
	NEED(recv(fd, &answer, sizeof(answer), 0) >= (ssize_t)sizeof(answer));
	errno = -answer.error.error;
	NEED(answer.error.error == 0);
	close(fd);
}

static void add_veth(const char *device, const char *peer, pid_t owner)
{
	const struct ifinfomsg any = { 0 };
	struct route_message message = begin_message(RTM_NEWLINK, &any, sizeof(any));
	struct rtattr *link_info, *data, *other;

	add_text(&message, IFLA_IFNAME, device);
	link_info = begin_attribute(&message, IFLA_LINKINFO);
	add_text(&message, IFLA_INFO_KIND, "veth");
	data = begin_attribute(&message, IFLA_INFO_DATA);
	other = begin_attribute(&message, VETH_INFO_PEER);
	add_bytes(&message, &any, sizeof(any));
	add_text(&message, IFLA_IFNAME, peer);
	if (owner) {
		struct rtattr *namespace_of = begin_attribute(&message, IFLA_NET_NS_PID);

		add_bytes(&message, &owner, sizeof(owner));
		end_attribute(&message, namespace_of);
	}
	end_attribute(&message, other);
	end_attribute(&message, data);
	end_attribute(&message, link_info);
	have_made(&message);
	network_set_up(device);
}

void network_add_veth(const char *device, const char *peer)
{
	add_veth(device, peer, 0);
	network_set_up(peer);
}

void network_add_veth_to(const char *device, const char *peer, pid_t owner)
{
	add_veth(device, peer, owner);
}

static void add_discipline(const char *device, const char *kind)
{
	const struct tcmsg place = { .tcm_ifindex = (int)if_nametoindex(device),
				     .tcm_parent = TC_H_ROOT };
	struct route_message message = begin_message(RTM_NEWQDISC, &place, sizeof(place));

	add_text(&message, TCA_KIND, kind);
	have_made(&message);
}

void network_add_blackhole(const char *device)
{
	add_discipline(device, "blackhole");
}

void network_add_queue(const char *device)
{
	add_discipline(device, "pfifo");
}

/* IPv6 is wanted as well: without it the socket cannot be had. */
static void enter(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		_exit(CHILD_UNABLE);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		_exit(CHILD_UNABLE);
	close(fd);
	network_set_up("lo");
}

int network_run(void (*activity)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		enter();
		activity();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == CHILD_UNABLE ? -1 : WEXITSTATUS(status);
}

void *network_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}
