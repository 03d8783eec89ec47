/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_BUILD_H
#define SRC_PIPELINE_BUILD_H

/*
 * eBPF sources to objects, for `sonde build`: which files a path names and where their objects go. It owns nothing
 * after a call; program/compile.h does the compiling.
 */

#include <stddef.h>
#include "base/err.h"

struct build_options {
	const char *const *include_dirs; /* searched first, in this order */
	size_t include_dir_count;
	const char *output_dir; /* or NULL: beside the source */
	const char *btf_path;   /* kernel types for vmlinux.h, or NULL: the running kernel's */
	const char *clang;      /* or NULL: the newest in PATH */
	/* Told of each file: its object and clang's warnings ("": none), or err and what clang said in its cause. */
	void (*on_file)(void *ctx, const char *source, const char *object, const char *warnings,
			const struct err *err);
	void *ctx;
};

/* NAME.bpf.c, or every one in a directory. How many objects were made, or the first error's code; the others are
 * compiled all the same. err is only for what has to do with no single file. */
int build_objects(const char *path, const struct build_options *options, struct err *err);

#endif
