/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

/* As records have them: positive or, from programs that pass on what a call returned, negative; 0 is no error. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	int64_t number = decode_raw_int(data, len);
	const char *name;

	(void)state;
	(void)env;
	(void)err;
	if (number == 0)
		return DECODE_OK;
	if (number < 0 && number > INT64_MIN)
		number = -number;
	name = decode_error_name(number);
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "error#%" PRId64, number);
	return DECODE_OK;
}

const struct decoder_ops decode_error_name_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
