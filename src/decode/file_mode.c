/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

/* Permissions only, as Inspektor Gadget shows them: it takes the number for Go's, whose other bits mean other things. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	static const char letters[] = "rwxrwxrwx";
	uint64_t mode = decode_raw_uint(data, len);
	const unsigned int top = sizeof(letters) - 2;

	(void)state;
	(void)env;
	(void)err;
	strbuf__add_char(out, '-');
	for (unsigned int i = 0; letters[i]; i++)
		strbuf__add_char(out, mode >> (top - i) & 1 ? letters[i] : '-');
	return DECODE_OK;
}

const struct decoder_ops decode_file_mode_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
