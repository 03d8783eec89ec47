/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_TYPE_H
#define SRC_RECORD_TYPE_H

/*
 * What the bytes of a field are, and what a person calls that. It owns nothing.
 * Schemas, specs and whoever prints them use it.
 */

enum field_type {
	FIELD_TYPE_BYTES, /* opaque */
	FIELD_TYPE_U8,
	FIELD_TYPE_U16,
	FIELD_TYPE_U32,
	FIELD_TYPE_U64,
	FIELD_TYPE_S8,
	FIELD_TYPE_S16,
	FIELD_TYPE_S32,
	FIELD_TYPE_S64,
	FIELD_TYPE_F32,
	FIELD_TYPE_F64,
	FIELD_TYPE_BOOL,
	FIELD_TYPE_STRING, /* up to the first NUL or the size */
	FIELD_TYPE_STRUCT, /* children say what is in it */
};

/* "u32", "string", "bytes" … */
const char *field_type_name(enum field_type type);

#endif
