/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_ELF_FILE_H
#define SRC_PROGRAM_ELF_FILE_H

/*
 * An ELF file that probes of user space hang in, open for reading; anybody may have written it.
 * It owns the descriptor and libelf's view of it.
 * binary.c looks for functions in it, usdt.c for the notes of probes.
 */

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct elf_file {
	int fd;   /* owned */
	Elf *elf; /* owned */
};

int elf_file__open(struct elf_file *file, const char *path, struct err *err);
void elf_file__close(struct elf_file *file);
/* What is said of a path that could not be read: -ENOENT, -ENOEXEC of no binary, or another errno. Returns code. */
int elf_file_refuse(const char *path, int code, struct err *err);

/* Virtual address to offset in the file, by the loadable segment that holds it there and has the flags (PF_X …), and back.
 * -ENOENT, -ENOEXEC. */
int elf_file__offset_of(const struct elf_file *file, uint64_t address, uint32_t flags,
			uint64_t *ret_offset);
int elf_file__address_of(const struct elf_file *file, uint64_t offset, uint32_t flags,
			 uint64_t *ret_address);
/* Where a variable is. -ENOENT: there is none of that name, or several. */
int elf_file__find_variable(const struct elf_file *file, const char *name, uint64_t *ret_address);

#endif
