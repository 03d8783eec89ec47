/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_CONTAINER_BINARY_H
#define SRC_PROGRAM_CONTAINER_BINARY_H

/*
 * Binaries in the root directory of a container, which may hold whatever its owner likes: nothing outside of the root is
 * ever opened, no device, no pipe, and what is read is bounded. It owns nothing but the descriptor that it returns.
 * place.c calls it.
 */

#include <stdbool.h>
#include "base/err.h"

/*
 * A path from the root; the name of a library, whole ("libssl.so.3") or its stem ("libssl"), by the dynamic linker's
 * cache or else in the usual directories; or the name of a program. The first ELF file for this machine. A descriptor,
 * or -ENOENT: there is none.
 */
int container_binary_open(int root_fd, const char *name, struct err *err);

/* Whether a file of this name is the library that is asked for. */
bool container_binary_is_library(const char *file, const char *wanted);

#endif
