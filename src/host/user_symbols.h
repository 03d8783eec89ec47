/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_USER_SYMBOLS_H
#define SRC_HOST_USER_SYMBOLS_H

/*
 * Names of addresses in processes: where their files lie in memory, and what the symbol tables of these say.
 * It owns both, bounded, the latest used ones; nothing is kept open. Decoders of user stacks ask it, through the host.
 * A process that is gone, or a file that we may not read, leaves the address as it is.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct user_symbols;

#define USER_SYMBOLS_PROCESSES 128
#define USER_SYMBOLS_FILES 64
#define USER_SYMBOLS_MAX_BYTES (96u << 20) /* of all files together */

/* A process between two execs: that its file lies elsewhere after the next one tells them apart. */
struct user_image {
	uint32_t pid;
	uint64_t inode; /* of the file that is executed; 0: not known */
	uint32_t base_hash;
};

/* root_fd: of the machine; borrowed. */
int user_symbols__new(int root_fd, struct user_symbols **ret_symbols);
struct user_symbols *user_symbols__free(struct user_symbols *symbols);

/* "main", "libc.so.6+0x2724a" where there is no name, "0x7f12" where there is no file. */
void user_symbols__add(struct user_symbols *symbols, const struct user_image *image,
		       uint64_t address, struct strbuf *out);

#endif
