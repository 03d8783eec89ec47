/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_BTF_CHECK_H
#define SRC_PROGRAM_BTF_CHECK_H

/*
 * The raw bytes of BTF: checked as a whole before libbpf walks them, and walked by ourselves for names.
 * A walk borrows the bytes. image.c checks objects with it, kernel_names.c looks for hooks in the kernel's types.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct btf_type;

struct btf_walk {
	const unsigned char *types; /* borrowed */
	size_t types_len;
	const char *strings; /* borrowed; NUL-terminated */
	size_t strings_len;
	uint32_t
		strings_base; /* of split BTF: where its strings begin, counted from the base's first */
	size_t at;            /* where the next type begins */
};

struct btf_item {
	uint32_t kind, count; /* count: members, parameters, values … */
	uint32_t name;        /* offset of its name */
	uint32_t type_or_size;
	const unsigned char *rest; /* what follows the fixed part */
};

/* Reads the header. -EINVAL with what is wrong. */
int btf_walk__init(struct btf_walk *walk, const void *data, size_t len, struct err *err);
/* 1 and the next type, 0 at the end, -EINVAL when it does not lie inside. The first has id 1. */
int btf_walk__next(struct btf_walk *walk, struct btf_item *ret_item);
/* The name at an offset, or NULL when it lies outside (or in the base of split BTF). */
const char *btf_walk__name(const struct btf_walk *walk, uint32_t offset);

/* Every type, name and reference lies inside, and no chain of modifiers goes in a circle. */
int btf_check(const void *data, size_t len, struct err *err);

#endif
