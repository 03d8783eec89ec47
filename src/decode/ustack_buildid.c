/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/num.h"
#include "decode/ops.h"
#include "decode/user_stack.h"

static void add_frame(const struct user_frame *frame, struct strbuf *out)
{
	char *to;

	if (frame->status == STACK_FRAME_ADDRESS) {
		strbuf__printf(out, "%" PRIx64, frame->offset);
		return;
	}
	to = strbuf__reserve(out, 2 * sizeof(frame->build_id));
	if (to)
		out->len += num_format_hex(to, frame->build_id, sizeof(frame->build_id));
	strbuf__printf(out, " +%" PRIx64, frame->offset);
}

/* Nothing, unless the gadget was asked for build ids. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct user_frame frames[STACK_MAX_FRAMES];
	int32_t id = user_stack_id(data);
	int count = 0;

	(void)state;
	(void)len;
	if (id >= 0 && env->stacks && env->stacks->find_frames)
		count = env->stacks->find_frames(env->stacks->ctx, (uint32_t)id, frames,
						 STACK_MAX_FRAMES);
	if (count < 0)
		return err__set(err, count, NULL, "cannot read the files of stack %d: %s", id,
				strerror(-count));
	for (int i = 0; i < count; i++) {
		if (i > 0)
			strbuf__add_text(out, "; ");
		add_frame(&frames[i], out);
	}
	return count > 0 ? DECODE_OK : DECODE_UNKNOWN;
}

const struct decoder_ops decode_ustack_buildid_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.min_size = USER_STACK_MIN_SIZE,
};
