/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/expression_token.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "filter/field_name.h"

static int refuse(const struct token_reader *reader, size_t offset, const char *what)
{
	struct loc at = loc_behind(reader->at, offset);

	return err__set(reader->err, -EINVAL, &at, "%s", what);
}

static bool begins_name(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* ---- names and signs ------------------------------------------------------------------------ */

static void read_name(struct token_reader *reader, struct token *token)
{
	const char *text = reader->text;
	size_t end = reader->position;

	while (is_in_name(text[end]) || (text[end] == '.' && begins_name(text[end + 1])))
		end++;
	token->kind = TOKEN_NAME;
	reader->position = end;
}

/* Longer ones first. */
static const char *const signs[] = {
	"**", "==", "!=", "<=", ">=", "&&", "||", "..", "<", ">", "!", "+", "-",
	"*",  "/",  "%",  "^",  "?",  ":",  "(",  ")",  "[", "]", ",", ";", "=",
};

static int read_sign(struct token_reader *reader, struct token *token)
{
	const char *text = reader->text + reader->position;

	for (size_t i = 0; i < array_size(signs); i++)
		if (strncmp(text, signs[i], strlen(signs[i])) == 0) {
			token->kind = TOKEN_SIGN;
			reader->position += strlen(signs[i]);
			return 0;
		}
	return refuse(reader, reader->position, "a byte that belongs to no expression");
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Digits, and what may stand among them; "1..5" is a range and no number with two points. */
static size_t number_length(const char *text, bool *ret_is_float)
{
	bool has_base = text[0] == '0' && isalpha((unsigned char)text[1]);
	size_t len = 0;

	*ret_is_float = false;
	for (;; len++) {
		bool is_point = text[len] == '.' && text[len + 1] != '.' && !*ret_is_float;
		bool is_sign = !has_base && len > 0 && (text[len] == '-' || text[len] == '+') &&
			       (text[len - 1] == 'e' || text[len - 1] == 'E');

		if (!is_in_name(text[len]) && !is_point && !is_sign)
			return len;
		if (is_point || (!has_base && (text[len] == 'e' || text[len] == 'E')))
			*ret_is_float = true;
	}
}

static int read_number(struct token_reader *reader, struct token *token)
{
	const char *text = reader->text + reader->position;
	bool is_float;
	size_t len = number_length(text, &is_float);
	int r;

	token->kind = is_float ? TOKEN_FLOAT : TOKEN_INTEGER;
	r = is_float ? num_parse_double(text, len, &token->number)
		     : num_parse_u64_go(text, len, &token->integer);
	if (r == -ERANGE)
		return refuse(reader, reader->position, "a number beyond 64 bits");
	if (r < 0)
		return refuse(reader, reader->position, "this is no number; write 10, 0x1f or 1.5");
	reader->position += len;
	return 0;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static size_t put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | code >> 12);
	to[1] = (char)(0x80 | (code >> 6 & 0x3f));
	to[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* The digits behind \x and \u; -EINVAL when they are fewer. */
static int hex_digits(const char *text, size_t count, uint32_t *ret_code)
{
	uint32_t code = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isxdigit((unsigned char)text[i]))
			return -EINVAL;
		code = code * 16 + (uint32_t)(isdigit((unsigned char)text[i])
						      ? text[i] - '0'
						      : tolower((unsigned char)text[i]) - 'a' + 10);
	}
	*ret_code = code;
	return 0;
}

static const struct {
	char letter, byte;
} escapes[] = {
	{ 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' },  { 'n', '\n' },  { 'r', '\r' },
	{ 't', '\t' }, { 'v', '\v' }, { '\\', '\\' }, { '\'', '\'' }, { '"', '"' },
};

/* The escape at `from`, behind its backslash; how many bytes of the expression it takes, 0: there is none such. */
static size_t put_escape(const char *from, char *to, size_t *len)
{
	uint32_t code;

	for (size_t i = 0; i < array_size(escapes); i++)
		if (escapes[i].letter == *from) {
			to[(*len)++] = escapes[i].byte;
			return 1;
		}
	if (*from == 'x' && hex_digits(from + 1, 2, &code) == 0) {
		to[(*len)++] = (char)code;
		return 3;
	}
	if (*from == 'u' && hex_digits(from + 1, 4, &code) == 0) {
		*len += put_utf8(to + *len, code);
		return 5;
	}
	return 0;
}

/* Bytes up to the closing quote; SIZE_MAX: there is none. */
static size_t text_length(const char *text, char quote)
{
	size_t len = 0;

	while (text[len] && text[len] != quote)
		len += quote != '`' && text[len] == '\\' && text[len + 1] ? 2 : 1;
	return text[len] ? len : SIZE_MAX;
}

/* In " and ' with escapes, in ` without. What an escape stands for is never longer than the escape. */
static int read_text(struct token_reader *reader, struct token *token)
{
	const char *text = reader->text + reader->position + 1;
	char quote = text[-1];
	size_t source_len = text_length(text, quote), len = 0;
	char *copy;

	if (source_len == SIZE_MAX)
		return refuse(reader, reader->position, "a text without its closing quote");
	copy = arena__alloc(reader->arena, source_len + 1);
	if (!copy)
		return err__set(reader->err, -ENOMEM, reader->at, "no memory for an expression");
	for (size_t i = 0; i < source_len; i++) {
		size_t step;

		if (text[i] != '\\' || quote == '`') {
			copy[len++] = text[i];
			continue;
		}
		step = put_escape(text + i + 1, copy, &len);
		if (step == 0)
			return refuse(reader, reader->position + 1 + i,
				      "an unknown escape; a backslash itself is \\\\");
		i += step;
	}
	token->kind = TOKEN_TEXT;
	token->text.data = copy;
	token->text.len = len;
	reader->position += source_len + 2;
	return 0;
}

/* ---- one by one ----------------------------------------------------------------------------- */

static bool begins_number(const char *text)
{
	return isdigit((unsigned char)text[0]) ||
	       (text[0] == '.' && isdigit((unsigned char)text[1]));
}

int token_reader__next(struct token_reader *reader, struct token *ret_token)
{
	const char *text = reader->text;
	struct token token = { .kind = TOKEN_END };
	int r = 0;

	reader->position += strspn(text + reader->position, " \t\r\n");
	token.offset = reader->position;
	token.source = text + reader->position;
	if (begins_name(*token.source))
		read_name(reader, &token);
	else if (begins_number(token.source))
		r = read_number(reader, &token);
	else if (*token.source && strchr("\"'`", *token.source))
		r = read_text(reader, &token);
	else if (*token.source)
		r = read_sign(reader, &token);
	if (r < 0)
		return r;
	token.source_len = reader->position - token.offset;
	*ret_token = token;
	return 0;
}

bool token__is(const struct token *token, const char *text)
{
	return (token->kind == TOKEN_NAME || token->kind == TOKEN_SIGN) &&
	       strlen(text) == token->source_len &&
	       memcmp(text, token->source, token->source_len) == 0;
}
