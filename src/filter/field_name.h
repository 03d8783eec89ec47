/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_FIELD_NAME_H
#define SRC_FILTER_FIELD_NAME_H

/*
 * Names of fields to indexes of a schema, and what was meant where a name is wrong. It owns nothing.
 * Filters, expressions and orders resolve names with it, so that all say the same of a wrong one.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "record/schema.h"

#define FIELD_NAME_MAX 255u

enum field_case { FIELD_CASE_EXACT, FIELD_CASE_ANY };

/* FIELD_CASE_ANY: one written exactly so goes first. -ENOENT with the nearest names, -EINVAL: no name at all. */
int field_name_find(const struct schema *schema, const char *name, size_t len, enum field_case how,
		    const struct loc *at, uint32_t *ret_index, struct err *err);
/* U64, S64, F64, BOOL or STRING: as record__get() hands it out; BYTES: it cannot be compared. */
enum field_type field_widest_type(const struct field *field);
/* What is wrong with a field of bytes where a number or a text is needed: its members, if it has some. */
int field_refuse_bytes(const struct schema *schema, uint32_t index, const struct loc *at,
		       struct err *err);
/* The position `offset` bytes behind `at`; a text of flags is one line. */
struct loc loc_behind(const struct loc *at, size_t offset);

#endif
