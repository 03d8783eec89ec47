/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	(void)state;
	(void)env;
	(void)err;
	strbuf__add_u64(out, decode_raw_uint(data, len));
	return DECODE_OK;
}

const struct decoder_ops decode_uint_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
