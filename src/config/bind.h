/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_BIND_H
#define SRC_CONFIG_BIND_H

/*
 * Fills plain structs from nodes, by tables that say which key goes where and as what.
 * The structs and everything they point to live in the binder's arena; tables are const data of a dialect.
 * Dialects call it with their own tables; what keys mean together is theirs to check afterwards.
 *
 * Scalars follow go-yaml v2: text keeps what was written, quoted or not; null resets a value to the start
 * value of its struct; integers take base prefixes, underscores and floats (cut towards zero); truth values
 * are y, yes, true, on and their opposites, never quoted; durations are Go's, a bare integer is nanoseconds.
 * A key that repeats is bound again: its last value wins, nested structs are merged.
 *
 * A strict binder refuses keys that repeat or that nobody knows; a typed one takes for text only what YAML does: a number
 * or truth value has to stand in quotes then, and no item of a list may be null.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config/spec.h"
#include "config/yaml.h"

struct bind_type;

enum bind_kind {
	BIND_TEXT,     /* struct spec_text; text NULL when null (at says where) or absent */
	BIND_BOOL,     /* bool */
	BIND_U32,      /* uint32_t */
	BIND_I64,      /* int64_t */
	BIND_DOUBLE,   /* double */
	BIND_DURATION, /* int64_t, nanoseconds */
	BIND_WORD,     /* int: one of a table of words */
	BIND_STRUCT, /* a struct whose first member is struct loc at: line 0 tells that it was absent */
	BIND_LIST,  /* struct bind_list of elements of any type */
	BIND_PAIRS, /* struct bind_list of struct step_pair: a map of text to text, keys unique */
	BIND_NODE,  /* const struct node *: for the dialect to walk; NULL when absent */
	BIND_NUMBER, /* struct number_spec: a whole number within the type's bounds; line 0: absent */
	BIND_VALUE, /* struct value_spec: text that may hold NUL bytes; its list is SPEC_NONE */
	BIND_NAME,  /* struct bind_name: one of a table of words, where it was written as well */
};

struct bind_list {
	void *items; /* arena; elements of the table's type, or struct step_pair */
	uint32_t count;
	bool is_set; /* the key was there and not null, even when empty */
	struct loc at;
};

struct bind_word {
	const char *text;
	int value;
};

struct bind_name {
	struct spec_text written; /* text NULL: absent or null */
	int value;
};

struct bind_field {
	const char *key;
	size_t offset;
	const struct bind_type *type;
	bool is_required; /* must be there, and texts not be empty */
};

struct bind_type {
	enum bind_kind kind;
	const char *
		noun; /* "counter": what messages call a struct; "bucket type": what they call a word */
	size_t size;                     /* of the C value of a struct: stride of a list of them */
	const void *initial;             /* struct: what it is before binding; NULL: zeros */
	const struct bind_field *fields; /* struct */
	size_t field_count;
	const struct bind_type *element; /* list */
	const struct bind_word *words;   /* word, name */
	size_t word_count;
	int64_t least; /* number; a negative one is kept as the two's complement */
	uint64_t most;
};

/* The types that need no table. */
extern const struct bind_type bind_text, bind_bool, bind_u32, bind_i64, bind_double, bind_duration,
	bind_pairs, bind_node, bind_texts, bind_doubles;

#define BIND_FIELD(struct_type, member, type_)                                                     \
	{                                                                                          \
		.key = #member, .offset = offsetof(struct_type, member), .type = (type_)           \
	}
#define BIND_REQUIRED(struct_type, member, type_)                                                  \
	{                                                                                          \
		.key = #member, .offset = offsetof(struct_type, member), .type = (type_),          \
		.is_required = true                                                                \
	}
#define BIND_STRUCT_TYPE(noun_, struct_type, fields_)                                              \
	{                                                                                          \
		.kind = BIND_STRUCT, .noun = (noun_), .size = sizeof(struct_type),                 \
		.fields = (fields_), .field_count = sizeof(fields_) / sizeof((fields_)[0])         \
	}
#define BIND_LIST_TYPE(element_)                                                                   \
	{                                                                                          \
		.kind = BIND_LIST, .element = (element_)                                           \
	}

struct binder {
	struct arena *arena;       /* borrowed */
	struct err_list *errors;   /* borrowed; what is wrong */
	struct err_list *warnings; /* borrowed or NULL; unknown keys that were ignored */
	bool is_strict;            /* unknown and repeated keys are errors */
	bool is_typed;             /* numbers and truth values are no text */
	/* Errors begin with the place of the value, "spec.hooks[0].call: ", which goes on from this; NULL: they do not. */
	const char *path;
	size_t copied_pairs; /* private: work done for maps that repeat, which is bounded */
};

/* ret_value is of the type's C type and holds its start value. 0, or the first error's code. */
int binder__run(struct binder *binder, const struct node *node, const struct bind_type *type,
		void *ret_value);

#endif
