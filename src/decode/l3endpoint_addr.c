/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/endpoint.h"
#include "decode/ops.h"

static const uint32_t sizes[] = { ENDPOINT_SIZE };

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	(void)state;
	(void)env;
	(void)len;
	(void)err;
	(void)endpoint_add_address(out, data, L3ENDPOINT_VERSION); /* none: no text */
	return DECODE_OK;
}

const struct decoder_ops decode_l3endpoint_addr_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = sizes,
	.size_count = 1,
};
