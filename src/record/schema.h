/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_SCHEMA_H
#define SRC_RECORD_SCHEMA_H

/*
 * The shape of a record: named, typed fields at fixed offsets of raw bytes.
 * A schema and its fields live in the arena of whoever built it (a plan) and are const afterwards.
 * Sources hand out bytes with a schema; filters, decoders and sinks read through it. Names become indexes
 * once, by schema__find(), never on a hot path.
 */

#include <stdint.h>
#include "record/role.h"
#include "record/type.h"

enum field_flags {
	FIELD_BIG_ENDIAN = 1 << 0, /* network order */
	FIELD_HIDDEN = 1 << 1,     /* read when asked for by name only */
	FIELD_FLEXIBLE = 1 << 2,   /* the last field; its size is what is left of the record */
	FIELD_SPAN =
		1 << 3, /* covers the whole row of a map: offsets run through key, then value */
	FIELD_DERIVED = 1 << 4, /* no bytes of the record: its deriver makes it on demand */
	FIELD_WHO = 1 << 5,     /* FIELD_DERIVED, and the same of all records about one subject */
};

struct field {
	const char *name; /* arena; full path, "parent.child" */
	enum field_type type;
	enum field_role role;
	uint32_t
		offset; /* bytes from the start of the record; FIELD_DERIVED: its place among those */
	uint32_t size;  /* bytes of one element; FIELD_DERIVED: 0 */
	uint32_t count; /* elements; 1 for a scalar */
	int32_t parent; /* index of the enclosing struct field, -1: none */
	uint32_t flags; /* enum field_flags */
};

struct schema {
	uint32_t id;                /* unique in the process */
	const char *name;           /* arena */
	const struct field *fields; /* arena */
	uint32_t field_count;
	uint32_t size;          /* bytes of the fixed part */
	uint32_t derived_count; /* so many of the fields are FIELD_DERIVED */
};

/* Index of the field, or -ENOENT. */
int schema__find(const struct schema *schema, const char *name);
/* First field with the role, or -ENOENT. */
int schema__find_role(const struct schema *schema, enum field_role role);
/* Unsigned integer type of a size (1, 2, 4, 8), else FIELD_TYPE_BYTES. */
enum field_type field_type_of_size(uint32_t size);

#endif
