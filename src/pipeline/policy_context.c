/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "bpf/abi/who.h"
#include "decode/ops.h"
#include "enrich/process.h"
#include "host/host.h"
#include "pipeline/policies_private.h"
#include "program/binary.h"
#include "program/tracepoint_format.h"

#define SYSCALLS_MAX 1024
#define FUNCTION_LIST_MAX_BYTES (64u << 20)
#define FORMAT_MAX_BYTES (64u << 10)

/* ---- types of the kernel, which take 11 megabytes: only when something asks, and only for a compilation ---- */

struct policy_knowledge {
	struct policies *policies; /* borrowed */
	struct policy_kernel kernel;
	struct btf_view types, opened;
	struct kernel_types *kernel_types; /* owned; NULL: not opened */
	bool is_tried;
};

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

void policy_find_host_namespaces(const struct policies *policies, uint32_t *inodes)
{
	for (uint32_t i = 0; i < WHO_NAMESPACE_COUNT; i++) {
		struct stat status;
		char path[64];

		(void)snprintf(path, sizeof(path), "proc/1/ns/%s", namespace_name(i));
		inodes[i] = fstatat(host__root_fd(policies->options.host), path, &status, 0) == 0
				    ? (uint32_t)status.st_ino
				    : 0;
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

int policy_context__open(struct policies *policies, struct arena *arena,
			 struct policy_context *ret_context, struct err *err)
{
	const struct hook_features *features = hook_engine__features(policies->engine);
	struct policy_knowledge *knowledge = new_zero(struct policy_knowledge);
	struct policy_context context = { 0 };

	if (!knowledge || list_syscalls(arena, false, &context.syscalls) < 0 ||
	    list_syscalls(arena, true, &context.syscalls_32) < 0) {
		free(knowledge);
		return err__set(err, -ENOMEM, NULL, "no memory for a policy");
	}
	knowledge->policies = policies;
	knowledge->types = (struct btf_view){ knowledge, find_function, find_tracepoint, find_type,
					      expand };
	knowledge->kernel = (struct policy_kernel){
		.has_modify_return = features->has_modify_return,
		.has_override = features->has_override,
		.has_signal = features->has_signal,
		.has_probe_write_user = features->has_probe_write_user,
	};
	context.types = &knowledge->types;
	context.kernel = &knowledge->kernel;
	context.syscall_prefix = HOOK_SYSCALL_PREFIX;
	context.syscall_prefix_32 = HOOK_SYSCALL_PREFIX_32;
	context.find_functions = find_functions;
	context.find_functions_ctx = knowledge;
	policy_find_host_namespaces(policies, context.host_namespaces);
	context.next_set = policies->next_set;
	context.binaries = policies->binaries;
	context.scopes = policies->scopes;
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
	kernel_types__close(knowledge->kernel_types);
	free(knowledge);
	context->find_functions_ctx = NULL;
}

/* ---- places ---- */

static enum hook_place_kind place_kind(enum policy_site_kind kind)
{
	static const enum hook_place_kind kinds[] = {
		[POLICY_SITE_FUNCTION] = HOOK_PLACE_FUNCTION,
		[POLICY_SITE_SYSCALL] = HOOK_PLACE_SYSCALL,
		[POLICY_SITE_RAW_TRACEPOINT] = HOOK_PLACE_RAW_TRACEPOINT,
		[POLICY_SITE_TRACEPOINT] = HOOK_PLACE_TRACEPOINT,
		[POLICY_SITE_LSM] = HOOK_PLACE_LSM,
		[POLICY_SITE_UPROBE] = HOOK_PLACE_UPROBE,
		[POLICY_SITE_USDT] = HOOK_PLACE_USDT,
	};

	return kinds[kind];
}

struct hook_place policy_hook_place(const struct policy_site *site)
{
	return (struct hook_place){
		.kind = place_kind(site->kind),
		.name = site->name,
		.subsystem = site->subsystem,
		.path = site->path,
		.syscall = site->syscall,
		.offset = site->offset,
		.semaphore_offset = site->semaphore_offset,
		.overrides = site->is_override,
		.is_optional = site->is_optional,
	};
}

/* Fields of a classic tracepoint, in the words of policy/. */
static int read_fields(struct policies *policies, const struct policy_site *site,
		       struct arena *arena, struct policy_attach *attach, struct err *err)
{
	int tracefs = hook_engine__tracefs(policies->engine, err);
	__cleanup(x_freep) char *text = NULL;
	const struct tracepoint_field *found;
	struct policy_field *fields;
	char path[512];
	int r = tracefs;

	(void)snprintf(path, sizeof(path), "events/%s/%s/format", site->subsystem, site->name);
	if (r >= 0)
		r = fd_read_all(tracefs, path, FORMAT_MAX_BYTES, &text, NULL);
	if (r == -ENOENT)
		return err__set(err, r, site->at, "tracepoint '%s/%s' is not in this kernel",
				site->subsystem, site->name);
	if (r >= 0)
		r = tracepoint_format_parse(text, arena, &found, &attach->field_count, err);
	if (r < 0)
		return err__is_set(err)
			       ? r
			       : err__set(err, r, site->at, "tracepoint '%s/%s' cannot be read: %s",
					  site->subsystem, site->name, strerror(-r));
	fields = arena_array(arena, struct policy_field, attach->field_count);
	if (!fields)
		return err__set(err, -ENOMEM, NULL, "no memory for a tracepoint");
	for (uint32_t i = 0; i < attach->field_count; i++)
		fields[i] = (struct policy_field){ .name = found[i].name,
						   .type = found[i].type,
						   .offset = found[i].offset,
						   .size = found[i].size,
						   .is_signed = found[i].is_signed,
						   .is_dynamic = found[i].is_dynamic };
	attach->fields = fields;
	return 0;
}

static int fill_attach(struct policies *policies, const struct policy_site *site,
		       const struct hook_attach *found, struct arena *arena,
		       struct policy_attach *attach, struct err *err)
{
	attach->is_absent = !found->how;
	attach->context = found->context;
	attach->return_context = found->return_context;
	attach->is_preemptible = found->is_preemptible;
	attach->is_chained = found->is_chained;
	/* Nobody has read the notes of the binary, and without them there is nothing to attach to. */
	if (site->kind == POLICY_SITE_USDT)
		return err__set(err, -EOPNOTSUPP, site->at,
				"policies on USDT probes ('%s' of '%s') are not supported yet; a "
				"uprobe on a function is",
				site->name, site->path);
	if (site->kind == POLICY_SITE_UPROBE && site->address)
		return err__set(err, -EOPNOTSUPP, site->at,
				"a uprobe by address (0x%llx of '%s') is not supported yet; by "
				"symbol or offset it is",
				(unsigned long long)site->address, site->path);
	if (site->kind == POLICY_SITE_TRACEPOINT)
		return read_fields(policies, site, arena, attach, err);
	return 0;
}

int policy_context__attach(struct policies *policies, const struct policy_sites *sites,
			   struct arena *arena, struct policy_attach **ret_attaches,
			   const char ***ret_hows, struct err *err)
{
	__cleanup(x_freep) struct hook_place *asked = calloc(sites->count + 1, sizeof(*asked));
	__cleanup(x_freep) struct hook_attach *found = calloc(sites->count + 1, sizeof(*found));
	struct policy_attach *attaches = arena_array(arena, struct policy_attach, sites->count + 1);
	const char **hows = arena_array(arena, const char *, sites->count + 1);
	size_t index = 0;
	int r;

	if (!asked || !found || !attaches || !hows)
		return err__set(err, -ENOMEM, NULL, "no memory for hooks");
	for (uint32_t i = 0; i < sites->count; i++)
		asked[i] = policy_hook_place(&sites->items[i]);
	r = hook_engine__resolve(policies->engine, asked, sites->count, found, &index, err);
	if (r < 0)
		return err__wrap(err, r, index < sites->count ? sites->items[index].at : NULL,
				 "policy");
	for (uint32_t i = 0; i < sites->count && r == 0; i++) {
		hows[i] = found[i].how;
		r = fill_attach(policies, &sites->items[i], &found[i], arena, &attaches[i], err);
	}
	*ret_attaches = attaches;
	*ret_hows = hows;
	return r;
}
