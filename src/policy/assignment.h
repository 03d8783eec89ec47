/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_ASSIGNMENT_H
#define SRC_POLICY_ASSIGNMENT_H

/*
 * What an Override of user space sets registers to: "rax=11", "rbp=%rsp", "rip=8%rsp", "rbp=(%rsp)", "rip=8(%rsp)".
 * Pure text in, plain data out; it owns nothing.
 * action/override.c parses what a policy writes, and what returning from a function at once is made of.
 */

#include "ir/hook.h"

/* NULL, or what is wrong with it. */
const char *policy_assignment__parse(const char *text, struct hook_assignment *ret_assignment);

/* A call that returns `result` at once, at its first instruction: at most this many. */
#define POLICY_RETURN_ASSIGNMENTS 3
uint32_t policy_assignment__return(int64_t result, struct hook_assignment *assignments);
/* A call that goes on as far behind this instruction. */
struct hook_assignment policy_assignment__jump(int64_t distance);

#endif
