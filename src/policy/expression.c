/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/expression.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/vec.h"

/* What a part of the expression comes to. */
struct part {
	enum policy_operand_kind kind;
	bool is_literal; /* a number as written: it is of the kind that stands beside it, if it fits */
	uint64_t number;
};

struct parser {
	const char *text;
	size_t len, at;
	const struct policy_operand *operands;
	uint32_t operand_count;
	VEC(struct hook_term) terms;
	uint32_t nesting, depth;
	struct err *err;
	int result;
};

static const char *const kind_names[] = {
	[POLICY_OPERAND_NONE] = "no integer", [POLICY_OPERAND_INT32] = "int32",
	[POLICY_OPERAND_UINT32] = "uint32",   [POLICY_OPERAND_INT64] = "int64",
	[POLICY_OPERAND_UINT64] = "uint64",   [POLICY_OPERAND_BOOL] = "a truth value",
};

static bool is_signed(enum policy_operand_kind kind)
{
	return kind == POLICY_OPERAND_INT32 || kind == POLICY_OPERAND_INT64;
}

static uint8_t size_of(enum policy_operand_kind kind)
{
	return kind == POLICY_OPERAND_INT32 || kind == POLICY_OPERAND_UINT32 ? 4 : 8;
}

/* ---- what is wrong: the first thing counts ---- */

__attribute__((format(printf, 3, 4))) static void complain(struct parser *parser, size_t at,
							   const char *format, ...)
{
	char what[128];
	va_list args;

	if (parser->result < 0)
		return;
	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	parser->result = err__set(parser->err, -EINVAL, NULL, "character %zu: %s", at + 1, what);
	parser->at = parser->len;
}

/* ---- terms ---- */

static void add(struct parser *parser, enum hook_operation operation, enum policy_operand_kind kind,
		struct hook_term term)
{
	term.operation = operation;
	term.size = size_of(kind);
	term.is_signed = is_signed(kind);
	if (parser->result < 0)
		return;
	if (operation == HOOK_OPERATION_VALUE || operation == HOOK_OPERATION_NUMBER)
		parser->depth++;
	else if (operation < HOOK_OPERATION_IS_ZERO)
		parser->depth--;
	if (parser->terms.len == POLICY_EXPRESSION_MAX_TERMS)
		complain(parser, parser->at, "it has more than %d terms",
			 POLICY_EXPRESSION_MAX_TERMS);
	else if (parser->depth > HOOK_EXPRESSION_DEPTH)
		complain(parser, parser->at,
			 "more than %d results wait for another; parentheses on the left, not the "
			 "right, need fewer",
			 HOOK_EXPRESSION_DEPTH);
	else if (vec_push(&parser->terms, term) < 0)
		parser->result = err__set(parser->err, -ENOMEM, NULL, "no memory");
}

/* ---- words ---- */

static void skip_space(struct parser *parser)
{
	while (parser->at < parser->len && strchr(" \t\r\n", parser->text[parser->at]) &&
	       parser->text[parser->at])
		parser->at++;
}

/* Where the next symbol or word begins. */
static size_t next(struct parser *parser)
{
	skip_space(parser);
	return parser->at;
}

static bool is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Whether the next is this, and then behind it. */
static bool take(struct parser *parser, const char *symbol)
{
	size_t len = strlen(symbol);

	skip_space(parser);
	if (parser->len - parser->at < len || memcmp(parser->text + parser->at, symbol, len) != 0)
		return false;
	parser->at += len;
	return true;
}

static void need(struct parser *parser, const char *symbol, const char *where)
{
	if (!take(parser, symbol))
		complain(parser, parser->at, "'%s' is missing %s", symbol, where);
}

static size_t word_length(const struct parser *parser)
{
	size_t len = 0;

	while (parser->at + len < parser->len && is_word_byte(parser->text[parser->at + len]))
		len++;
	return len;
}

static bool is_word(const struct parser *parser, size_t at, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(parser->text + at, word, len) == 0;
}

/* ---- parts that have to be alike ---- */

static bool fits(const struct part *literal, enum policy_operand_kind kind)
{
	switch (kind) {
	case POLICY_OPERAND_INT32:
		return literal->number <= INT32_MAX ||
		       (literal->kind == POLICY_OPERAND_INT64 &&
			(int64_t)literal->number >= INT32_MIN && (int64_t)literal->number < 0);
	case POLICY_OPERAND_UINT32:
		return literal->number <= UINT32_MAX;
	case POLICY_OPERAND_INT64:
		return literal->kind == POLICY_OPERAND_INT64 || literal->number <= INT64_MAX;
	case POLICY_OPERAND_UINT64:
		return literal->kind == POLICY_OPERAND_UINT64 || (int64_t)literal->number >= 0;
	case POLICY_OPERAND_NONE:
	case POLICY_OPERAND_BOOL:
		break;
	}
	return false;
}

/* The kind that both are of. */
static enum policy_operand_kind join(struct parser *parser, size_t at, const struct part *left,
				     const struct part *right)
{
	if (left->kind == right->kind)
		return left->kind;
	if (right->is_literal && fits(right, left->kind))
		return left->kind;
	if (left->is_literal && fits(left, right->kind))
		return right->kind;
	complain(parser, at,
		 "%s and %s do not go together; int32() and uint32() make others of them",
		 kind_names[left->kind], kind_names[right->kind]);
	return left->kind;
}

static bool need_integer(struct parser *parser, size_t at, enum policy_operand_kind kind)
{
	if (kind == POLICY_OPERAND_BOOL)
		complain(parser, at, "an integer is wanted, and this is a truth value");
	return kind != POLICY_OPERAND_BOOL;
}

static bool need_truth(struct parser *parser, size_t at, enum policy_operand_kind kind)
{
	if (kind != POLICY_OPERAND_BOOL)
		complain(parser, at, "a truth value is wanted, and this is %s", kind_names[kind]);
	return kind == POLICY_OPERAND_BOOL;
}

static struct part part_of(enum policy_operand_kind kind)
{
	return (struct part){ .kind = kind };
}

/* ---- the grammar, from what binds loosely to what binds tightly ---- */

static struct part parse_or(struct parser *parser);

static struct part parse_number(struct parser *parser, bool is_negative)
{
	struct part part = { .kind = POLICY_OPERAND_INT64, .is_literal = true };
	size_t at = parser->at, len = word_length(parser), digits = len;

	if (len && (parser->text[at + len - 1] == 'u' || parser->text[at + len - 1] == 'U')) {
		part.kind = POLICY_OPERAND_UINT64;
		digits--;
	}
	parser->at += len;
	/* A leading 0 means nothing here. */
	while (digits > 1 && parser->text[at] == '0' && is_digit(parser->text[at + 1])) {
		at++;
		digits--;
	}
	if (num_parse_u64_go(parser->text + at, digits, &part.number) < 0 ||
	    (part.kind == POLICY_OPERAND_INT64 && part.number > (uint64_t)INT64_MAX + is_negative))
		complain(parser, at, "'%.*s' is no integer of 64 bits", (int)(len < 32 ? len : 32),
			 parser->text + at);
	if (is_negative)
		part.number = 0 - part.number;
	if (is_negative && part.kind == POLICY_OPERAND_UINT64)
		complain(parser, at, "an integer without a sign cannot be below 0");
	add(parser, HOOK_OPERATION_NUMBER, part.kind, (struct hook_term){ .number = part.number });
	return part;
}

static struct part parse_argument(struct parser *parser, size_t at, size_t len)
{
	uint64_t index;

	if (len < 4 || memcmp(parser->text + at, "arg", 3) != 0 ||
	    num_parse_u64_go(parser->text + at + 3, len - 3, &index) < 0) {
		complain(parser, at,
			 "'%.*s' is not known; there are arg0 …, true, false, int32(), uint32(), "
			 "and(), or(), xor(), not()",
			 (int)(len < 32 ? len : 32), parser->text + at);
		return part_of(POLICY_OPERAND_INT64);
	}
	if (index >= parser->operand_count) {
		complain(parser, at, "there is no arg%llu: args has %u", (unsigned long long)index,
			 parser->operand_count);
		return part_of(POLICY_OPERAND_INT64);
	}
	if (parser->operands[index].kind == POLICY_OPERAND_NONE)
		complain(parser, at, "arg%llu is no integer", (unsigned long long)index);
	add(parser, HOOK_OPERATION_VALUE, parser->operands[index].kind,
	    (struct hook_term){ .value = parser->operands[index].value });
	return part_of(parser->operands[index].kind);
}

static const struct {
	const char *name;
	enum hook_operation operation;
	enum policy_operand_kind kind; /* of CAST: what comes out */
} functions[] = {
	{ "and", HOOK_OPERATION_AND, POLICY_OPERAND_NONE },
	{ "int32", HOOK_OPERATION_CAST, POLICY_OPERAND_INT32 },
	{ "not", HOOK_OPERATION_COMPLEMENT, POLICY_OPERAND_NONE },
	{ "or", HOOK_OPERATION_OR, POLICY_OPERAND_NONE },
	{ "uint32", HOOK_OPERATION_CAST, POLICY_OPERAND_UINT32 },
	{ "xor", HOOK_OPERATION_XOR, POLICY_OPERAND_NONE },
};

/* Behind its name and '('. */
static struct part parse_call(struct parser *parser, size_t at, size_t index)
{
	enum hook_operation operation = functions[index].operation;
	struct part first = parse_or(parser), second;
	enum policy_operand_kind kind = first.kind;

	need_integer(parser, at, first.kind);
	if (operation < HOOK_OPERATION_IS_ZERO) {
		need(parser, ",", "between what is combined");
		second = parse_or(parser);
		need_integer(parser, at, second.kind);
		kind = join(parser, at, &first, &second);
	} else if (operation == HOOK_OPERATION_CAST) {
		kind = functions[index].kind;
	}
	need(parser, ")", "behind what a function is given");
	add(parser, operation, kind, (struct hook_term){ 0 });
	return part_of(kind);
}

static struct part parse_word(struct parser *parser)
{
	size_t at = parser->at, len = word_length(parser);
	bool is_true = is_word(parser, at, len, "true");

	if (len == 0) {
		complain(parser, at,
			 at < parser->len ? "an operand is missing here"
					  : "it ends where an operand is missing");
		return part_of(POLICY_OPERAND_BOOL);
	}
	parser->at += len;
	if (is_true || is_word(parser, at, len, "false")) {
		add(parser, HOOK_OPERATION_NUMBER, POLICY_OPERAND_BOOL,
		    (struct hook_term){ .number = is_true });
		return part_of(POLICY_OPERAND_BOOL);
	}
	for (size_t i = 0; i < array_size(functions); i++)
		if (is_word(parser, at, len, functions[i].name)) {
			need(parser, "(", "behind the name of a function");
			return parse_call(parser, at, i);
		}
	return parse_argument(parser, at, len);
}

static struct part parse_unary(struct parser *parser)
{
	struct part part = part_of(POLICY_OPERAND_BOOL);
	size_t at;

	at = next(parser);
	if (parser->nesting == POLICY_EXPRESSION_MAX_NESTING) {
		complain(parser, at, "it is nested deeper than %d levels",
			 POLICY_EXPRESSION_MAX_NESTING);
		return part;
	}
	parser->nesting++;
	if (take(parser, "(")) {
		part = parse_or(parser);
		need(parser, ")", "at the end of what is in parentheses");
	} else if (take(parser, "!")) {
		part = parse_unary(parser);
		if (need_truth(parser, at, part.kind))
			add(parser, HOOK_OPERATION_IS_ZERO, part.kind, (struct hook_term){ 0 });
	} else if (take(parser, "-")) {
		skip_space(parser);
		if (parser->at < parser->len && is_digit(parser->text[parser->at])) {
			part = parse_number(parser, true);
		} else {
			part = parse_unary(parser);
			part.is_literal = false;
			if (need_integer(parser, at, part.kind))
				add(parser, HOOK_OPERATION_NEGATE, part.kind,
				    (struct hook_term){ 0 });
		}
	} else if (parser->at < parser->len && is_digit(parser->text[parser->at])) {
		part = parse_number(parser, false);
	} else {
		part = parse_word(parser);
	}
	parser->nesting--;
	return part;
}

static struct part parse_sum(struct parser *parser)
{
	struct part left = parse_unary(parser);

	while (parser->result == 0) {
		size_t at = next(parser);
		bool is_sum = take(parser, "+");
		struct part right;

		if (!is_sum && !take(parser, "-"))
			break;
		right = parse_unary(parser);
		need_integer(parser, at, left.kind);
		need_integer(parser, at, right.kind);
		left = part_of(join(parser, at, &left, &right));
		add(parser, is_sum ? HOOK_OPERATION_ADD : HOOK_OPERATION_SUBTRACT, left.kind,
		    (struct hook_term){ 0 });
	}
	return left;
}

/* Longer ones first. */
static const struct {
	const char *symbol;
	enum hook_operation operation;
} comparisons[] = {
	{ "==", HOOK_OPERATION_EQUAL },      { "!=", HOOK_OPERATION_NOT_EQUAL },
	{ "<=", HOOK_OPERATION_LESS_EQUAL }, { ">=", HOOK_OPERATION_GREATER_EQUAL },
	{ "<", HOOK_OPERATION_LESS },        { ">", HOOK_OPERATION_GREATER },
};

static bool take_comparison(struct parser *parser, enum hook_operation *ret_operation)
{
	for (size_t i = 0; i < array_size(comparisons); i++)
		if (take(parser, comparisons[i].symbol)) {
			*ret_operation = comparisons[i].operation;
			return true;
		}
	return false;
}

static struct part parse_comparison(struct parser *parser)
{
	struct part left = parse_sum(parser);

	while (parser->result == 0) {
		size_t at = next(parser);
		enum policy_operand_kind kind;
		enum hook_operation operation;
		struct part right;

		if (!take_comparison(parser, &operation))
			break;
		right = parse_sum(parser);
		kind = join(parser, at, &left, &right);
		if (operation != HOOK_OPERATION_EQUAL && operation != HOOK_OPERATION_NOT_EQUAL)
			need_integer(parser, at, kind);
		add(parser, operation, kind, (struct hook_term){ 0 });
		left = part_of(POLICY_OPERAND_BOOL);
	}
	return left;
}

/* Both sides are worked out, whatever the first one is: nothing in them does anything. */
static struct part parse_and(struct parser *parser)
{
	struct part left = parse_comparison(parser);

	while (parser->result == 0) {
		size_t at = next(parser);
		struct part right;

		if (!take(parser, "&&"))
			break;
		right = parse_comparison(parser);
		need_truth(parser, at, left.kind);
		need_truth(parser, at, right.kind);
		add(parser, HOOK_OPERATION_AND, POLICY_OPERAND_BOOL, (struct hook_term){ 0 });
	}
	return left;
}

static struct part parse_or(struct parser *parser)
{
	struct part left = parse_and(parser);

	while (parser->result == 0) {
		size_t at = next(parser);
		struct part right;

		if (!take(parser, "||"))
			break;
		right = parse_and(parser);
		need_truth(parser, at, left.kind);
		need_truth(parser, at, right.kind);
		add(parser, HOOK_OPERATION_OR, POLICY_OPERAND_BOOL, (struct hook_term){ 0 });
	}
	return left;
}

int policy_expression__parse(const char *text, size_t len, const struct policy_operand *operands,
			     uint32_t operand_count, struct arena *arena,
			     struct hook_expression *ret_expression, struct err *err)
{
	struct parser parser = { .text = text,
				 .len = len,
				 .operands = operands,
				 .operand_count = operand_count,
				 .terms = VEC_INIT,
				 .err = err };
	struct part whole = parse_or(&parser);
	struct hook_term *terms;

	if (parser.result == 0 && next(&parser) < len)
		complain(&parser, parser.at, "an operator is missing here");
	need_truth(&parser, 0, whole.kind);
	terms = arena__memdup(arena, parser.terms.items, parser.terms.len * sizeof(*terms));
	if (parser.result == 0 && !terms)
		parser.result = err__set(err, -ENOMEM, NULL, "no memory");
	if (parser.result == 0)
		*ret_expression = (struct hook_expression){ terms, (uint32_t)parser.terms.len };
	vec_done(&parser.terms);
	return parser.result;
}
