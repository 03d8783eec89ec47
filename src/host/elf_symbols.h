/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_ELF_SYMBOLS_H
#define SRC_HOST_ELF_SYMBOLS_H

/*
 * The functions of one ELF file by place: what its symbol table says, or the dynamic one where it is stripped.
 * It owns a sorted array and the strings. The file is read, not mapped, and nothing in it is believed: it belongs to
 * whoever runs it. Only host/user_symbols makes them.
 */

#include <stddef.h>
#include <stdint.h>

struct elf_symbols;

/* Larger tables are not read. */
#define ELF_SYMBOLS_MAX_BYTES (48u << 20)

/* -ENOEXEC: it is no ELF file of this machine's kind; -E2BIG; -EBADMSG: it contradicts itself; -ENODATA: no symbols. */
int elf_symbols__read(int fd, struct elf_symbols **ret_symbols);
struct elf_symbols *elf_symbols__free(struct elf_symbols *symbols);
/* The function that this byte of the file belongs to, or NULL. Borrowed. */
const char *elf_symbols__find(const struct elf_symbols *symbols, uint64_t file_offset);
/* Memory that it takes. */
size_t elf_symbols__bytes(const struct elf_symbols *symbols);

#endif
