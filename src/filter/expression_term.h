/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_EXPRESSION_TERM_H
#define SRC_FILTER_EXPRESSION_TERM_H

/*
 * What an expression is made of: typed terms in a tree, and what the steps from text to code share. Terms live in the
 * compiler's arena. expression_parse.c reads them, expression_term.c puts them together if their types allow,
 * expression_code.c turns the tree into code for expression.c.
 */

#include "base/arena.h"
#include "base/pattern.h"
#include "base/vec.h"
#include "filter/expression.h"

/* Longest way from the root to a leaf: a chain of operators is one, too. */
#define TERM_MAX_HEIGHT 1024u

enum term_type {
	TERM_TYPE_NONE, /* elements of an empty list */
	TERM_TYPE_BOOL,
	TERM_TYPE_INTEGER, /* __int128: every number of 64 bits with and without a sign */
	TERM_TYPE_FLOAT,
	TERM_TYPE_TEXT,
	TERM_TYPE_LIST,
	TERM_TYPE_RANGE,
	TERM_TYPE_NETS,
};

enum term_op {
	TERM_LITERAL,
	TERM_FIELD,
	TERM_VARIABLE,
	TERM_LET, /* child 0 into the variable, then child 1 */
	TERM_LIST,
	TERM_TERNARY,
	TERM_AND,
	TERM_OR,
	TERM_NOT,
	TERM_TO_FLOAT,
	TERM_NEGATE,
	TERM_ADD,
	TERM_SUBTRACT,
	TERM_MULTIPLY,
	TERM_DIVIDE,
	TERM_REMAINDER,
	TERM_POWER,
	TERM_RANGE,
	TERM_EQUAL,
	TERM_NOT_EQUAL,
	TERM_LESS,
	TERM_LESS_EQUAL,
	TERM_GREATER,
	TERM_GREATER_EQUAL,
	TERM_IN,
	TERM_MATCHES,
	TERM_CONTAINS,
	TERM_STARTS_WITH,
	TERM_ENDS_WITH,
	TERM_LENGTH,
	TERM_OP_COUNT,
};

struct net {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned int prefix; /* bits of it */
};

struct nets {
	struct net *items; /* arena */
	uint32_t count;
};

/* What the machine works on; the code knows which member it is. */
union datum {
	bool truth;
	__int128 integer;
	double number;
	struct {
		const char *data;
		size_t len;
	} text;
	struct {
		uint32_t first, count; /* of the machine's elements */
	} list;
	struct {
		__int128 first, last;
	} range;
	const struct nets *nets;
};

struct term {
	enum term_op op;
	enum term_type type;
	enum term_type element; /* of a list */
	size_t offset;          /* in the expression */
	uint32_t height;
	uint32_t index; /* of a field or variable */
	union datum literal;
	struct term **children;
	uint32_t child_count;
};

struct variable {
	const char *name; /* borrowed from the expression */
	size_t name_len;
	enum term_type type, element;
};

struct compiler {
	const struct schema *schema; /* borrowed, as all of these */
	const struct loc *at;
	struct arena *arena;
	struct err *err;
	struct variable variables[EXPRESSION_MAX_VARIABLES];
	uint32_t variable_count;
};

int compiler__refuse(struct compiler *compiler, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- expression_parse.c ---- */

int expression_parse(struct compiler *compiler, const char *text, struct term **ret_term);

/* ---- expression_term.c: each makes a term out of others, if their types go together ---- */

int term_literal(struct compiler *compiler, size_t offset, enum term_type type, union datum literal,
		 struct term **ret_term);
int term_field(struct compiler *compiler, size_t offset, const char *name, size_t len,
	       struct term **ret_term);
int term_variable(struct compiler *compiler, size_t offset, uint32_t index, struct term **ret_term);
int term_let(struct compiler *compiler, uint32_t index, struct term *value, struct term *body,
	     struct term **ret_term);
int term_ternary(struct compiler *compiler, struct term *condition, struct term *yes,
		 struct term *no, struct term **ret_term);
int term_list(struct compiler *compiler, size_t offset, struct term **elements, uint32_t count,
	      struct term **ret_term);
int term_unary(struct compiler *compiler, size_t offset, enum term_op op, struct term *child,
	       struct term **ret_term);
/* `offset` of the operator. */
int term_binary(struct compiler *compiler, size_t offset, enum term_op op, struct term *left,
		struct term *right, struct term **ret_term);
int term_nets(struct compiler *compiler, size_t offset, struct term **texts, uint32_t count,
	      struct term **ret_term);
/* "a number", "a text": for messages. */
const char *term_type_name(enum term_type type);
/* As Go reads it. False: it is no address. */
bool net_address_parse(const char *text, size_t len, uint8_t address[16]);

/* ---- expression_code.c ---- */

enum code_op {
	CODE_CONSTANT, /* operand: index of a constant */
	CODE_FIELD,    /* operand: index of the field; type: what it must be */
	CODE_LOAD,     /* operand: index of the variable */
	CODE_STORE,
	CODE_LIST, /* count elements from the stack to the machine's elements, from operand on */
	CODE_JUMP, /* operand: where to, always forward */
	CODE_JUMP_FALSE, /* takes the truth value off the stack */
	CODE_AND,        /* jumps when it is false and leaves it there, else takes it off */
	CODE_OR,
	CODE_TERM, /* term */
};

struct instruction {
	uint8_t op;      /* enum code_op */
	uint8_t term;    /* enum term_op */
	uint8_t type;    /* enum term_type of what is worked on; CODE_FIELD: enum field_type */
	uint8_t element; /* of a list */
	uint32_t operand;
	uint32_t count;
};

struct expression_code {
	VEC(struct instruction) instructions;
	VEC(union datum) constants;
	VEC(struct pattern *) patterns; /* owned */
	uint32_t stack_size, element_count, depth;
};

int expression_code_emit(struct compiler *compiler, const struct term *term,
			 struct expression_code *code);
void expression_code__done(struct expression_code *code);

/* The plain conditions among those that must hold; arena of the compiler. */
typedef VEC(struct filter_condition) condition_list;
int term_conditions(struct compiler *compiler, const struct term *term, condition_list *list,
		    bool *ret_is_whole);

#endif
