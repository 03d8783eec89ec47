/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "filter/expression_term.h"
#include "filter/field_name.h"

void expression_code__done(struct expression_code *code)
{
	vec_for_each(&code->patterns, pattern)
		pattern__free(*pattern);
	vec_done(&code->patterns);
	vec_done(&code->constants);
	vec_done(&code->instructions);
}

struct emitter {
	struct compiler *compiler;    /* borrowed */
	struct expression_code *code; /* borrowed */
};

static int no_memory(const struct emitter *emitter)
{
	return err__set(emitter->compiler->err, -ENOMEM, emitter->compiler->at,
			"no memory for an expression");
}

/* `change`: of the machine's stack. */
static int add(const struct emitter *emitter, const struct term *term,
	       struct instruction instruction, int change)
{
	struct expression_code *code = emitter->code;

	if (code->instructions.len == EXPRESSION_MAX_CODE)
		return compiler__refuse(emitter->compiler, term->offset,
					"the expression needs more than %u steps; make it simpler",
					EXPRESSION_MAX_CODE);
	if (vec_push(&code->instructions, instruction) < 0)
		return no_memory(emitter);
	code->depth = (uint32_t)((int)code->depth + change);
	if (code->depth > code->stack_size)
		code->stack_size = code->depth;
	return 0;
}

static void jump_here(const struct emitter *emitter, size_t from)
{
	emitter->code->instructions.items[from].operand = (uint32_t)emitter->code->instructions.len;
}

static int emit(const struct emitter *emitter, const struct term *term);

static int emit_children(const struct emitter *emitter, const struct term *term)
{
	for (uint32_t i = 0; i < term->child_count; i++) {
		int r = emit(emitter, term->children[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int emit_literal(const struct emitter *emitter, const struct term *term)
{
	uint32_t index = (uint32_t)emitter->code->constants.len;

	if (vec_push(&emitter->code->constants, term->literal) < 0)
		return no_memory(emitter);
	return add(emitter, term, (struct instruction){ .op = CODE_CONSTANT, .operand = index }, 1);
}

static int emit_field(const struct emitter *emitter, const struct term *term)
{
	const struct field *field = &emitter->compiler->schema->fields[term->index];

	return add(emitter, term,
		   (struct instruction){ .op = CODE_FIELD,
					 .type = (uint8_t)field_widest_type(field),
					 .operand = term->index },
		   1);
}

static int emit_list(const struct emitter *emitter, const struct term *term)
{
	const struct instruction instruction = { .op = CODE_LIST,
						 .operand = emitter->code->element_count,
						 .count = term->child_count };
	int r;

	emitter->code->element_count += term->child_count;
	r = emit_children(emitter, term);
	return r == 0 ? add(emitter, term, instruction, 1 - (int)term->child_count) : r;
}

static int emit_let(const struct emitter *emitter, const struct term *term)
{
	int r = emit(emitter, term->children[0]);

	if (r == 0)
		r = add(emitter, term,
			(struct instruction){ .op = CODE_STORE, .operand = term->index }, -1);
	return r == 0 ? emit(emitter, term->children[1]) : r;
}

/* The right side runs only when the left one does not say it all. */
static int emit_short(const struct emitter *emitter, const struct term *term)
{
	enum code_op op = term->op == TERM_AND ? CODE_AND : CODE_OR;
	size_t from;
	int r = emit(emitter, term->children[0]);

	from = emitter->code->instructions.len;
	if (r == 0)
		r = add(emitter, term, (struct instruction){ .op = op }, -1);
	if (r == 0)
		r = emit(emitter, term->children[1]);
	if (r == 0)
		jump_here(emitter, from);
	return r;
}

static int emit_ternary(const struct emitter *emitter, const struct term *term)
{
	size_t to_no, to_end;
	int r = emit(emitter, term->children[0]);

	to_no = emitter->code->instructions.len;
	if (r == 0)
		r = add(emitter, term, (struct instruction){ .op = CODE_JUMP_FALSE }, -1);
	if (r == 0)
		r = emit(emitter, term->children[1]);
	to_end = emitter->code->instructions.len;
	/* Either branch leaves one value; the second starts where the first one did. */
	if (r == 0)
		r = add(emitter, term, (struct instruction){ .op = CODE_JUMP }, -1);
	if (r < 0)
		return r;
	jump_here(emitter, to_no);
	r = emit(emitter, term->children[2]);
	if (r == 0)
		jump_here(emitter, to_end);
	return r;
}

static int emit_matches(const struct emitter *emitter, const struct term *term)
{
	const struct term *text = term->children[1];
	struct loc at = loc_behind(emitter->compiler->at, text->offset);
	uint32_t index = (uint32_t)emitter->code->patterns.len;
	struct pattern *pattern;
	int r = emit(emitter, term->children[0]);

	if (r < 0)
		return r;
	if (memchr(text->literal.text.data, '\0', text->literal.text.len))
		return compiler__refuse(emitter->compiler, text->offset,
					"a regular expression cannot hold a NUL byte; write \\x00 "
					"with two backslashes");
	r = pattern__compile(text->literal.text.data, &at, &pattern, emitter->compiler->err);
	if (r < 0)
		return r;
	if (vec_push(&emitter->code->patterns, pattern) < 0) {
		pattern__free(pattern);
		return no_memory(emitter);
	}
	return add(emitter, term,
		   (struct instruction){ .op = CODE_TERM, .term = TERM_MATCHES, .operand = index },
		   0);
}

/* What works on the values of its children alone. */
static int emit_plain(const struct emitter *emitter, const struct term *term)
{
	const struct term *first = term->children[0];
	const struct term *last = term->children[term->child_count - 1];
	bool is_in = term->op == TERM_IN;
	const struct instruction instruction = {
		.op = CODE_TERM,
		.term = (uint8_t)term->op,
		.type = (uint8_t)(is_in ? last->type : first->type),
		.element = (uint8_t)first->type,
	};
	int r = emit_children(emitter, term);

	return r == 0 ? add(emitter, term, instruction, 1 - (int)term->child_count) : r;
}

static int emit(const struct emitter *emitter, const struct term *term)
{
	switch (term->op) {
	case TERM_LITERAL:
		return emit_literal(emitter, term);
	case TERM_FIELD:
		return emit_field(emitter, term);
	case TERM_VARIABLE:
		return add(emitter, term,
			   (struct instruction){ .op = CODE_LOAD, .operand = term->index }, 1);
	case TERM_LET:
		return emit_let(emitter, term);
	case TERM_LIST:
		return emit_list(emitter, term);
	case TERM_TERNARY:
		return emit_ternary(emitter, term);
	case TERM_AND:
	case TERM_OR:
		return emit_short(emitter, term);
	case TERM_MATCHES:
		return emit_matches(emitter, term);
	default:
		return emit_plain(emitter, term);
	}
}

int expression_code_emit(struct compiler *compiler, const struct term *term,
			 struct expression_code *code)
{
	const struct emitter emitter = { .compiler = compiler, .code = code };

	return emit(&emitter, term);
}

/* ---- plain conditions ----------------------------------------------------------------------- */

static const struct {
	enum term_op term;
	enum match_op op, mirrored; /* as it is with field and value exchanged */
	bool is_one_way;
} comparisons[] = {
	{ TERM_EQUAL, MATCH_OP_EQUAL, MATCH_OP_EQUAL, false },
	{ TERM_NOT_EQUAL, MATCH_OP_NOT_EQUAL, MATCH_OP_NOT_EQUAL, false },
	{ TERM_LESS, MATCH_OP_LESS, MATCH_OP_GREATER, false },
	{ TERM_LESS_EQUAL, MATCH_OP_LESS_EQUAL, MATCH_OP_GREATER_EQUAL, false },
	{ TERM_GREATER, MATCH_OP_GREATER, MATCH_OP_LESS, false },
	{ TERM_GREATER_EQUAL, MATCH_OP_GREATER_EQUAL, MATCH_OP_LESS_EQUAL, false },
	{ TERM_MATCHES, MATCH_OP_REGEXP, MATCH_OP_REGEXP, true },
};

/* A literal as a value of the field's type. False: the field can never have it, or it is of another kind. */
static bool to_value(const struct term *literal, enum field_type type, struct value *value)
{
	*value = (struct value){ .type = type };
	switch (type) {
	case FIELD_TYPE_U64:
		value->u64 = (uint64_t)literal->literal.integer;
		return literal->literal.integer >= 0 && literal->literal.integer <= UINT64_MAX;
	case FIELD_TYPE_S64:
		value->s64 = (int64_t)literal->literal.integer;
		return literal->literal.integer >= INT64_MIN &&
		       literal->literal.integer <= INT64_MAX;
	case FIELD_TYPE_F64:
		value->f64 = literal->literal.number;
		return true;
	case FIELD_TYPE_BOOL:
		value->u64 = literal->literal.truth;
		return true;
	case FIELD_TYPE_STRING:
		value->bytes.data = literal->literal.text.data;
		value->bytes.len = literal->literal.text.len;
		return true;
	default:
		return false;
	}
}

/* 1: added, 0: it is no plain condition. */
static int add_condition(struct compiler *compiler, const struct term *field, enum match_op op,
			 const struct term *literal, condition_list *list)
{
	struct filter_condition condition = { .field = field->index, .op = op };

	if (field->op != TERM_FIELD || literal->op != TERM_LITERAL ||
	    !to_value(literal, field_widest_type(&compiler->schema->fields[field->index]),
		      &condition.value))
		return 0;
	return vec_push(list, condition) < 0 ? -ENOMEM : 1;
}

static int add_comparison(struct compiler *compiler, const struct term *term, condition_list *list)
{
	for (size_t i = 0; i < array_size(comparisons); i++) {
		int r;

		if (comparisons[i].term != term->op)
			continue;
		r = add_condition(compiler, term->children[0], comparisons[i].op, term->children[1],
				  list);
		if (r == 0 && !comparisons[i].is_one_way)
			r = add_condition(compiler, term->children[1], comparisons[i].mirrored,
					  term->children[0], list);
		return r;
	}
	return 0;
}

/* A field that is true or false by itself. */
static int add_truth(struct compiler *compiler, const struct term *field, bool truth,
		     condition_list *list)
{
	const struct term literal = { .op = TERM_LITERAL,
				      .type = TERM_TYPE_BOOL,
				      .literal = { .truth = truth } };

	return add_condition(compiler, field, MATCH_OP_EQUAL, &literal, list);
}

/* field in 1..5 */
static int add_range(struct compiler *compiler, const struct term *term, condition_list *list)
{
	const struct term *range = term->children[1];
	size_t len = list->len;
	int r;

	if (range->op != TERM_RANGE)
		return 0;
	r = add_condition(compiler, term->children[0], MATCH_OP_GREATER_EQUAL, range->children[0],
			  list);
	if (r > 0)
		r = add_condition(compiler, term->children[0], MATCH_OP_LESS_EQUAL,
				  range->children[1], list);
	if (r == 0)
		list->len = len;
	return r;
}

int term_conditions(struct compiler *compiler, const struct term *term, condition_list *list,
		    bool *ret_is_whole)
{
	bool is_left_whole = true, is_whole = true;
	int r = 0;

	switch (term->op) {
	case TERM_AND:
		r = term_conditions(compiler, term->children[0], list, &is_left_whole);
		if (r == 0)
			r = term_conditions(compiler, term->children[1], list, &is_whole);
		*ret_is_whole = is_left_whole && is_whole;
		return r;
	case TERM_LET: /* what its body asks of fields alone does not hang on the variable */
		*ret_is_whole = false;
		return term_conditions(compiler, term->children[1], list, &is_whole);
	case TERM_FIELD:
		r = add_truth(compiler, term, true, list);
		break;
	case TERM_NOT:
		r = add_truth(compiler, term->children[0], false, list);
		if (r == 0 && term->children[0]->op == TERM_MATCHES)
			r = add_condition(compiler, term->children[0]->children[0],
					  MATCH_OP_NOT_REGEXP, term->children[0]->children[1],
					  list);
		break;
	case TERM_IN:
		r = add_range(compiler, term, list);
		break;
	default:
		r = add_comparison(compiler, term, list);
		break;
	}
	*ret_is_whole = r > 0;
	return r < 0 ? err__set(compiler->err, r, compiler->at, "no memory for an expression") : 0;
}
