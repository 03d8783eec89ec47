/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_FORMAT_ROWS_H
#define SRC_CONFIG_FORMAT_ROWS_H

/*
 * How the tables of format_rows.c and format_policy.c are written down: a macro for each kind of row, and what the one
 * has that the other needs. Const data only.
 * These two include it; format.c reads the result through format.h.
 */

#include "config/format.h"
#include "config/spec_match.h"

/* One row per member of spec.h, in its order; TYPE is the struct that the rows are of. */
#define ROW(kind_, member)                                                                         \
	{                                                                                          \
		.name = #member, .kind = (kind_), .offset = offsetof(TYPE, member)                 \
	}
#define COUNTED(kind_, name_, member, count)                                                       \
	{                                                                                          \
		.name = (name_), .kind = (kind_), .offset = offsetof(TYPE, member),                \
		.count_offset = offsetof(TYPE, count)                                              \
	}
#define LIST(name_, member, count, shape_)                                                         \
	{                                                                                          \
		.name = (name_), .kind = ROW_LIST, .offset = offsetof(TYPE, member),               \
		.count_offset = offsetof(TYPE, count), .shape = &(shape_)                          \
	}
#define NESTED(kind_, member, shape_)                                                              \
	{                                                                                          \
		.name = #member, .kind = (kind_), .offset = offsetof(TYPE, member),                \
		.shape = &(shape_)                                                                 \
	}
#define WORD(member, words_)                                                                       \
	{                                                                                          \
		.name = #member, .kind = ROW_WORD, .offset = offsetof(TYPE, member),               \
		.words = (words_), .word_count = sizeof(words_) / sizeof((words_)[0])              \
	}
/* A word that says nothing when it is the first. */
#define CHOICE(member, words_)                                                                     \
	{                                                                                          \
		.name = #member, .kind = ROW_CHOICE, .offset = offsetof(TYPE, member),             \
		.words = (words_), .word_count = sizeof(words_) / sizeof((words_)[0])              \
	}
#define SHAPE(rows_, ...)                                                                          \
	{                                                                                          \
		.size = sizeof(TYPE), .rows = (rows_),                                             \
		.row_count = sizeof(rows_) / sizeof((rows_)[0]), __VA_ARGS__                       \
	}

extern const char *const match_op_words[MATCH_OP_COUNT];
extern const struct shape policy_shape;

#endif
