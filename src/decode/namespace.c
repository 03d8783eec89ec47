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
	if (!words.pod_uid)
		return DECODE_OK;
	if (words.namespace)
		strbuf__add_text(out, words.namespace); /* a pod of podman has none */
	else if (!words.pod)
		return decode_identity_unnamed_pod(&words, out);
	return DECODE_OK;
}

const struct decoder_ops decode_namespace_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
	.needs_identity = true,
};
