/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "policy/assignment.h"

struct row {
	const char *text;
	struct hook_assignment wanted;
	const char *wrong; /* or NULL */
};

#if defined(__x86_64__)
static const struct row rows[] = {
	{ "rax=11", { HOOK_SOURCE_CONSTANT, 80, 0, 8, 0, 11 }, NULL },
	{ " eax = -1 ", { HOOK_SOURCE_CONSTANT, 80, 0, 4, 0, -1 }, NULL },
	{ "rbp=0xffffffffffffffff", { HOOK_SOURCE_CONSTANT, 32, 0, 8, 0, -1 }, NULL },
	{ "rbp=%rsp", { HOOK_SOURCE_REGISTER, 32, 152, 8, 8, 0 }, NULL },
	{ "edi=%si", { HOOK_SOURCE_REGISTER, 112, 104, 4, 2, 0 }, NULL },
	{ "rsp=8%rsp", { HOOK_SOURCE_REGISTER, 152, 152, 8, 8, 8 }, NULL },
	{ "rip=(%rsp)", { HOOK_SOURCE_MEMORY, 128, 152, 8, 8, 0 }, NULL },
	{ "rip=0x20 ( %rsp)", { HOOK_SOURCE_MEMORY, 128, 152, 8, 8, 32 }, NULL },
	{ "rip=-8(%rsp)", { HOOK_SOURCE_MEMORY, 128, 152, 8, 8, -8 }, NULL },
	{ .text = "", .wrong = "no register" },
	{ .text = "rax", .wrong = "'=' is missing" },
	{ .text = "rax=", .wrong = "neither a number" },
	{ .text = "xax=1", .wrong = "no register" },
	{ .text = "rax=%xax", .wrong = "no register" },
	{ .text = "rax=(%rsp", .wrong = "')' is missing" },
	{ .text = "rax=(8)", .wrong = "neither a number" },
	{ .text = "rax=%rsp 8", .wrong = "more behind" },
	{ .text = "rax=1=2", .wrong = "neither a number" },
	{ .text = "eflags=0", .wrong = "decides over rights" },
	{ .text = "ss=0", .wrong = "decides over rights" },
	{ .text = "rax=99999999999999999999", .wrong = "neither a number" },
};
#elif defined(__aarch64__)
static const struct row rows[] = {
	{ "x0=11", { HOOK_SOURCE_CONSTANT, 0, 0, 8, 0, 11 }, NULL },
	{ "pc=%x30", { HOOK_SOURCE_REGISTER, 256, 240, 8, 8, 0 }, NULL },
	{ "w1=8(%sp)", { HOOK_SOURCE_MEMORY, 8, 248, 4, 8, 8 }, NULL },
	{ .text = "rax=1", .wrong = "no register" },
	{ .text = "pstate=0", .wrong = "decides over rights" },
};
#endif

static void test_parse__what_registers_are_set_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct hook_assignment seen = { 0 };
		const char *wrong = policy_assignment__parse(rows[i].text, &seen);

		print_message("'%s': %s\n", rows[i].text, wrong ? wrong : "");
		assert_int_equal(wrong != NULL, rows[i].wrong != NULL);
		if (wrong) {
			assert_non_null(strstr(wrong, rows[i].wrong));
			continue;
		}
		assert_int_equal(seen.source, rows[i].wanted.source);
		assert_int_equal(seen.to, rows[i].wanted.to);
		assert_int_equal(seen.to_size, rows[i].wanted.to_size);
		assert_int_equal(seen.from, rows[i].wanted.from);
		assert_int_equal(seen.from_size, rows[i].wanted.from_size);
		assert_int_equal(seen.constant, rows[i].wanted.constant);
	}
}

static void test_return__is_what_the_machine_does(void **state)
{
	struct hook_assignment returning[POLICY_RETURN_ASSIGNMENTS] = { 0 };
	uint32_t count = policy_assignment__return(-3, returning);

	(void)state;
	assert_in_range(count, 2, POLICY_RETURN_ASSIGNMENTS);
	assert_int_equal(returning[0].source, HOOK_SOURCE_CONSTANT);
	assert_int_equal(returning[0].constant, -3);
	assert_int_equal(returning[1].to, policy_assignment__jump(0).to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__what_registers_are_set_to),
		cmocka_unit_test(test_return__is_what_the_machine_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
