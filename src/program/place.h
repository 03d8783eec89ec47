/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_PLACE_H
#define SRC_PROGRAM_PLACE_H

/*
 * Places in a container or in the host that a program can hang on: a binary of its root directory, or its network
 * namespace. A place owns one descriptor, and tells whether another is the same: containers of one image share their
 * binaries, those of one pod their network. targets.c opens them, the attach families use the descriptor.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "program/attach.h"

struct program_target;

struct attach_place {
	enum place_kind kind;
	bool is_host; /* of the host's, and not of a container's */
	int fd;       /* owned; of the binary, or of the network namespace */
	uint64_t
		number; /* inode number: of the file that is behind all layers, or of the namespace */
	uint64_t device; /* of the file */
	uint64_t size, changed_ns;
	bool is_layered; /* the file is seen through overlayfs, whose device says nothing */
};

#define ATTACH_PLACE_INIT                                                                          \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* -ENOENT: the target has no such binary, or no network namespace that is known; err says which. */
int attach_place__open(const struct program_target *target, const struct attach_request *request,
		       struct attach_place *ret_place, struct err *err);
void attach_place__done(struct attach_place *place);
bool attach_place__equals(const struct attach_place *a, const struct attach_place *b);

/* A path by which the kernel and libbpf find what is open under this descriptor. */
#define PLACE_PATH_SIZE 32
const char *attach_place__path(const struct attach_place *place, char buf[PLACE_PATH_SIZE]);

#endif
