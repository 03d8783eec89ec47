/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "bpf/abi/who.h"
#include "decode/ops.h"
#include "enrich/process.h"
#include "host/host.h"
#include "pipeline/policies_private.h"
#include "pipeline/who.h"

#define SYSCALLS_MAX 1024
#define FUNCTION_LIST_MAX_BYTES (64u << 20)

/* ---- types of the kernel, which take 11 megabytes: only when something asks, and only while policies are compiled ---- */

/* To read them takes most of the time of a small policy, and where one comes others may follow. */
#define KEEP_TYPES_NS NS_PER_S

/* Of a binary: what btfPath names. */
struct user_types {
	char *path;                 /* owned */
	struct kernel_types *types; /* owned */
	struct btf_view view;
};

struct policy_knowledge {
	struct policies *policies; /* borrowed */
	struct policy_kernel kernel;
	struct btf_view types, opened;
	struct kernel_types *kernel_types; /* owned; NULL: not opened */
	bool is_tried;
	VEC(struct user_types *) user; /* owned */
};

void policy_types__drop(struct policies *policies)
{
	kernel_types__close(take_ptr(policies->types));
	if (policies->types_timer)
		policies->types_timer = loop__remove(policies->options.loop, policies->types_timer);
}

static void on_types_unused(void *ctx)
{
	policy_types__drop(ctx);
}

/* Without a loop nobody would notice that it is time to forget them. */
static void keep_types(struct policy_knowledge *knowledge)
{
	struct policies *policies = knowledge->policies;
	struct kernel_types *types = take_ptr(knowledge->kernel_types);

	policy_types__drop(policies);
	if (types && policies->options.loop &&
	    loop__add_timer(policies->options.loop, KEEP_TYPES_NS, 0 /* once */, on_types_unused,
			    policies, &policies->types_timer, NULL) == 0)
		policies->types = types;
	else
		kernel_types__close(types);
}

static void take_types(struct policy_knowledge *knowledge)
{
	struct policies *policies = knowledge->policies;

	knowledge->kernel_types = take_ptr(policies->types);
	policy_types__drop(policies);
	if (!knowledge->kernel_types)
		return;
	knowledge->opened = kernel_types__view(knowledge->kernel_types);
	knowledge->is_tried = true;
}

static bool open_types(struct policy_knowledge *knowledge)
{
	struct err ignored = ERR_INIT;

	if (!knowledge->is_tried &&
	    kernel_types__open(knowledge->policies->options.program.btf_path,
			       &knowledge->kernel_types, &ignored) == 0)
		knowledge->opened = kernel_types__view(knowledge->kernel_types);
	knowledge->is_tried = true;
	err__done(&ignored);
	return knowledge->kernel_types;
}

static const struct fact_function *find_function(void *ctx, const char *name, struct arena *arena)
{
	struct policy_knowledge *knowledge = ctx;

	return open_types(knowledge)
		       ? knowledge->opened.find_function(knowledge->opened.ctx, name, arena)
		       : NULL;
}

static const struct fact_function *find_tracepoint(void *ctx, const char *name, struct arena *arena)
{
	struct policy_knowledge *knowledge = ctx;

	return open_types(knowledge)
		       ? knowledge->opened.find_tracepoint(knowledge->opened.ctx, name, arena)
		       : NULL;
}

static const struct fact_type *find_type(void *ctx, const char *module, const char *name,
					 struct arena *arena)
{
	struct policy_knowledge *knowledge = ctx;

	return open_types(knowledge)
		       ? knowledge->opened.find_type(knowledge->opened.ctx, module, name, arena)
		       : NULL;
}

static const struct fact_type *expand(void *ctx, const struct fact_type *type, struct arena *arena)
{
	struct policy_knowledge *knowledge = ctx;

	return open_types(knowledge) ? knowledge->opened.expand(knowledge->opened.ctx, type, arena)
				     : NULL;
}

static struct user_types *free_user_types(struct user_types *types)
{
	if (types) {
		kernel_types__close(types->types);
		free(types->path);
		free(types);
	}
	return NULL;
}

static const struct btf_view *find_types(void *ctx, const char *path, struct err *err)
{
	struct policy_knowledge *knowledge = ctx;
	struct user_types *types;
	int r;

	vec_for_each(&knowledge->user, known)
		if (str_eq((*known)->path, path))
			return &(*known)->view;
	types = new_zero(struct user_types);
	if (!types || !(types->path = strdup(path))) {
		free_user_types(types);
		(void)err__set(err, -ENOMEM, NULL, "no memory for types");
		return NULL;
	}
	r = kernel_types__open(path, &types->types, err);
	if (r == 0 && vec_push(&knowledge->user, types) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for types");
	if (r < 0) {
		free_user_types(types);
		return NULL;
	}
	types->view = kernel_types__view(types->types);
	return &types->view;
}

/* ---- system calls, functions, namespaces ---- */

static int list_syscalls(struct arena *arena, bool is_32, struct policy_syscalls *ret_calls)
{
	struct policy_syscall *calls = arena_array(arena, struct policy_syscall, SYSCALLS_MAX);
	uint32_t count = 0;

	if (!calls)
		return -ENOMEM;
	for (uint32_t number = 0; number < SYSCALLS_MAX; number++) {
		const char *name = is_32 ? decode_syscall_name_32(number)
					 : decode_syscall_name(number, true);

		if (name)
			calls[count++] = (struct policy_syscall){ name, number };
	}
	*ret_calls = (struct policy_syscalls){ calls, count };
	return 0;
}

/* Once for all policies: 32 KiB. */
static int list_all_syscalls(struct policies *policies)
{
	int r = 0;

	if (policies->syscalls_32.calls)
		return 0;
	r = list_syscalls(&policies->arena, false, &policies->syscalls);
	return r < 0 ? r : list_syscalls(&policies->arena, true, &policies->syscalls_32);
}

static int keep_matching(struct pattern *pattern, char *text, struct arena *arena,
			 const char *const **ret_names, uint32_t *ret_count, struct err *err)
{
	VEC(const char *) names = VEC_INIT;
	char *line, *rest = text;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, " \t")] = '\0'; /* "name [module]" */
		if (!*line || pattern__match(pattern, line, strlen(line)) != 1)
			continue;
		line = arena__strdup(arena, line);
		r = line ? vec_push(&names, (const char *)line) : -ENOMEM;
	}
	if (r == 0) {
		*ret_count = (uint32_t)names.len;
		*ret_names = arena__memdup(arena, names.items, names.len * sizeof(*names.items));
	}
	vec_done(&names);
	return r < 0 ? err__set(err, r, NULL, "no memory for names of functions") : 0;
}

static int find_functions(void *ctx, const char *text, struct arena *arena,
			  const char *const **ret_names, uint32_t *ret_count, struct err *err)
{
	struct policy_knowledge *knowledge = ctx;
	__cleanup(x_freep) char *list = NULL;
	int tracefs = hook_engine__tracefs(knowledge->policies->engine, err);
	struct pattern *pattern;
	int r = tracefs;

	if (r >= 0)
		r = fd_read_all(tracefs, "available_filter_functions", FUNCTION_LIST_MAX_BYTES,
				&list, NULL);
	if (r < 0)
		return err__is_set(err) ? r
					: err__set(err, r, NULL,
						   "the list of the kernel's functions cannot be "
						   "read: %s",
						   strerror(-r));
	r = pattern__compile(text, NULL, &pattern, err);
	if (r < 0)
		return r;
	r = keep_matching(pattern, list, arena, ret_names, ret_count, err);
	pattern__free(pattern);
	return r;
}

/* Inodes of the first namespace of a kind, which are the same on every machine (the kernel's proc_ns.h, since 3.8). Mount
 * and network namespaces have none. */
static const uint32_t first_namespaces[WHO_NAMESPACE_COUNT] = {
	[WHO_NAMESPACE_UTS] = 0xeffffffeu,    [WHO_NAMESPACE_IPC] = 0xefffffffu,
	[WHO_NAMESPACE_PID] = 0xeffffffcu,    [WHO_NAMESPACE_PID_FOR_CHILDREN] = 0xeffffffcu,
	[WHO_NAMESPACE_TIME] = 0xeffffffau,   [WHO_NAMESPACE_TIME_FOR_CHILDREN] = 0xeffffffau,
	[WHO_NAMESPACE_CGROUP] = 0xeffffffbu, [WHO_NAMESPACE_USER] = 0xeffffffdu,
};

void policy_find_host_namespaces(const struct policies *policies, uint32_t *inodes)
{
	for (uint32_t i = 0; i < WHO_NAMESPACE_COUNT; i++) {
		struct stat status;
		char path[64];

		(void)snprintf(path, sizeof(path), "proc/1/ns/%s", namespace_name(i));
		if (fstatat(host__root_fd(policies->options.host), path, &status, 0) == 0)
			inodes[i] = (uint32_t)status.st_ino;
		else /* without the right to trace process 1 */
			inodes[i] = errno == EACCES ? first_namespaces[i] : 0;
	}
}

/* ---- the whole ---- */

static uint32_t count_parts(uint32_t labels)
{
	uint32_t parts = HOOK_COUNT_SYSCALL;

	if (labels & POLICY_LABEL_BINARY)
		parts |= HOOK_COUNT_BINARY;
	if (labels & (POLICY_LABEL_NAMESPACE | POLICY_LABEL_WORKLOAD | POLICY_LABEL_POD))
		parts |= HOOK_COUNT_CGROUP;
	return parts;
}

/* What only some policies need, and is dear, or told, to be found out. */
static bool has_action(const struct policy_spec *spec,
		       bool (*is_wanted)(const struct action_spec *action))
{
	for (uint32_t i = 0; i < spec->hook_count; i++)
		for (uint32_t k = 0; k < spec->hooks[i].rule_count; k++) {
			const struct rule_spec *rule = &spec->hooks[i].rules[k];

			for (uint32_t n = 0; n < rule->action_count; n++)
				if (is_wanted(&rule->actions[n]))
					return true;
		}
	return false;
}

static bool writes_user_memory(const struct action_spec *action)
{
	return action->kind == ACTION_KIND_SET;
}

static bool wants_image_hash(const struct action_spec *action)
{
	return action->wants_image_hash;
}

int policy_context__open(struct policies *policies, const struct policy_spec *spec,
			 struct policy_context *ret_context, struct err *err)
{
	const struct hook_features *features = hook_engine__features(policies->engine);
	struct policy_knowledge *knowledge = new_zero(struct policy_knowledge);
	struct policy_context context = { 0 };

	if (!knowledge || list_all_syscalls(policies) < 0) {
		free(knowledge);
		return err__set(err, -ENOMEM, NULL, "no memory for a policy");
	}
	knowledge->policies = policies;
	take_types(knowledge);
	knowledge->types = (struct btf_view){ knowledge, find_function, find_tracepoint, find_type,
					      expand };
	knowledge->kernel = (struct policy_kernel){
		.has_modify_return = features->has_modify_return,
		.has_modify_call = features->has_modify_call,
		.has_override = features->has_override,
		.has_signal = features->has_signal,
		.has_image_hash = has_action(spec, wants_image_hash) &&
				  hook_engine__has_image_hash(policies->engine),
		.has_user_registers = features->has_user_registers,
		.has_probe_write_user = has_action(spec, writes_user_memory) &&
					hook_engine__can_write_user(policies->engine),
	};
	context.types = &knowledge->types;
	context.kernel = &knowledge->kernel;
	context.syscalls = policies->syscalls;
	context.syscalls_32 = policies->syscalls_32;
	context.syscall_prefix = HOOK_SYSCALL_PREFIX;
	context.syscall_prefix_32 = HOOK_SYSCALL_PREFIX_32;
	context.find_functions = find_functions;
	context.find_functions_ctx = knowledge;
	context.find_spot = policy_places__find_spot;
	context.find_types = find_types;
	context.find_types_ctx = knowledge;
	policy_find_host_namespaces(policies, context.host_namespaces);
	context.mapping_mark = hook_engine__mapping_mark(policies->engine);
	context.next_set = policies->next_set;
	context.binaries = policies->binaries;
	context.can_scope = who__has_cgroups(policies->options.who);
	context.scopes = policies->cgroups.scopes.items;
	context.scope_count = (uint32_t)policies->cgroups.scopes.len;
	context.count_parts = count_parts(policies->options.labels);
	context.can_have_events = !policies->options.has_no_consumers;
	*ret_context = context;
	return 0;
}

void policy_context__close(struct policy_context *context)
{
	struct policy_knowledge *knowledge = context->find_functions_ctx;

	if (!knowledge)
		return;
	keep_types(knowledge);
	vec_for_each(&knowledge->user, types)
		free_user_types(*types);
	vec_done(&knowledge->user);
	free(knowledge);
	context->find_functions_ctx = NULL;
}
