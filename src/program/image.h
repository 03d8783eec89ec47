/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_IMAGE_H
#define SRC_PROGRAM_IMAGE_H

/*
 * Looks over the bytes of an object before libelf and libbpf see them: both trust more than they check.
 * It owns nothing. object.c calls it for every file it opens.
 */

#include <stddef.h>
#include "base/err.h"

/* 0, or -EINVAL (-ENOEXEC: no ELF at all) with what is wrong. */
int image_check(const void *data, size_t len, struct err *err);

#endif
