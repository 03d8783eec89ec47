/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_FORMAT_H
#define SRC_CONFIG_FORMAT_H

/*
 * How the structs of spec.h are printed: a shape per struct, a row per member, in format_rows.c and format_policy.c.
 * Const data only; a new member of a spec is one row there.
 * format.c reads them for spec__format(); nobody else does.
 */

#include <stdbool.h>
#include <stddef.h>

enum row_kind {
	ROW_TEXT, /* const char *, or NULL */
	ROW_BOOL, /* printed when true */
	ROW_U32,  /* numbers are printed when not 0 */
	ROW_I32,
	ROW_U64,
	ROW_I64,
	ROW_DOUBLE,
	ROW_INDEX,   /* uint32_t, always printed; SPEC_NONE is "none" */
	ROW_WORD,    /* enum, always printed */
	ROW_CHOICE,  /* enum, printed when not 0 */
	ROW_NOTE,    /* struct spec_text, printed when its text is not NULL */
	ROW_VALUE,   /* struct value_spec, likewise */
	ROW_STRUCT,  /* a struct inside */
	ROW_POINTER, /* to a struct, or NULL */
	ROW_LIST,    /* pointer and count of structs */
	ROW_NOTED,   /* pointer and count of struct spec_text */
	ROW_VALUES,  /* of struct value_spec */
	ROW_NUMBERS, /* of struct number_spec */
	ROW_TEXTS,   /* pointer and count of const char * */
	ROW_U64S,
	ROW_DOUBLES,
	ROW_U32S,  /* uint32_t array inside the struct, and its count */
	ROW_PAIRS, /* pointer and count of two const char * each */
	ROW_BYTES, /* const void * and size_t */
};

struct shape;

struct row {
	const char *name;
	enum row_kind kind;
	size_t offset;
	size_t count_offset;       /* of the uint32_t (ROW_BYTES: size_t) beside a pointer */
	const struct shape *shape; /* ROW_STRUCT, ROW_POINTER, ROW_LIST */
	const char *const *words;  /* ROW_WORD, ROW_CHOICE */
	size_t word_count;
};

struct shape {
	size_t size;
	const struct row *rows;
	size_t row_count;
	bool has_no_at;     /* the struct does not begin with a struct loc */
	size_t skip_offset; /* not 0: an enum there that is 0 means that the struct is not used */
};

/* struct spec, its arena and dialect left out. */
extern const struct shape spec_shape;

#endif
