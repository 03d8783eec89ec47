/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_TRACEPOINT_FORMAT_H
#define SRC_PROGRAM_TRACEPOINT_FORMAT_H

/*
 * What the record of a classic tracepoint has in it, as tracefs says in events/CATEGORY/EVENT/format.
 * Pure text in, plain data in the caller's arena out. Policies name fields by their position in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

#define TRACEPOINT_FIELDS_MAX 128

struct tracepoint_field {
	const char *name; /* "args" */
	const char *type; /* "unsigned long", without what stands behind the name */
	uint32_t offset, size;
	bool is_signed;
	bool is_dynamic; /* __data_loc: 4 bytes say where it is, and how long */
};

/* In the order of the text, those that all tracepoints have first. -EPROTO: it is no such text; -E2BIG, -ENOMEM. */
int tracepoint_format_parse(const char *text, struct arena *arena,
			    const struct tracepoint_field **ret_fields, uint32_t *ret_count,
			    struct err *err);

#endif
