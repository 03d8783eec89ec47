/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

int policy_fixture__set_up(void **state)
{
	struct policy_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	made_up__init(&fixture->made_up);
	*state = fixture;
	return 0;
}

int policy_fixture__tear_down(void **state)
{
	struct policy_fixture *fixture = *state;

	arena__done(&fixture->arena);
	err_list__done(&fixture->errors);
	strbuf__done(&fixture->text);
	free(fixture);
	return 0;
}

int policy_fixture__compile(struct policy_fixture *fixture, const struct policy_spec *policy)
{
	struct policy_attach attaches[16];
	int r = policy__find_sites(policy, &fixture->made_up.context, &fixture->arena,
				   &fixture->sites, &fixture->errors);

	if (r < 0)
		return r;
	assert_true(fixture->sites.count <= array_size(attaches));
	for (uint32_t i = 0; i < fixture->sites.count; i++)
		attaches[i] = made_up__attach(&fixture->made_up, &fixture->sites.items[i]);
	return policy__compile(policy, &fixture->made_up.context, &fixture->sites, attaches,
			       &fixture->arena, &fixture->program, &fixture->errors);
}

int policy_fixture__compile_hook(struct policy_fixture *fixture, const struct hook_spec *hook)
{
	const struct policy_spec policy = { .name = "one", .hooks = hook, .hook_count = 1 };

	return policy_fixture__compile(fixture, &policy);
}

int policy_fixture__compile_match(struct policy_fixture *fixture, const char *type,
				  const struct match_spec *match)
{
	const struct argument_spec argument = { .index = 5,
						.type = { .text = type },
						.size_parameter = 2 };
	const struct rule_spec rule = { .matches = match, .match_count = 1 };
	const struct hook_spec hook = { HOOKED, .args = &argument, .arg_count = 1, .rules = &rule,
					.rule_count = 1 };

	return policy_fixture__compile_hook(fixture, &hook);
}

int policy_fixture__compile_action(struct policy_fixture *fixture, const struct hook_spec *hook,
				   const struct action_spec *action)
{
	const struct rule_spec rule = { .actions = action, .action_count = 1 };
	struct hook_spec copy = *hook;

	copy.rules = &rule;
	copy.rule_count = 1;
	return policy_fixture__compile_hook(fixture, &copy);
}

/* ---- what came out ---- */

static void add_values(struct strbuf *text, const struct policy_set_value *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (values[i].bits)
			strbuf__printf(text, " %u of %u bytes", values[i].bits, values[i].size);
		else if (values[i].bytes)
			strbuf__printf(text, " \"%.*s\"", (int)values[i].size,
				       (const char *)values[i].bytes);
		else
			strbuf__printf(text, " %" PRIu64, values[i].number);
	}
	strbuf__add_char(text, '\n');
}

const char *policy_fixture__listing(struct policy_fixture *fixture)
{
	static const char *const kinds[] = {
		[POLICY_SET_NUMBERS] = "numbers",       [POLICY_SET_TEXTS] = "texts",
		[POLICY_SET_PREFIXES] = "prefixes",     [POLICY_SET_POSTFIXES] = "postfixes",
		[POLICY_SET_SUBSTRINGS] = "substrings", [POLICY_SET_NETWORKS] = "networks",
	};
	const struct policy_program *program = &fixture->program;

	strbuf__reset(&fixture->text);
	for (uint32_t i = 0; i < program->hook_count; i++)
		hook_code__format(&program->hooks[i].code, &fixture->text);
	for (uint32_t i = 0; i < program->set_count; i++) {
		strbuf__printf(&fixture->text, "set %u: %s", program->sets[i].id,
			       kinds[program->sets[i].kind]);
		add_values(&fixture->text, program->sets[i].values, program->sets[i].value_count);
	}
	for (uint32_t i = 0; i < program->binaries_count; i++) {
		strbuf__printf(&fixture->text, "binaries %u%s:", program->binaries[i].bit,
			       program->binaries[i].follows_children ? " and children" : "");
		add_values(&fixture->text, program->binaries[i].values,
			   program->binaries[i].value_count);
	}
	return strbuf__text(&fixture->text);
}

const char *policy_fixture__error(const struct policy_fixture *fixture)
{
	return fixture->errors.len ? fixture->errors.items[0].text : "";
}

static void check(struct policy_fixture *fixture, size_t index, int r, const char *line, int result)
{
	const char *text = r < 0 ? policy_fixture__error(fixture)
				 : policy_fixture__listing(fixture);

	if (r != result || !strstr(text, line))
		fail_msg("row %zu: %d, '%s' has no '%s'", index, r, text, line);
	err_list__done(&fixture->errors);
}

void policy_fixture__check_matches(struct policy_fixture *fixture, const struct match_row *rows,
				   size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(fixture, i,
		      policy_fixture__compile_match(fixture, rows[i].type ? rows[i].type : "int",
						    &rows[i].match),
		      rows[i].line, rows[i].result);
}

void policy_fixture__check_actions(struct policy_fixture *fixture, const struct action_row *rows,
				   size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(fixture, i,
		      policy_fixture__compile_action(fixture, &rows[i].hook, &rows[i].action),
		      rows[i].line, rows[i].result);
}
