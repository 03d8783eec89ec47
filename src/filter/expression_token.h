/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_EXPRESSION_TOKEN_H
#define SRC_FILTER_EXPRESSION_TOKEN_H

/*
 * The words of an expression, one after the other. Texts without their escapes live in the arena that the reader was
 * given; everything else is borrowed from the expression. expression_parse.c reads with it.
 */

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME, /* word.word: a field, a variable, an operator in letters */
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_TEXT,
	TOKEN_SIGN, /* an operator, a bracket, a comma … */
};

struct token {
	enum token_kind kind;
	size_t offset;      /* of its first byte in the expression */
	const char *source; /* as written, source_len bytes */
	size_t source_len;
	union {
		uint64_t integer;
		double number;
		struct {
			const char *data; /* arena */
			size_t len;
		} text;
	};
};

struct token_reader {
	const char *text; /* borrowed */
	const struct loc *at;
	struct arena *arena; /* borrowed */
	struct err *err;     /* borrowed */
	size_t position;
};

/* -EINVAL with the column: an unknown byte, a text without its end, a number that is none. */
int token_reader__next(struct token_reader *reader, struct token *ret_token);
/* Whether the token is this name or sign. */
bool token__is(const struct token *token, const char *text);

#endif
