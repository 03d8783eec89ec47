/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_USDT_OPERAND_H
#define SRC_PROGRAM_USDT_OPERAND_H

/*
 * What a USDT probe's note says of its arguments: operands as this machine's assembler writes them, with their sizes.
 * Pure text in, plain data in the caller's arena out.
 * usdt.c calls it for each note of the probe that is looked for.
 */

#include <stdint.h>
#include "base/arena.h"
#include "ir/hook.h"

#define USDT_OPERANDS_MAX 12 /* of <sys/sdt.h> */

struct usdt_operands {
	struct hook_usdt *items;  /* HOOK_USDT_UNKNOWN: nothing that a program can reach */
	const char *const *texts; /* of each: "-4@%edi" */
	/* Of an operand that is where a variable is: `constant` behind it, counted from the probe's own address on, which
	 * whoever knows the binary adds; or NULL. */
	const char *const *symbols;
	uint32_t count;
};

/* Any text has operands, unknown ones at worst; behind the twelfth nothing is looked at. -ENOMEM. */
int usdt_operands_parse(const char *text, struct arena *arena, struct usdt_operands *ret_operands);

#endif
