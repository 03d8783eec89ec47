/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, from text to what the programs of their hooks do, for kernels that are made up: each is refused with words and
 * a position, or becomes code whose indexes all point somewhere, that prints, and of which instructions can be made or are
 * refused.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/spec.h"
#include "emit/hook.h"
#include "made_up.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SITES_MAX 256

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_errors(int r, struct err_list *errors)
{
	require((r < 0) == (errors->len > 0));
	for (size_t i = 0; i < errors->len; i++)
		require(errors->items[i].text && *errors->items[i].text);
	err_list__done(errors);
}

static void check_set(const struct policy_program *program, uint32_t set)
{
	bool is_there = set == HOOK_NONE;

	for (uint32_t i = 0; i < program->set_count; i++)
		is_there |= program->sets[i].id == set;
	require(is_there);
}

static void check_tests(const struct policy_program *program, const struct hook_code *code,
			const struct hook_test *tests, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		require(tests[i].value == HOOK_NONE || tests[i].value < code->value_count);
		require(tests[i].other_value == HOOK_NONE ||
			tests[i].other_value < code->value_count);
		for (uint32_t k = 0; k < tests[i].range_count; k++)
			require(tests[i].ranges != NULL);
		check_set(program, tests[i].set);
	}
}

static void check_actions(const struct hook_code *code, const struct hook_action *actions,
			  uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		require(actions[i].kind != POLICY_ACTION_NONE &&
			(actions[i].value == HOOK_NONE || actions[i].value < code->value_count));
}

static void check_code(const struct policy_program *program, const struct hook_code *code)
{
	require(code->value_count <= HOOK_VALUES_MAX);
	require(code->syscall_value == HOOK_NONE || code->syscall_value < code->value_count);
	for (uint32_t i = 0; i < code->value_count; i++)
		require(code->values[i].size_value == HOOK_NONE ||
			code->values[i].size_value < code->value_count);
	for (uint32_t i = 0; i < code->rule_count; i++) {
		const struct hook_rule *rule = &code->rules[i];

		check_tests(program, code, rule->tests, rule->test_count);
		check_tests(program, code, rule->return_tests, rule->return_test_count);
		check_actions(code, rule->actions, rule->action_count);
		check_actions(code, rule->return_actions, rule->return_action_count);
	}
}

static void check_instructions(const struct hook_code *code, enum hook_end end)
{
	const struct hook_emit_options options = { .has_exchange = true };
	struct hook_image image = { .insns = VEC_INIT };
	struct err err = ERR_INIT;
	int r = hook_emit(code, end, &options, &image, &err);

	require(r == 0 ? image.insns.len > 0 : err__is_set(&err));
	if (r == 0)
		hook_image__done(&image);
	err__done(&err);
}

static void check_program(const struct policy_program *program)
{
	struct strbuf text = STRBUF_INIT;

	for (uint32_t i = 0; i < program->hook_count; i++) {
		const struct hook_code *code = &program->hooks[i].code;

		check_code(program, code);
		hook_code__format(code, &text);
		check_instructions(code, HOOK_END_ENTER);
		if (code->has_return)
			check_instructions(code, HOOK_END_LEAVE);
	}
	require(strbuf__status(&text) == 0);
	strbuf__done(&text);
}

static void compile(const struct policy_spec *policy, const struct made_up *kernel)
{
	struct policy_attach attaches[SITES_MAX];
	struct err_list errors = { 0 };
	struct arena arena = ARENA_INIT;
	struct policy_sites sites;
	struct policy_program program;
	int r = policy__find_sites(policy, &kernel->context, &arena, &sites, &errors);

	check_errors(r, &errors);
	if (r == 0 && sites.count <= SITES_MAX) {
		for (uint32_t i = 0; i < sites.count; i++)
			attaches[i] = made_up__attach(kernel, &sites.items[i]);
		r = policy__compile(policy, &kernel->context, &sites, attaches, &arena, &program,
				    &errors);
		check_errors(r, &errors);
		if (r == 0)
			check_program(&program);
	}
	arena__done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct dialect_input input = {
		.name = "fuzz", .origin = "fuzz.yaml", .text = (const char *)data, .len = len
	};
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	struct made_up kernel;

	made_up__init(&kernel);
	if (config_load_text(dialect_find("tracing_policy"), &input, &spec, &errors) == 0) {
		for (uint32_t i = 0; i < spec->policy_count; i++) {
			kernel.attached = HOOK_CONTEXT_REGISTERS;
			compile(&spec->policies[i], &kernel);
			kernel.attached = HOOK_CONTEXT_CALL;
			compile(&spec->policies[i], &kernel);
		}
	}
	err_list__done(&errors);
	spec__free(spec);
	return 0;
}
