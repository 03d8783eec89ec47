/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>

#include "host/host.h"
#include "host/kallsyms.h"

/* The nearest symbol at or below; read anew once for an address below them all (a table from before a module). */
static const char *find(struct kallsyms *symbols, uint64_t address)
{
	const char *name = kallsyms__find_nearest(symbols, address);

	if (!name && kallsyms__refresh(symbols, NULL /* the old table will do */) == 0)
		name = kallsyms__find_nearest(symbols, address);
	return name;
}

static void prepare(const struct decode_env *env)
{
	/* Read when a row needs it, by the rights of whoever opened it. run() says it when it is missing. */
	(void)host__open_kallsyms(env->host, NULL);
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct kallsyms *symbols = host__kallsyms(env->host, err);
	const char *frames = data;
	int result = DECODE_OK;

	(void)state;
	if (!symbols)
		return -ENODATA; /* err says why */
	for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
		const char *name;
		uint64_t address;

		memcpy(&address, frames + at, sizeof(address));
		if (!address)
			break;
		name = find(symbols, address);
		if (!name)
			result = DECODE_UNKNOWN;
		if (at)
			strbuf__add_char(out, '\n');
		strbuf__add_text(out, name ? name : "??");
	}
	return result;
}

const struct decoder_ops decode_kstack_ops = {
	.input = DECODER_INPUT_RAW,
	.prepare = prepare,
	.run = run,
	.size_multiple = sizeof(uint64_t),
};
