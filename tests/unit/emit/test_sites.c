/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/insn.h"
#include "emit/sites.h"
#include "insns.h"

#define HASH_FD 5
#define OTHER_FD 6

static const struct flow_map maps[] = {
	{ .fd = HASH_FD, .key_size = 8, .value_size = 8 },
	{ .fd = OTHER_FD, .key_size = 8, .value_size = 8 },
};

/* r2 = r10 - 8 */
#define KEY(distance) I_MOVE(2, 10), I_ALU_IMM(BPF_ADD, 2, distance)
#define UPDATE(flags) I_SET(4, flags), I_HELPER(BPF_FUNC_map_update_elem)
#define LOOKUP I_HELPER(BPF_FUNC_map_lookup_elem)

struct row {
	const char *name;
	struct bpf_insn insns[32]; /* behind the last exit there is nothing but zeros */
	struct site sites[3];      /* update_at 0: no more */
};

#define FOUND(update, lookup)                                                                      \
	{                                                                                          \
		update, lookup, 0, SITE_LOOKUP_FOLLOWS                                             \
	}
#define NO_LOOKUP(update)                                                                          \
	{                                                                                          \
		.update_at = update, .verdict = SITE_NO_LOOKUP                                     \
	}
#define NOTHING                                                                                    \
	{                                                                                          \
		.update_at = 0                                                                     \
	}
#define OVERWRITES(update)                                                                         \
	{                                                                                          \
		.update_at = update, .verdict = SITE_OVERWRITES                                    \
	}

static const struct row rows[] = {
	{ "lookup, insert, lookup",
	  { KEY(-8), I_MAP(1, HASH_FD), LOOKUP, I_IF(BPF_JNE, 0, 0, 11), KEY(-8), I_MAP(1, HASH_FD),
	    UPDATE(BPF_NOEXIST), KEY(-8), I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { FOUND(11, 16) } },
	{ "no first lookup, and two in a row",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), KEY(-8), I_MAP(1, HASH_FD), LOOKUP,
	    KEY(-16), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), KEY(-16), I_MAP(1, HASH_FD), LOOKUP,
	    I_EXIT },
	  { FOUND(5, 10), FOUND(16, 21) } },
	{ "map and key in registers that survive",
	  { I_MAP(7, HASH_FD), I_MOVE(6, 2), I_MOVE(1, 7), I_MOVE(2, 6), UPDATE(BPF_NOEXIST),
	    I_MOVE(1, 7), I_MOVE(2, 6), LOOKUP, I_EXIT },
	  { FOUND(6, 9) } },
	{ "the key's address spilled",
	  { I_STORE(BPF_DW, 10, -16, 2), I_LOAD(BPF_DW, 2, 10, -16), I_MAP(1, HASH_FD),
	    UPDATE(BPF_NOEXIST), I_LOAD(BPF_DW, 2, 10, -16), I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { FOUND(5, 9) } },
	{ "a value is set: timestamps",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_ANY), KEY(-8), I_MAP(1, HASH_FD), LOOKUP,
	    I_EXIT },
	  { OVERWRITES(5) } },
	{ "flags that are not known",
	  { KEY(-8), I_MAP(1, HASH_FD), I_HELPER(BPF_FUNC_map_update_elem), KEY(-8),
	    I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { OVERWRITES(4) } },
	{ "another map",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), KEY(-8), I_MAP(1, OTHER_FD), LOOKUP,
	    I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "another key",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), KEY(-16), I_MAP(1, HASH_FD), LOOKUP,
	    I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "the key changes between them",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), I_STORE_IMM(BPF_B, 10, -1, 1), KEY(-8),
	    I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "something else changes between them",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), I_STORE_IMM(BPF_B, 10, -9, 1), KEY(-8),
	    I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { FOUND(5, 11) } },
	{ "the register with the key's address moves on",
	  { I_MOVE(6, 2), I_MAP(1, HASH_FD), I_MOVE(2, 6), UPDATE(BPF_NOEXIST),
	    I_ALU_IMM(BPF_ADD, 6, 8), I_MOVE(2, 6), I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "another call between them",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), I_HELPER(BPF_FUNC_ktime_get_ns),
	    KEY(-8), I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "a branch between them",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), I_IF(BPF_JEQ, 6, 0, 0), KEY(-8),
	    I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "another way to the lookup",
	  { I_IF(BPF_JEQ, 6, 0, 6), KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), KEY(-8),
	    I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NO_LOOKUP(6) } },
	{ "the update's result is kept",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), I_MOVE(7, 0), KEY(-8),
	    I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "the program ends behind the update",
	  { KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST), I_EXIT },
	  { NO_LOOKUP(5) } },
	{ "a map that is not known",
	  { KEY(-8), I_MOVE(1, 7), UPDATE(BPF_NOEXIST), KEY(-8), I_MOVE(1, 7), LOOKUP, I_EXIT },
	  { NOTHING } },
	{ "a branch that cannot run",
	  { I_SET(6, 1), I_IF(BPF_JEQ, 6, 1, 11), KEY(-8), I_MAP(1, HASH_FD), UPDATE(BPF_NOEXIST),
	    KEY(-8), I_MAP(1, HASH_FD), LOOKUP, I_EXIT },
	  { NOTHING } },
	{ "in a function, of a map and a key that are arguments",
	  { I_MAP(1, HASH_FD), KEY(-8), I_CALL(1), I_EXIT,
	    /* 6 */ I_MOVE(6, 1), I_MOVE(7, 2), UPDATE(BPF_NOEXIST), I_MOVE(1, 6), I_MOVE(2, 7),
	    LOOKUP, I_EXIT },
	  { NO_LOOKUP(9) } }, /* r2 was not taken from where it is taken again */
	{ "the same, with both taken from where they stay",
	  { I_MAP(1, HASH_FD), KEY(-8), I_CALL(1), I_EXIT,
	    /* 6 */ I_MOVE(6, 1), I_MOVE(7, 2), I_MOVE(1, 6), I_MOVE(2, 7), UPDATE(BPF_NOEXIST),
	    I_MOVE(1, 6), I_MOVE(2, 7), LOOKUP, I_EXIT },
	  { FOUND(11, 14) } },
};

static uint32_t count_insns(const struct bpf_insn *insns)
{
	uint32_t count = 32;

	while (count > 0 && insns[count - 1].code != INSN_EXIT)
		count--;
	return count;
}

static void check_row(const struct row *row)
{
	const struct flow_program program = { .insns = row->insns,
					      .insn_count = count_insns(row->insns),
					      .maps = maps,
					      .map_count = array_size(maps) };
	struct site_list list = { .sites = VEC_INIT };
	struct flow *flow;
	size_t expected = 0;

	assert_int_equal(flow__new(&program, &flow, NULL), 0);
	assert_int_equal(sites_find(&program, flow, &list), 0);
	while (expected < array_size(row->sites) && row->sites[expected].update_at)
		expected++;
	if (list.sites.len != expected)
		fail_msg("%s: %zu sites, not %zu", row->name, list.sites.len, expected);
	for (size_t i = 0; i < expected; i++) {
		const struct site *site = &list.sites.items[i];

		if (site->update_at != row->sites[i].update_at ||
		    site->verdict != row->sites[i].verdict || site->map != 0 ||
		    (site->verdict == SITE_LOOKUP_FOLLOWS &&
		     site->lookup_at != row->sites[i].lookup_at))
			fail_msg("%s: update at %u, verdict %d, lookup at %u", row->name,
				 site->update_at, (int)site->verdict, site->lookup_at);
	}
	site_list__done(&list);
	flow__free(flow);
}

static void test_find__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		check_row(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
