/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/assignment.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "ir/register.h"

/* What this machine's calls are made of. */
#if defined(__x86_64__)
#define RESULT "rax=0"
#define JUMP "rip=%rip"
static const char *const returning[] = { "rip=(%rsp)", "rsp=8%rsp" };
#elif defined(__aarch64__)
#define RESULT "x0=0"
#define JUMP "pc=%pc"
static const char *const returning[] = { "pc=%x30" };
#else
#error "say here how a function of this architecture returns"
#endif

_Static_assert(array_size(returning) + 1 <= POLICY_RETURN_ASSIGNMENTS, "room for each");

static void skip_spaces(const char **text)
{
	while (isspace((unsigned char)**text))
		(*text)++;
}

static bool take_char(const char **text, char wanted)
{
	skip_spaces(text);
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* Any 64 bits: "-1", "0x10", "18446744073709551615". */
static bool take_number(const char **text, int64_t *number)
{
	bool is_negative = **text == '-';
	size_t len = is_negative;
	uint64_t bits;

	while (isalnum((unsigned char)(*text)[len]))
		len++;
	if (is_negative) {
		if (num_parse_i64_go(*text, len, number) < 0)
			return false;
	} else {
		if (num_parse_u64_go(*text, len, &bits) < 0)
			return false;
		memcpy(number, &bits, sizeof(bits));
	}
	*text += len;
	return true;
}

/* What stands behind the "=". */
static const char *parse_source(const char *text, struct hook_assignment *assignment)
{
	const struct machine_register *from;
	bool has_number, is_memory;

	skip_spaces(&text);
	has_number = take_number(&text, &assignment->constant);
	is_memory = take_char(&text, '(');
	if (!take_char(&text, '%')) { /* which skips the spaces before the end */
		assignment->source = HOOK_SOURCE_CONSTANT;
		return has_number && !is_memory && !*text ? NULL
							  : "neither a number nor a register";
	}
	from = machine_register__take(&text);
	if (!from)
		return "this machine has no register of that name";
	if (is_memory && !take_char(&text, ')'))
		return "a ')' is missing";
	skip_spaces(&text);
	if (*text)
		return "there is more behind the register";
	assignment->source = is_memory ? HOOK_SOURCE_MEMORY : HOOK_SOURCE_REGISTER;
	assignment->from = (int16_t)from->offset;
	assignment->from_size = from->size;
	return NULL;
}

const char *policy_assignment__parse(const char *text, struct hook_assignment *ret_assignment)
{
	struct hook_assignment assignment = { 0 };
	const struct machine_register *to;
	const char *wrong;

	skip_spaces(&text);
	to = machine_register__take(&text);
	if (!to)
		return "this machine has no register of that name";
	if (machine_register__is_protected(to))
		return "this register decides over rights, and is nobody's to set";
	assignment.to = (int16_t)to->offset;
	assignment.to_size = to->size;
	if (!take_char(&text, '='))
		return "a '=' is missing";
	wrong = parse_source(text, &assignment);
	if (!wrong)
		*ret_assignment = assignment;
	return wrong;
}

uint32_t policy_assignment__return(int64_t result, struct hook_assignment *assignments)
{
	(void)policy_assignment__parse(RESULT,
				       &assignments[0]); /* ours: nothing is wrong with it */
	assignments[0].constant = result;
	for (size_t i = 0; i < array_size(returning); i++)
		(void)policy_assignment__parse(returning[i], &assignments[i + 1]);
	return array_size(returning) + 1;
}

struct hook_assignment policy_assignment__jump(int64_t distance)
{
	struct hook_assignment jump = { 0 };

	(void)policy_assignment__parse(JUMP, &jump);
	jump.constant = distance;
	return jump;
}
