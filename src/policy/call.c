/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/call.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define SYSCALL_NAME_PREFIX "sys_"

/* What may stand before "/sys_read". */
static const struct {
	const char *name;
	bool is_32;
} tables[] = { { "amd64", false },
	       { "arm32", true },
	       { "arm64", false },
	       { "i386", true },
	       { "x64", false } };

/* The kernel's functions of some calls have other names than the calls. */
static const struct {
	const char *call, *function;
} renamed[] = { { "sys_fstat", "sys_newfstat" },      { "sys_lstat", "sys_newlstat" },
		{ "sys_sendfile", "sys_sendfile64" }, { "sys_stat", "sys_newstat" },
		{ "sys_umount2", "sys_umount" },      { "sys_uname", "sys_newuname" } };

static uint32_t number_of(const struct policy_syscalls *calls, const char *name)
{
	for (uint32_t i = 0; i < calls->count; i++)
		if (str_eq(calls->calls[i].name, name))
			return calls->calls[i].number;
	return HOOK_NONE;
}

static uint32_t find_number(const struct policy_context *context, const char *name, bool is_32)
{
	const struct policy_syscalls *calls = is_32 ? &context->syscalls_32 : &context->syscalls;
	uint32_t number;

	if (!str_starts(name, SYSCALL_NAME_PREFIX))
		return HOOK_NONE;
	number = number_of(calls, name + strlen(SYSCALL_NAME_PREFIX));
	for (size_t i = 0; i < array_size(renamed) && number == HOOK_NONE; i++)
		if (str_eq(renamed[i].function, name))
			number = number_of(calls, renamed[i].call + strlen(SYSCALL_NAME_PREFIX));
	return number == HOOK_NONE ? HOOK_NONE : number | (is_32 ? POLICY_SYSCALL_32 : 0);
}

static int fill_syscall(struct policy_compile *compile, const char *name, bool is_32,
			struct policy_call *call)
{
	const struct policy_context *context = compile->context;
	const char *prefix = is_32 ? context->syscall_prefix_32 : context->syscall_prefix;

	*call = (struct policy_call){ .is_syscall = true, .name = name };
	call->function = arena__printf(compile->arena, "%s%s", prefix ? prefix : "", name);
	call->syscall = find_number(context, name, is_32);
	return call->function ? 0 : policy_compile__no_memory(compile);
}

/* "i386/": which table is meant. -ENOENT: none is called so. */
static int find_table(const char *text, size_t len, bool *ret_is_32)
{
	for (size_t i = 0; i < array_size(tables); i++)
		if (strlen(tables[i].name) == len && memcmp(tables[i].name, text, len) == 0) {
			*ret_is_32 = tables[i].is_32;
			return 0;
		}
	return -ENOENT;
}

/* Without the prefix of the kernel's function, which may be written as well. */
static const char *strip_prefix(const char *name, const char *prefix)
{
	return prefix && str_starts(name, prefix) ? name + strlen(prefix) : NULL;
}

/* The call's own name and which table it is in. */
static int split_name(struct policy_compile *compile, const struct spec_text *name,
		      const char *path, const char **ret_name, bool *ret_is_32)
{
	const struct policy_context *context = compile->context;
	const char *slash = strchr(name->text, '/');
	const char *stripped;

	*ret_is_32 = false;
	*ret_name = slash ? slash + 1 : name->text;
	if (slash && find_table(name->text, (size_t)(slash - name->text), ret_is_32) < 0)
		return policy_compile__refuse(compile, -EINVAL, &name->at, path,
					      "'%.*s' is no table of system calls; there are "
					      "amd64, arm32, arm64, i386 and x64",
					      (int)(slash - name->text), name->text);
	if ((stripped = strip_prefix(*ret_name, context->syscall_prefix))) {
		*ret_name = stripped;
	} else if ((stripped = strip_prefix(*ret_name, context->syscall_prefix_32))) {
		*ret_name = stripped;
		*ret_is_32 = true;
	}
	if (str_starts(*ret_name, SYSCALL_NAME_PREFIX))
		return 0;
	return policy_compile__refuse(compile, -EINVAL, &name->at, path,
				      "'%s' is no system call, sys_NAME is; with syscall: false it "
				      "is a function",
				      name->text);
}

int policy_call__find(struct policy_compile *compile, const struct spec_text *name,
		      const char *path, bool is_syscall, struct policy_call *ret_call)
{
	const char *call;
	bool is_32;
	int r;

	if (!is_syscall && !strchr(name->text, '/')) {
		*ret_call = (struct policy_call){ .name = name->text,
						  .function = name->text,
						  .syscall = HOOK_NONE };
		return 0;
	}
	r = split_name(compile, name, path, &call, &is_32);
	return r < 0 ? r : fill_syscall(compile, call, is_32, ret_call);
}

static int add(struct policy_compile *compile, struct policy_calls *calls,
	       const struct policy_call *call)
{
	return vec_push(&calls->items, *call) < 0 ? policy_compile__no_memory(compile) : 0;
}

static int add_named(struct policy_compile *compile, const struct list_spec *list, bool is_syscall,
		     struct policy_calls *calls)
{
	for (uint32_t i = 0; i < list->value_count; i++) {
		struct policy_call call;
		int r = policy_call__find(compile, &list->values[i], list->path, is_syscall, &call);

		if (r == 0 && is_syscall && call.syscall == HOOK_NONE)
			policy_compile__warn(compile, &list->values[i].at, list->path,
					     "'%s' is no system call of this machine",
					     list->values[i].text);
		if (r == 0)
			r = add(compile, calls, &call);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *function_of(const char *name)
{
	for (size_t i = 0; i < array_size(renamed); i++)
		if (str_eq(renamed[i].call, name))
			return renamed[i].function;
	return name;
}

static int add_all_syscalls(struct policy_compile *compile, struct policy_calls *calls)
{
	const struct policy_syscalls *all = &compile->context->syscalls;

	for (uint32_t i = 0; i < all->count; i++) {
		struct policy_call call;
		char *name = arena__printf(compile->arena, SYSCALL_NAME_PREFIX "%s",
					   all->calls[i].name);
		int r = name ? fill_syscall(compile, function_of(name), false, &call)
			     : policy_compile__no_memory(compile);

		call.is_optional = true; /* there are numbers that no kernel has a call for */
		if (r == 0)
			r = add(compile, calls, &call);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_matching(struct policy_compile *compile, const struct list_spec *list,
			struct policy_calls *calls)
{
	const struct policy_context *context = compile->context;
	const char *const *names;
	struct err err = ERR_INIT;
	uint32_t count;
	int r;

	if (!context->find_functions)
		return policy_compile__refuse(compile, -EOPNOTSUPP, &list->at, list->path,
					      "the functions of this kernel are not known "
					      "(available_filter_functions of tracefs)");
	r = context->find_functions(context->find_functions_ctx, list->pattern.text, compile->arena,
				    &names, &count, &err);
	if (r < 0) {
		r = policy_compile__refuse(compile, r, &list->pattern.at, list->path, "%s",
					   err.text ? err.text : strerror(-r));
		err__done(&err);
		return r;
	}
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = add(compile, calls,
			&(struct policy_call){
				.name = names[i], .function = names[i], .syscall = HOOK_NONE });
	return r;
}

int policy_calls__add_list(struct policy_compile *compile, const struct list_spec *list,
			   bool is_syscall, struct policy_calls *calls)
{
	switch (list->kind) {
	case LIST_KIND_FUNCTIONS:
		return add_named(compile, list, is_syscall, calls);
	case LIST_KIND_SYSCALLS:
		return add_named(compile, list, true, calls);
	case LIST_KIND_ALL_SYSCALLS:
		return add_all_syscalls(compile, calls);
	case LIST_KIND_MATCHING_FUNCTIONS:
		return add_matching(compile, list, calls);
	}
	return -EINVAL;
}

/* ---- of enforcers ---- */

#define SECURITY_PREFIX "security_"

bool policy_call__is_syscall(const char *name)
{
	return !str_starts(name, SECURITY_PREFIX);
}

static bool has_syscall(const struct policy_spec *policy, const struct value_spec *call)
{
	const struct list_spec *list;

	if (call->list == SPEC_NONE)
		return policy_call__is_syscall(call->text);
	list = &policy->lists[call->list];
	for (uint32_t i = 0; i < list->value_count; i++)
		if (policy_call__is_syscall(list->values[i].text))
			return true;
	return list->kind != LIST_KIND_FUNCTIONS;
}

bool policy_enforcers__can_replace(const struct policy_spec *policy,
				   const struct policy_kernel *kernel)
{
	if (kernel->has_override && policy->override_method != OVERRIDE_METHOD_FMOD_RET)
		return true;
	if (!kernel->has_modify_return || policy->override_method == OVERRIDE_METHOD_RETURN)
		return false;
	if (kernel->has_modify_call)
		return true;
	for (uint32_t i = 0; i < policy->enforcer_count; i++)
		for (uint32_t k = 0; k < policy->enforcers[i].call_count; k++)
			if (has_syscall(policy, &policy->enforcers[i].calls[k]))
				return false;
	return true;
}
