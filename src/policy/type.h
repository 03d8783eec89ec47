/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_TYPE_H
#define SRC_POLICY_TYPE_H

/*
 * The documented types of arguments: what each is in a record, how it is reached, and what may be asked of it.
 * Constant tables; it owns nothing.
 * value.c fetches by them, matches look up what they allow.
 */

#include <stdbool.h>
#include <stdint.h>
#include "bpf/abi/policy.h"
#include "config/facts.h"
#include "ir/hook.h"
#include "record/process_argument.h"

/* Types of which the same may be asked. */
enum policy_family {
	POLICY_FAMILY_NUMBER,
	POLICY_FAMILY_SYSCALL,
	POLICY_FAMILY_CAPABILITY,   /* the number of one */
	POLICY_FAMILY_CAPABILITIES, /* a set */
	POLICY_FAMILY_TEXT,
	POLICY_FAMILY_PATH,
	POLICY_FAMILY_BYTES,
	POLICY_FAMILY_SOCKET, /* with both ends: sock, socket, skb */
	POLICY_FAMILY_ADDRESS,
	POLICY_FAMILY_UNIX_ADDRESS,
	POLICY_FAMILY_OTHER, /* shown, not asked */
	POLICY_FAMILY_COUNT,
};

struct policy_type {
	const char *name;
	enum argument_kind kind;
	enum policy_class class;
	enum policy_family family;
	uint8_t size; /* numbers */
	bool is_signed;
	enum hook_form form;
	const char *object; /* the struct that a pointer leads to; NULL: none, or any */
	const char *way;    /* from there to what the class wants; NULL: it is that */
};

/* NULL: no such type. */
const struct policy_type *policy_type__find(const char *name);
/* What "auto" means for a type of the kernel; NULL: nothing fits. */
const struct policy_type *policy_type__guess(const struct fact_type *type);
/* The nearest name, or NULL. */
const char *policy_type__nearest(const char *name);
/* "an integer", "a path", … */
const char *policy_family__name(enum policy_family family);

#endif
