/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_POLICY_RUN_H
#define TESTS_KERNEL_POLICY_RUN_H

/*
 * Policies run by the test itself, from their text on: read, compiled for the kernel at hand, their sets written, linked
 * and loaded, and called with the arguments that the test says. Nothing is attached: its one hook is a raw tracepoint.
 * It owns a hook_run, the kernel's types, and the policy at hand. Every step that fails fails the test.
 */

#include "base/arena.h"
#include "config/facts.h"
#include "hook_run.h"
#include "policy/policy.h"

struct policy_run {
	struct hook_run hook;
	struct kernel_types *types; /* owned */
	struct btf_view view,
		nobody; /* of the kernel; the same without tracepoints: any argument is there */
	struct policy_kernel kernel;
	struct spec *spec;  /* owned; of the policy at hand */
	struct arena arena; /* likewise */
	struct policy_program program;
	uint32_t next_set;
};

void policy_run__open(struct policy_run *run);
void policy_run__close(struct policy_run *run);
/* Takes the place of the policy before. `switches` as of hook_run__load(). */
void policy_run__load(struct policy_run *run, const char *text, uint8_t switches);
/* Whether it is read and compiled; else the first error is in `err`. It is not loaded. */
bool policy_run__compiles(struct policy_run *run, const char *text, struct err_list *errors);

#endif
