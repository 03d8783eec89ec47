/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "decode/ops.h"
#include "decode/user_stack.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct user_stack stack;
	int r = user_stack_find(env, data, &stack, err);

	(void)state;
	(void)len;
	if (r < 0)
		return r;
	for (int i = 0; i < stack.count; i++)
		strbuf__printf(out, "%s0x%016" PRIx64, i > 0 ? "; " : "", stack.addresses[i]);
	return r;
}

const struct decoder_ops decode_ustack_addresses_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.min_size = USER_STACK_MIN_SIZE,
};
