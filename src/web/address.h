/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_ADDRESS_H
#define SRC_WEB_ADDRESS_H

/*
 * Listening addresses as people write them, to listening sockets.
 * Plain functions; the sockets belong to the caller. server.c listens with it.
 */

#include <stdint.h>
#include "base/err.h"

/*
 * ":9435" (IPv6 and IPv4), "127.0.0.1:0", "[::1]:9435", "localhost:9435": a socket that listens, non-blocking,
 * or a negative errno; the text leaves the address to the caller. A name with several addresses means the first IPv4 one.
 */
int address_listen(const char *address, struct err *err);
/* -EINVAL: what is wrong with the text. Whether it can be listened there stays open. */
int address_check(const char *address, struct err *err);
/* The port that a bound socket has; 0: it has none. */
uint16_t address_port(int fd);

#endif
