/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_REGISTER_H
#define SRC_POLICY_REGISTER_H

/*
 * The registers of this machine by the names that assemblers give them, and where struct pt_regs has them.
 * A constant table for each architecture; it owns nothing.
 * base.c looks up what data[] of source pt_regs names, actions what they set.
 */

#include <stdint.h>

struct policy_register {
	const char *name;
	uint16_t offset; /* in struct pt_regs */
	uint8_t size;
};

/* NULL: none of that name. */
const struct policy_register *policy_register__find(const char *name);

#endif
