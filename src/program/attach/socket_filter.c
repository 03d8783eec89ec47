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

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	/* No protocol yet: not a packet is queued before the program is on the socket. */
	__cleanup(fd_closep) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0 && errno == EPERM)
		return err__set(err, -EPERM, NULL, "a packet socket needs CAP_NET_RAW");
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &context->fd, sizeof(context->fd)) < 0)
		return attach_refuse(request, -errno, err);
	r = bind_everything(fd, request->target, err);
	if (r < 0)
		return err__is_set(err) ? r : attach_refuse(request, r, err);
	r = link_set__add_fd(context->links, take_fd(fd));
	return r < 0 ? err__set(err, r, NULL, "no memory for a link") : 0;
}

const struct attach_family attach_socket_filter = {
	.name = "socket_filter",
	.parse = attach_parse_target,
	.attach = attach,
};
