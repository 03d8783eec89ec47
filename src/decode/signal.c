/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "record/kernel_name.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	int64_t number = decode_raw_int(data, len);
	const char *name = number > 0 && number <= UINT32_MAX ? kernel_signal_name((uint32_t)number)
							      : NULL;

	(void)state;
	(void)env;
	(void)err;
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "signal#%" PRId64, number);
	return DECODE_OK;
}

const struct decoder_ops decode_signal_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
