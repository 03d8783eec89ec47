/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_HOOK_PRIVATE_H
#define SRC_EMIT_HOOK_PRIVATE_H

/*
 * The inside of hook_emit(), shared by hook*.c: what is known while a program is written, and how its registers and stack
 * are used. The writer owns what it has written until hook.c takes it; nobody else includes this.
 *
 *   r6  the context                      r8  the rule that decided, once one did
 *   r7  the frame, or 0 while it has none      r9  before that masks of process or cgroup, then the rule's figures
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
#define REG_SCOPES BPF_REG_9
#define REG_FIGURES BPF_REG_9

/* The stack, 128 bytes at most: routines have the rest of the 512. */
#define KEY_AT (-32)      /* of a map, 24 bytes; the count's value behind it */
#define KEY_VALUE_AT (-8) /* 8 bytes: also where helpers put what they read */
#define TEMP_AT KEY_VALUE_AT
#define RETURN_AT (-40)  /* what the program will return */
#define CURSOR_AT (-48)  /* of what is walked, across calls */
#define PENDING_AT (-64) /* struct policy_pending_key */
#define SAVED_AT (-112)  /* struct policy_pending */
#define PROCESS_TIME_AT                                                                            \
	(-120) /* struct who_process.time_ns, 0: it is not in the table; see keeps_process_time */

/* What is known to be there already on every way that leads to the instruction that is written next. */
#define KNOWN_FRAME (1ull << 62)
#define KNOWN_PROCESS (1ull << 61) /* one of the two at most */
#define KNOWN_SCOPES (1ull << 60)
#define KNOWN_VALUE(index) (1ull << (index)) /* in the frame */

struct hook_writer {
	struct code code;
	VEC(struct hook_relocation) relocations;
	const struct hook_code *hook;
	const struct hook_emit_options *options;
	enum hook_end end;
	enum hook_context context;
	uint64_t known;       /* KNOWN_… */
	uint64_t captured;    /* KNOWN_VALUE(): there is code before that puts it into the frame */
	uint32_t exit;        /* label: the end */
	uint32_t out;         /* label: the end, where there may be a frame */
	uint32_t leave;       /* that of both to which what is written next goes */
	uint32_t unframed;    /* label: there was no frame */
	bool tests_use_frame; /* r7 is 0 or a frame from the beginning on */
	bool uses_frame;      /* there is code for `out` and `unframed` */
	bool returns_value;   /* RETURN_AT is what it ends with */
	bool sets_registers; /* RETURN_AT says of which rule, from 1 on, those are that it ends with; 0: none */
	uint32_t rule;           /* whose actions are being written */
	bool keeps_process_time; /* counting leaves it at PROCESS_TIME_AT, on every way to a record */
	int error;               /* of the code: -EINVAL */
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
/* On to `label` unless one of the bits of the hook's switches is set. */
void writer__unless_switched(struct hook_writer *writer, int32_t bits, uint32_t label);

/* ---- hook_value.c ---- */

/* r0: 0, and `size` bytes at the address that r3 has are at TEMP_AT; or an error, and zeroes are there. */
void writer__read_bytes(struct hook_writer *writer, uint8_t address, uint32_t size, bool is_user);
/* All of the register from `bits` of its bits. */
void writer__widen(struct hook_writer *writer, uint32_t bits, uint32_t first, bool is_signed,
		   uint8_t dst);

/* A number into dst (r1 … r5 are lost), as wide as a register. */
void writer__load_number(struct hook_writer *writer, uint32_t value, uint8_t dst);
/* What the base of a value gives: what is saved from the beginning of a call to its end. */
void writer__load_base(struct hook_writer *writer, uint32_t value, uint8_t dst);
/* An operand of a USDT probe as a whole register; where it is, of one that is in memory. */
void writer__load_operand(struct hook_writer *writer, const struct hook_value *value, uint8_t dst);
void writer__load_operand_address(struct hook_writer *writer, const struct hook_value *value,
				  uint8_t dst);
/* Where the bytes of something that is not a number are, into dst. */
void writer__load_address(struct hook_writer *writer, uint32_t value, uint8_t dst);

/* ---- hook_capture.c ---- */

bool hook_value__is_number(const struct hook_value *value);
/* REG_FRAME is one from here on, or the program ends. */
void writer__need_frame(struct hook_writer *writer);
/* The value is in the frame from here on. */
void writer__capture(struct hook_writer *writer, uint32_t value);
/* What a record has no room for goes into the ring before it. */
void writer__send_rest(struct hook_writer *writer, uint32_t value);
/* Bytes of it that stand before its text. */
int32_t hook_value__text_offset(const struct hook_value *value);
/* A call of a routine on what is in the frame: frame, index of the value, two more arguments. */
void writer__ask(struct hook_writer *writer, const char *routine, uint32_t value, int32_t third,
		 int32_t fourth);

/* ---- hook_test.c, hook_test_process.c, hook_expression.c ---- */

/* Goes on when the test holds, else to `fails`. */
void writer__test(struct hook_writer *writer, const struct hook_test *test, uint32_t fails);
bool hook_test__uses_frame(const struct hook_test *test);
void writer__test_expression(struct hook_writer *writer, const struct hook_test *test,
			     uint32_t holds);
/* The number in r1 compared: on to `holds`, else behind. */
void writer__compare(struct hook_writer *writer, const struct hook_test *test, bool is_signed,
		     uint32_t holds);
/* Of the process that it is in. `holds` as in writer__compare(); where nothing can be said, `fails`. False: it is none of
 * these. */
bool writer__test_process(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
			  uint32_t fails);

/* ---- hook_text.c ---- */

/* They are few and short, and looked for at one place. */
bool hook_test__compares_texts(const struct hook_test *test);
/* `holds` and `fails` as in writer__test_process(); the value is captured. */
void writer__compare_texts(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
			   uint32_t fails);

/* ---- hook_count.c ---- */

/* REG_FIGURES: those of the rule. Leaves to `none` where there are none. */
void writer__find_figures(struct hook_writer *writer, uint32_t none);
/* Adds 1 to a figure of the rule, by its offset in struct policy_figures. */
void writer__add_figure(struct hook_writer *writer, uint32_t offset);
void writer__count(struct hook_writer *writer);

/* ---- hook_action.c ---- */

/* What rules do at this end of the call. */
struct hook_actions {
	const struct hook_action *items;
	uint32_t count;
};
struct hook_actions hook_code__actions(const struct hook_code *hook, enum hook_end end,
				       uint32_t rule);
bool hook_actions__has(struct hook_actions actions, enum policy_action kind);
/* All that is done whether or not somebody wants to hear of it. */
void writer__act(struct hook_writer *writer);
/* Of an enforcer's hook: what NOTIFY_ENFORCER left for the thread. */
void writer__enforce_note(struct hook_writer *writer);
bool hook_code__replaces_return(const struct hook_code *hook, enum hook_end end);
/* A rule sets registers of user space: when all else is done, for values are read from them. */
bool hook_code__sets_registers(const struct hook_code *hook, enum hook_end end);
void writer__set_registers(struct hook_writer *writer);
/* `write` for each rule, where it is the one in REG_RULE. */
void writer__for_rules(struct hook_writer *writer,
		       void (*write)(struct hook_writer *writer, uint32_t rule));

/* ---- hook_call.c: from the beginning of a call to its end ---- */

/* What is counted and done at the return has to be told from the entry. */
bool hook_code__decides_at_return(const struct hook_code *hook);
/* Whether a value's base is saved, and as which word. */
bool writer__is_saved(const struct hook_writer *writer, uint32_t value, uint32_t *ret_word);
void writer__begin_call(struct hook_writer *writer, bool is_posted);
/* REG_RULE and the saved words, or on to the exit. */
void writer__end_call(struct hook_writer *writer);

/* ---- hook_record.c ---- */

/* All that is in the record of this end, and the ring. False: no rule posts anything. */
bool writer__record(struct hook_writer *writer);

#endif
