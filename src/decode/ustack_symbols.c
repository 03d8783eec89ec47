/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "decode/ops.h"
#include "decode/user_stack.h"
#include "host/host.h"

/* Of struct gadget_user_stack in include/gadget/types.h. */
enum {
	STACK_INODE = 8,
	STACK_BASE_HASH = 28,
	STACK_ID = 32,
	STACK_TGID = 36,
};

static uint64_t get_u64(const void *data, size_t at)
{
	uint64_t value;

	memcpy(&value, (const char *)data + at, sizeof(value));
	return value;
}

static uint32_t get_u32(const void *data, size_t at)
{
	uint32_t value;

	memcpy(&value, (const char *)data + at, sizeof(value));
	return value;
}

int32_t user_stack_id(const void *data)
{
	return get_u64(data, STACK_INODE) ? (int32_t)get_u32(data, STACK_ID) : -1;
}

int user_stack_find(const struct decode_env *env, const void *data, struct user_stack *ret_stack,
		    struct err *err)
{
	int32_t id = user_stack_id(data);

	ret_stack->image = (struct user_image){
		.pid = get_u32(data, STACK_TGID),
		.inode = get_u64(data, STACK_INODE),
		.base_hash = get_u32(data, STACK_BASE_HASH),
	};
	ret_stack->count = 0;
	if (id < 0 || !env->stacks)
		return DECODE_OK;
	ret_stack->count = env->stacks->find(env->stacks->ctx, STACK_USER, (uint32_t)id,
					     ret_stack->addresses, STACK_MAX_FRAMES);
	if (ret_stack->count < 0)
		return err__set(err, ret_stack->count, NULL, "cannot read stack %d: %s", id,
				strerror(-ret_stack->count));
	return ret_stack->count > 0 ? DECODE_OK : DECODE_UNKNOWN;
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct user_symbols *symbols = host__user_symbols(env->host);
	struct user_stack stack;
	int r = user_stack_find(env, data, &stack, err);

	(void)state;
	(void)len;
	if (r < 0)
		return r;
	if (!symbols)
		return err__set(err, -ENOMEM, NULL, "no memory for symbols of processes");
	for (int i = 0; i < stack.count; i++) {
		if (i > 0)
			strbuf__add_text(out, "; ");
		user_symbols__add(symbols, &stack.image, stack.addresses[i], out);
	}
	return r;
}

const struct decoder_ops decode_ustack_symbols_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.min_size = USER_STACK_MIN_SIZE,
};
