/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/insn.h"
#include "emit/splice.h"
#include "insns.h"

static const struct bpf_insn program[] = {
	I_MAP(1, 5),
	I_HELPER(BPF_FUNC_map_lookup_elem),
	I_HELPER(BPF_FUNC_ktime_get_ns),
	I_EXIT,
};

static void make_piece(struct code *code)
{
	code__move_imm(code, BPF_REG_0, 0);
	code__exit(code);
	assert_int_equal(code__finish(code, NULL), 0);
}

static void test_call__two_subprograms(void **state)
{
	const struct splice_source source = { .insns = program, .insn_count = array_size(program) };
	struct code code = CODE_INIT;
	struct splice splice;
	uint32_t first, second;

	(void)state;
	make_piece(&code);
	assert_int_equal(splice__init(&splice, &source, NULL), 0);
	assert_int_equal(splice__add(&splice, &code, 0, &first, NULL), 0);
	assert_int_equal(splice__add(&splice, &code, 0, &second, NULL), 0);
	assert_int_equal(splice__call(&splice, 2, second, NULL), 0);
	assert_int_equal(splice__call(&splice, 3, first, NULL), 0);
	assert_listing(splice.insns.items, splice.insns.len,
		       "0: r1 = map 0x5\n"
		       "2: call @7\n"
		       "3: call @5\n"
		       "4: exit\n"
		       "5: r0 = 0\n"
		       "6: exit\n"
		       "7: r0 = 0\n"
		       "8: exit\n");
	assert_int_equal(splice__function_count(&splice), 0);
	assert_int_equal(splice__line_count(&splice), 0);
	splice__done(&splice);
	code__done(&code);
}

static void test_add__records(void **state)
{
	const struct bpf_func_info functions[] = { { 0, 3 } };
	const struct bpf_line_info lines[] = { { 0, 1, 2, 3 }, { 3, 4, 5, 6 } };
	const struct splice_source source = {
		.insns = program,
		.insn_count = array_size(program),
		.functions = { functions, 1, sizeof(*functions) },
		.lines = { lines, 2, sizeof(*lines) },
	};
	struct bpf_func_info function;
	struct bpf_line_info line;
	struct code code = CODE_INIT;
	struct splice splice;
	uint32_t subprogram;

	(void)state;
	make_piece(&code);
	assert_int_equal(splice__init(&splice, &source, NULL), 0);
	assert_int_equal(splice__add(&splice, &code, 77, &subprogram, NULL), 0);
	assert_int_equal(splice__function_count(&splice), 2);
	assert_int_equal(splice__line_count(&splice), 3);
	memcpy(&function, splice.functions.items + sizeof(function), sizeof(function));
	assert_int_equal(function.insn_off, 5);
	assert_int_equal(function.type_id, 77);
	memcpy(&line, splice.lines.items + 2 * sizeof(line), sizeof(line));
	assert_int_equal(line.insn_off, 5);
	assert_int_equal(line.file_name_off, 4);
	assert_int_equal(line.line_off, 5);
	assert_int_equal(line.line_col, 6);
	splice__done(&splice);
	code__done(&code);
}

static void test_call__no_call_there(void **state)
{
	/* The second half of the wide load has the bits of a call. */
	const struct bpf_insn odd[] = {
		{ INSN_LOAD_IMM64, 1, 0, 0, 0 },
		I_HELPER(1),
		I_EXIT,
	};
	const struct splice_source source = { .insns = odd, .insn_count = array_size(odd) };
	const uint32_t places[] = { 0, 1, 2, 3, UINT32_MAX };
	struct code code = CODE_INIT;
	struct splice splice;
	uint32_t subprogram;

	(void)state;
	make_piece(&code);
	assert_int_equal(splice__init(&splice, &source, NULL), 0);
	assert_int_equal(splice__call(&splice, 1, 0, NULL), -EINVAL);
	assert_int_equal(splice__add(&splice, &code, 0, &subprogram, NULL), 0);
	for (size_t i = 0; i < array_size(places); i++)
		assert_int_equal(splice__call(&splice, places[i], subprogram, NULL), -EINVAL);
	splice__done(&splice);
	code__done(&code);
}

static void test_init__impossible_records(void **state)
{
	const uint8_t bytes[1024] = { 0 };
	const struct splice_records bad[] = {
		{ bytes, 1, 4 },
		{ bytes, 1, 1024 },
		{ NULL, 1, 16 },
		{ bytes, UINT32_MAX, 16 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(bad); i++) {
		struct splice_source source = { .insns = program,
						.insn_count = array_size(program),
						.functions = bad[i] };
		struct splice splice;

		assert_int_equal(splice__init(&splice, &source, NULL), -EINVAL);
		source.functions = (struct splice_records){ NULL, 0, 0 };
		source.lines = bad[i];
		assert_int_equal(splice__init(&splice, &source, NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call__two_subprograms),
		cmocka_unit_test(test_add__records),
		cmocka_unit_test(test_call__no_call_there),
		cmocka_unit_test(test_init__impossible_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
