/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

#include "base/str.h"

enum kind {
	KIND_NONE, /* of cells: it is not allowed */
#define MATCH(name, help) KIND_##name,
#include "policy/match.def"
#undef MATCH
	KIND_COUNT,
};

typedef int (*compile_fn)(struct policy_draft *draft, const struct match_spec *match,
			  uint32_t value, struct hook_test *test);

static const compile_fn kinds[KIND_COUNT] = {
#define MATCH(name, help) [KIND_##name] = policy_match_##name,
#include "policy/match.def"
#undef MATCH
};

/* ---- the table: what may be asked of which type ---- */

#define TEXT_OPS                                                                                   \
	[MATCH_OP_EQUAL] = KIND_TEXT, [MATCH_OP_NOT_EQUAL] = KIND_TEXT,                            \
	[MATCH_OP_PREFIX] = KIND_TEXT, [MATCH_OP_NOT_PREFIX] = KIND_TEXT,                          \
	[MATCH_OP_POSTFIX] = KIND_TEXT, [MATCH_OP_NOT_POSTFIX] = KIND_TEXT,                        \
	[MATCH_OP_SUBSTRING] = KIND_TEXT, [MATCH_OP_SUBSTRING_ANY_CASE] = KIND_TEXT
#define NUMBER_OPS                                                                                 \
	[MATCH_OP_EQUAL] = KIND_NUMBER, [MATCH_OP_NOT_EQUAL] = KIND_NUMBER,                        \
	[MATCH_OP_LESS] = KIND_NUMBER, [MATCH_OP_GREATER] = KIND_NUMBER,                           \
	[MATCH_OP_IN] = KIND_NUMBER, [MATCH_OP_NOT_IN] = KIND_NUMBER,                              \
	[MATCH_OP_MASK] = KIND_NUMBER, [MATCH_OP_RANGE] = KIND_NUMBER,                             \
	[MATCH_OP_NOT_RANGE] = KIND_NUMBER
#define END_OPS                                                                                    \
	[MATCH_OP_CIDR] = KIND_SOCKET, [MATCH_OP_NOT_CIDR] = KIND_SOCKET,                          \
	[MATCH_OP_PORT] = KIND_SOCKET, [MATCH_OP_NOT_PORT] = KIND_SOCKET,                          \
	[MATCH_OP_PRIVILEGED_PORT] = KIND_SOCKET, [MATCH_OP_NOT_PRIVILEGED_PORT] = KIND_SOCKET,    \
	[MATCH_OP_FAMILY] = KIND_SOCKET

static const uint8_t cells[POLICY_FAMILY_COUNT][MATCH_OP_COUNT] = {
	[POLICY_FAMILY_NUMBER] = { NUMBER_OPS },
	[POLICY_FAMILY_SYSCALL] = { NUMBER_OPS },
	[POLICY_FAMILY_CAPABILITY] = { [MATCH_OP_EQUAL] = KIND_NUMBER,
				       [MATCH_OP_NOT_EQUAL] = KIND_NUMBER,
				       [MATCH_OP_IN] = KIND_NUMBER,
				       [MATCH_OP_NOT_IN] = KIND_NUMBER },
	[POLICY_FAMILY_CAPABILITIES] = { [MATCH_OP_EQUAL] = KIND_NUMBER,
					 [MATCH_OP_NOT_EQUAL] = KIND_NUMBER,
					 [MATCH_OP_MASK] = KIND_NUMBER,
					 [MATCH_OP_CAPABILITIES_GAINED] =
						 KIND_CAPABILITIES_GAINED },
	[POLICY_FAMILY_TEXT] = { TEXT_OPS },
	[POLICY_FAMILY_PATH] = { TEXT_OPS, [MATCH_OP_FILE_TYPE] = KIND_FILE_TYPE,
				 [MATCH_OP_NOT_FILE_TYPE] = KIND_FILE_TYPE },
	[POLICY_FAMILY_BYTES] = { TEXT_OPS },
	[POLICY_FAMILY_SOCKET] = { END_OPS, [MATCH_OP_PROTOCOL] = KIND_SOCKET,
				   [MATCH_OP_STATE] = KIND_SOCKET },
	[POLICY_FAMILY_ADDRESS] = { END_OPS },
	[POLICY_FAMILY_UNIX_ADDRESS] = { TEXT_OPS, [MATCH_OP_FAMILY] = KIND_SOCKET },
};

/* Of matches about the task: the language allows two operators, or those of texts, and its reader saw to it. */
static const compile_fn task_matches[] = {
	[MATCH_SUBJECT_PID] = policy_match_PID,
	[MATCH_SUBJECT_BINARY] = policy_match_BINARY,
	[MATCH_SUBJECT_PARENT_BINARY] = policy_match_BINARY,
	[MATCH_SUBJECT_NAMESPACE] = policy_match_NAMESPACE,
	[MATCH_SUBJECT_NAMESPACE_CHANGE] = policy_match_NAMESPACE,
	[MATCH_SUBJECT_CAPABILITY] = policy_match_CAPABILITY,
	[MATCH_SUBJECT_CAPABILITY_CHANGE] = policy_match_CAPABILITY,
};

static const char *const op_names[MATCH_OP_COUNT] = {
	[MATCH_OP_EQUAL] = "Equal",
	[MATCH_OP_NOT_EQUAL] = "NotEqual",
	[MATCH_OP_LESS] = "LessThan",
	[MATCH_OP_GREATER] = "GreaterThan",
	[MATCH_OP_LESS_EQUAL] = "LessThanOrEqual",
	[MATCH_OP_GREATER_EQUAL] = "GreaterThanOrEqual",
	[MATCH_OP_IN] = "InMap",
	[MATCH_OP_NOT_IN] = "NotInMap",
	[MATCH_OP_PREFIX] = "Prefix",
	[MATCH_OP_NOT_PREFIX] = "NotPrefix",
	[MATCH_OP_POSTFIX] = "Postfix",
	[MATCH_OP_NOT_POSTFIX] = "NotPostfix",
	[MATCH_OP_SUBSTRING] = "SubString",
	[MATCH_OP_SUBSTRING_ANY_CASE] = "SubStringIgnCase",
	[MATCH_OP_MASK] = "Mask",
	[MATCH_OP_RANGE] = "InRange",
	[MATCH_OP_NOT_RANGE] = "NotInRange",
	[MATCH_OP_CIDR] = "DAddr",
	[MATCH_OP_NOT_CIDR] = "NotDAddr",
	[MATCH_OP_PORT] = "DPort",
	[MATCH_OP_NOT_PORT] = "NotDPort",
	[MATCH_OP_PRIVILEGED_PORT] = "DPortPriv",
	[MATCH_OP_NOT_PRIVILEGED_PORT] = "NotDPortPriv",
	[MATCH_OP_PROTOCOL] = "Protocol",
	[MATCH_OP_FAMILY] = "Family",
	[MATCH_OP_STATE] = "State",
	[MATCH_OP_REGEXP] = "a regular expression",
	[MATCH_OP_NOT_REGEXP] = "a regular expression",
	[MATCH_OP_FILE_TYPE] = "FileType",
	[MATCH_OP_NOT_FILE_TYPE] = "NotFileType",
	[MATCH_OP_CAPABILITIES_GAINED] = "CapabilitiesGained",
	[MATCH_OP_EXPRESSION] = "CelExpr",
};
static const char *const source_names[MATCH_OP_COUNT] = {
	[MATCH_OP_CIDR] = "SAddr",
	[MATCH_OP_NOT_CIDR] = "NotSAddr",
	[MATCH_OP_PORT] = "SPort",
	[MATCH_OP_NOT_PORT] = "NotSPort",
	[MATCH_OP_PRIVILEGED_PORT] = "SPortPriv",
	[MATCH_OP_NOT_PRIVILEGED_PORT] = "NotSPortPriv",
};

const char *policy_match__op_name(const struct match_spec *match)
{
	bool is_source = match->end == MATCH_END_SOURCE && source_names[match->op];

	return is_source ? source_names[match->op] : op_names[match->op];
}

bool policy_match__is_allowed(enum policy_family family, enum match_op op)
{
	return cells[family][op] != KIND_NONE;
}

/* ---- one match ---- */

static int refuse_op(struct policy_draft *draft, const struct match_spec *match, uint32_t value)
{
	enum policy_family family = draft->types[value]->family;
	struct strbuf allowed = STRBUF_INIT;
	int r;

	for (int op = 0; op < MATCH_OP_COUNT; op++)
		if (cells[family][op])
			strbuf__printf(&allowed, "%s%s", allowed.len ? ", " : "", op_names[op]);
	r = policy_compile__refuse(draft->compile, -EINVAL, &match->op_at, match->path,
				   "operator %s does not go with type '%s': %s%s%s",
				   policy_match__op_name(match), draft->types[value]->name,
				   policy_family__name(family), allowed.len ? " is asked by " : "",
				   strbuf__text(&allowed));
	strbuf__done(&allowed);
	return r;
}

static int find_value(struct policy_draft *draft, const struct match_spec *match, uint32_t position,
		      uint32_t *ret_value)
{
	const struct hook_spec *spec = draft->spec;
	uint32_t value = HOOK_NONE;

	if (match->subject == MATCH_SUBJECT_RETURN)
		value = draft->ret_value;
	else if (match->subject == MATCH_SUBJECT_DATA && position < spec->data_count)
		value = draft->data_values[position];
	else if (match->subject == MATCH_SUBJECT_ARG && position < spec->arg_count)
		value = draft->arg_values[position];
	if (value == HOOK_NONE)
		return policy_compile__refuse(
			draft->compile, -EINVAL, &match->at, match->path,
			match->subject == MATCH_SUBJECT_RETURN
				? "nothing is returned that could be compared; returnArg says what is"
				: "what it compares is of type 'nop', which is not looked at");
	*ret_value = value;
	return 0;
}

/* The old set, that a new one is compared with. */
static int find_other_value(struct policy_draft *draft, const struct match_spec *match,
			    uint32_t *ret_value)
{
	if (match->arg_count == 2)
		return find_value(draft, match, match->args[1], ret_value);
	return policy_compile__refuse(
		draft->compile, -EINVAL, &match->at, match->path,
		"CapabilitiesGained compares two arguments, args: [new, old]");
}

static int compile_value(struct policy_draft *draft, const struct match_spec *match,
			 struct hook_test *test)
{
	uint32_t value;
	uint8_t kind;
	int r;

	/* It names its arguments itself. */
	if (match->op == MATCH_OP_EXPRESSION)
		return policy_match_EXPRESSION(draft, match, HOOK_NONE, test);
	r = find_value(draft, match, match->args[0], &value);
	if (r < 0)
		return r;
	kind = cells[draft->types[value]->family][match->op];
	if (kind == KIND_NONE)
		return refuse_op(draft, match, value);
	test->value = value;
	if (match->op == MATCH_OP_CAPABILITIES_GAINED) {
		r = find_other_value(draft, match, &test->other_value);
		if (r < 0)
			return r;
	}
	if (draft->values[value].is_at_return && match->subject != MATCH_SUBJECT_RETURN)
		return policy_compile__refuse(
			draft->compile, -EINVAL, &match->at, match->path,
			"what it compares is only known when the call returns (returnCopy)");
	return kinds[kind](draft, match, value, test);
}

int policy_match__compile(struct policy_draft *draft, const struct match_spec *match,
			  struct hook_test *ret_test)
{
	*ret_test = (struct hook_test){ .value = HOOK_NONE,
					.other_value = HOOK_NONE,
					.set = HOOK_NONE };
	switch (match->subject) {
	case MATCH_SUBJECT_ARG:
	case MATCH_SUBJECT_DATA:
	case MATCH_SUBJECT_RETURN:
		return compile_value(draft, match, ret_test);
	case MATCH_SUBJECT_PID:
	case MATCH_SUBJECT_BINARY:
	case MATCH_SUBJECT_PARENT_BINARY:
	case MATCH_SUBJECT_NAMESPACE:
	case MATCH_SUBJECT_NAMESPACE_CHANGE:
	case MATCH_SUBJECT_CAPABILITY:
	case MATCH_SUBJECT_CAPABILITY_CHANGE:
		break;
	}
	return task_matches[match->subject](draft, match, HOOK_NONE, ret_test);
}
