/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_IR_REGISTER_H
#define SRC_IR_REGISTER_H

/*
 * The registers of this machine by the names that assemblers give them, and where struct pt_regs has them.
 * A constant table for each architecture; it owns nothing.
 * policy/ looks up what policies name (data[] of source pt_regs), program/ what the operands of USDT probes are made of.
 */

#include <stdbool.h>
#include <stdint.h>

struct machine_register {
	const char *name;
	uint16_t offset; /* in struct pt_regs */
	uint8_t size;
};

/* NULL: none of that name. */
const struct machine_register *machine_register__find(const char *name);
/* The one whose name begins *text, which goes on behind it; NULL: there is none, and *text stays. */
const struct machine_register *machine_register__take(const char **text);
/* It decides over rights, or is the kernel's own: nobody else may set it. */
bool machine_register__is_protected(const struct machine_register *reg);

#endif
