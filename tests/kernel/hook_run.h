/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_HOOK_RUN_H
#define TESTS_KERNEL_HOOK_RUN_H

/*
 * Programs of hooks run by the test itself: linked with the engine's routines and loaded as raw tracepoints, which the
 * kernel calls with the arguments that the test says (BPF_PROG_TEST_RUN). Nothing is attached.
 * It owns the engine and one program at a time. Every step that fails fails the test.
 */

#include <stdint.h>
#include "emit/hook.h"
#include "program/hook.h"

struct hook_run {
	struct host *host;          /* owned */
	struct hook_engine *engine; /* owned */
	uint32_t hook, first_row, row_count;
	int fd, leave_fd; /* the programs, or -1 */
};

void hook_run__open(struct hook_run *run);
void hook_run__close(struct hook_run *run);
/* Takes the place of the hook before, with switches that say POLICY_SWITCH_ON and `switches`. The code's id and rows are
 * filled in. */
void hook_run__load(struct hook_run *run, struct hook_code *code, uint8_t switches);
void hook_run__switch(const struct hook_run *run, uint8_t switches);
/* Calls it once; what it returned. */
uint32_t hook_run__call(const struct hook_run *run, const uint64_t *arguments, uint32_t count);
/* The program at the end of the call. */
uint32_t hook_run__leave(const struct hook_run *run, const uint64_t *arguments, uint32_t count);
/* Of one rule, all CPUs together. */
struct policy_figures hook_run__figures(const struct hook_run *run, uint32_t rule);
int hook_run__map(const struct hook_run *run, const char *name);

#endif
