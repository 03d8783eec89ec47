/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#define FIRST_PASSED_FD 3

/* "/path" or "@abstract"; others (vsock) are for machines, not for services. */
static int parse_socket(const char *text, struct sockaddr_un *ret_address, socklen_t *ret_len)
{
	size_t len = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_address->sun_path, text, len);
	if (text[0] == '@')
		ret_address->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

static int send_state(const char *socket_name, const char *state)
{
	struct sockaddr_un address;
	socklen_t address_len;
	int r = parse_socket(socket_name, &address, &address_len);

	if (r < 0)
		return r;

	__cleanup(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* A manager that does not read must not stop us. */
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		   (struct sockaddr *)&address, address_len) < 0)
		return -errno;
	return 0;
}

int systemd_notify(const char *state, struct err *err)
{
	const char *socket_name = getenv("NOTIFY_SOCKET");

	if (!socket_name || socket_name[0] == '\0')
		return 0;

	int r = send_state(socket_name, state);

	if (r < 0)
		return err__set(err, r, NULL, "cannot notify '%s' ($NOTIFY_SOCKET): %s",
				socket_name, strerror(-r));
	return 0;
}

static uint64_t number_from_environment(const char *name)
{
	const char *text = getenv(name);
	uint64_t number = 0;

	if (text && num_parse_u64(text, strlen(text), &number) < 0)
		number = 0;
	return number;
}

int systemd_socket(unsigned int index, struct err *err)
{
	/* They may have been meant for our parent. */
	bool is_for_us = number_from_environment("LISTEN_PID") == (uint64_t)getpid();
	uint64_t count = is_for_us ? number_from_environment("LISTEN_FDS") : 0;

	if (index >= count || index > INT16_MAX)
		return err__set(
			err, -ENOENT, NULL,
			"no listeners passed via activation; socket %u of %llu is asked for, sockets are "
			"counted from 0",
			index, (unsigned long long)count);

	int fd = FIRST_PASSED_FD + (int)index;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err__set(err, -errno, NULL, "socket %u passed via activation: %s", index,
				strerror(errno));
	return fd;
}
