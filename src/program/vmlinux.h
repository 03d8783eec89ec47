/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_VMLINUX_H
#define SRC_PROGRAM_VMLINUX_H

/*
 * The kernel's types as a C header, made once per kernel and kept.
 * It owns nothing after a call. compile.c puts the directory on clang's search path.
 */

#include <stddef.h>
#include "base/err.h"

/*
 * Makes sure that DIR/vmlinux.h is there and right, below cache_dir (NULL: the default), and writes DIR to buf.
 * DIR is named after the content of the types, so another kernel's header is never taken.
 */
int vmlinux_header(const char *btf_path, const char *cache_dir, char *buf, size_t size,
		   struct err *err);

#endif
