/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_KALLSYMS_H
#define SRC_HOST_KALLSYMS_H

/*
 * The kernel's symbol table, compact and sorted by address.
 * It owns the open file, one string pool and an array of 12 bytes per symbol; it is read when somebody asks first and
 * again (rate-limited) on a miss. ksym and kstack decoders and kernel-address constants ask it, through the host.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct kallsyms;

/* Opens the file, reads nothing: whether addresses are shown is decided by our rights at this moment. */
int kallsyms__open(int root_fd, struct kallsyms **ret_symbols, struct err *err);
struct kallsyms *kallsyms__close(struct kallsyms *symbols);
/* Reads the table unless it is there. Before that nothing is found. */
int kallsyms__load(struct kallsyms *symbols, struct err *err);
bool kallsyms__is_loaded(const struct kallsyms *symbols);
/* Frees the table; the file stays open for the next load. */
void kallsyms__unload(struct kallsyms *symbols);

/* Symbol at exactly this address (of several the first of the file), or NULL. Module symbols read "name\t[module]". Borrowed until the next refresh. */
const char *kallsyms__find_exact(const struct kallsyms *symbols, uint64_t address);
/* Nearest symbol at or below the address, or NULL when it lies below the first. */
const char *kallsyms__find_nearest(const struct kallsyms *symbols, uint64_t address);
/* Address of a name (last duplicate wins): 0 or -ENOENT. All zero addresses mean that they are hidden from us. */
int kallsyms__find_address(const struct kallsyms *symbols, const char *name, uint64_t *ret_address);
bool kallsyms__is_hidden(const struct kallsyms *symbols);
/* Reads the file again unless that happened less than a second ago (-EAGAIN); 0 when it was read. A table with
 * addresses is never exchanged for one without (-EPERM). */
int kallsyms__refresh(struct kallsyms *symbols, struct err *err);

#endif
