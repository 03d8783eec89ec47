/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_DISPATCHER_H
#define SRC_PROGRAM_DISPATCHER_H

/*
 * A program that tells another one of packets which network namespace they are of: it leaves the namespace's number in
 * the first word of the packet's control block (cb[0]) and goes on with the other as a tail call.
 * It owns nothing but the descriptors that it returns. The attach families of packets have one made for each namespace.
 */

#include <stdint.h>
#include "base/err.h"

struct section;

/* The array through which a program is called. The kernel empties it when the last descriptor of it is closed, so it
 * stays open while packets are to be seen. A descriptor, or -errno. */
int dispatcher_make_array(int prog_fd, struct err *err);
/* A program for one namespace; whatever it is attached to keeps it. A descriptor, or -errno. */
int dispatcher_load(int array_fd, const struct section *section, uint32_t netns, struct err *err);

#endif
