/* SPDX-License-Identifier: Apache-2.0 */
#include "program/netns.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/vec.h"

/* ---- running inside ---- */

struct errand {
	int netns_fd;
	int (*run)(void *ctx);
	void *ctx;
	int enter_result, result;
};

static void *do_errand(void *ctx)
{
	struct errand *errand = ctx;

	/* Of this thread alone. */
	errand->enter_result = setns(errand->netns_fd, CLONE_NEWNET) < 0 ? -errno : 0;
	if (errand->enter_result == 0)
		errand->result = errand->run(errand->ctx);
	return NULL;
}

int netns_run(int netns_fd, int (*run)(void *ctx), void *ctx, struct err *err)
{
	struct errand errand = { .netns_fd = netns_fd, .run = run, .ctx = ctx };
	pthread_t thread;
	int r = pthread_create(&thread, NULL, do_errand, &errand);

	if (r > 0)
		return err__set(err, -r, NULL, "no thread for another network namespace: %s",
				strerror(r));
	(void)pthread_join(thread, NULL);
	if (errand.enter_result < 0)
		return err__set(err, errand.enter_result, NULL,
				"a network namespace cannot be entered: %s%s",
				strerror(-errand.enter_result),
				errand.enter_result == -EPERM ? "; that wants CAP_SYS_ADMIN" : "");
	return errand.result;
}

/* ---- interfaces that lead there ---- */

#define REPLY_BYTES 65536u

/* An interface, and as which namespace ours knows the one of its other end. */
struct peer {
	uint32_t index;
	int32_t netns_id;
};

struct peers {
	VEC(struct peer) list;
};

static int send_request(int fd, const void *request, size_t len)
{
	return send(fd, request, len, 0) == (ssize_t)len ? 0 : -errno;
}

/* As the kernel's macros, whose casts clang takes for a change of alignment: the buffer and all lengths are aligned. */
static const struct nlmsghdr *next_message(const struct nlmsghdr *at, unsigned int *len)
{
	unsigned int size = NLMSG_ALIGN(at->nlmsg_len);

	*len = size < *len ? *len - size : 0;
	return (const void *)((const char *)at + size);
}

static const struct rtattr *next_attribute(const struct rtattr *at, int *len)
{
	int size = (int)RTA_ALIGN(at->rta_len);

	*len -= size;
	return (const void *)((const char *)at + size);
}

static const struct rtattr *first_attribute(const struct ifinfomsg *link)
{
	return (const void *)((const char *)link + NLMSG_ALIGN(sizeof(*link)));
}

static void take_link(struct peers *peers, const struct nlmsghdr *header)
{
	const struct ifinfomsg *link = NLMSG_DATA(header);
	int len = (int)IFLA_PAYLOAD(header);
	struct peer peer = { .netns_id = -1 };

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return;
	peer.index = (uint32_t)link->ifi_index;
	for (const struct rtattr *at = first_attribute(link); RTA_OK(at, len);
	     at = next_attribute(at, &len))
		if (at->rta_type == IFLA_LINK_NETNSID && RTA_PAYLOAD(at) == sizeof(peer.netns_id))
			memcpy(&peer.netns_id, RTA_DATA(at), sizeof(peer.netns_id));
	if (peer.netns_id >= 0)
		(void)vec_push(&peers->list, peer); /* without memory it is not there */
}

/* 1: there is more to come. */
static int take_links(struct peers *peers, const char *reply, ssize_t got)
{
	unsigned int len = (unsigned int)got;

	for (const struct nlmsghdr *header = (const void *)reply; NLMSG_OK(header, len);
	     header = next_message(header, &len)) {
		const struct nlmsgerr *error = NLMSG_DATA(header);

		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR)
			return error->error;
		if (header->nlmsg_type == RTM_NEWLINK)
			take_link(peers, header);
	}
	return 1;
}

static int list_links(int fd, struct peers *peers, char *reply)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.link = { .ifi_family = AF_UNSPEC },
	};
	int r = send_request(fd, &request, sizeof(request));

	if (r < 0)
		return r;
	for (r = 1; r > 0;) {
		ssize_t got = recv(fd, reply, REPLY_BYTES, 0);

		r = got < 0 ? -errno : take_links(peers, reply, got);
	}
	return r;
}

/* As which ours knows it. -ENOENT: not at all, so nothing leads there. */
static int find_netns_id(int fd, int netns_fd, char *reply)
{
	const struct {
		struct nlmsghdr header;
		struct rtgenmsg family;
		char pad[3];
		struct rtattr attribute;
		uint32_t netns_fd;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETNSID,
			    .nlmsg_flags = NLM_F_REQUEST },
		.attribute = { .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = NETNSA_FD },
		.netns_fd = (uint32_t)netns_fd,
	};
	const struct nlmsghdr *header = (const void *)reply;
	const struct nlmsgerr *error = NLMSG_DATA(header);
	int r = send_request(fd, &request, sizeof(request));
	ssize_t got = r < 0 ? r : recv(fd, reply, REPLY_BYTES, 0);
	int len;

	if (got < 0)
		return r < 0 ? r : -errno;
	if (!NLMSG_OK(header, (size_t)got))
		return -EPROTO;
	if (header->nlmsg_type == NLMSG_ERROR)
		return error->error ? error->error : -EPROTO;
	len = (int)(header->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct rtgenmsg))));
	for (const struct rtattr *at =
		     (const void *)(reply + NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct rtgenmsg))));
	     RTA_OK(at, len); at = next_attribute(at, &len)) {
		int32_t id;

		if (at->rta_type != NETNSA_NSID || RTA_PAYLOAD(at) != sizeof(id))
			continue;
		memcpy(&id, RTA_DATA(at), sizeof(id));
		return id >= 0 ? id : -ENOENT;
	}
	return -ENOENT;
}

/* The list comes first: by it the kernel gives numbers to namespaces that had none. */
static int find_peers(int fd, int netns_fd, struct peers *peers)
{
	__cleanup(x_freep) char *reply = new_array(char, REPLY_BYTES);
	int r = reply ? list_links(fd, peers, reply) : -ENOMEM;

	return r < 0 ? r : find_netns_id(fd, netns_fd, reply);
}

int netns_find_peers(int netns_fd, uint32_t *indexes, size_t max, struct err *err)
{
	__cleanup(fd_closep) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct peers peers = { 0 };
	int id = fd < 0 ? -errno : find_peers(fd, netns_fd, &peers);
	size_t count = 0;

	for (size_t i = 0; id >= 0 && i < peers.list.len && count < max; i++)
		if (peers.list.items[i].netns_id == id)
			indexes[count++] = peers.list.items[i].index;
	vec_done(&peers.list);
	if (id < 0 && id != -ENOENT)
		return err__set(err, id, NULL, "interfaces cannot be listed: %s", strerror(-id));
	return (int)count;
}
