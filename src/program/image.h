/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_IMAGE_H
#define SRC_PROGRAM_IMAGE_H

/*
 * Looks over the bytes of an object before libelf and libbpf see them: both trust more than they check.
 * It can also rename what an object asks its loader for, or let it go without. It owns nothing.
 * object.c calls it for every file it opens, load.c when something that was asked for is not there.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

/* 0, or -EINVAL (-ENOEXEC: no ELF at all) with what is wrong. */
int image_check(const void *data, size_t len, struct err *err);
/* Whether programs of a checked image are fitted to the running kernel's types when they are loaded (CO-RE). */
bool image_wants_kernel_types(const void *data, size_t len);
/* Gives an external variable of a checked image another name of the same length, for the linker and in the type
 * information. -ENOENT: it has none of that name (or one that shares its letters with another). */
int image_rename_extern(void *data, size_t len, const char *name, const char *new_name);
/* Makes an undefined symbol of a checked image weak, so that libbpf goes on without it. Whether it was there, and strong. */
bool image_weaken(void *data, size_t len, const char *symbol, size_t symbol_len);

/* The bytes of a section of a checked image, inside it. -ENOENT. */
int image_find_section(const void *data, size_t len, const char *name, const void **ret_section,
		       size_t *ret_size);
/* A copy of a checked image in which a section has other bytes; the caller frees it. -ENOENT, -ENOMEM. */
int image_replace_section(const void *data, size_t len, const char *name, const void *section,
			  size_t size, char **ret_data, size_t *ret_len);

#endif
