/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_SPLICE_H
#define SRC_EMIT_SPLICE_H

/*
 * Puts subprograms behind a program and makes calls of it go there instead; nothing of it moves, so no jump changes.
 * A splice owns copies of the instructions and of the records that tie them to types and lines.
 * program/rewrite.c hands the result to the loader; every pass that adds code to a program can.
 */

#include <linux/bpf.h>
#include <stdint.h>
#include "base/err.h"
#include "base/vec.h"
#include "emit/asm.h"

/* Records of .BTF.ext, as the kernel takes them: the first four bytes are the instruction. */
struct splice_records {
	const void *records;  /* borrowed; NULL: none */
	uint32_t count, size; /* size of one */
};

struct splice_source {
	const struct bpf_insn *insns; /* borrowed */
	uint32_t insn_count;
	struct splice_records functions, lines;
};

struct splice {
	VEC(struct bpf_insn) insns; /* owned */
	VEC(uint8_t) functions;     /* owned; records of function_size bytes */
	VEC(uint8_t) lines;         /* owned; records of line_size bytes */
	VEC(uint32_t) subprograms;  /* owned; where the added ones begin */
	uint32_t source_count;      /* instructions that were there before */
	uint32_t function_size, line_size;
};

/* Copies. -EINVAL: records that cannot be. */
int splice__init(struct splice *splice, const struct splice_source *source, struct err *err);
void splice__done(struct splice *splice);
/*
 * Appends a finished piece as a function of its own; *ret_subprogram is for splice__call(). Its type (of the object's
 * BTF) is recorded when the program has such records: the kernel wants one for each function, or none.
 */
int splice__add(struct splice *splice, const struct code *code, uint32_t type_id,
		uint32_t *ret_subprogram, struct err *err);
/* The call at `at`, of whatever it was, calls that subprogram now. -EINVAL: there is no call. */
int splice__call(struct splice *splice, uint32_t at, uint32_t subprogram, struct err *err);
uint32_t splice__function_count(const struct splice *splice);
uint32_t splice__line_count(const struct splice *splice);

#endif
