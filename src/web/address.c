/* SPDX-License-Identifier: Apache-2.0 */
#include "web/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#define LISTEN_BACKLOG 128
#define RIGHT_FORM "write HOST:PORT, [IPv6]:PORT or :PORT"

struct address_parts {
	char host[256]; /* "": any */
	char port[32];
};

static int copy_part(char *part, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return -EINVAL;
	memcpy(part, from, len);
	part[len] = '\0';
	return 0;
}

/* Splits at the last colon; a host with colons of its own stands in brackets. */
static int split(const char *address, struct address_parts *ret_parts, struct err *err)
{
	const char *colon = strrchr(address, ':');

	if (!colon)
		return err__set(err, -EINVAL, NULL, "there is no port; " RIGHT_FORM);

	const char *host = address;
	size_t host_len = (size_t)(colon - address);

	if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
		host++;
		host_len -= 2;
	} else if (memchr(host, ':', host_len)) {
		return err__set(err, -EINVAL, NULL, "too many colons; " RIGHT_FORM);
	}
	if (colon[1] == '\0')
		return err__set(err, -EINVAL, NULL, "the port is empty; " RIGHT_FORM);
	if (copy_part(ret_parts->host, sizeof(ret_parts->host), host, host_len) < 0 ||
	    copy_part(ret_parts->port, sizeof(ret_parts->port), colon + 1, strlen(colon + 1)) < 0)
		return err__set(err, -EINVAL, NULL, "the address is too long; " RIGHT_FORM);
	return 0;
}

static int open_socket(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (fd < 0)
		return -errno;

	int one = 1, zero = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* "[::]" takes IPv4 too, whatever net.ipv6.bindv6only says. */
	if (info->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
		fd_closep(&fd);
		return -errno;
	}
	return fd;
}

/* The first of the wanted family that can be listened on, or the code of the last failure. */
static int open_first(const struct addrinfo *infos, int family)
{
	int r = -EAFNOSUPPORT;

	for (const struct addrinfo *info = infos; info; info = info->ai_next) {
		if (info->ai_family != family)
			continue;
		r = open_socket(info);
		if (r >= 0)
			return r;
	}
	return r;
}

static void free_infos(struct addrinfo **infos)
{
	if (*infos)
		freeaddrinfo(*infos);
}

static int resolve(const struct address_parts *parts, struct addrinfo **ret_infos, struct err *err)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	int r = getaddrinfo(parts->host[0] ? parts->host : NULL, parts->port, &hints, ret_infos);

	switch (r) {
	case 0:
		return 0;
	case EAI_SYSTEM:
		return err__set(err, -errno, NULL, "%m");
	case EAI_SERVICE:
		return err__set(err, -EINVAL, NULL, "unknown port '%s'; a port is 0 to 65535",
				parts->port);
	default:
		return err__set(err, -EINVAL, NULL, "%s", gai_strerror(r));
	}
}

/* getaddrinfo() takes "99999" and cuts it to 16 bits. */
static bool is_port_too_big(const char *port)
{
	uint64_t number;
	int r = num_parse_u64(port, strlen(port), &number);

	return r == -ERANGE || (r == 0 && number > UINT16_MAX);
}

static int parse(const char *address, struct address_parts *ret_parts, struct err *err)
{
	int r = split(address, ret_parts, err);

	if (r == 0 && is_port_too_big(ret_parts->port))
		return err__set(err, -EINVAL, NULL, "port %s is too big; a port is 0 to 65535",
				ret_parts->port);
	return r;
}

int address_check(const char *address, struct err *err)
{
	struct address_parts parts;

	return parse(address, &parts, err);
}

int address_listen(const char *address, struct err *err)
{
	struct address_parts parts;
	int r = parse(address, &parts, err);

	if (r < 0)
		return r;

	__cleanup(free_infos) struct addrinfo *infos = NULL;

	r = resolve(&parts, &infos, err);
	if (r < 0)
		return r;

	bool is_any = parts.host[0] == '\0';
	int fd = open_first(infos, is_any ? AF_INET6 : AF_INET);

	/* The other family, where this one is not to be had. */
	if (fd == -EAFNOSUPPORT || (is_any && fd == -EADDRNOTAVAIL))
		fd = open_first(infos, is_any ? AF_INET : AF_INET6);
	if (fd == -EADDRINUSE)
		return err__set(err, fd, NULL,
				"another process listens there; stop it or choose another port");
	if (fd < 0)
		return err__set(err, fd, NULL, "%s", strerror(-fd));
	return fd;
}

uint16_t address_port(int fd)
{
	struct sockaddr_storage storage;
	socklen_t len = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &len) < 0)
		return 0;
	switch (storage.ss_family) {
	case AF_INET:
		return ntohs(((struct sockaddr_in *)(void *)&storage)->sin_port);
	case AF_INET6:
		return ntohs(((struct sockaddr_in6 *)(void *)&storage)->sin6_port);
	default:
		return 0;
	}
}
