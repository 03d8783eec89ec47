/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_POLICY_MADE_UP_H
#define TESTS_UNIT_POLICY_MADE_UP_H

/*
 * A kernel that is made up, for whatever compiles policies without one: few types and functions, three system calls.
 * It is plain data that points into itself: it must not be moved.
 * Unit tests, golden tests and the fuzz target of policies use it.
 *
 * int hooked(struct file *file, int number, char *text, struct sock *sock, const kernel_cap_t *new, long rest), also as an
 * LSM hook and as the body of sys_read; the raw tracepoint "passed" has its parameters. Any classic tracepoint has fields
 * id, name, file and mode at 4 to 7; any USDT four operands, two of them in memory, of 4 and 8
 * bytes, the last one unknown; any binary the functions main and other.
 */

#include "policy/policy.h"

struct made_up {
	struct policy_kernel kernel; /* can do everything */
	struct btf_view types;
	struct policy_context context;
	enum hook_context attached; /* of functions: HOOK_CONTEXT_REGISTERS */
	struct policy_field fields[9];
	struct policy_usdt location;
};

void made_up__init(struct made_up *made_up);
/* How a site can be had. */
struct policy_attach made_up__attach(const struct made_up *made_up, const struct policy_site *site);

#endif
