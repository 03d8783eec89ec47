/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>
#include <inttypes.h>

#include "host/host.h"
#include "host/kallsyms.h"

static void prepare(const struct decode_env *env)
{
	/* Read when a row needs it, by the rights of whoever opened it. run() says it when it is missing. */
	(void)host__open_kallsyms(env->host, NULL);
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct kallsyms *symbols = host__kallsyms(env->host, err);
	const char *name;
	uint64_t address;

	(void)state;
	(void)len; /* at least 8; what follows is not looked at */
	if (!symbols)
		return -ENODATA; /* err says why */
	memcpy(&address, data, sizeof(address));
	name = kallsyms__find_exact(symbols, address);
	if (!name && kallsyms__refresh(symbols, NULL /* the old table will do */) == 0)
		name = kallsyms__find_exact(symbols, address);
	if (!name) {
		strbuf__printf(out, "unknown_addr:0x%" PRIx64, address);
		return DECODE_UNKNOWN;
	}
	strbuf__add_text(out, name);
	return DECODE_OK;
}

const struct decoder_ops decode_ksym_ops = {
	.input = DECODER_INPUT_RAW,
	.prepare = prepare,
	.run = run,
	.min_size = sizeof(uint64_t),
};
