/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include "decode/identity.h"

#define SANDBOX_NAME "POD" /* as the kubelet calls it, which gives it no name */
#define SHORT_ID_LEN 12    /* what the runtimes themselves print */

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
	if (words.container) {
		strbuf__add_text(out, words.container);
		return DECODE_OK;
	}
	if (words.is_sandbox) {
		strbuf__add_text(out, SANDBOX_NAME);
		return DECODE_OK;
	}
	/* Some have no name, and then no answer will bring one. */
	strbuf__printf(out, "%.*s", SHORT_ID_LEN, words.container_id);
	return words.is_told ? DECODE_OK : DECODE_UNKNOWN;
}

const struct decoder_ops decode_container_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
	.needs_identity = true,
};
