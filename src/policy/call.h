/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_CALL_H
#define SRC_POLICY_CALL_H

/*
 * Functions and system calls as policies name them: "tcp_connect", "sys_read", "i386/sys_read", lists of them.
 * Names are in the policy's arena; a list that is given out belongs to the caller.
 * site.c makes places of them, matches compare numbers with them.
 */

#include "base/vec.h"
#include "policy/private.h"

struct policy_call {
	const char *name;     /* "sys_read", or the function's */
	const char *function; /* "__x64_sys_read", or the function's */
	uint32_t syscall;     /* POLICY_SYSCALL_32; HOOK_NONE: no system call, or not known here */
	bool is_syscall;
	bool is_optional; /* it may be that this kernel has none of that name */
};

struct policy_calls {
	VEC(struct policy_call) items; /* done with vec_done() */
};

/* What a name means, that of a system call or of a function. 0, -EINVAL, -ENOMEM; `path` is where it is asked for. */
int policy_call__find(struct policy_compile *compile, const struct spec_text *name,
		      const char *path, bool is_syscall, struct policy_call *ret_call);
/* Adds those of a list. `is_syscall`: of lists of functions as well, their names are those of system calls. */
int policy_calls__add_list(struct policy_compile *compile, const struct list_spec *list,
			   bool is_syscall, struct policy_calls *calls);
/* Of an enforcer: a system call, or a function of the kernel. */
bool policy_call__is_syscall(const char *name);
/* Whether what the calls of all enforcers return can be replaced here: security functions by fmod_ret, others not. */
bool policy_enforcers__can_replace(const struct policy_spec *policy,
				   const struct policy_kernel *kernel);

#endif
