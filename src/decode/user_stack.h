/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_USER_STACK_H
#define SRC_DECODE_USER_STACK_H

/*
 * A stack of user space as records of gadgets have it: whose it is, and the number under which its frames are kept.
 * It owns nothing. The decoders of user stacks include it.
 */

#include <stdbool.h>
#include "decode/decoder.h"
#include "decode/stack_source.h"
#include "host/user_symbols.h"

/* Of struct gadget_user_stack, which newer gadgets have made longer at its end. */
#define USER_STACK_MIN_SIZE 52

struct user_stack {
	struct user_image image;
	uint64_t addresses[STACK_MAX_FRAMES]; /* innermost first */
	int count;
};

/* Negative: nobody took it; also where nobody has asked for stacks. */
int32_t user_stack_id(const void *data);
/* DECODE_OK: with frames, or without because nobody took it; DECODE_UNKNOWN: it is lost; or -errno. */
int user_stack_find(const struct decode_env *env, const void *data, struct user_stack *ret_stack,
		    struct err *err);

#endif
