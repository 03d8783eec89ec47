/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_COMPILE_H
#define SRC_PROGRAM_COMPILE_H

/*
 * C to eBPF object: runs clang on one file, with a vmlinux.h made from the kernel's types.
 * It owns nothing after a call; vmlinux.h stays in the cache directory, one per set of types.
 * pipeline/ hands `sonde build` through to it.
 */

#include <stddef.h>
#include "base/err.h"
#include "base/str.h"

struct compile_options {
	const char *input;               /* NAME.bpf.c */
	const char *output;              /* NAME.bpf.o; written only when all went well */
	const char *const *include_dirs; /* searched first, in this order */
	size_t include_dir_count;
	const char *btf_path; /* kernel types for vmlinux.h, or NULL: the running kernel's */
	const char *
		cache_dir; /* or NULL: /var/cache/sonde for root, otherwise in $XDG_CACHE_HOME or ~/.cache */
	const char *clang; /* or NULL: the newest clang in PATH */
	const char
		*arch; /* as libbpf's headers name it ("x86", "arm64"), or NULL: this machine's */
};

/* Warnings of a successful run go to ret_messages (may be NULL). When clang fails, its messages are err's cause. */
int program_compile(const struct compile_options *options, struct strbuf *ret_messages,
		    struct err *err);

#endif
