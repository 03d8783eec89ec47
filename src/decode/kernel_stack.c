/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>
#include <inttypes.h>

#include "decode/stack_source.h"
#include "host/host.h"
#include "host/kallsyms.h"

static void prepare(const struct decode_env *env)
{
	/* Read when a record needs it, by the rights of whoever opened it. run() says it when it is missing. */
	(void)host__open_kallsyms(env->host, NULL);
}

/* Innermost first, in one line. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	uint64_t addresses[STACK_MAX_FRAMES];
	int64_t id = decode_raw_int(data, len);
	struct kallsyms *symbols;
	int count;

	(void)state;
	if (id < 0 || !env->stacks) /* the program could not take it, or nobody keeps it */
		return DECODE_OK;
	count = env->stacks->find(env->stacks->ctx, STACK_KERNEL, (uint32_t)id, addresses,
				  STACK_MAX_FRAMES);
	if (count < 0)
		return err__set(err, count, NULL, "cannot read stack %" PRId64 ": %s", id,
				strerror(-count));
	if (count == 0)
		return DECODE_UNKNOWN; /* lost; the number may be another stack's later */
	symbols = host__kallsyms(env->host, err);
	if (!symbols)
		return -ENODATA; /* err says why */
	for (int i = 0; i < count; i++) {
		const char *name = kallsyms__find_nearest(symbols, addresses[i]);

		if (i > 0)
			strbuf__add_text(out, "; ");
		if (name) /* without the module, which kallsyms puts behind a tab */
			strbuf__add(out, name, strcspn(name, "\t"));
		else
			strbuf__printf(out, "0x%" PRIx64, addresses[i]);
	}
	return DECODE_OK;
}

static const uint32_t sizes[] = { sizeof(uint32_t) };

const struct decoder_ops decode_kernel_stack_ops = {
	.input = DECODER_INPUT_RAW,
	.prepare = prepare,
	.run = run,
	.sizes = sizes,
	.size_count = 1,
};
