/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_SYSTEMD_H
#define SRC_REMOTE_SYSTEMD_H

/*
 * The two protocols of the service manager, which are an environment variable each: telling it how we are, and
 * taking the sockets it listens on for us. Plain functions; they own nothing. pipeline/service.c uses them.
 */

#include "base/err.h"

/* "READY=1", "STATUS=…", "STOPPING=1" to $NOTIFY_SOCKET. 0 also when nobody wants to know (it is unset). */
int systemd_notify(const char *state, struct err *err);

/*
 * The descriptor of the index-th socket that was passed ($LISTEN_FDS, counted from 0), meant for this process
 * ($LISTEN_PID). The caller owns it from now on. Negative: there is none.
 */
int systemd_socket(unsigned int index, struct err *err);

#endif
