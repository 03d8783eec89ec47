/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/host.h"
#include "rows.h"

static const struct spec_text bananas[] = { { .text = "^bananas$" },
					    { .text = "$is-banana-even-fruit$" } };
static const struct spec_text tomato[] = { { .text = "^tomato$" } };

static void test_run__hands_on(void **state)
{
	const struct decode_env env = { 0 };
	static const struct step_pair pairs[] = { { "8", "eight" } };
	static const struct step_spec steps[] = {
		{ .decoder = "uint" },
		{ .decoder = "static_map", .pairs = pairs, .pair_count = 1, .has_pairs = true },
		{ .decoder = "string" },
		{ .decoder = "hex" },
	};
	static const struct decode_row rows[] = {
		ROW("\x08\0\0\0", DECODE_OK, "6569676874"),
		ROW("\x09\0\0\0", DECODE_OK, "756e6b6e6f776e3a39"),
		ROW("\x08\0\0", -EINVAL, "decoder 'uint' got 3 bytes"),
		ROW("\x08", DECODE_OK, "6569676874"),
	};

	(void)state;
	assert_chain_rows(steps, array_size(steps), &env, rows, array_size(rows));
}

static void test_run__padded_string_and_regexp(void **state)
{
	const struct decode_env env = { 0 };
	static const struct step_spec steps[] = {
		{ .decoder = "string" },
		{ .decoder = "regexp",
		  .patterns = bananas,
		  .pattern_count = 2,
		  .has_patterns = true },
	};
	static const struct decode_row rows[] = {
		ROW("bananas\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", DECODE_OK,
		    "bananas"),
		ROW("\0\0\0\0", DECODE_SKIP, NULL), /* an empty text between two steps */
	};

	(void)state;
	assert_chain_rows(steps, array_size(steps), &env, rows, array_size(rows));
}

static void test_run__skip_leaves_nothing(void **state)
{
	const struct decode_env env = { 0 };
	static const struct step_spec steps[] = {
		{ .decoder = "string" },
		{ .decoder = "regexp",
		  .patterns = tomato,
		  .pattern_count = 1,
		  .has_patterns = true },
	};
	static const struct decode_row rows[] = { ROW("bananas\0", DECODE_SKIP, NULL) };

	(void)state;
	assert_chain_rows(steps, array_size(steps), &env, rows, array_size(rows));
}

/* A name that is only not known yet: neither its text nor its absence is for ever. */
static void test_run__unknown_stays_unknown(void **state)
{
	struct host *host = NULL;
	static const struct spec_text unknown[] = { { .text = "^(unknown).*$" } };
	static const struct step_spec caught[] = {
		{ .decoder = "ifname" },
		{ .decoder = "regexp",
		  .patterns = unknown,
		  .pattern_count = 1,
		  .has_patterns = true },
	};
	static const struct step_spec refused[] = {
		{ .decoder = "ifname" },
		{ .decoder = "regexp",
		  .patterns = tomato,
		  .pattern_count = 1,
		  .has_patterns = true },
	};
	static const struct decode_row caught_rows[] = {
		ROW("\0\0\0\0", DECODE_UNKNOWN, "unknown"),
	};
	static const struct decode_row refused_rows[] = {
		ROW("\0\0\0\0", DECODE_SKIP_UNKNOWN, NULL),
		ROW("\x01\0\0\0", DECODE_SKIP, NULL), /* lo */
	};

	(void)state;
	assert_int_equal(host__open("/", &host, NULL), 0);
	{
		const struct decode_env env = { .host = host };

		assert_chain_rows(caught, 2, &env, caught_rows, array_size(caught_rows));
		assert_chain_rows(refused, 2, &env, refused_rows, array_size(refused_rows));
	}
	host__close(host);
}

static void test_run__error_has_position(void **state)
{
	const struct decode_env env = { 0 };
	static const struct step_spec steps[] = {
		{ .decoder = "string" },
		{ .at = { "x.yaml", 12, 9 }, .decoder = "errno" },
	};
	struct decode_chain *chain = NULL;
	struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;
	char text[256];

	(void)state;
	assert_int_equal(decode_chain__open(steps, 2, 0, &env, &chain, NULL), 0);
	assert_int_equal(decode_chain__run(chain, "abc", 3, &out, &err), -EINVAL);
	(void)err__format(&err, text, sizeof(text));
	assert_string_equal(text, "x.yaml:12:9: decoder 'errno': 'abc' is no decimal number; "
				  "put 'uint' before this decoder");
	/* err is not asked for by everybody */
	assert_int_equal(decode_chain__run(chain, "abc", 3, &out, NULL), -EINVAL);
	err__done(&err);
	strbuf__done(&out);
	decode_chain__close(chain);
}

static void test_open__unknown_decoder(void **state)
{
	static const struct step_spec near[] = {
		{ .decoder = "uint" },
		{ .at = { "x.yaml", 7, 9 }, .decoder = "regex" },
	};
	static const struct step_spec far[] = {
		{ .at = { "x.yaml", 7, 9 }, .decoder = "something_else" },
	};

	(void)state;
	assert_open_fails(near, 2, 4, -EINVAL,
			  "x.yaml:7:9: unknown decoder 'regex'; did you mean 'regexp'?");
	assert_open_fails(far, 1, 4, -EINVAL,
			  "x.yaml:7:9: unknown decoder 'something_else'; the list is in "
			  "docs/reference/decoders.md");
}

static void test_open__no_steps(void **state)
{
	(void)state;
	assert_open_fails(NULL, 0, 4, -EINVAL,
			  "no decoders; at least one is needed, for example 'uint'");
}

/* The second decoder's input is text: the field's size says nothing about it. */
static void test_open__size_is_for_the_first_only(void **state)
{
	const struct decode_env env = { 0 };
	static const struct step_spec steps[] = {
		{ .decoder = "string" },
		{ .decoder = "uint" },
	};
	struct decode_chain *chain = NULL;

	(void)state;
	assert_int_equal(decode_chain__open(steps, 2, 3, &env, &chain, NULL), 0);
	decode_chain__close(chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__hands_on),
		cmocka_unit_test(test_run__padded_string_and_regexp),
		cmocka_unit_test(test_run__skip_leaves_nothing),
		cmocka_unit_test(test_run__unknown_stays_unknown),
		cmocka_unit_test(test_run__error_has_position),
		cmocka_unit_test(test_open__unknown_decoder),
		cmocka_unit_test(test_open__no_steps),
		cmocka_unit_test(test_open__size_is_for_the_first_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
