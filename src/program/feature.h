/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_FEATURE_H
#define SRC_PROGRAM_FEATURE_H

/*
 * What this kernel can do, found by trying, each thing once: never by comparing versions.
 * It owns the answers and a descriptor of tracefs; the host is borrowed. plan.c and the attach families ask.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct host;
struct features;

int features__new(struct host *host, struct features **ret_features, struct err *err);
struct features *features__free(struct features *features);

/* A directory descriptor of tracefs: where it is mounted, or else a mount of our own that nobody sees.
 * Borrowed. Negative with a message that says how to get it. */
int features__tracefs(struct features *features, struct err *err);
/* 0, or why kprobes (uprobes) cannot be had here. */
int features__kprobes(struct features *features, struct err *err);
int features__uprobes(struct features *features, struct err *err);
/* Whether LSM programs are called at all: 0, or why not. */
int features__lsm(struct features *features, struct err *err);
/* Whether programs may exchange a word of memory with a register (BPF_XCHG, since Linux 5.12). */
bool features__exchange(struct features *features);
/* Whether programs may put new keys into hash maps that get memory key by key: since Linux 6.1 these have an allocator of
 * their own, which is ready in any context. */
bool features__sparse_maps(struct features *features);
/* Whether programs that hang on a function of the kernel (fentry, fexit, fmod_ret, lsm) are refused altogether, found
 * by loading an empty one onto this type of the kernel's BTF. 0: not as far as can be told. */
int features__tracing(struct features *features, uint32_t program_type, uint32_t attach_type,
		      uint32_t btf_id, const char *name, struct err *err);

#endif
