/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"
#include "policy/match.h"
#include "policy/type.h"

/* One value for each operator that any type takes. */
static const char *const values[MATCH_OP_COUNT] = {
	[MATCH_OP_RANGE] = "1:2",       [MATCH_OP_NOT_RANGE] = "1:2",
	[MATCH_OP_CIDR] = "10.0.0.0/8", [MATCH_OP_NOT_CIDR] = "10.0.0.0/8",
	[MATCH_OP_FILE_TYPE] = "reg",   [MATCH_OP_NOT_FILE_TYPE] = "reg",
};

/* A letter for each operator, in the order of enum match_op: o: allowed, -: refused. */
struct cell_row {
	const char *type;
	const char *cells;
};

/*                               = ! < > l g i n p P s S u U m r R c C o O v V P F S x X f F g e */
#define NUMBERS "oooo--oo------ooo---------------"
#define TEXTS "oo------oooooo------------------"
#define PATHS "oo------oooooo--------------oo--"
#define SOCKETS "-----------------ooooooooo------"
#define ADDRESSES "-----------------oooooo-o-------"
#define SETS "oo------------o---------------o-"
#define NOTHING "--------------------------------"
_Static_assert(sizeof(NUMBERS) == MATCH_OP_COUNT + 1, "one letter for each");

static const struct cell_row rows[] = {
	{ "int", NUMBERS },
	{ "int8", NUMBERS },
	{ "uint16", NUMBERS },
	{ "uint64", NUMBERS },
	{ "size_t", NUMBERS },
	{ "bpf_cmd", NUMBERS },
	{ "syscall64", NUMBERS },
	{ "capability", "oo----oo------------------------" },
	{ "kernel_cap_t", SETS },
	{ "cap_effective", SETS },
	{ "string", TEXTS },
	{ "filename", TEXTS },
	{ "data_loc", TEXTS },
	{ "net_device", TEXTS },
	{ "char_buf", TEXTS },
	{ "const_buf", TEXTS },
	{ "iov_iter", TEXTS },
	{ "file", PATHS },
	{ "path", PATHS },
	{ "dentry", PATHS },
	{ "kiocb", PATHS },
	{ "fd", PATHS },
	{ "linux_binprm", PATHS },
	{ "sock", SOCKETS },
	{ "socket", SOCKETS },
	{ "skb", SOCKETS },
	{ "sockaddr", ADDRESSES },
	{ "sockaddr_un", "oo------oooooo----------o-------" },
	{ "cred", NOTHING },
	{ "bpf_attr", NOTHING },
	{ "bpf_map", NOTHING },
	{ "perf_event", NOTHING },
	{ "module", NOTHING },
	{ "load_info", NOTHING },
	{ "user_namespace", NOTHING },
};

static void test_is_allowed__is_what_the_documentation_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct policy_type *type = policy_type__find(rows[i].type);

		assert_non_null(type);
		for (uint32_t op = 0; op < MATCH_OP_COUNT; op++)
			if (policy_match__is_allowed(type->family, (enum match_op)op) !=
			    (rows[i].cells[op] == 'o'))
				fail_msg("%s, operator %u", rows[i].type, op);
	}
}

/* Every cell does what the table says: a test comes out, or the operator is refused with those that go. */
static void test_compile__answers_every_cell(void **state)
{
	struct policy_fixture *fixture = *state;

	for (size_t i = 0; i < array_size(rows); i++) {
		for (uint32_t op = 0; op < MATCH_OP_COUNT; op++) {
			const char *text = values[op] ? values[op] : "1";
			const struct value_spec value = { .text = text,
							  .len = strlen(text),
							  .list = SPEC_NONE };
			const struct match_spec match = { .subject = MATCH_SUBJECT_ARG,
							  .op = (enum match_op)op,
							  .end = MATCH_END_SOURCE,
							  .args = { 0, 0 },
							  .arg_count = 2,
							  .values = &value,
							  .value_count = 1 };
			bool is_allowed = rows[i].cells[op] == 'o' &&
					  !(op == MATCH_OP_STATE && str_eq(rows[i].type, "skb"));
			int r = policy_fixture__compile_match(fixture, rows[i].type, &match);

			if ((r == 0) != is_allowed || (r < 0 && fixture->errors.len == 0))
				fail_msg("%s, operator %u: %d, %s", rows[i].type, op, r,
					 policy_fixture__error(fixture));
			err_list__done(&fixture->errors);
		}
	}
}

static void test_compile__names_the_operators_that_go(void **state)
{
	const struct match_row refused[] = {
		{ "sockaddr",
		  { ASK(PREFIX), VALUES(VALUE("x")) },
		  "operator Prefix does not go with type 'sockaddr': an address is asked by DAddr, "
		  "NotDAddr, DPort, NotDPort, DPortPriv, NotDPortPriv, Family",
		  -EINVAL },
		{ "cred",
		  { ASK(EQUAL), VALUES(VALUE("x")) },
		  "operator Equal does not go with type 'cred': a type that is only shown",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, refused, array_size(refused));
}

static void test_compile__knows_no_value_of_a_skipped_argument(void **state)
{
	const struct match_row refused[] = {
		{ "nop", { ASK(EQUAL), VALUES(VALUE("1")) }, "is of type 'nop'", -EINVAL },
	};

	policy_fixture__check_matches(*state, refused, array_size(refused));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_is_allowed__is_what_the_documentation_says),
		TEST(test_compile__answers_every_cell),
		TEST(test_compile__names_the_operators_that_go),
		TEST(test_compile__knows_no_value_of_a_skipped_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
