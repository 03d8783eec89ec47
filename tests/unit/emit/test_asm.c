/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/asm.h"
#include "emit/insn.h"
#include "insns.h"

static void test_finish__listing(void **state)
{
	struct code code = CODE_INIT;
	uint32_t again = code__label(&code), out = code__label(&code), sub = code__label(&code);

	(void)state;
	code__move(&code, BPF_REG_6, BPF_REG_1);
	code__move_imm(&code, BPF_REG_7, -1);
	code__place(&code, again);
	code__load(&code, 1, BPF_REG_0, BPF_REG_6, 8);
	code__store(&code, 2, BPF_REG_10, -4, BPF_REG_0);
	code__store_imm(&code, 4, BPF_REG_10, -8, 5);
	code__alu(&code, BPF_XOR, BPF_REG_0, BPF_REG_7);
	code__alu_imm(&code, BPF_AND, BPF_REG_0, 15);
	code__jump_if_imm(&code, BPF_JEQ, BPF_REG_0, 3, out);
	code__jump_if(&code, BPF_JSGT, BPF_REG_0, BPF_REG_7, again);
	code__load_imm64(&code, BPF_REG_2, UINT64_C(0x1234567890abcdef));
	code__load_map(&code, BPF_REG_1, 17);
	code__load_map_value(&code, BPF_REG_3, 18, 24);
	code__atomic_add(&code, BPF_REG_3, 0, BPF_REG_7);
	code__call_helper(&code, BPF_FUNC_map_lookup_elem);
	code__call(&code, sub);
	code__place(&code, out);
	code__exit(&code);
	code__place(&code, sub);
	code__jump(&code, again);
	assert_int_equal(code__finish(&code, NULL), 0);
	assert_listing(code.insns.items, code.insns.len,
		       "0: r6 = r1\n"
		       "1: r7 = -1\n"
		       "2: r0 = *(u8 *)(r6 +8)\n"
		       "3: *(u16 *)(r10 -4) = r0\n"
		       "4: *(u32 *)(r10 -8) = 5\n"
		       "5: r0 ^= r7\n"
		       "6: r0 &= 15\n"
		       "7: if r0 == 3 goto 18\n"
		       "8: if r0 s> r7 goto 2\n"
		       "9: r2 = wide 0x1234567890abcdef\n"
		       "11: r1 = map 0x11\n"
		       "13: r3 = wide 0x1800000012\n"
		       "15: atomic *(u64 *)(r3 +0) = r7\n"
		       "16: call helper 1\n"
		       "17: call @19\n"
		       "18: exit\n"
		       "19: goto 2\n");
	code__done(&code);
}

static void test_finish__label_without_place(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	code__jump(&code, code__label(&code));
	assert_int_equal(code__finish(&code, NULL), -EINVAL);
	code__done(&code);
}

static void test_finish__label_behind_the_end(void **state)
{
	struct code code = CODE_INIT;
	uint32_t label = code__label(&code);

	(void)state;
	code__jump(&code, label);
	code__place(&code, label);
	assert_int_equal(code__finish(&code, NULL), -EINVAL);
	code__done(&code);
}

static void test_place__twice(void **state)
{
	struct code code = CODE_INIT;
	uint32_t label = code__label(&code);

	(void)state;
	code__place(&code, label);
	code__exit(&code);
	code__place(&code, label);
	assert_int_equal(code__finish(&code, NULL), -EINVAL);
	code__done(&code);
}

static void test_load__odd_size(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	code__load(&code, 3, BPF_REG_0, BPF_REG_1, 0);
	assert_int_equal(code__finish(&code, NULL), -EINVAL);
	code__done(&code);
}

static void test_finish__too_long(void **state)
{
	struct code code = CODE_INIT;

	(void)state;
	for (uint32_t i = 0; i <= CODE_MAX_INSNS; i++)
		code__exit(&code);
	assert_int_equal(code__finish(&code, NULL), -E2BIG);
	code__reset(&code);
	code__exit(&code);
	assert_int_equal(code__finish(&code, NULL), 0);
	assert_int_equal(code.insns.len, 1);
	code__done(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finish__listing),
		cmocka_unit_test(test_finish__label_without_place),
		cmocka_unit_test(test_finish__label_behind_the_end),
		cmocka_unit_test(test_place__twice),
		cmocka_unit_test(test_load__odd_size),
		cmocka_unit_test(test_finish__too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
