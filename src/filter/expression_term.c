/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/expression_term.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "filter/field_name.h"

const char *term_type_name(enum term_type type)
{
	static const char *const names[] = {
		[TERM_TYPE_NONE] = "nothing",     [TERM_TYPE_BOOL] = "a truth value",
		[TERM_TYPE_INTEGER] = "a number", [TERM_TYPE_FLOAT] = "a number with a fraction",
		[TERM_TYPE_TEXT] = "a text",      [TERM_TYPE_LIST] = "a list",
		[TERM_TYPE_RANGE] = "a range",    [TERM_TYPE_NETS] = "networks",
	};

	return names[type];
}

static bool is_number(enum term_type type)
{
	return type == TERM_TYPE_INTEGER || type == TERM_TYPE_FLOAT;
}

/* ---- terms ---------------------------------------------------------------------------------- */

static int no_memory(struct compiler *compiler)
{
	return err__set(compiler->err, -ENOMEM, compiler->at, "no memory for an expression");
}

/* A copy of what is known of it, with its children. */
static int new_term(struct compiler *compiler, struct term term, struct term *const *children,
		    uint32_t count, struct term **ret_term)
{
	struct term *made = arena_new(compiler->arena, struct term);

	if (!made)
		return no_memory(compiler);
	term.height = 1;
	for (uint32_t i = 0; i < count; i++)
		if (children[i]->height >= term.height)
			term.height = children[i]->height + 1;
	if (term.height > TERM_MAX_HEIGHT)
		return compiler__refuse(compiler, term.offset,
					"more than %u operators in a row; use a list",
					TERM_MAX_HEIGHT);
	if (count) {
		term.children = arena__memdup(compiler->arena, children, count * sizeof(*children));
		if (!term.children)
			return no_memory(compiler);
	}
	term.child_count = count;
	*made = term;
	*ret_term = made;
	return 0;
}

int term_literal(struct compiler *compiler, size_t offset, enum term_type type, union datum literal,
		 struct term **ret_term)
{
	return new_term(
		compiler,
		(struct term){
			.op = TERM_LITERAL, .type = type, .offset = offset, .literal = literal },
		NULL, 0, ret_term);
}

int term_field(struct compiler *compiler, size_t offset, const char *name, size_t len,
	       struct term **ret_term)
{
	static const enum term_type types[] = {
		[FIELD_TYPE_U64] = TERM_TYPE_INTEGER, [FIELD_TYPE_S64] = TERM_TYPE_INTEGER,
		[FIELD_TYPE_F64] = TERM_TYPE_FLOAT,   [FIELD_TYPE_BOOL] = TERM_TYPE_BOOL,
		[FIELD_TYPE_STRING] = TERM_TYPE_TEXT,
	};
	struct loc at = loc_behind(compiler->at, offset);
	enum field_type type;
	uint32_t index;
	int r = field_name_find(compiler->schema, name, len, FIELD_CASE_EXACT, &at, &index,
				compiler->err);

	if (r < 0)
		return r;
	type = field_widest_type(&compiler->schema->fields[index]);
	if (type == FIELD_TYPE_BYTES)
		return field_refuse_bytes(compiler->schema, index, &at, compiler->err);
	return new_term(
		compiler,
		(struct term){
			.op = TERM_FIELD, .type = types[type], .offset = offset, .index = index },
		NULL, 0, ret_term);
}

int term_variable(struct compiler *compiler, size_t offset, uint32_t index, struct term **ret_term)
{
	const struct variable *variable = &compiler->variables[index];

	return new_term(compiler,
			(struct term){ .op = TERM_VARIABLE,
				       .type = variable->type,
				       .element = variable->element,
				       .offset = offset,
				       .index = index },
			NULL, 0, ret_term);
}

int term_let(struct compiler *compiler, uint32_t index, struct term *value, struct term *body,
	     struct term **ret_term)
{
	return new_term(compiler,
			(struct term){ .op = TERM_LET,
				       .type = body->type,
				       .element = body->element,
				       .offset = body->offset,
				       .index = index },
			(struct term *[]){ value, body }, 2, ret_term);
}

/* ---- types that go together ----------------------------------------------------------------- */

static int to_float(struct compiler *compiler, struct term **term)
{
	if ((*term)->type != TERM_TYPE_INTEGER)
		return 0;
	if ((*term)->op == TERM_LITERAL)
		return term_literal(compiler, (*term)->offset, TERM_TYPE_FLOAT,
				    (union datum){ .number = (double)(*term)->literal.integer },
				    term);
	return new_term(compiler,
			(struct term){ .op = TERM_TO_FLOAT,
				       .type = TERM_TYPE_FLOAT,
				       .offset = (*term)->offset },
			term, 1, term);
}

/* Two numbers become the wider of both. False: they are not of one type. */
static int unify(struct compiler *compiler, struct term **a, struct term **b, bool *ret_is_same)
{
	int r = 0;

	if ((*a)->type != (*b)->type && is_number((*a)->type) && is_number((*b)->type)) {
		r = to_float(compiler, a);
		if (r == 0)
			r = to_float(compiler, b);
	}
	*ret_is_same = (*a)->type == (*b)->type && (*a)->element == (*b)->element;
	return r;
}

int term_ternary(struct compiler *compiler, struct term *condition, struct term *yes,
		 struct term *no, struct term **ret_term)
{
	bool is_same;
	int r;

	if (condition->type != TERM_TYPE_BOOL)
		return compiler__refuse(compiler, condition->offset,
					"what stands before '?' is %s; it must be true or false",
					term_type_name(condition->type));
	r = unify(compiler, &yes, &no, &is_same);
	if (r < 0)
		return r;
	if (!is_same)
		return compiler__refuse(compiler, no->offset,
					"one branch is %s, the other %s; both must be of one kind",
					term_type_name(yes->type), term_type_name(no->type));
	return new_term(compiler,
			(struct term){ .op = TERM_TERNARY,
				       .type = yes->type,
				       .element = yes->element,
				       .offset = condition->offset },
			(struct term *[]){ condition, yes, no }, 3, ret_term);
}

static bool can_be_element(enum term_type type)
{
	return type == TERM_TYPE_BOOL || is_number(type) || type == TERM_TYPE_TEXT;
}

int term_list(struct compiler *compiler, size_t offset, struct term **elements, uint32_t count,
	      struct term **ret_term)
{
	enum term_type type = count ? elements[0]->type : TERM_TYPE_NONE;

	for (uint32_t i = 0; i < count; i++) {
		if (elements[i]->type == TERM_TYPE_FLOAT && type == TERM_TYPE_INTEGER)
			type = TERM_TYPE_FLOAT;
		if (!can_be_element(elements[i]->type) ||
		    (elements[i]->type != type &&
		     !(is_number(elements[i]->type) && is_number(type))))
			return compiler__refuse(compiler, elements[i]->offset,
						"an element is %s; a list is of numbers, of texts "
						"or of truth values",
						term_type_name(elements[i]->type));
	}
	for (uint32_t i = 0; i < count && type == TERM_TYPE_FLOAT; i++) {
		int r = to_float(compiler, &elements[i]);

		if (r < 0)
			return r;
	}
	return new_term(compiler,
			(struct term){ .op = TERM_LIST,
				       .type = TERM_TYPE_LIST,
				       .element = type,
				       .offset = offset },
			elements, count, ret_term);
}

/* ---- operators with one operand ------------------------------------------------------------- */

static int make_negated(struct compiler *compiler, size_t offset, const struct term *child,
			struct term **ret_term)
{
	union datum literal;

	if (child->type == TERM_TYPE_INTEGER)
		literal.integer = -child->literal.integer;
	else
		literal.number = -child->literal.number;
	return term_literal(compiler, offset, child->type, literal, ret_term);
}

int term_unary(struct compiler *compiler, size_t offset, enum term_op op, struct term *child,
	       struct term **ret_term)
{
	enum term_type type = op == TERM_LENGTH ? TERM_TYPE_INTEGER : child->type;

	if (op == TERM_NOT && child->type != TERM_TYPE_BOOL)
		return compiler__refuse(compiler, offset,
					"'not' stands before %s; put what is to be negated in "
					"parentheses",
					term_type_name(child->type));
	if (op == TERM_NEGATE && !is_number(child->type))
		return compiler__refuse(compiler, offset, "'-' needs a number, not %s",
					term_type_name(child->type));
	if (op == TERM_LENGTH && child->type != TERM_TYPE_TEXT && child->type != TERM_TYPE_LIST &&
	    child->type != TERM_TYPE_RANGE)
		return compiler__refuse(compiler, offset,
					"len() is of texts, lists and ranges, not of %s",
					term_type_name(child->type));
	if (op == TERM_NEGATE && child->op == TERM_LITERAL)
		return make_negated(compiler, offset, child, ret_term);
	return new_term(compiler, (struct term){ .op = op, .type = type, .offset = offset }, &child,
			1, ret_term);
}

/* ---- operators with two --------------------------------------------------------------------- */

enum operands {
	OPERANDS_TRUTHS,
	OPERANDS_INTEGERS,
	OPERANDS_NUMBERS, /* both of one type */
	OPERANDS_FLOATS,  /* numbers that become floats */
	OPERANDS_EQUAL,   /* of one type that can be compared */
	OPERANDS_ORDERED, /* numbers or texts */
	OPERANDS_TEXTS,
	OPERANDS_PATTERN, /* a text, and one that is known now */
	OPERANDS_MEMBER,  /* something and where it may be in */
};

static const struct binary {
	const char *text;
	enum operands operands;
	enum term_type type; /* of the result; NONE: that of the operands */
} binaries[TERM_OP_COUNT] = {
	[TERM_AND] = { "and", OPERANDS_TRUTHS, TERM_TYPE_BOOL },
	[TERM_OR] = { "or", OPERANDS_TRUTHS, TERM_TYPE_BOOL },
	[TERM_ADD] = { "+", OPERANDS_NUMBERS, TERM_TYPE_NONE },
	[TERM_SUBTRACT] = { "-", OPERANDS_NUMBERS, TERM_TYPE_NONE },
	[TERM_MULTIPLY] = { "*", OPERANDS_NUMBERS, TERM_TYPE_NONE },
	[TERM_DIVIDE] = { "/", OPERANDS_FLOATS, TERM_TYPE_FLOAT },
	[TERM_REMAINDER] = { "%", OPERANDS_INTEGERS, TERM_TYPE_INTEGER },
	[TERM_POWER] = { "**", OPERANDS_FLOATS, TERM_TYPE_FLOAT },
	[TERM_RANGE] = { "..", OPERANDS_INTEGERS, TERM_TYPE_RANGE },
	[TERM_EQUAL] = { "==", OPERANDS_EQUAL, TERM_TYPE_BOOL },
	[TERM_NOT_EQUAL] = { "!=", OPERANDS_EQUAL, TERM_TYPE_BOOL },
	[TERM_LESS] = { "<", OPERANDS_ORDERED, TERM_TYPE_BOOL },
	[TERM_LESS_EQUAL] = { "<=", OPERANDS_ORDERED, TERM_TYPE_BOOL },
	[TERM_GREATER] = { ">", OPERANDS_ORDERED, TERM_TYPE_BOOL },
	[TERM_GREATER_EQUAL] = { ">=", OPERANDS_ORDERED, TERM_TYPE_BOOL },
	[TERM_IN] = { "in", OPERANDS_MEMBER, TERM_TYPE_BOOL },
	[TERM_MATCHES] = { "matches", OPERANDS_PATTERN, TERM_TYPE_BOOL },
	[TERM_CONTAINS] = { "contains", OPERANDS_TEXTS, TERM_TYPE_BOOL },
	[TERM_STARTS_WITH] = { "startsWith", OPERANDS_TEXTS, TERM_TYPE_BOOL },
	[TERM_ENDS_WITH] = { "endsWith", OPERANDS_TEXTS, TERM_TYPE_BOOL },
};

static int wrong_operands(struct compiler *compiler, size_t offset, enum term_op op,
			  const struct term *left, const struct term *right, const char *needs)
{
	return compiler__refuse(compiler, offset, "'%s' stands between %s and %s; it needs %s",
				binaries[op].text, term_type_name(left->type),
				term_type_name(right->type), needs);
}

static bool are_both(const struct term *a, const struct term *b, enum term_type type)
{
	return a->type == type && b->type == type;
}

/* Of "in": the element and the elements become of one type. What is wrong, or NULL. */
static int match_member(struct compiler *compiler, struct term **left, struct term *right,
			const char **ret_needs)
{
	enum term_type type = (*left)->type;

	*ret_needs = NULL;
	switch (right->type) {
	case TERM_TYPE_LIST:
		if (right->element == TERM_TYPE_FLOAT && is_number(type))
			return to_float(compiler, left);
		if (right->element != TERM_TYPE_NONE && right->element != type)
			*ret_needs = "elements of the same kind as what is looked for";
		return 0;
	case TERM_TYPE_RANGE:
		if (type != TERM_TYPE_INTEGER)
			*ret_needs = "a whole number in a range";
		return 0;
	case TERM_TYPE_NETS:
		if (type != TERM_TYPE_TEXT)
			*ret_needs = "an address, which is a text, in networks";
		return 0;
	default:
		*ret_needs = "a list, a range or networks on its right";
		return 0;
	}
}

/* Makes the operands ready; *ret_needs says what would be right when they are not. */
static int match_operands(struct compiler *compiler, enum operands operands, struct term **left,
			  struct term **right, const char **ret_needs)
{
	bool are_numbers = is_number((*left)->type) && is_number((*right)->type);
	bool is_same;
	int r = 0;

	*ret_needs = NULL;
	switch (operands) {
	case OPERANDS_TRUTHS:
		*ret_needs = are_both(*left, *right, TERM_TYPE_BOOL) ? NULL : "truth values";
		break;
	case OPERANDS_INTEGERS:
		*ret_needs = are_both(*left, *right, TERM_TYPE_INTEGER) ? NULL : "whole numbers";
		break;
	case OPERANDS_NUMBERS:
		*ret_needs = are_numbers ? NULL : "numbers";
		return unify(compiler, left, right, &is_same);
	case OPERANDS_FLOATS:
		*ret_needs = are_numbers ? NULL : "numbers";
		r = are_numbers ? to_float(compiler, left) : 0;
		return r == 0 && are_numbers ? to_float(compiler, right) : r;
	case OPERANDS_EQUAL:
		r = unify(compiler, left, right, &is_same);
		if (!is_same || !can_be_element((*left)->type))
			*ret_needs = "two numbers, two texts or two truth values";
		break;
	case OPERANDS_ORDERED:
		if (!are_numbers && !are_both(*left, *right, TERM_TYPE_TEXT))
			*ret_needs = "two numbers or two texts";
		return unify(compiler, left, right, &is_same);
	case OPERANDS_TEXTS:
		*ret_needs = are_both(*left, *right, TERM_TYPE_TEXT) ? NULL : "two texts";
		break;
	case OPERANDS_PATTERN:
		if (!are_both(*left, *right, TERM_TYPE_TEXT) || (*right)->op != TERM_LITERAL)
			*ret_needs = "a text, and a regular expression in quotes on its right";
		break;
	case OPERANDS_MEMBER:
		return match_member(compiler, left, *right, ret_needs);
	}
	return r;
}

int term_binary(struct compiler *compiler, size_t offset, enum term_op op, struct term *left,
		struct term *right, struct term **ret_term)
{
	const struct binary *binary = &binaries[op];
	const struct term *shown[] = { left, right };
	const char *needs;
	int r = match_operands(compiler, binary->operands, &left, &right, &needs);

	if (r < 0)
		return r;
	if (needs)
		return wrong_operands(compiler, offset, op, shown[0], shown[1], needs);
	return new_term(compiler,
			(struct term){ .op = op,
				       .type = binary->type ? binary->type : left->type,
				       .offset = op == TERM_RANGE ? left->offset : offset },
			(struct term *[]){ left, right }, 2, ret_term);
}

/* ---- networks ------------------------------------------------------------------------------- */

#define V4_PREFIX_BITS 96

bool net_address_parse(const char *text, size_t len, uint8_t address[16])
{
	static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy) || (len && memchr(text, '\0', len)))
		return false;
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, address) == 1)
		return true;
	memcpy(address, v4_prefix, sizeof(v4_prefix));
	return inet_pton(AF_INET, copy, address + sizeof(v4_prefix)) == 1;
}

static int parse_net(struct compiler *compiler, const struct term *text, struct net *net)
{
	const char *data = text->literal.text.data;
	size_t len = text->literal.text.len;
	const char *slash = memchr(data, '/', len);
	size_t address_len = slash ? (size_t)(slash - data) : len;
	bool is_v6 = memchr(data, ':', address_len) != NULL;
	unsigned int first = is_v6 ? 0 : V4_PREFIX_BITS;
	uint64_t bits = 128 - first;

	if (!net_address_parse(data, address_len, net->address) ||
	    (slash &&
	     (num_parse_u64(slash + 1, len - address_len - 1, &bits) < 0 || bits > 128 - first)))
		return compiler__refuse(compiler, text->offset,
					"\"%.*s\" is no network; write it as \"10.0.0.0/8\" or "
					"\"fd00::/8\"",
					len > 64 ? 64 : (int)len, data);
	net->prefix = first + (unsigned int)bits;
	return 0;
}

int term_nets(struct compiler *compiler, size_t offset, struct term **texts, uint32_t count,
	      struct term **ret_term)
{
	struct nets *nets = arena_new(compiler->arena, struct nets);
	struct net *items = arena_array(compiler->arena, struct net, (size_t)count + 1);

	if (!nets || !items)
		return no_memory(compiler);
	if (count == 0)
		return compiler__refuse(compiler, offset, "cidr() takes at least one network");
	for (uint32_t i = 0; i < count; i++) {
		int r;

		if (texts[i]->op != TERM_LITERAL || texts[i]->type != TERM_TYPE_TEXT)
			return compiler__refuse(compiler, texts[i]->offset,
						"cidr() takes networks in quotes");
		r = parse_net(compiler, texts[i], &items[i]);
		if (r < 0)
			return r;
	}
	*nets = (struct nets){ .items = items, .count = count };
	return term_literal(compiler, offset, TERM_TYPE_NETS, (union datum){ .nets = nets },
			    ret_term);
}
