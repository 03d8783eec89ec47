/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions (CelExpr): random ones come to the same in the kernel as when they are worked out here, where each is made as
 * text and as a value at once. SONDE_TEST_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "policy_run.h"

#define POLICIES 12
#define EXPRESSIONS 6 /* of a policy: a selector each, of which the first that is true decides */
#define CALLS 12
#define ARGUMENTS 4
#define DEEPEST 4

static struct policy_run run;

/* ---- chance ---- */

static uint64_t chance;

static uint64_t random_word(void)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance * 0x2545f4914f6cdd1d;
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(random_word() >> 32) % bound;
}

/* ---- kinds, in the order of the arguments ---- */

enum kind { INT32, UINT32, INT64, UINT64 };
static const char *const kind_names[] = { "int32", "uint32", "int64", "uint64" };

static uint64_t narrow(enum kind kind, uint64_t number)
{
	return kind == INT32    ? (uint64_t)(int64_t)(int32_t)number
	       : kind == UINT32 ? (uint32_t)number
				: number;
}

static bool is_less(enum kind kind, uint64_t a, uint64_t b)
{
	return kind == INT32 || kind == INT64 ? (int64_t)a < (int64_t)b : a < b;
}

/* ---- expressions ---- */

static uint64_t arguments[CALLS][ARGUMENTS];

/* A part of one: its text is added, what it comes to in each call is given. */
struct results {
	uint64_t of[CALLS];
};

static struct results make_integer(enum kind kind, uint32_t depth, struct strbuf *text);

static struct results make_leaf(enum kind kind, struct strbuf *text)
{
	static const uint32_t some[] = { 0, 1, 2, 7, 255, 65536, 2147483647 };
	uint32_t literal = some[below(array_size(some))];
	bool is_argument = below(3);
	struct results results;

	for (uint32_t i = 0; i < CALLS; i++)
		results.of[i] = is_argument ? narrow(kind, arguments[i][kind]) : literal;
	if (is_argument)
		strbuf__printf(text, "arg%u", kind);
	else if (kind == INT32 || kind == UINT32)
		strbuf__printf(text, "%s(%u)", kind_names[kind], literal);
	else
		strbuf__printf(text, "%u%s", literal, kind == UINT64 ? "u" : "");
	return results;
}

static struct results make_cast(enum kind kind, uint32_t depth, struct strbuf *text)
{
	struct results results;

	strbuf__printf(text, "%s(", kind_names[kind]);
	results = make_integer((enum kind)below(UINT64 + 1), depth + 1, text);
	strbuf__add_char(text, ')');
	for (uint32_t i = 0; i < CALLS; i++)
		results.of[i] = narrow(kind, results.of[i]);
	return results;
}

static struct results make_inverse(enum kind kind, uint32_t depth, struct strbuf *text)
{
	bool is_negative = below(2);
	struct results results;

	strbuf__add_text(text, is_negative ? "-(" : "not(");
	results = make_integer(kind, depth + 1, text);
	strbuf__add_char(text, ')');
	for (uint32_t i = 0; i < CALLS; i++)
		results.of[i] = narrow(kind, is_negative ? 0 - results.of[i] : ~results.of[i]);
	return results;
}

static uint64_t combine(uint32_t how, uint64_t a, uint64_t b)
{
	const uint64_t all[] = { a + b, a - b, a & b, a | b, a ^ b };

	return all[how];
}

static struct results make_integer(enum kind kind, uint32_t depth, struct strbuf *text)
{
	static const char *const begins[] = { "(", "(", "and(", "or(", "xor(" };
	static const char *const middles[] = { " + ", "-", ", ", " , ", "," };
	uint32_t what = depth < DEEPEST ? below(8) : 5 + below(3), how = below(array_size(begins));
	struct results left, right;

	if (what == 0)
		return make_inverse(kind, depth, text);
	if (what == 1 && (kind == INT32 || kind == UINT32))
		return make_cast(kind, depth, text);
	if (what > 4)
		return make_leaf(kind, text);
	strbuf__add_text(text, begins[how]);
	left = make_integer(kind, depth + 1, text);
	strbuf__add_text(text, middles[how]);
	right = make_integer(kind, depth + 1, text);
	strbuf__add_char(text, ')');
	for (uint32_t i = 0; i < CALLS; i++)
		left.of[i] = narrow(kind, combine(how, left.of[i], right.of[i]));
	return left;
}

static struct results make_comparison(uint32_t depth, struct strbuf *text)
{
	static const char *const symbols[] = { "==", " != ", "<", " <= ", ">", ">= " };
	enum kind kind = (enum kind)below(UINT64 + 1);
	struct results left = make_integer(kind, depth + 1, text), right;
	uint32_t how = below(array_size(symbols));

	strbuf__add_text(text, symbols[how]);
	right = make_integer(kind, depth + 1, text);
	for (uint32_t i = 0; i < CALLS; i++) {
		uint64_t a = left.of[i], b = right.of[i];
		const bool all[] = { a == b,
				     a != b,
				     is_less(kind, a, b),
				     !is_less(kind, b, a),
				     is_less(kind, b, a),
				     !is_less(kind, a, b) };

		left.of[i] = all[how];
	}
	return left;
}

static struct results make_truth(uint32_t depth, struct strbuf *text)
{
	uint32_t what = depth < DEEPEST ? below(6) : 5;
	struct results left, right;

	if (what > 2)
		return make_comparison(depth, text);
	strbuf__add_text(text, what == 2 ? "!(" : "(");
	left = make_truth(depth + 1, text);
	if (what < 2) {
		strbuf__add_text(text, what == 0 ? " && " : "||");
		right = make_truth(depth + 1, text);
	}
	strbuf__add_char(text, ')');
	for (uint32_t i = 0; i < CALLS; i++)
		left.of[i] = what == 2   ? !left.of[i]
			     : what == 0 ? left.of[i] && right.of[i]
					 : left.of[i] || right.of[i];
	return left;
}

/* ---- against the kernel ---- */

static void choose_arguments(void)
{
	for (uint32_t i = 0; i < CALLS; i++)
		for (uint32_t j = 0; j < ARGUMENTS; j++)
			arguments[i][j] = random_word() >> below(64);
}

static void run_policy(void)
{
	struct strbuf text = STRBUF_INIT;
	struct results results[EXPRESSIONS];
	uint64_t wanted[EXPRESSIONS] = { 0 };

	choose_arguments();
	strbuf__add_text(&text, "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\n"
				"metadata: {name: expressions}\nspec:\n  tracepoints:\n"
				"  - subsystem: made\n    event: up\n    raw: true\n    args:\n");
	for (uint32_t i = 0; i < ARGUMENTS; i++)
		strbuf__printf(&text, "    - {index: %u, type: %s}\n", i, kind_names[i]);
	strbuf__add_text(&text, "    selectors:\n");
	for (uint32_t i = 0; i < EXPRESSIONS; i++) {
		strbuf__add_text(&text,
				 "    - matchArgs:\n      - {operator: CelExpr, values: [\"");
		results[i] = make_truth(0, &text);
		strbuf__add_text(&text, "\"]}\n");
	}
	policy_run__load(&run, strbuf__text(&text), 0);
	for (uint32_t call = 0; call < CALLS; call++) {
		hook_run__call(&run.hook, arguments[call], ARGUMENTS);
		for (uint32_t i = 0; i < EXPRESSIONS; i++)
			if (results[i].of[call]) {
				wanted[i]++;
				break;
			}
	}
	for (uint32_t i = 0; i < EXPRESSIONS; i++)
		if (hook_run__figures(&run.hook, i).matched != wanted[i])
			fail_msg("selector %u is true %llu times:\n%s", i,
				 (unsigned long long)wanted[i], strbuf__text(&text));
	strbuf__done(&text);
}

static void test_expression__random_ones(void **state)
{
	const char *text = getenv("SONDE_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0)
			     : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();

	(void)state;
	print_message("SONDE_TEST_SEED=%llu\n", (unsigned long long)seed);
	chance = seed ? seed : 1;
	policy_run__open(&run);
	for (uint32_t i = 0; i < POLICIES; i++)
		run_policy();
	policy_run__close(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_expression__random_ones) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
