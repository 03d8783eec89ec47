/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include "base/num.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	size_t text_len;
	char *to;

	(void)state;
	(void)env;
	(void)err;
	to = num_mul_size(len, 2, &text_len) ? NULL : strbuf__reserve(out, text_len);
	if (to)
		out->len += num_format_hex(to, data, len);
	return DECODE_OK;
}

const struct decoder_ops decode_hex_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
};
