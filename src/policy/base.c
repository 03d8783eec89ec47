/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base.h"

#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "ir/register.h"

#define REGISTER_ARGUMENTS_MAX 6 /* on x86-64; arm64 has two more, which nobody asks for */
#define SYSCALL_ARGUMENTS_MAX 6
/* Of raw_syscalls: behind the four fields that all tracepoints have. */
#define FIELD_NUMBER 4
#define FIELD_FIRST_ARGUMENT 5
#define RAW_NUMBER 1 /* behind struct pt_regs * */

static int refuse_index(struct policy_draft *draft, const struct argument_spec *spec,
			uint32_t index, uint32_t count, const char *what)
{
	return policy_compile__refuse(
		draft->compile, -EINVAL, &spec->at, spec->path, "index %u: %s has %u %s", index,
		draft->site->name ? draft->site->name : draft->site->path, count, what);
}

static int find_field(struct policy_draft *draft, const struct argument_spec *spec, uint32_t index,
		      struct hook_value *value)
{
	const struct policy_field *field = policy_base__field(draft, index);

	if (!field)
		return refuse_index(draft, spec, index, draft->attach->field_count, "fields");
	value->base = HOOK_BASE_FIELD;
	value->index = field->offset;
	return 0;
}

/* raw_syscalls, of which the raw tracepoint has what the record would have. */
static int find_call_field(struct policy_draft *draft, const struct argument_spec *spec,
			   uint32_t index, struct hook_value *value)
{
	bool is_exit = draft->attach->context == HOOK_CONTEXT_SYSCALL_EXIT;

	if (index == FIELD_NUMBER) {
		value->base = HOOK_BASE_SYSCALL_NUMBER;
		return 0;
	}
	if (is_exit && index == FIELD_FIRST_ARGUMENT) {
		value->base = HOOK_BASE_RETURN;
		return 0;
	}
	if (is_exit || index < FIELD_FIRST_ARGUMENT ||
	    index >= FIELD_FIRST_ARGUMENT + SYSCALL_ARGUMENTS_MAX)
		return policy_compile__refuse(
			draft->compile, -EINVAL, &spec->at, spec->path,
			"index %u: raw_syscalls/%s has %s", index, draft->site->name,
			is_exit ? "the number at 4, what is returned at 5"
				: "the number at 4, its arguments at 5 to 10");
	value->base = HOOK_BASE_SYSCALL;
	value->index = index - FIELD_FIRST_ARGUMENT;
	return 0;
}

static int find_operand(struct policy_draft *draft, const struct argument_spec *spec,
			uint32_t index, struct hook_value *value)
{
	if (index >= draft->location->operand_count)
		return refuse_index(draft, spec, index, draft->location->operand_count,
				    "arguments");
	if (draft->location->operands[index].kind == HOOK_USDT_UNKNOWN)
		return policy_compile__refuse(draft->compile, -EOPNOTSUPP, &spec->at, spec->path,
					      "index %u: '%s' is no operand that can be read",
					      index, draft->location->texts[index]);
	value->base = HOOK_BASE_ARGUMENT;
	value->index = index;
	value->usdt = &draft->location->operands[index];
	return 0;
}

/*
 * Of raw_syscalls the position that the classic tracepoint's record has the number at is taken for it, as policies are
 * written that only add "raw: true" (Tetragon reads what is behind the two parameters there).
 */
static bool is_raw_number(const struct policy_draft *draft, uint32_t index)
{
	const struct policy_site *site = draft->site;

	return site->kind == POLICY_SITE_RAW_TRACEPOINT && index == FIELD_NUMBER &&
	       str_eq(site->name, "sys_enter");
}

/* To the verifier, too. */
static bool is_address(const struct policy_draft *draft, const struct fact_type *type)
{
	return draft->attach->context == HOOK_CONTEXT_CALL && type &&
	       type->kind == FACT_TYPE_POINTER;
}

static int find_parameter(struct policy_draft *draft, const struct argument_spec *spec,
			  uint32_t index, struct hook_value *value,
			  const struct fact_type **ret_type)
{
	const struct fact_function *function = draft->function;
	uint32_t most = draft->attach->context == HOOK_CONTEXT_REGISTERS ? REGISTER_ARGUMENTS_MAX
									 : UINT32_MAX;

	if (is_raw_number(draft, index))
		index = RAW_NUMBER;
	if (function && index >= function->parameter_count) {
		if (draft->attach->context != HOOK_CONTEXT_REGISTERS)
			return refuse_index(draft, spec, index, function->parameter_count,
					    "parameters");
		policy_compile__warn(draft->compile, &spec->at, spec->path,
				     "index %u: %s has %u parameters in this kernel", index,
				     draft->site->name, function->parameter_count);
	}
	if (index >= most)
		return refuse_index(draft, spec, index, most, "arguments in registers");
	value->base = HOOK_BASE_ARGUMENT;
	value->index = index;
	*ret_type = function && index < function->parameter_count ? function->parameters[index]
								  : NULL;
	value->is_address = is_address(draft, *ret_type);
	return 0;
}

static int find_call_parameter(struct policy_draft *draft, const struct argument_spec *spec,
			       uint32_t index, struct hook_value *value,
			       const struct fact_type **ret_type)
{
	const struct fact_function *function = draft->function;

	if (index >= SYSCALL_ARGUMENTS_MAX)
		return refuse_index(draft, spec, index, SYSCALL_ARGUMENTS_MAX, "arguments");
	value->base = HOOK_BASE_SYSCALL;
	value->index = index;
	*ret_type = function && index < function->parameter_count ? function->parameters[index]
								  : NULL;
	return 0;
}

int policy_base__of_parameter(struct policy_draft *draft, const struct argument_spec *spec,
			      uint32_t index, struct hook_value *value,
			      const struct fact_type **ret_type)
{
	enum hook_context context = draft->attach->context;

	*ret_type = NULL;
	switch (draft->site->kind) {
	case POLICY_SITE_SYSCALL:
		return find_call_parameter(draft, spec, index, value, ret_type);
	case POLICY_SITE_TRACEPOINT:
		if (context == HOOK_CONTEXT_SYSCALL_ENTER || context == HOOK_CONTEXT_SYSCALL_EXIT)
			return find_call_field(draft, spec, index, value);
		return find_field(draft, spec, index, value);
	case POLICY_SITE_USDT:
		return find_operand(draft, spec, index, value);
	case POLICY_SITE_FUNCTION:
	case POLICY_SITE_RAW_TRACEPOINT:
	case POLICY_SITE_LSM:
	case POLICY_SITE_UPROBE:
		break;
	}
	return find_parameter(draft, spec, index, value, ret_type);
}

static int find_register(struct policy_draft *draft, const struct argument_spec *spec,
			 struct hook_value *value)
{
	const struct spec_text *name = &spec->resolve;
	const struct machine_register *found = name->text ? machine_register__find(name->text)
							  : NULL;

	if (!found)
		return policy_compile__refuse(
			draft->compile, -EINVAL, name->text ? &name->at : &spec->at, spec->path,
			"'%s' is no register of this machine", name->text ? name->text : "");
	if (draft->attach->context != HOOK_CONTEXT_REGISTERS)
		return policy_compile__refuse(
			draft->compile, -EOPNOTSUPP, &spec->at, spec->path,
			"registers are seen by kprobes and uprobes only, and this hook is attached "
			"otherwise here");
	value->base = HOOK_BASE_REGISTERS;
	value->index = found->offset;
	return 0;
}

static int find_result(struct policy_draft *draft, const struct argument_spec *spec,
		       struct hook_value *value, const struct fact_type **ret_type)
{
	enum policy_site_kind kind = draft->site->kind;

	if (kind != POLICY_SITE_FUNCTION && kind != POLICY_SITE_SYSCALL &&
	    kind != POLICY_SITE_UPROBE)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "only functions and system calls return something");
	value->base = HOOK_BASE_RETURN;
	*ret_type = draft->function ? draft->function->result : NULL;
	value->is_address = is_address(draft, *ret_type);
	return 0;
}

int policy_base__find(struct policy_draft *draft, const struct argument_spec *spec,
		      enum policy_value_role role, struct hook_value *value,
		      const struct fact_type **ret_type)
{
	*ret_type = NULL;
	if (role == POLICY_VALUE_RESULT)
		return find_result(draft, spec, value, ret_type);
	switch (spec->source) {
	case DATA_SOURCE_TASK:
		value->base = HOOK_BASE_TASK;
		return 0;
	case DATA_SOURCE_REGISTERS:
		return find_register(draft, spec, value);
	case DATA_SOURCE_CALL:
		break;
	}
	return policy_base__of_parameter(draft, spec, spec->index, value, ret_type);
}

bool policy_base__is_user(const struct policy_draft *draft)
{
	return draft->site->kind == POLICY_SITE_SYSCALL ||
	       draft->site->kind == POLICY_SITE_UPROBE || draft->site->kind == POLICY_SITE_USDT ||
	       draft->attach->context == HOOK_CONTEXT_SYSCALL_ENTER;
}

const struct policy_field *policy_base__field(const struct policy_draft *draft, uint32_t index)
{
	return draft->attach->context == HOOK_CONTEXT_TRACEPOINT &&
			       index < draft->attach->field_count
		       ? &draft->attach->fields[index]
		       : NULL;
}

/* What a system call's body is called depends on the kernel's build. */
static const struct fact_function *find_call(struct policy_compile *compile, const char *name)
{
	static const char *const prefixes[] = { "__do_", "__se_" };
	const struct btf_view *view = compile->context->types;

	for (size_t i = 0; i < array_size(prefixes); i++) {
		char *full = arena__printf(&compile->types, "%s%s", prefixes[i], name);
		const struct fact_function *found =
			full ? view->find_function(view->ctx, full, &compile->types) : NULL;

		if (found)
			return found;
	}
	return NULL;
}

const struct fact_function *policy_base__function(struct policy_compile *compile,
						  const struct policy_site *site)
{
	const struct btf_view *view = compile->context->types;
	char *name;

	if (!view)
		return NULL;
	switch (site->kind) {
	case POLICY_SITE_FUNCTION:
		return view->find_function(view->ctx, site->name, &compile->types);
	case POLICY_SITE_SYSCALL:
		return find_call(compile, site->name);
	case POLICY_SITE_RAW_TRACEPOINT:
		return view->find_tracepoint(view->ctx, site->name, &compile->types);
	case POLICY_SITE_LSM:
		name = arena__printf(&compile->types, "bpf_lsm_%s", site->name);
		return name ? view->find_function(view->ctx, name, &compile->types) : NULL;
	case POLICY_SITE_TRACEPOINT:
	case POLICY_SITE_UPROBE:
	case POLICY_SITE_USDT:
		break;
	}
	return NULL;
}
