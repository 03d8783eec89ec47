/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_SECTION_H
#define SRC_PROGRAM_SECTION_H

/*
 * ELF section names to what they mean: which family attaches them, with which program and attach type.
 * It owns one const table; all its names are registered with libbpf once per process, with the handlers of handler.c.
 * object.c asks it for every program it opens.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct attach_family;

enum section_flag {
	SECTION_SLEEPABLE = 1 << 0, /* BPF_F_SLEEPABLE at load */
	SECTION_RETURN = 1 << 1,    /* fires when the function returns */
	SECTION_SESSION = 1 << 2,   /* fires at both ends */
	SECTION_BTF = 1 << 3,       /* the target is looked up in the kernel's types at load */
	SECTION_EGRESS = 1 << 4,    /* of packets that go out */
};

struct section {
	const char *prefix;                 /* SEC("prefix") or SEC("prefix/…") */
	const struct attach_family *family; /* or NULL: nothing attaches it by name */
	uint32_t program_type, attach_type; /* as the kernel numbers them */
	uint32_t flags;
};

/* Registers our sections with libbpf, before the first object is opened. Safe to call again. */
int section_register(struct err *err);
/* Whether the kernel wants CAP_NET_ADMIN for programs of this type. */
bool section_is_network(const struct section *section);
/* NULL when the name means nothing to us; *ret_rest is what follows "prefix/", or NULL when nothing does. */
const struct section *section_find(const char *name, const char **ret_rest);

#endif
