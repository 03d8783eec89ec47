/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* Before every run there is something in out, which must stay. */
#define BEFORE "before "

static void assert_row(struct decode_chain *chain, const struct decode_row *row, size_t number)
{
	/* An exact copy, so that the sanitizer sees every byte read beyond. */
	void *bytes = test_malloc(row->len);
	struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;
	const char *text;
	int r;

	if (row->len)
		memcpy(bytes, row->bytes, row->len);
	strbuf__add_text(&out, BEFORE);
	r = decode_chain__run(chain, bytes, row->len, &out, &err);
	if (r != row->result)
		fail_msg("row %zu: %d instead of %d (%s; %s)", number, r, row->result,
			 strbuf__text(&out), err.text ? err.text : "no error");
	text = strbuf__text(&out);
	assert_true(str_starts(text, BEFORE));
	text += strlen(BEFORE);
	if (r < 0) {
		assert_string_equal(text, "");
		if (!row->text || !err.text || !strstr(err.text, row->text))
			fail_msg("row %zu: the error is '%s'", number, err.text ? err.text : "");
	} else {
		const char *expected = row->text ? row->text : "";

		assert_false(err__is_set(&err));
		if (out.len - strlen(BEFORE) != strlen(expected) || !str_eq(text, expected))
			fail_msg("row %zu: '%s' instead of '%s'", number, text, expected);
	}
	err__done(&err);
	strbuf__done(&out);
	test_free(bytes);
}

void assert_chain_rows(const struct step_spec *steps, uint32_t step_count,
		       const struct decode_env *env, const struct decode_row *rows, size_t count)
{
	struct decode_chain *chain = NULL;
	struct err err = ERR_INIT;

	if (decode_chain__open(steps, step_count, 0 /* any size */, env, &chain, &err) < 0)
		fail_msg("cannot open: %s", err.text);
	for (size_t i = 0; i < count; i++)
		assert_row(chain, &rows[i], i);
	assert_null(decode_chain__close(chain));
}

void assert_rows(const char *decoder, const struct decode_env *env, const struct decode_row *rows,
		 size_t count)
{
	const struct step_spec step = { .decoder = decoder };

	assert_chain_rows(&step, 1, env, rows, count);
}

void assert_open_fails(const struct step_spec *steps, uint32_t step_count, uint32_t size, int code,
		       const char *text)
{
	const struct decode_env env = { 0 };
	struct decode_chain *chain = NULL;
	struct err err = ERR_INIT;
	char shown[512];

	assert_int_equal(decode_chain__open(steps, step_count, size, &env, &chain, &err), code);
	assert_null(chain);
	(void)err__format(&err, shown, sizeof(shown));
	assert_string_equal(shown, text);
	err__done(&err);
}
