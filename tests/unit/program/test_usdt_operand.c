/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "program/usdt_operand.h"

struct row {
	const char *text;
	struct hook_usdt wanted;
};

#if defined(__x86_64__)
#define TWO "-4@%edi 8@-16(%rbp)"
#define ONE "-4@%edi"
static const struct row rows[] = {
	{ "8@%rax", { HOOK_USDT_REGISTER, 8, false, .base_offset = 80 } },
	{ "-4@%edi", { HOOK_USDT_REGISTER, 4, true, .base_offset = 112 } },
	{ "1@%r8b", { HOOK_USDT_REGISTER, 1, false, .base_offset = 72 } },
	{ "-2@%ax", { HOOK_USDT_REGISTER, 2, true, .base_offset = 80 } },
	{ "4@$5", { HOOK_USDT_CONSTANT, 4, false, .constant = 5 } },
	{ "-4@$-9", { HOOK_USDT_CONSTANT, 4, true, .constant = -9 } },
	{ "8@$0x10", { HOOK_USDT_CONSTANT, 8, false, .constant = 16 } },
	{ "8@-16(%rbp)", { HOOK_USDT_MEMORY, 8, false, -16, .base_offset = 32 } },
	{ "-1@(%rsp)", { HOOK_USDT_MEMORY, 1, true, 0, .base_offset = 152 } },
	{ "-2@8(%rdx,%rax,2)", { HOOK_USDT_INDEXED, 2, true, 8, 96, 80, 2 } },
	{ "1@(%rbp,%rcx)", { HOOK_USDT_INDEXED, 1, false, 0, 32, 88, 1 } },
	{ "8@(%rbp,%rcx,3)", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@(%ebp)", { HOOK_USDT_UNKNOWN, .size = 8 } }, /* no address of this machine */
	{ "8@(%rip)", { HOOK_USDT_MEMORY, 8, false, .base_offset = 128 } },
	{ "8@4+(%rip)", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@counter(%rbx)", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "1@%ah", { HOOK_USDT_UNKNOWN, .size = 1 } },
	{ "8@%rax,", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@5", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@-16(%rbp", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8f@%xmm0", { HOOK_USDT_UNKNOWN } },
	{ "3@%rax", { HOOK_USDT_UNKNOWN } },
	{ "%rax", { HOOK_USDT_UNKNOWN } },
	{ "8@", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@%rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@$99999999999999999999", { HOOK_USDT_UNKNOWN, .size = 8 } },
};
#elif defined(__aarch64__)
#define TWO "-4@w0 8@[sp, 16]"
#define ONE "-4@w0"
static const struct row rows[] = {
	{ "8@x3", { HOOK_USDT_REGISTER, 8, false, .base_offset = 24 } },
	{ "-4@w0", { HOOK_USDT_REGISTER, 4, true, .base_offset = 0 } },
	{ "-4@-9", { HOOK_USDT_CONSTANT, 4, true, .constant = -9 } },
	{ "8@[sp, 16]", { HOOK_USDT_MEMORY, 8, false, 16, .base_offset = 248 } },
	{ "-1@[x1]", { HOOK_USDT_MEMORY, 1, true, 0, .base_offset = 8 } },
	{ "1@[x1, x2]", { HOOK_USDT_INDEXED, 1, false, 0, 8, 16, 1 } },
	{ "8@[w1]", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@[x1, 8", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "8@d0", { HOOK_USDT_UNKNOWN, .size = 8 } },
	{ "16@x0", { HOOK_USDT_UNKNOWN } },
	{ "x0", { HOOK_USDT_UNKNOWN } },
};
#endif

static void test_parse__all_ways_to_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct arena arena = ARENA_INIT;
		struct usdt_operands operands;
		const struct hook_usdt wanted = rows[i].wanted;

		print_message("%s\n", rows[i].text);
		assert_int_equal(usdt_operands_parse(rows[i].text, &arena, &operands), 0);
		assert_int_equal(operands.count, 1);
		assert_string_equal(operands.texts[0], rows[i].text);
		assert_null(operands.symbols[0]);
		assert_int_equal(operands.items[0].kind, wanted.kind);
		assert_int_equal(operands.items[0].size, wanted.size);
		assert_int_equal(operands.items[0].is_signed, wanted.is_signed);
		assert_int_equal(operands.items[0].constant, wanted.constant);
		assert_int_equal(operands.items[0].base_offset, wanted.base_offset);
		assert_int_equal(operands.items[0].index_offset, wanted.index_offset);
		assert_int_equal(operands.items[0].scale, wanted.scale);
		arena__done(&arena);
	}
}

#if defined(__x86_64__)
static void test_parse__variables(void **state)
{
	static const struct {
		const char *text, *symbol;
		int64_t behind;
	} variables[] = {
		{ "-1@counter(%rip)", "counter", 0 },
		{ "-1@4+t1(%rip)", "t1", 4 },
		{ "-1@list.2-8(%rip)", "list.2", -8 },
		{ "-1@0x10+_x+1(%rip)", "_x", 17 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(variables); i++) {
		struct arena arena = ARENA_INIT;
		struct usdt_operands operands;

		assert_int_equal(usdt_operands_parse(variables[i].text, &arena, &operands), 0);
		assert_int_equal(operands.items[0].kind, HOOK_USDT_MEMORY);
		assert_int_equal(operands.items[0].base_offset, 128);
		assert_int_equal(operands.items[0].constant, variables[i].behind);
		assert_int_equal(operands.items[0].size, 1);
		assert_true(operands.items[0].is_signed);
		assert_string_equal(operands.symbols[0], variables[i].symbol);
		arena__done(&arena);
	}
}
#endif

static void test_parse__several(void **state)
{
	struct arena arena = ARENA_INIT;
	struct usdt_operands operands;

	(void)state;
	assert_int_equal(usdt_operands_parse("  " TWO "  ", &arena, &operands), 0);
	assert_int_equal(operands.count, 2);
	assert_string_equal(operands.texts[0], ONE);
	assert_int_equal(operands.items[0].kind, HOOK_USDT_REGISTER);
	assert_int_equal(operands.items[1].kind, HOOK_USDT_MEMORY);
	assert_int_equal(usdt_operands_parse("", &arena, &operands), 0);
	assert_int_equal(operands.count, 0);
	assert_int_equal(usdt_operands_parse("a b c d e f g h i j k l m n", &arena, &operands), 0);
	assert_int_equal(operands.count, USDT_OPERANDS_MAX);
	assert_int_equal(usdt_operands_parse("8@(a b c", &arena, &operands), 0);
	assert_int_equal(operands.count, 1);
	arena__done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__all_ways_to_write_them),
#if defined(__x86_64__)
		cmocka_unit_test(test_parse__variables),
#endif
		cmocka_unit_test(test_parse__several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
