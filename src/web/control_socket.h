/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_CONTROL_SOCKET_H
#define SRC_WEB_CONTROL_SOCKET_H

/*
 * The unix socket of the control server in the file system: made with mode 0600, replaced when it was left behind, removed
 * when it is still ours. It owns the descriptor and the path. control.c listens on it.
 */

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"

struct control_socket {
	int fd;     /* owned; -1: none */
	char *path; /* owned */
	dev_t device;
	ino_t inode; /* of the path, as it was made */
};

/* Listens. -EADDRINUSE: somebody does already; -EEXIST: there is something else of that name. */
int control_socket__open(struct control_socket *socket, const char *path, struct err *err);
void control_socket__close(struct control_socket *socket);
/* Whether root or our own user is at the other end. */
bool control_peer_is_trusted(int fd);

#endif
