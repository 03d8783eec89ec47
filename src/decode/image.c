/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include "decode/identity.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct identity_words words;
	int r = decode_identity_find(env, data, len, &words, out, err);

	(void)state;
	if (r != DECODE_OK)
		return r;
	if (words.image) {
		strbuf__add_text(out, words.image);
	} else if (words.container_id && !words.is_told) {
		strbuf__add_text(out, "unknown");
		return DECODE_UNKNOWN;
	}
	return DECODE_OK;
}

const struct decoder_ops decode_image_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
	.needs_identity = true,
};
