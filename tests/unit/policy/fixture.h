/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_POLICY_FIXTURE_H
#define TESTS_UNIT_POLICY_FIXTURE_H

/*
 * Policies of one hook for tests of policy/, compiled for the kernel of made_up.h.
 * It owns the arena that everything of a test is in, and its errors and listing.
 * Tests set it up before each test, change what they are about, compile, and look at the listing.
 */

#include "base/str.h"
#include "made_up.h"

struct policy_fixture {
	struct arena arena;
	struct made_up made_up;
	struct err_list errors;
	struct policy_sites sites;
	struct policy_program program;
	struct strbuf text;
};

/* For cmocka. */
int policy_fixture__set_up(void **state);
int policy_fixture__tear_down(void **state);

/* Both phases. 0, or what policy__find_sites() or policy__compile() said. */
int policy_fixture__compile(struct policy_fixture *fixture, const struct policy_spec *policy);
/* A policy of this hook alone. */
int policy_fixture__compile_hook(struct policy_fixture *fixture, const struct hook_spec *hook);
/* A function with one argument of a type and one rule with one match of it. */
int policy_fixture__compile_match(struct policy_fixture *fixture, const char *type,
				  const struct match_spec *match);
/* The same with one action, the arguments of `hooked()` given. */
int policy_fixture__compile_action(struct policy_fixture *fixture, const struct hook_spec *hook,
				   const struct action_spec *action);
/* What hooks do, as --dump-ir, then sets, binaries and scopes. */
const char *policy_fixture__listing(struct policy_fixture *fixture);
/* The text of the first error; "": there is none. */
const char *policy_fixture__error(const struct policy_fixture *fixture);

/* Rows: what the listing says of a match or an action, or the error. */
struct match_row {
	const char *type; /* of the argument that is asked, or NULL: "int" */
	struct match_spec match;
	const char *line;
	int result;
};
void policy_fixture__check_matches(struct policy_fixture *fixture, const struct match_row *rows,
				   size_t count);
struct action_row {
	struct hook_spec hook;
	struct action_spec action;
	const char *line;
	int result;
};
void policy_fixture__check_actions(struct policy_fixture *fixture, const struct action_row *rows,
				   size_t count);

#define HOOKED .kind = HOOK_KIND_KPROBE, .call = { .text = "hooked", .list = SPEC_NONE }
#define ARG(position, name)                                                                        \
	{                                                                                          \
		.index = (position), .type = {.text = (name) }                                     \
	}
#define VALUE(written)                                                                             \
	{                                                                                          \
		.text = (written), .len = sizeof(written) - 1, .list = SPEC_NONE                   \
	}
#define VALUES(...)                                                                                \
	.values = (const struct value_spec[]){ __VA_ARGS__ },                                      \
	.value_count = sizeof((const struct value_spec[]){ __VA_ARGS__ }) /                        \
		       sizeof(struct value_spec)
#define ARGS(...)                                                                                  \
	.args = (const struct argument_spec[]){ __VA_ARGS__ },                                     \
	.arg_count = sizeof((const struct argument_spec[]){ __VA_ARGS__ }) /                       \
		     sizeof(struct argument_spec)

#define ASK(what) .subject = MATCH_SUBJECT_ARG, .arg_count = 1, .op = MATCH_OP_##what
#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, policy_fixture__set_up, policy_fixture__tear_down)

#endif
