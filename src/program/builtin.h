/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_BUILTIN_H
#define SRC_PROGRAM_BUILTIN_H

/*
 * The engine's own eBPF objects (bpf/NAME.bpf.c), which are inside the binary: no file is needed at run time.
 * It owns nothing; the bytes live as long as the process.
 * object.c asks it for a spec of OBJECT_KIND_BUILTIN, whose object is such a name ("who").
 */

#include <stddef.h>

struct builtin_object {
	const char *name;
	const void *image; /* an ELF object, at any alignment */
	size_t size;
};

/* NULL: none is called so. */
const struct builtin_object *builtin_find(const char *name);

#endif
