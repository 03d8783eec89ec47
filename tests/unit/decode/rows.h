/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_DECODE_ROWS_H
#define TESTS_UNIT_DECODE_ROWS_H

/*
 * Tables of "these bytes come out as that text", run through a real chain.
 * It owns nothing. Every decoder's test has one; a row that differs ends the test and says which.
 */

#include <stddef.h>
#include "config/spec.h"
#include "decode/decoder.h"

struct decode_row {
	const char *bytes;
	size_t len;
	int result;       /* enum decode_result or -errno */
	const char *text; /* what comes out, or of an error a part of what it says; NULL: nothing */
};

/* The bytes of a literal without its NUL. */
#define ROW(literal, result, text)                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1, result, text                                         \
	}

/* A chain of one decoder without arguments. */
void assert_rows(const char *decoder, const struct decode_env *env, const struct decode_row *rows,
		 size_t count);
void assert_chain_rows(const struct step_spec *steps, uint32_t step_count,
		       const struct decode_env *env, const struct decode_row *rows, size_t count);
/* Opening must fail with this code, and the error (with its position) must have this text. */
void assert_open_fails(const struct step_spec *steps, uint32_t step_count, uint32_t size, int code,
		       const char *text);

#endif
