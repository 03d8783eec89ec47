/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <ctype.h>

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const char *name = decode_syscall_name(decode_raw_int(data, len), true);

	(void)state;
	(void)env;
	(void)err;
	strbuf__add_text(out, "SYS_");
	if (!name)
		strbuf__add_text(out, "UNKNOWN");
	for (; name && *name; name++)
		strbuf__add_char(out, (char)toupper((unsigned char)*name));
	return DECODE_OK;
}

const struct decoder_ops decode_syscall_name_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
