/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

/* Whether every length byte stays inside. Pointers (compression) are not followed: their first byte runs past. */
static bool is_whole(const uint8_t *wire, size_t len)
{
	size_t at = 0;

	while (at < len) {
		if (wire[at] > len - at - 1)
			return false;
		at += 1 + (size_t)wire[at];
	}
	return true;
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const uint8_t *wire = data;

	(void)state;
	(void)env;
	(void)err;
	if (!is_whole(wire, len)) {
		strbuf__add(out, wire, len);
		return DECODE_OK;
	}
	/* The root, with or without the NUL that ends a name. */
	if (len == 0 || (len == 1 && wire[0] == 0))
		strbuf__add_char(out, '.');
	for (size_t at = 0; at < len; at += 1 + (size_t)wire[at]) {
		if (at > 0)
			strbuf__add_char(out, '.');
		strbuf__add(out, wire + at + 1, wire[at]);
	}
	return DECODE_OK;
}

const struct decoder_ops decode_dname_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
};
