/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_HOOK_H
#define SRC_EMIT_HOOK_H

/*
 * The instructions of a hook's program: tests cheapest first, counting, and behind the switch what makes a record of it.
 * An image owns its instructions and relocations; maps and routines are named in it and put in by program/hook.c.
 * pipeline/ calls hook_emit() with the code that policy/ made; golden tests print the images (--dump-insns).
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "ir/hook.h"

enum hook_end { HOOK_END_ENTER, HOOK_END_LEAVE };

/* An instruction that names something: the address of a map or of its only element, or a call of a routine of
 * bpf/policy.bpf.c. */
struct hook_relocation {
	enum { HOOK_RELOCATION_MAP, HOOK_RELOCATION_MAP_VALUE, HOOK_RELOCATION_ROUTINE } kind;
	uint32_t at;      /* index of the instruction */
	const char *name; /* static */
};

struct hook_image {
	VEC(struct bpf_insn) insns;
	VEC(struct hook_relocation) relocations;
};

/* What kernels differ in. */
struct hook_emit_options {
	bool has_exchange; /* atomic exchange (5.12) */
	bool finds_parts;  /* it searches texts itself (6.17) */
	bool reads_directly; /* the arguments of fentry, LSM and BTF tracepoints are pointers that may be followed */
};

/* -EINVAL: the code is not sound; -E2BIG, -ENOMEM. */
int hook_emit(const struct hook_code *code, enum hook_end end,
	      const struct hook_emit_options *options, struct hook_image *ret_image,
	      struct err *err);
void hook_image__done(struct hook_image *image);
/* A listing, one instruction a line, with the names of maps and routines. */
void hook_image__format(const struct hook_image *image, struct strbuf *text);

#endif
