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
#include "emit/records.h"
#include "insns.h"

#define RING_FD 6
#define OTHER_FD 7
#define PERF_FD 8

static const struct flow_map maps[] = { { .fd = RING_FD }, { .fd = OTHER_FD }, { .fd = PERF_FD } };

/* r1, r2, r3 of a reserve */
#define I_RESERVE(fd, size)                                                                        \
	I_MAP(1, fd), I_SET(2, size), I_SET(3, 0), I_HELPER(BPF_FUNC_ringbuf_reserve)
#define I_SUBMIT(reg) I_MOVE(1, reg), I_SET(2, 0), I_HELPER(BPF_FUNC_ringbuf_submit)
#define I_DISCARD(reg) I_MOVE(1, reg), I_SET(2, 0), I_HELPER(BPF_FUNC_ringbuf_discard)
#define I_LEAVE I_SET(0, 0), I_EXIT

struct row {
	const char *name;
	struct bpf_insn insns[40]; /* the rest is zero */
	uint16_t ring;
	const char *refusal; /* or NULL */
	bool needs_many;
	struct record_site sites[5]; /* the rest is zero */
};

static const struct row rows[] = {
	{ "reserved and submitted",
	  { I_RESERVE(RING_FD, 24), I_IF(BPF_JEQ, 0, 0, 4), I_MOVE(6, 0), I_SUBMIT(6), I_LEAVE },
	  0,
	  NULL,
	  false,
	  { { 4, RECORD_RESERVE, 24 }, { 9, RECORD_SUBMIT, -1 } } },
	{ "of another ring",
	  { I_RESERVE(RING_FD, 24), I_IF(BPF_JEQ, 0, 0, 4), I_MOVE(6, 0), I_SUBMIT(6), I_LEAVE },
	  1,
	  NULL,
	  false,
	  { { 0, 0, 0 } } },
	{ "submitted on one way, discarded on the other",
	  { I_RESERVE(RING_FD, 8), I_IF(BPF_JEQ, 0, 0, 10), I_MOVE(6, 0), I_LOAD(BPF_DW, 1, 6, 0),
	    I_IF(BPF_JEQ, 1, 0, 4), I_SUBMIT(6), I_GOTO(3), I_DISCARD(6), I_LEAVE },
	  0,
	  NULL,
	  false,
	  { { 4, RECORD_RESERVE, 8 }, { 11, RECORD_SUBMIT, -1 }, { 15, RECORD_DISCARD, -1 } } },
	{ "one after another",
	  { I_RESERVE(RING_FD, 8), I_IF(BPF_JEQ, 0, 0, 13), I_MOVE(6, 0), I_SUBMIT(6),
	    I_RESERVE(RING_FD, 8), I_IF(BPF_JEQ, 0, 0, 3), I_SUBMIT(0), I_LEAVE },
	  0,
	  NULL,
	  false,
	  { { 4, RECORD_RESERVE, 8 },
	    { 9, RECORD_SUBMIT, -1 },
	    { 14, RECORD_RESERVE, 8 },
	    { 18, RECORD_SUBMIT, -1 } } },
	{ "one held while another is reserved",
	  { I_RESERVE(RING_FD, 8), I_MOVE(6, 0), I_RESERVE(RING_FD, 8), I_LEAVE },
	  0,
	  NULL,
	  true,
	  { { 4, RECORD_RESERVE, 8 }, { 10, RECORD_RESERVE, 8 } } },
	{ "reserved in a function while one is held",
	  { I_RESERVE(RING_FD, 8), I_MOVE(6, 0), I_CALL(2), I_LEAVE, I_RESERVE(RING_FD, 8),
	    I_LEAVE },
	  0,
	  NULL,
	  true,
	  { { 4, RECORD_RESERVE, 8 }, { 13, RECORD_RESERVE, 8 } } },
	{ "output of a known size, and of any",
	  { I_MOVE(6, 1), I_MAP(1, RING_FD), I_SET(3, 16), I_HELPER(BPF_FUNC_ringbuf_output),
	    I_MAP(1, RING_FD), I_LOAD(BPF_DW, 3, 6, 0), I_HELPER(BPF_FUNC_ringbuf_output),
	    I_LEAVE },
	  0,
	  NULL,
	  false,
	  { { 4, RECORD_OUTPUT, 16 }, { 8, RECORD_OUTPUT, -1 } } },
	{ "perf buffer, in a branch that can run",
	  { I_SET(1, 1), I_IF(BPF_JNE, 1, 1, 4), I_MAP(2, PERF_FD), I_SET(5, 16),
	    I_HELPER(BPF_FUNC_perf_event_output), I_IF(BPF_JEQ, 1, 1, 3), I_MAP(2, PERF_FD),
	    I_HELPER(BPF_FUNC_perf_event_output), I_LEAVE },
	  2,
	  NULL,
	  false,
	  { { 5, RECORD_PERF_OUTPUT, 16 }, { 9, RECORD_PERF_OUTPUT, -1 } } },
	{ "size that nobody knows",
	  { I_LOAD(BPF_DW, 2, 1, 0), I_MAP(1, RING_FD), I_HELPER(BPF_FUNC_ringbuf_reserve),
	    I_LEAVE },
	  0,
	  "instruction 3 reserves a record of a size that nobody can tell",
	  false,
	  { { 0, 0, 0 } } },
	{ "map that nobody knows",
	  { I_LOAD(BPF_DW, 1, 1, 0), I_SET(2, 8), I_HELPER(BPF_FUNC_ringbuf_output), I_LEAVE },
	  0,
	  "instruction 2 sends to a map that nobody can tell",
	  false,
	  { { 0, 0, 0 } } },
	{ "record of one of two rings",
	  { I_LOAD(BPF_DW, 6, 1, 0), I_RESERVE(RING_FD, 8), I_IF(BPF_JEQ, 6, 0, 5),
	    I_RESERVE(OTHER_FD, 8), I_SUBMIT(0), I_LEAVE },
	  0,
	  "instruction 14 ends a record of which nobody can tell whose it is",
	  false,
	  { { 0, 0, 0 } } },
	{ "dynptr", /* since Linux 5.19 */
	  { I_MAP(1, RING_FD), I_HELPER(198), I_LEAVE },
	  0,
	  "instruction 2 sends in a way that cannot be counted",
	  false,
	  { { 0, 0, 0 } } },
	{ "timer that may come in between",
	  { I_HELPER(170), I_RESERVE(RING_FD, 8), I_LEAVE },
	  0,
	  NULL,
	  true,
	  { { 5, RECORD_RESERVE, 8 } } },
};

static uint32_t count_insns(const struct bpf_insn *insns)
{
	uint32_t count = array_size(rows[0].insns);

	while (count > 0 && insns[count - 1].code == 0)
		count--;
	return count;
}

static void check_sites(const struct row *row, const struct record_list *list)
{
	size_t count = 0;

	while (count < array_size(row->sites) && row->sites[count].size != 0)
		count++;
	if (list->sites.len != count || list->needs_many != row->needs_many)
		fail_msg("%s: %zu sites, many: %d", row->name, list->sites.len, list->needs_many);
	for (size_t i = 0; i < count; i++) {
		const struct record_site *site = &list->sites.items[i];

		if (site->at != row->sites[i].at || site->action != row->sites[i].action ||
		    site->size != row->sites[i].size)
			fail_msg("%s: site %zu is %d at %u of %d", row->name, i, site->action,
				 site->at, site->size);
	}
}

static void test_find__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct row *row = &rows[i];
		const struct flow_program program = { .insns = row->insns,
						      .insn_count = count_insns(row->insns),
						      .maps = maps,
						      .map_count = array_size(maps) };
		struct record_list list = { .sites = VEC_INIT };
		struct err err = ERR_INIT;
		struct flow *flow = NULL;
		int r = flow__new(&program, &flow, &err);

		if (r == 0)
			r = records_find(&program, flow, row->ring, &list, &err);
		if (r != (row->refusal ? -EOPNOTSUPP : 0) ||
		    (row->refusal && strcmp(err.text, row->refusal) != 0))
			fail_msg("%s: %d %s", row->name, r, err.text ? err.text : "");
		if (!row->refusal)
			check_sites(row, &list);
		record_list__done(&list);
		flow__free(flow);
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
