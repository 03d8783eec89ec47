/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	(void)state;
	(void)env;
	(void)err;
	strbuf__add(out, data, strnlen(data, len));
	return DECODE_OK;
}

const struct decoder_ops decode_string_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
};
