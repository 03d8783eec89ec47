/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "program/attach.h"
#include "program/netns.h"
#include "program/place.h"

static int bind_everything(int fd, const char *interface, struct err *err)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	if (interface) {
		address.sll_ifindex = (int)if_nametoindex(interface);
		if (!address.sll_ifindex)
			return err__set(err, -ENODEV, NULL,
					"there is no interface '%s' in this network namespace",
					interface);
	}
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

/* What a socket is made of, in whatever namespace this runs. */
struct packet_socket {
	int prog_fd; /* borrowed */
	const struct attach_request *request;
	int fd; /* what was made, or -1 */
	struct err *err;
};

static int make_socket(void *ctx)
{
	struct packet_socket *wanted = ctx;
	/* No protocol yet: not a packet is queued before the program is on the socket. */
	__cleanup(fd_closep) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0 && errno == EPERM)
		return err__set(wanted->err, -EPERM, NULL, "a packet socket needs CAP_NET_RAW");
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &wanted->prog_fd,
				 sizeof(wanted->prog_fd)) < 0)
		return attach_refuse(wanted->request, -errno, wanted->err);
	r = bind_everything(fd, wanted->request->target, wanted->err);
	if (r < 0)
		return err__is_set(wanted->err) ? r
						: attach_refuse(wanted->request, r, wanted->err);
	wanted->fd = take_fd(fd);
	return 0;
}

/* The socket keeps the dispatcher, and the namespace. */
static int make_socket_there(struct attach_context *context, struct packet_socket *wanted)
{
	__cleanup(fd_closep) int dispatcher = attach_dispatcher(context, wanted->request,
								wanted->err);

	if (dispatcher < 0)
		return dispatcher;
	wanted->prog_fd = dispatcher;
	return netns_run(context->place->fd, make_socket, wanted, wanted->err);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	struct packet_socket wanted = {
		.prog_fd = context->fd, .request = request, .fd = -1, .err = err
	};
	int r = context->place ? make_socket_there(context, &wanted) : make_socket(&wanted);

	if (r < 0)
		return r;
	r = link_set__add_fd(context->links, take_fd(wanted.fd));
	return r < 0 ? err__set(err, r, NULL, "no memory for a link") : 0;
}

const struct attach_family attach_socket_filter = {
	.name = "socket_filter",
	.parse = attach_parse_target,
	.attach = attach,
	.needs_no_target = true,
	.follows = PLACE_NETNS,
};
