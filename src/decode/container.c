/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include "decode/identity.h"

#define SHORT_ID_LEN 12 /* what the runtimes themselves print */

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct identity_words words;
	int r = decode_identity_find(env, data, len, &words, out, err);

	(void)state;
	if (r != DECODE_OK)
		return r;
	if (!words.container_id)
		return DECODE_OK;
	if (!words.container) {
		strbuf__printf(out, "%.*s", SHORT_ID_LEN, words.container_id);
		return DECODE_UNKNOWN;
	}
	strbuf__add_text(out, words.container);
	return DECODE_OK;
}

const struct decoder_ops decode_container_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
	.needs_identity = true,
};
