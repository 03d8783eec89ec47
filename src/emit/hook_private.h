/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_HOOK_PRIVATE_H
#define SRC_EMIT_HOOK_PRIVATE_H

/*
 * The inside of hook_emit(), shared by hook*.c: what is known while a program is written, and how its registers and stack
 * are used. The writer owns what it has written until hook.c takes it; nobody else includes this.
 *
 *   r6  the context                      r8  the rule that decided, once one did
 *   r7  the frame, or 0 while it has none      r9  before that the process's masks, then the rule's figures
 */

#include <stdbool.h>
#include <stdint.h>
#include "bpf/abi/who.h"
#include "emit/asm.h"
#include "emit/hook.h"

#define REG_CONTEXT BPF_REG_6
#define REG_FRAME BPF_REG_7
#define REG_RULE BPF_REG_8
#define REG_PROCESS BPF_REG_9
#define REG_FIGURES BPF_REG_9

/* The stack, 128 bytes at most: routines have the rest of the 512. */
#define KEY_AT (-32)      /* of a map, 24 bytes; the count's value behind it */
#define KEY_VALUE_AT (-8) /* 8 bytes: also where helpers put what they read */
#define TEMP_AT KEY_VALUE_AT
#define RETURN_AT (-40)  /* what the program will return */
#define CURSOR_AT (-48)  /* of what is walked, across calls */
#define PENDING_AT (-64) /* struct policy_pending_key */
#define SAVED_AT (-128)  /* struct policy_pending, or numbers that several tests ask for */
#define SAVED_COUNT 8

/* What is known to be there already on every way that leads to the instruction that is written next. */
#define KNOWN_FRAME (1ull << 62)
#define KNOWN_PROCESS (1ull << 61)
#define KNOWN_VALUE(index) (1ull << (index))                     /* in the frame */
#define KNOWN_SAVED(slot) (1ull << (POLICY_VALUES_MAX + (slot))) /* a number, on the stack */

struct hook_writer {
	struct code code;
	VEC(struct hook_relocation) relocations;
	const struct hook_code *hook;
	const struct hook_emit_options *options;
	enum hook_end end;
	enum hook_context context;
	uint64_t known;    /* KNOWN_… */
	uint32_t out;      /* label: the end, with the frame given back */
	uint32_t unframed; /* label: there was no frame */
	bool uses_frame;   /* somewhere */
	bool uses_unframed;
	bool returns_value; /* RETURN_AT is what it ends with */
	int error;          /* of the code: -EINVAL */
	const char *complaint;
};

/* ---- hook.c ---- */

/* The hook cannot be written: the first word about it counts. */
void writer__refuse(struct hook_writer *writer, const char *complaint);
void writer__load_map(struct hook_writer *writer, uint8_t dst, const char *name);
void writer__load_map_value(struct hook_writer *writer, uint8_t dst, const char *name,
			    uint32_t offset);
void writer__call(struct hook_writer *writer, const char *routine);
/* dst: the address of bytes of the stack. */
void writer__stack(struct hook_writer *writer, uint8_t dst, int32_t offset);
/* Any number as the second operand of a comparison; r2 may be written. */
void writer__jump_if(struct hook_writer *writer, uint8_t op, uint8_t reg, uint64_t number,
		     uint32_t label);

/* ---- hook_value.c ---- */

/* A number into dst (r1 … r5 are lost), as wide as a register. */
void writer__load_number(struct hook_writer *writer, uint32_t value, uint8_t dst);
/* An operand of a USDT probe as a whole register. */
void writer__load_operand(struct hook_writer *writer, const struct hook_value *value, uint8_t dst);
/* Where the bytes of something that is not a number are, into dst. */
void writer__load_address(struct hook_writer *writer, uint32_t value, uint8_t dst);

/* ---- hook_test.c ---- */

/* Goes on when the test holds, else to `fails`. */
void writer__test(struct hook_writer *writer, const struct hook_test *test, uint32_t fails);

/* ---- hook_count.c ---- */

/* REG_FIGURES: those of the rule. Leaves to `none` where there are none. */
void writer__find_figures(struct hook_writer *writer, uint32_t none);
/* Adds 1 to a figure of the rule, by its offset in struct policy_figures. */
void writer__add_figure(struct hook_writer *writer, uint32_t offset);
void writer__count(struct hook_writer *writer);

#endif
