/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_EXPLAIN_H
#define SRC_PROGRAM_EXPLAIN_H

/*
 * Why a load failed, out of what libbpf and the verifier said: one clear line, and the evidence as its cause.
 * Pure text in and out; it owns nothing. load.c calls it after a failed load.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

/* What explain_program() needs to know of the program besides the log. */
struct explain_subject {
	const char *hook;   /* kind of hook: "fentry" */
	const char *target; /* or NULL */
	bool is_btf;        /* bound to the kernel's types at load */
	bool is_network;    /* the kernel wants CAP_NET_ADMIN for it */
	const char *
		missing; /* kernel functions that some program calls and that are not there, or NULL */
};

/* The name of the program that made the load fail, or -ENOENT when it was none of them. Its length in *ret_len. */
int explain_culprit(const char *log, const char **ret_name, size_t *ret_len);
/* Sets err (code r) for one program. Returns r. */
int explain_program(const char *log, int r, const struct explain_subject *subject, struct err *err);
/* The kernel function (kfunc) for whose lack the whole object was refused, or -ENOENT. */
int explain_missing_function(const char *log, const char **ret_name, size_t *ret_len);
/* The map that could not be made, or -ENOENT when it was not that. */
int explain_missing_map(const char *log, const char **ret_name, size_t *ret_len);
/* Sets err (code r) when a map could not be pinned; false: it was not that. */
bool explain_pin(const char *log, int r, struct err *err);
/* Sets err (code r) for the object as a whole: externs, kernel types. Returns r. */
int explain_object(const char *log, int r, struct err *err);

#endif
