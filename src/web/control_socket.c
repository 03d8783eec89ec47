/* SPDX-License-Identifier: Apache-2.0 */
#include "web/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define BACKLOG 16

/* The folder of the path, when only that is missing. */
static int make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	__cleanup(x_freep) char *folder = slash > path ? strndup(path, (size_t)(slash - path))
						       : NULL;

	if (slash > path && !folder)
		return -ENOMEM;
	if (folder && mkdir(folder, 0755) < 0 && errno != EEXIST)
		return err__set(err, -errno, NULL, "cannot make the folder '%s': %s", folder,
				strerror(errno));
	return 0;
}

static int set_address(struct sockaddr_un *address, const char *path, struct err *err)
{
	size_t len = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len == 0 || len >= sizeof(address->sun_path))
		return err__set(err, -ENAMETOOLONG, NULL,
				"'%s': the path of a socket has 1 to %zu bytes", path,
				sizeof(address->sun_path) - 1);
	memcpy(address->sun_path, path, len + 1);
	return 0;
}

/* Somebody listens there: 1; it was left behind: 0. */
static int is_in_use(const struct sockaddr_un *address)
{
	__cleanup(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
					     0);

	if (fd < 0)
		return -errno;
	/* EAGAIN: its queue is full, so somebody has one. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		return 1;
	return errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
}

static int check_free(const struct sockaddr_un *address, struct err *err)
{
	const char *path = address->sun_path;
	struct stat status;
	int r;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return err__set(err, -EEXIST, NULL, "'%s' is there and no socket", path);
	r = is_in_use(address);
	return r > 0 ? err__set(err, -EADDRINUSE, NULL,
				"an agent listens at '%s' already; name another path", path)
		     : r;
}

/* The mode of the descriptor before bind() is that of the path: there is no moment at which others may connect. */
static int bind_to(const struct sockaddr_un *address, struct stat *ret_status)
{
	__cleanup(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
					     0);

	(void)unlink(address->sun_path); /* it carries our pid: nobody else's */
	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (listen(fd, BACKLOG) < 0 || lstat(address->sun_path, ret_status) < 0) {
		int code = -errno;

		(void)unlink(address->sun_path);
		return code;
	}
	return take_fd(fd);
}

/* A socket that was left behind is replaced at once: of two agents that start together one is reached, and neither is
 * removed by the other. */
static int listen_at(struct control_socket *socket, const struct sockaddr_un *address,
		     struct err *err)
{
	__cleanup(x_freep) char *name = str_printf("%s.%d", address->sun_path, (int)getpid());
	struct sockaddr_un temporary;
	struct stat status;
	int r = name ? set_address(&temporary, name, err) : -ENOMEM;

	if (r == 0)
		r = bind_to(&temporary, &status);
	if (r < 0)
		return r;
	*socket = (struct control_socket){ .fd = r,
					   .path = strdup(address->sun_path),
					   .device = status.st_dev,
					   .inode = status.st_ino };
	r = socket->path ? 0 : -ENOMEM;
	if (r == 0 && rename(name, socket->path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(name);
		control_socket__close(socket);
	}
	return r;
}

int control_socket__open(struct control_socket *socket, const char *path, struct err *err)
{
	struct sockaddr_un address;
	int r = set_address(&address, path, err);

	*socket = (struct control_socket){ .fd = -1 };
	if (r == 0)
		r = make_folder(path, err);
	if (r == 0)
		r = check_free(&address, err);
	if (r == 0)
		r = listen_at(socket, &address, err);
	if (r < 0 && !err__is_set(err))
		return err__set(err, r, NULL, "cannot make the socket '%s': %s", path,
				strerror(-r));
	return r;
}

void control_socket__close(struct control_socket *socket)
{
	struct stat status;

	if (socket->fd >= 0 && lstat(socket->path, &status) == 0 &&
	    status.st_dev == socket->device && status.st_ino == socket->inode)
		(void)unlink(socket->path);
	if (socket->fd >= 0)
		fd_closep(&socket->fd);
	free(take_ptr(socket->path));
}

bool control_peer_is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}
