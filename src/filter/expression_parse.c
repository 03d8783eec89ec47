/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "filter/expression_term.h"
#include "filter/expression_token.h"
#include "filter/field_name.h"

#define MAX_ARGUMENTS 256u
#define MAX_WORD 32

struct parser {
	struct compiler *compiler; /* borrowed */
	struct token_reader reader;
	struct token token; /* the next one, not used yet */
	uint32_t depth;
};

typedef VEC(struct term *) term_list_builder;

int compiler__refuse(struct compiler *compiler, size_t offset, const char *format, ...)
{
	struct loc at = loc_behind(compiler->at, offset);
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err__set(compiler->err, -EINVAL, &at, "%s", text);
}

static int advance(struct parser *parser)
{
	return token_reader__next(&parser->reader, &parser->token);
}

static int found_wrong(struct parser *parser, const char *wanted)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_END)
		return compiler__refuse(parser->compiler, token->offset,
					"the expression ends here; %s is missing", wanted);
	return compiler__refuse(parser->compiler, token->offset, "'%.*s' stands where %s should be",
				token->source_len > MAX_WORD ? MAX_WORD : (int)token->source_len,
				token->source, wanted);
}

static int expect(struct parser *parser, const char *sign)
{
	char quoted[MAX_WORD];

	if (token__is(&parser->token, sign))
		return advance(parser);
	(void)snprintf(quoted, sizeof(quoted), "'%s'", sign);
	return found_wrong(parser, quoted);
}

/* ---- operators ------------------------------------------------------------------------------ */

struct infix {
	const char *text;
	enum term_op op;
	uint8_t precedence;
	bool is_from_right;
	bool may_follow_not; /* "not in" */
};

#define PRECEDENCE_COMPARISON 20 /* all that may follow "not" bind so */
#define PRECEDENCE_NOT 50
#define PRECEDENCE_MINUS 90

/* Precedences are those of the language that the original embeds (expr-lang). */
static const struct infix infixes[] = {
	{ "||", TERM_OR, 10, false, false },
	{ "or", TERM_OR, 10, false, false },
	{ "&&", TERM_AND, 15, false, false },
	{ "and", TERM_AND, 15, false, false },
	{ "==", TERM_EQUAL, PRECEDENCE_COMPARISON, false, false },
	{ "!=", TERM_NOT_EQUAL, PRECEDENCE_COMPARISON, false, false },
	{ "<", TERM_LESS, PRECEDENCE_COMPARISON, false, false },
	{ "<=", TERM_LESS_EQUAL, PRECEDENCE_COMPARISON, false, false },
	{ ">", TERM_GREATER, PRECEDENCE_COMPARISON, false, false },
	{ ">=", TERM_GREATER_EQUAL, PRECEDENCE_COMPARISON, false, false },
	{ "in", TERM_IN, PRECEDENCE_COMPARISON, false, true },
	{ "matches", TERM_MATCHES, PRECEDENCE_COMPARISON, false, true },
	{ "contains", TERM_CONTAINS, PRECEDENCE_COMPARISON, false, true },
	{ "startsWith", TERM_STARTS_WITH, PRECEDENCE_COMPARISON, false, true },
	{ "endsWith", TERM_ENDS_WITH, PRECEDENCE_COMPARISON, false, true },
	{ "..", TERM_RANGE, 25, false, false },
	{ "+", TERM_ADD, 30, false, false },
	{ "-", TERM_SUBTRACT, 30, false, false },
	{ "*", TERM_MULTIPLY, 60, false, false },
	{ "/", TERM_DIVIDE, 60, false, false },
	{ "%", TERM_REMAINDER, 60, false, false },
	{ "**", TERM_POWER, 100, true, false },
	{ "^", TERM_POWER, 100, true, false },
};

static const struct infix *find_infix(const struct token *token)
{
	for (size_t i = 0; i < array_size(infixes); i++)
		if (token__is(token, infixes[i].text))
			return &infixes[i];
	return NULL;
}

/* A word where an operator should be. */
static int unknown_operator(struct parser *parser)
{
	const char *names[array_size(infixes) + 1], *nearest;
	char word[MAX_WORD + 1];
	int len = parser->token.source_len > MAX_WORD ? MAX_WORD : (int)parser->token.source_len;

	for (size_t i = 0; i < array_size(infixes); i++)
		names[i] = infixes[i].text;
	names[array_size(infixes)] = "not";
	(void)snprintf(word, sizeof(word), "%.*s", len, parser->token.source);
	for (size_t i = 0; i < array_size(names); i++)
		if (strcasecmp(names[i], word) == 0)
			return compiler__refuse(parser->compiler, parser->token.offset,
						"'%s' is no operator; did you mean '%s'?", word,
						names[i]);
	nearest = str_nearest(word, names, array_size(names));
	return compiler__refuse(parser->compiler, parser->token.offset,
				"'%s' is no operator; did you mean '%s'?", word,
				nearest ? nearest : "==");
}

static int parse_expression(struct parser *parser, struct term **ret_term);
static int parse_operand(struct parser *parser, struct term **ret_term);

/* ---- calls, lists --------------------------------------------------------------------------- */

/* Expressions between commas, up to the sign that ends them. */
static int parse_list(struct parser *parser, const char *end, term_list_builder *list)
{
	int r = advance(parser);

	while (r == 0 && !token__is(&parser->token, end)) {
		struct term *term;

		r = parse_expression(parser, &term);
		if (r == 0 && list->len == MAX_ARGUMENTS)
			r = compiler__refuse(parser->compiler, term->offset,
					     "more than %u elements; split the list",
					     MAX_ARGUMENTS);
		if (r == 0 && vec_push(list, term) < 0)
			r = -ENOMEM;
		if (r < 0 || !token__is(&parser->token, ","))
			break;
		r = advance(parser);
	}
	return r < 0 ? r : expect(parser, end);
}

static int make_length(struct compiler *compiler, size_t offset, struct term **terms,
		       uint32_t count, struct term **ret_term)
{
	if (count != 1)
		return compiler__refuse(compiler, offset, "len() takes one value, not %u", count);
	return term_unary(compiler, offset, TERM_LENGTH, terms[0], ret_term);
}

static const struct {
	const char *name;
	int (*make)(struct compiler *compiler, size_t offset, struct term **terms, uint32_t count,
		    struct term **ret_term);
} functions[] = {
	{ "cidr", term_nets },
	{ "len", make_length },
};

static int parse_call(struct parser *parser, const struct token *name, struct term **ret_term)
{
	term_list_builder list = VEC_INIT;
	int r;

	for (size_t i = 0; i < array_size(functions); i++) {
		if (!token__is(name, functions[i].name))
			continue;
		r = parse_list(parser, ")", &list);
		if (r == 0)
			r = functions[i].make(parser->compiler, name->offset, list.items,
					      (uint32_t)list.len, ret_term);
		vec_done(&list);
		return r;
	}
	return compiler__refuse(parser->compiler, name->offset,
				"there is no function '%.*s'; there are cidr() and len()", MAX_WORD,
				name->source);
}

static int parse_brackets(struct parser *parser, struct term **ret_term)
{
	size_t offset = parser->token.offset;
	term_list_builder list = VEC_INIT;
	int r = parse_list(parser, "]", &list);

	if (r == 0)
		r = term_list(parser->compiler, offset, list.items, (uint32_t)list.len, ret_term);
	vec_done(&list);
	return r;
}

static int parse_parentheses(struct parser *parser, struct term **ret_term)
{
	int r = advance(parser);

	if (r == 0)
		r = parse_expression(parser, ret_term);
	return r == 0 ? expect(parser, ")") : r;
}

/* ---- operands ------------------------------------------------------------------------------- */

static int find_variable(const struct compiler *compiler, const struct token *name)
{
	for (uint32_t i = compiler->variable_count; i > 0; i--) {
		const struct variable *variable = &compiler->variables[i - 1];

		if (variable->name_len == name->source_len &&
		    memcmp(variable->name, name->source, name->source_len) == 0)
			return (int)i - 1;
	}
	return -ENOENT;
}

static int parse_name(struct parser *parser, struct term **ret_term)
{
	struct compiler *compiler = parser->compiler;
	struct token name = parser->token;
	bool is_true = token__is(&name, "true");
	int variable, r;

	r = advance(parser);
	if (r < 0)
		return r;
	if (is_true || token__is(&name, "false"))
		return term_literal(compiler, name.offset, TERM_TYPE_BOOL,
				    (union datum){ .truth = is_true }, ret_term);
	if (token__is(&parser->token, "("))
		return parse_call(parser, &name, ret_term);
	if (find_infix(&name) || token__is(&name, "let"))
		return compiler__refuse(compiler, name.offset,
					"'%.*s' stands where a value should be",
					(int)name.source_len, name.source);
	variable = find_variable(compiler, &name);
	if (variable >= 0)
		return term_variable(compiler, name.offset, (uint32_t)variable, ret_term);
	return term_field(compiler, name.offset, name.source, name.source_len, ret_term);
}

static int parse_literal(struct parser *parser, struct term **ret_term)
{
	struct token token = parser->token;
	union datum literal = { .integer = 0 };
	enum term_type type = TERM_TYPE_INTEGER;
	int r = advance(parser);

	if (r < 0)
		return r;
	if (token.kind == TOKEN_TEXT) {
		type = TERM_TYPE_TEXT;
		literal.text.data = token.text.data;
		literal.text.len = token.text.len;
	} else if (token.kind == TOKEN_FLOAT) {
		type = TERM_TYPE_FLOAT;
		literal.number = token.number;
	} else {
		literal.integer = (__int128)token.integer;
	}
	return term_literal(parser->compiler, token.offset, type, literal, ret_term);
}

static int parse_binary(struct parser *parser, uint8_t least, struct term **ret_term);

static int parse_unary(struct parser *parser, enum term_op op, uint8_t precedence,
		       struct term **ret_term)
{
	size_t offset = parser->token.offset;
	bool is_plus = token__is(&parser->token, "+");
	struct term *child;
	int r = advance(parser);

	if (r == 0)
		r = parse_binary(parser, precedence, &child);
	if (r < 0)
		return r;
	if (is_plus && child->type != TERM_TYPE_INTEGER && child->type != TERM_TYPE_FLOAT)
		return compiler__refuse(parser->compiler, offset, "'+' needs a number, not %s",
					term_type_name(child->type));
	if (is_plus) {
		*ret_term = child;
		return 0;
	}
	return term_unary(parser->compiler, offset, op, child, ret_term);
}

static int parse_operand(struct parser *parser, struct term **ret_term)
{
	const struct token *token = &parser->token;

	if (token__is(token, "not") || token__is(token, "!"))
		return parse_unary(parser, TERM_NOT, PRECEDENCE_NOT, ret_term);
	if (token__is(token, "-") || token__is(token, "+"))
		return parse_unary(parser, TERM_NEGATE, PRECEDENCE_MINUS, ret_term);
	if (token__is(token, "("))
		return parse_parentheses(parser, ret_term);
	if (token__is(token, "["))
		return parse_brackets(parser, ret_term);
	if (token->kind == TOKEN_NAME)
		return parse_name(parser, ret_term);
	if (token->kind == TOKEN_END || token->kind == TOKEN_SIGN)
		return found_wrong(parser, "a value");
	return parse_literal(parser, ret_term);
}

static int enter(struct parser *parser)
{
	if (parser->depth++ < EXPRESSION_MAX_DEPTH)
		return 0;
	return compiler__refuse(parser->compiler, parser->token.offset,
				"nested more than %u times; bind parts of it with let",
				EXPRESSION_MAX_DEPTH);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* "not" in front of the operator at hand. *ret_infix NULL: there is no operator. */
static int take_operator(struct parser *parser, uint8_t least, const struct infix **ret_infix,
			 bool *ret_is_negated, size_t *ret_offset)
{
	const struct infix *found = find_infix(&parser->token);
	bool is_negated = token__is(&parser->token, "not");
	int r = 0;

	*ret_infix = NULL;
	*ret_offset = parser->token.offset;
	if (is_negated) {
		if (PRECEDENCE_COMPARISON < least)
			return 0;
		r = advance(parser);
		found = r == 0 ? find_infix(&parser->token) : NULL;
		if (r == 0 && (!found || !found->may_follow_not))
			return found_wrong(parser, "in, matches, contains, startsWith or endsWith");
	}
	if (r < 0 || !found || found->precedence < least)
		return r;
	*ret_infix = found;
	*ret_is_negated = is_negated;
	return advance(parser);
}

/* Operators that bind at least so tightly. */
static int parse_binary(struct parser *parser, uint8_t least, struct term **ret_term)
{
	struct term *left = NULL, *right;
	int r = enter(parser);

	if (r == 0)
		r = parse_operand(parser, &left);
	while (r == 0) {
		const struct infix *infix;
		bool is_negated = false;
		size_t offset;

		r = take_operator(parser, least, &infix, &is_negated, &offset);
		if (r < 0 || !infix)
			break;
		r = parse_binary(parser, (uint8_t)(infix->precedence + !infix->is_from_right),
				 &right);
		if (r == 0)
			r = term_binary(parser->compiler, offset, infix->op, left, right, &left);
		if (r == 0 && is_negated)
			r = term_unary(parser->compiler, offset, TERM_NOT, left, &left);
	}
	parser->depth--;
	if (r == 0)
		*ret_term = left;
	return r;
}

static int parse_ternary(struct parser *parser, struct term **ret_term)
{
	struct term *condition, *yes, *no;
	int r = parse_binary(parser, 0, &condition);

	if (r < 0 || !token__is(&parser->token, "?")) {
		if (r == 0)
			*ret_term = condition;
		return r;
	}
	r = advance(parser);
	if (r == 0)
		r = parse_expression(parser, &yes);
	if (r == 0)
		r = expect(parser, ":");
	if (r == 0)
		r = parse_expression(parser, &no);
	return r == 0 ? term_ternary(parser->compiler, condition, yes, no, ret_term) : r;
}

static int add_variable(struct parser *parser, const struct token *name, const struct term *value)
{
	struct compiler *compiler = parser->compiler;

	if (compiler->variable_count == EXPRESSION_MAX_VARIABLES)
		return compiler__refuse(compiler, name->offset, "more than %u variables; use fewer",
					EXPRESSION_MAX_VARIABLES);
	compiler->variables[compiler->variable_count++] =
		(struct variable){ .name = name->source,
				   .name_len = name->source_len,
				   .type = value->type,
				   .element = value->element };
	return 0;
}

/* let name = value; expression. Variables keep their places: a later one of the same name hides an earlier one. */
static int parse_let(struct parser *parser, struct term **ret_term)
{
	struct term *value, *body;
	struct token name;
	uint32_t index;
	int r = advance(parser);

	name = parser->token;
	if (r == 0 && (name.kind != TOKEN_NAME || find_infix(&name) ||
		       memchr(name.source, '.', name.source_len)))
		return found_wrong(parser, "the name of a variable");
	if (r == 0)
		r = advance(parser);
	if (r == 0)
		r = expect(parser, "=");
	if (r == 0)
		r = parse_expression(parser, &value);
	if (r == 0)
		r = expect(parser, ";");
	if (r == 0)
		r = add_variable(parser, &name, value);
	if (r < 0)
		return r;
	index = parser->compiler->variable_count - 1;
	r = parse_expression(parser, &body);
	/* Its place stays taken, but its name ends with the expression behind it. */
	parser->compiler->variables[index].name_len = 0;
	return r == 0 ? term_let(parser->compiler, index, value, body, ret_term) : r;
}

static int parse_expression(struct parser *parser, struct term **ret_term)
{
	int r = enter(parser);

	if (r == 0)
		r = token__is(&parser->token, "let") ? parse_let(parser, ret_term)
						     : parse_ternary(parser, ret_term);
	parser->depth--;
	return r;
}

int expression_parse(struct compiler *compiler, const char *text, struct term **ret_term)
{
	struct parser parser = { .compiler = compiler,
				 .reader = { .text = text,
					     .at = compiler->at,
					     .arena = compiler->arena,
					     .err = compiler->err } };
	int r = advance(&parser);

	if (r == 0)
		r = parse_expression(&parser, ret_term);
	if (r < 0)
		return r;
	if (parser.token.kind == TOKEN_NAME)
		return unknown_operator(&parser);
	if (parser.token.kind != TOKEN_END)
		return found_wrong(&parser, "an operator or the end");
	if ((*ret_term)->type != TERM_TYPE_BOOL)
		return compiler__refuse(compiler, 0,
					"the expression is %s; a filter needs true or false, as of "
					"a comparison",
					term_type_name((*ret_term)->type));
	return 0;
}
