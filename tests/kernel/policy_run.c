/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_run.h"

#include <bpf/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/spec.h"
#include "decode/ops.h"
#include "pipeline/policy_sets.h"
#include "program/program.h"

#define SYSCALLS_MAX 1024
#define SITES_MAX 8

static const struct fact_function *find_nothing(void *ctx, const char *name, struct arena *arena)
{
	(void)ctx;
	(void)name;
	(void)arena;
	return NULL;
}

void policy_run__open(struct policy_run *run)
{
	struct err err = ERR_INIT;

	memset(run, 0, sizeof(*run));
	hook_run__open(&run->hook);
	if (kernel_types__open(NULL, &run->types, &err) < 0)
		fail_msg("%s", err.text);
	run->view = kernel_types__view(run->types);
	run->nobody = run->view;
	run->nobody.find_tracepoint = find_nothing;
	run->kernel.has_signal = hook_engine__features(run->hook.engine)->has_signal;
	run->next_set = 1;
}

static void forget(struct policy_run *run)
{
	run->spec = spec__free(run->spec);
	arena__done(&run->arena);
	memset(&run->arena, 0, sizeof(run->arena));
}

void policy_run__close(struct policy_run *run)
{
	forget(run);
	hook_run__close(&run->hook);
	run->types = kernel_types__close(run->types);
}

/* ---- compiled ---- */

static const char *kernel_name(int64_t number)
{
	return decode_syscall_name(number, true);
}

static struct policy_syscalls list_syscalls(struct arena *arena,
					    const char *(*name_of)(int64_t number))
{
	struct policy_syscall *calls = arena_array(arena, struct policy_syscall, SYSCALLS_MAX);
	uint32_t count = 0;

	assert_non_null(calls);
	for (uint32_t number = 0; number < SYSCALLS_MAX; number++) {
		const char *name = name_of(number);

		if (name)
			calls[count++] = (struct policy_syscall){ name, number };
	}
	return (struct policy_syscalls){ calls, count };
}

static int compile(struct policy_run *run, const char *text, struct err_list *errors)
{
	const struct dialect_input input = {
		.name = "policy", .origin = "policy.yaml", .text = text, .len = strlen(text)
	};
	struct policy_attach attaches[SITES_MAX] = { 0 };
	struct policy_context context = { .types = &run->nobody,
					  .kernel = &run->kernel,
					  .syscall_prefix = HOOK_SYSCALL_PREFIX,
					  .syscall_prefix_32 = HOOK_SYSCALL_PREFIX_32,
					  .next_set = run->next_set,
					  .can_have_events = true };
	struct policy_sites sites;
	int r = config_load_text(dialect_find("tracing_policy"), &input, &run->spec, errors);

	if (r < 0)
		return r;
	context.syscalls = list_syscalls(&run->arena, kernel_name);
	context.syscalls_32 = list_syscalls(&run->arena, decode_syscall_name_32);
	r = policy__find_sites(&run->spec->policies[0], &context, &run->arena, &sites, errors);
	if (r < 0)
		return r;
	assert_true(sites.count <= SITES_MAX);
	for (uint32_t i = 0; i < sites.count; i++)
		attaches[i].context = HOOK_CONTEXT_RAW_TRACEPOINT;
	return policy__compile(&run->spec->policies[0], &context, &sites, attaches, &run->arena,
			       &run->program, errors);
}

bool policy_run__compiles(struct policy_run *run, const char *text, struct err_list *errors)
{
	forget(run);
	return compile(run, text, errors) == 0;
}

/* ---- loaded ---- */

void policy_run__load(struct policy_run *run, const char *text, uint8_t switches)
{
	struct err_list errors = { 0 };
	struct err err = ERR_INIT;

	if (!policy_run__compiles(run, text, &errors))
		fail_msg("%s\n%s", errors.items[0].text, text);
	assert_int_equal(run->program.hook_count, 1);
	run->next_set += run->program.set_count;
	for (uint32_t i = 0; i < run->program.set_count; i++)
		if (policy_set__write(run->hook.engine, &run->program.sets[i], &err) < 0)
			fail_msg("%s", err.text);
	hook_run__load(&run->hook, &run->program.hooks[0].code, switches);
	err_list__done(&errors);
}
