/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_BINARY_H
#define SRC_PROGRAM_BINARY_H

/*
 * Binaries that uprobes hang on: finding the file, and functions in it.
 * It owns nothing after a call but what it returns. The uprobe, uprobe_multi and usdt families call it.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/vec.h"

/*
 * The path of a binary: as it is when it has a slash, otherwise the first ELF file of that name in PATH (or, for *.so*,
 * in the library directories). Scripts of that name are passed over: a version manager's shim is no binary.
 */
int binary_find(const char *name, char *buf, size_t size, struct err *err);

struct binary_symbols {
	VEC(uint64_t) offsets; /* in the file, as the kernel wants them; sorted, none twice */
};

/* File offsets of the functions whose names match the shell pattern ("*" and "?"); -ENOENT with the nearest name. */
int binary_find_functions(const char *path, const char *pattern, struct binary_symbols *ret_symbols,
			  struct err *err);
/* Where in the file an address is, as the binary's headers count it. -ENOENT: nothing is executed there. */
int binary_find_address(const char *path, uint64_t address, uint64_t *ret_offset, struct err *err);
/* And back: what the headers call an offset, or so many bytes behind the beginning of a function. */
int binary_address_of_offset(const char *path, uint64_t offset, uint64_t *ret_address,
			     struct err *err);
int binary_address_of_function(const char *path, const char *name, uint64_t behind,
			       uint64_t *ret_address, struct err *err);
/* What the linker calls it. No more than `size` bytes, and none when it has none. */
int binary_build_id(const char *path, uint8_t *id, size_t size, size_t *ret_len, struct err *err);
void binary_symbols__done(struct binary_symbols *symbols);

#endif
