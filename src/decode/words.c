/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

/* U+00A0, as Inspektor Gadget joins arguments: a word may have blanks in it, hardly ever this one. */
#define NO_BREAK_SPACE "\xc2\xa0"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const char *text = data, *end;

	(void)state;
	(void)env;
	(void)err;
	while (len > 0 && text[len - 1] == '\0')
		len--;
	while ((end = memchr(text, '\0', len))) {
		strbuf__add(out, text, (size_t)(end - text));
		strbuf__add_text(out, NO_BREAK_SPACE);
		len -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	strbuf__add(out, text, len);
	return DECODE_OK;
}

const struct decoder_ops decode_words_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
};
