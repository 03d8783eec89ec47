/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/expression.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "filter/expression_term.h"

/*
 * The machine: a stack whose size is known, elements of lists whose places are known, and jumps that lead forward. No
 * input makes a run longer than the code.
 */
struct expression {
	struct arena arena; /* owned; terms while it is compiled, texts and networks for good */
	struct expression_code code; /* owned */
	condition_list conditions;   /* owned */
	bool is_whole;               /* they are all */
	union datum *stack;          /* owned, as the next one */
	union datum *elements;
	union datum variables[EXPRESSION_MAX_VARIABLES];
};

struct machine {
	struct expression *expression;
	const struct record *record;
	union datum *top; /* one beyond the uppermost value */
	uint32_t next;    /* instruction */
};

/* ---- values --------------------------------------------------------------------------------- */

static int compare_texts(const union datum *a, const union datum *b)
{
	size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
	int r = len ? memcmp(a->text.data, b->text.data, len) : 0;

	if (r == 0)
		return a->text.len == b->text.len ? 0 : a->text.len < b->text.len ? -1 : 1;
	return r < 0 ? -1 : 1;
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b) ? 1 : (a) == (b) ? 0 : 2)

/* -1, 0, 1; 2: one of them is no number, and nothing holds but that they are not equal. */
static int compare(enum term_type type, const union datum *a, const union datum *b)
{
	switch (type) {
	case TERM_TYPE_INTEGER:
		return COMPARE(a->integer, b->integer);
	case TERM_TYPE_FLOAT:
		return COMPARE(a->number, b->number);
	case TERM_TYPE_TEXT:
		return compare_texts(a, b);
	default: /* truth values; the compiler lets nothing else come here */
		return COMPARE(a->truth, b->truth);
	}
}

static bool is_in_list(const struct machine *machine, enum term_type type, const union datum *value,
		       const union datum *list)
{
	const union datum *elements = machine->expression->elements + list->list.first;

	for (uint32_t i = 0; i < list->list.count; i++)
		if (compare(type, value, &elements[i]) == 0)
			return true;
	return false;
}

static bool is_in_net(const uint8_t address[16], const struct net *net)
{
	unsigned int bytes = net->prefix / 8, bits = net->prefix % 8;

	if (memcmp(address, net->address, bytes) != 0)
		return false;
	return bits == 0 || (address[bytes] ^ net->address[bytes]) >> (8 - bits) == 0;
}

/* What is no address is in no network. */
static bool is_in_nets(const union datum *text, const struct nets *nets)
{
	uint8_t address[16];

	if (!net_address_parse(text->text.data, text->text.len, address))
		return false;
	for (uint32_t i = 0; i < nets->count; i++)
		if (is_in_net(address, &nets->items[i]))
			return true;
	return false;
}

/* Characters; a byte that belongs to none is one. */
static __int128 count_characters(const char *data, size_t len)
{
	__int128 count = 0;

	for (size_t i = 0; i < len; count++) {
		size_t step = str_utf8_step(data + i, len - i);

		i += step ? step : 1;
	}
	return count;
}

static __int128 length_of(enum term_type type, const union datum *value)
{
	if (type == TERM_TYPE_TEXT)
		return count_characters(value->text.data, value->text.len);
	if (type == TERM_TYPE_LIST)
		return value->list.count;
	return value->range.last < value->range.first ? 0
						      : value->range.last - value->range.first + 1;
}

static bool has_part(const union datum *text, const union datum *part, enum term_op op)
{
	size_t len = part->text.len;

	if (len > text->text.len)
		return false;
	if (len == 0)
		return true;
	if (op == TERM_CONTAINS)
		return memmem(text->text.data, text->text.len, part->text.data, len) != NULL;
	if (op == TERM_ENDS_WITH)
		return memcmp(text->text.data + text->text.len - len, part->text.data, len) == 0;
	return memcmp(text->text.data, part->text.data, len) == 0;
}

/* ---- operators ------------------------------------------------------------------------------ */

/* Each takes its operands off the stack, from `at` on, and leaves its result there. */
typedef int (*operate_fn)(struct machine *machine, const struct instruction *instruction,
			  union datum *at);

static int operate_not(struct machine *machine, const struct instruction *instruction,
		       union datum *at)
{
	(void)machine;
	(void)instruction;
	at->truth = !at->truth;
	return 0;
}

static int operate_to_float(struct machine *machine, const struct instruction *instruction,
			    union datum *at)
{
	(void)machine;
	(void)instruction;
	at->number = (double)at->integer;
	return 0;
}

static int operate_negate(struct machine *machine, const struct instruction *instruction,
			  union datum *at)
{
	(void)machine;
	if (instruction->type == TERM_TYPE_FLOAT)
		at->number = -at->number;
	else if (__builtin_sub_overflow((__int128)0, at->integer, &at->integer))
		return -EOVERFLOW;
	return 0;
}

static int operate_integers(enum term_op op, union datum *at)
{
	__int128 a = at[0].integer, b = at[1].integer;
	bool is_over = false;

	switch (op) {
	case TERM_ADD:
		is_over = __builtin_add_overflow(a, b, &at->integer);
		break;
	case TERM_SUBTRACT:
		is_over = __builtin_sub_overflow(a, b, &at->integer);
		break;
	case TERM_MULTIPLY:
		is_over = __builtin_mul_overflow(a, b, &at->integer);
		break;
	default: /* TERM_REMAINDER; division makes floats. The least number by -1 does not fit. */
		if (b == 0)
			return -EDOM;
		at->integer = b == -1 ? 0 : a % b;
		break;
	}
	return is_over ? -EOVERFLOW : 0;
}

static int operate_floats(enum term_op op, union datum *at)
{
	double a = at[0].number, b = at[1].number;

	switch (op) {
	case TERM_ADD:
		at->number = a + b;
		return 0;
	case TERM_SUBTRACT:
		at->number = a - b;
		return 0;
	case TERM_MULTIPLY:
		at->number = a * b;
		return 0;
	case TERM_POWER:
		at->number = pow(a, b);
		return 0;
	default: /* TERM_DIVIDE */
		if (b == 0)
			return -EDOM;
		at->number = a / b;
		return 0;
	}
}

static int operate_arithmetic(struct machine *machine, const struct instruction *instruction,
			      union datum *at)
{
	enum term_op op = instruction->term;

	(void)machine;
	return instruction->type == TERM_TYPE_FLOAT ? operate_floats(op, at)
						    : operate_integers(op, at);
}

static int operate_range(struct machine *machine, const struct instruction *instruction,
			 union datum *at)
{
	__int128 first = at[0].integer, last = at[1].integer;
	__int128 length;

	(void)machine;
	(void)instruction;
	/* So that its length is a number, too. */
	if (__builtin_sub_overflow(last, first, &length) ||
	    __builtin_add_overflow(length, (__int128)1, &length))
		return -EOVERFLOW;
	at->range.first = first;
	at->range.last = last;
	return 0;
}

static int operate_compare(struct machine *machine, const struct instruction *instruction,
			   union datum *at)
{
	static const struct {
		bool on_less, on_equal, on_greater, on_neither;
	} wanted[TERM_OP_COUNT] = {
		[TERM_EQUAL] = { .on_equal = true },
		[TERM_NOT_EQUAL] = { .on_less = true, .on_greater = true, .on_neither = true },
		[TERM_LESS] = { .on_less = true },
		[TERM_LESS_EQUAL] = { .on_less = true, .on_equal = true },
		[TERM_GREATER] = { .on_greater = true },
		[TERM_GREATER_EQUAL] = { .on_greater = true, .on_equal = true },
	};
	int order = compare(instruction->type, &at[0], &at[1]);

	(void)machine;
	at->truth = order == -1  ? wanted[instruction->term].on_less
		    : order == 0 ? wanted[instruction->term].on_equal
		    : order == 1 ? wanted[instruction->term].on_greater
				 : wanted[instruction->term].on_neither;
	return 0;
}

static int operate_in(struct machine *machine, const struct instruction *instruction,
		      union datum *at)
{
	bool truth;

	if (instruction->type == TERM_TYPE_LIST)
		truth = is_in_list(machine, instruction->element, &at[0], &at[1]);
	else if (instruction->type == TERM_TYPE_NETS)
		truth = is_in_nets(&at[0], at[1].nets);
	else
		truth = at[0].integer >= at[1].range.first && at[0].integer <= at[1].range.last;
	at->truth = truth;
	return 0;
}

static int operate_matches(struct machine *machine, const struct instruction *instruction,
			   union datum *at)
{
	struct pattern *pattern = machine->expression->code.patterns.items[instruction->operand];
	int r = pattern__match(pattern, at->text.len ? at->text.data : "", at->text.len);

	at->truth = r > 0;
	return r < 0 ? r : 0;
}

static int operate_part(struct machine *machine, const struct instruction *instruction,
			union datum *at)
{
	(void)machine;
	at->truth = has_part(&at[0], &at[1], instruction->term);
	return 0;
}

static int operate_length(struct machine *machine, const struct instruction *instruction,
			  union datum *at)
{
	(void)machine;
	at->integer = length_of(instruction->type, at);
	return 0;
}

static const struct {
	operate_fn run;
	uint8_t operands;
} operators[TERM_OP_COUNT] = {
	[TERM_NOT] = { operate_not, 1 },
	[TERM_TO_FLOAT] = { operate_to_float, 1 },
	[TERM_NEGATE] = { operate_negate, 1 },
	[TERM_ADD] = { operate_arithmetic, 2 },
	[TERM_SUBTRACT] = { operate_arithmetic, 2 },
	[TERM_MULTIPLY] = { operate_arithmetic, 2 },
	[TERM_DIVIDE] = { operate_arithmetic, 2 },
	[TERM_REMAINDER] = { operate_arithmetic, 2 },
	[TERM_POWER] = { operate_arithmetic, 2 },
	[TERM_RANGE] = { operate_range, 2 },
	[TERM_EQUAL] = { operate_compare, 2 },
	[TERM_NOT_EQUAL] = { operate_compare, 2 },
	[TERM_LESS] = { operate_compare, 2 },
	[TERM_LESS_EQUAL] = { operate_compare, 2 },
	[TERM_GREATER] = { operate_compare, 2 },
	[TERM_GREATER_EQUAL] = { operate_compare, 2 },
	[TERM_IN] = { operate_in, 2 },
	[TERM_MATCHES] = { operate_matches, 1 },
	[TERM_CONTAINS] = { operate_part, 2 },
	[TERM_STARTS_WITH] = { operate_part, 2 },
	[TERM_ENDS_WITH] = { operate_part, 2 },
	[TERM_LENGTH] = { operate_length, 1 },
};

/* ---- the machine ---------------------------------------------------------------------------- */

static int push_field(struct machine *machine, const struct instruction *instruction)
{
	union datum *to = machine->top;
	struct value value;
	int r = record__get(machine->record, instruction->operand, &value);

	if (r < 0)
		return r;
	/* A deriver that does not keep to the schema must not make a pointer of a number. */
	if (value.type != (enum field_type)instruction->type)
		return -EINVAL;
	switch (value.type) {
	case FIELD_TYPE_U64:
		to->integer = (__int128)value.u64;
		break;
	case FIELD_TYPE_S64:
		to->integer = value.s64;
		break;
	case FIELD_TYPE_F64:
		to->number = value.f64;
		break;
	case FIELD_TYPE_BOOL:
		to->truth = value.u64 != 0;
		break;
	case FIELD_TYPE_STRING:
		to->text.data = value.bytes.data;
		to->text.len = value.bytes.len;
		break;
	default: /* the compiler lets nothing else come here */
		return -EINVAL;
	}
	machine->top++;
	return 0;
}

static void make_list(struct machine *machine, const struct instruction *instruction)
{
	machine->top -= instruction->count;
	if (instruction->count)
		memcpy(machine->expression->elements + instruction->operand, machine->top,
		       instruction->count * sizeof(*machine->top));
	machine->top->list.first = instruction->operand;
	machine->top->list.count = instruction->count;
	machine->top++;
}

static int operate(struct machine *machine, const struct instruction *instruction)
{
	union datum *at = machine->top - operators[instruction->term].operands;

	machine->top = at + 1;
	return operators[instruction->term].run(machine, instruction, at);
}

static int step(struct machine *machine, const struct instruction *instruction)
{
	struct expression *expression = machine->expression;
	bool truth;

	switch ((enum code_op)instruction->op) {
	case CODE_CONSTANT:
		*machine->top++ = expression->code.constants.items[instruction->operand];
		return 0;
	case CODE_FIELD:
		return push_field(machine, instruction);
	case CODE_LOAD:
		*machine->top++ = expression->variables[instruction->operand];
		return 0;
	case CODE_STORE:
		expression->variables[instruction->operand] = *--machine->top;
		return 0;
	case CODE_LIST:
		make_list(machine, instruction);
		return 0;
	case CODE_JUMP:
		machine->next = instruction->operand;
		return 0;
	case CODE_JUMP_FALSE:
		truth = (--machine->top)->truth;
		if (!truth)
			machine->next = instruction->operand;
		return 0;
	case CODE_AND:
	case CODE_OR:
		truth = machine->top[-1].truth;
		if (truth == (instruction->op == CODE_OR))
			machine->next = instruction->operand;
		else
			machine->top--;
		return 0;
	case CODE_TERM:
		return operate(machine, instruction);
	}
	return -EINVAL;
}

int expression__run(struct expression *expression, const struct record *record)
{
	struct machine machine = { .expression = expression,
				   .record = record,
				   .top = expression->stack };

	while (machine.next < expression->code.instructions.len) {
		int r = step(&machine, &expression->code.instructions.items[machine.next++]);

		if (r < 0)
			return r;
	}
	return machine.top[-1].truth;
}

/* ---- compiling ------------------------------------------------------------------------------ */

struct expression *expression__free(struct expression *expression)
{
	if (!expression)
		return NULL;
	free(expression->stack);
	free(expression->elements);
	vec_done(&expression->conditions);
	expression_code__done(&expression->code);
	arena__done(&expression->arena);
	free(expression);
	return NULL;
}

static void expression_freep(struct expression **expression)
{
	*expression = expression__free(*expression);
}

int expression_compile(const char *text, const struct loc *at, const struct schema *schema,
		       struct expression **ret_expression, struct err *err)
{
	__cleanup(expression_freep) struct expression *expression = new_zero(struct expression);
	struct compiler compiler = { .schema = schema, .at = at, .err = err };
	struct term *term;
	int r;

	if (!expression)
		return err__set(err, -ENOMEM, at, "no memory for an expression");
	compiler.arena = &expression->arena;
	r = expression_parse(&compiler, text, &term);
	if (r == 0)
		r = expression_code_emit(&compiler, term, &expression->code);
	if (r == 0)
		r = term_conditions(&compiler, term, &expression->conditions,
				    &expression->is_whole);
	if (r < 0)
		return r;
	expression->stack = new_array(union datum, (size_t)expression->code.stack_size + 1);
	expression->elements = new_array(union datum, (size_t)expression->code.element_count + 1);
	if (!expression->stack || !expression->elements)
		return err__set(err, -ENOMEM, at, "no memory for an expression");
	*ret_expression = take_ptr(expression);
	return 0;
}

/* ---- asking --------------------------------------------------------------------------------- */

const struct filter_condition *expression__conditions(const struct expression *expression,
						      uint32_t *ret_count, bool *ret_is_whole)
{
	*ret_count = (uint32_t)expression->conditions.len;
	*ret_is_whole = expression->is_whole;
	return expression->conditions.items;
}

bool expression__reads(const struct expression *expression, uint32_t field)
{
	vec_for_each(&expression->code.instructions, instruction)
		if (instruction->op == CODE_FIELD && instruction->operand == field)
			return true;
	return false;
}
