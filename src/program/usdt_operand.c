/* SPDX-License-Identifier: Apache-2.0 */
#include "program/usdt_operand.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "ir/register.h"

#define WORD_BYTES 8 /* of a register that an address is in */

struct span {
	const char *text;
	size_t len;
};

/* ---- what is left of an operand ---- */

static bool take_char(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* "12", "-0x10"; what stands before it stays when there is none. */
static bool take_number(const char **text, int64_t *number)
{
	size_t len = **text == '-' || **text == '+';

	while (isalnum((unsigned char)(*text)[len]))
		len++;
	if (num_parse_i64_go(*text, len, number) < 0)
		return false;
	*text += len;
	return true;
}

/* One that holds an address, or is added to one. */
static bool take_word(const char **text, int16_t *offset)
{
	const struct machine_register *found = machine_register__take(text);

	if (!found || found->size != WORD_BYTES)
		return false;
	*offset = (int16_t)found->offset;
	return true;
}

/* ---- as the machine's assembler writes them ---- */

#if defined(__x86_64__)
#define INSTRUCTION_OFFSET 128 /* of the instruction pointer in struct pt_regs */

/* "$5" */
static bool parse_constant(const char *text, struct hook_usdt *operand)
{
	return take_char(&text, '$') && take_number(&text, &operand->constant) && !*text;
}

/* "%edi" */
static bool parse_register(const char *text, struct hook_usdt *operand)
{
	const struct machine_register *found = take_char(&text, '%') ? machine_register__take(&text)
								     : NULL;

	if (!found || *text)
		return false;
	operand->base_offset = (int16_t)found->offset;
	return true;
}

/* "-16(%rbp", and where it ends */
static bool take_base(const char **text, struct hook_usdt *operand)
{
	return (**text == '(' || take_number(text, &operand->constant)) && take_char(text, '(') &&
	       take_char(text, '%') && take_word(text, &operand->base_offset);
}

/* "-16(%rbp)" */
static bool parse_memory(const char *text, struct hook_usdt *operand)
{
	return take_base(&text, operand) && take_char(&text, ')') && !*text;
}

/* "counter", "4+counter", "counter+4": a variable, and what is added to its address. */
static bool parse_variable(const char *text, struct hook_usdt *operand, struct span *symbol)
{
	int64_t behind = 0;

	if (isdigit((unsigned char)*text) &&
	    (!take_number(&text, &operand->constant) || !take_char(&text, '+')))
		return false;
	symbol->text = text;
	while (isalnum((unsigned char)*text) || (*text && strchr("_.$@", *text)))
		text++;
	symbol->len = (size_t)(text - symbol->text);
	if ((*text == '+' || *text == '-') && !take_number(&text, &behind))
		return false;
	operand->constant += behind;
	operand->base_offset = INSTRUCTION_OFFSET;
	return symbol->len > 0 && strcmp(text, "(%rip)") == 0;
}

/* "-16(%rbp,%rax,8)"; without the last it is 1 */
static bool parse_indexed(const char *text, struct hook_usdt *operand)
{
	int64_t scale = 1;

	if (!take_base(&text, operand) || !take_char(&text, ',') || !take_char(&text, '%') ||
	    !take_word(&text, &operand->index_offset))
		return false;
	if (take_char(&text, ',') && !take_number(&text, &scale))
		return false;
	operand->scale = (uint8_t)scale;
	return (scale == 1 || scale == 2 || scale == 4 || scale == 8) && take_char(&text, ')') &&
	       !*text;
}
#elif defined(__aarch64__)
/* "5" */
static bool parse_constant(const char *text, struct hook_usdt *operand)
{
	return take_number(&text, &operand->constant) && !*text;
}

/* "w0" */
static bool parse_register(const char *text, struct hook_usdt *operand)
{
	const struct machine_register *found = machine_register__take(&text);

	if (!found || *text)
		return false;
	operand->base_offset = (int16_t)found->offset;
	return true;
}

static bool take_comma(const char **text)
{
	if (!take_char(text, ','))
		return false;
	while (take_char(text, ' '))
		;
	return true;
}

/* "[sp, 16]" */
static bool parse_memory(const char *text, struct hook_usdt *operand)
{
	if (!take_char(&text, '[') || !take_word(&text, &operand->base_offset))
		return false;
	if (take_comma(&text) && !take_number(&text, &operand->constant))
		return false;
	return take_char(&text, ']') && !*text;
}

/* Its address is put together in a register before. */
static bool parse_variable(const char *text, struct hook_usdt *operand, struct span *symbol)
{
	(void)text;
	(void)operand;
	(void)symbol;
	return false;
}

/* "[x0, x1]" */
static bool parse_indexed(const char *text, struct hook_usdt *operand)
{
	operand->scale = 1;
	return take_char(&text, '[') && take_word(&text, &operand->base_offset) &&
	       take_comma(&text) && take_word(&text, &operand->index_offset) &&
	       take_char(&text, ']') && !*text;
}
#else
#error "say here how this architecture's assembler writes operands"
#endif

static const struct {
	enum hook_usdt_kind kind;
	bool (*parse)(const char *text, struct hook_usdt *operand);
} kinds[] = {
	{ HOOK_USDT_CONSTANT, parse_constant },
	{ HOOK_USDT_REGISTER, parse_register },
	{ HOOK_USDT_MEMORY, parse_memory },
	{ HOOK_USDT_INDEXED, parse_indexed },
};

/* ---- one ---- */

/* "-4@": how large it is, and whether it has a sign. */
static bool take_size(const char **text, struct hook_usdt *operand)
{
	int64_t size;

	if (!take_number(text, &size) || !take_char(text, '@'))
		return false;
	operand->is_signed = size < 0;
	size = size < 0 ? -size : size;
	operand->size = (uint8_t)size;
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static struct hook_usdt parse(const char *text, struct span *symbol)
{
	struct hook_usdt variable;
	struct hook_usdt sized = { .kind = HOOK_USDT_UNKNOWN };

	if (!take_size(&text, &sized))
		return (struct hook_usdt){ .kind = HOOK_USDT_UNKNOWN };
	for (size_t i = 0; i < array_size(kinds); i++) {
		struct hook_usdt operand = sized;

		operand.kind = kinds[i].kind;
		if (kinds[i].parse(text, &operand))
			return operand;
	}
	variable = sized;
	variable.kind = HOOK_USDT_MEMORY;
	if (parse_variable(text, &variable, symbol))
		return variable;
	symbol->len = 0;
	return sized;
}

/* ---- all ---- */

/* Up to the next space that is not inside of brackets. */
static size_t measure(const char *text)
{
	bool is_inside = false;
	size_t len = 0;

	while (text[len] && (is_inside || text[len] != ' ')) {
		if (strchr("([", text[len]))
			is_inside = true;
		else if (strchr(")]", text[len]))
			is_inside = false;
		len++;
	}
	return len;
}

int usdt_operands_parse(const char *text, struct arena *arena, struct usdt_operands *ret_operands)
{
	struct hook_usdt *items = arena_array(arena, struct hook_usdt, USDT_OPERANDS_MAX);
	const char **texts = arena_array(arena, const char *, USDT_OPERANDS_MAX);
	const char **symbols = arena_array(arena, const char *, USDT_OPERANDS_MAX);
	uint32_t count = 0;

	if (!items || !texts || !symbols)
		return -ENOMEM;
	for (text += strspn(text, " "); *text && count < USDT_OPERANDS_MAX;
	     text += strspn(text, " ")) {
		size_t len = measure(text);
		struct span symbol = { 0 };

		texts[count] = arena__strndup(arena, text, len);
		if (!texts[count])
			return -ENOMEM;
		items[count] = parse(texts[count], &symbol);
		if (symbol.len > 0 &&
		    !(symbols[count] = arena__strndup(arena, symbol.text, symbol.len)))
			return -ENOMEM;
		count++;
		text += len;
	}
	*ret_operands = (struct usdt_operands){ items, texts, symbols, count };
	return 0;
}
