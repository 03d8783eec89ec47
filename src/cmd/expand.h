/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_EXPAND_H
#define SRC_CMD_EXPAND_H

/*
 * The words of a command line, with each @file replaced by the arguments in it. It owns nothing: texts from
 * files live in the caller's arena. flags.c reads its words from here.
 */

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

struct expanded_word {
	const char *text;
	bool is_no_flag; /* it stands behind "--" */
};

struct expansion {
	struct expanded_word *items;
	size_t len, capacity;
};

/* One argument per line; empty lines and lines that begin with '#' are none. Files may name files. The caller
 * ends the expansion with vec_done(), also after an error. */
int expand_arguments(int argc, const char *const *argv, struct arena *arena,
		     struct expansion *ret_words, struct err *err);
/* The same without files: "@x" is a word as any other. */
int keep_arguments(int argc, const char *const *argv, struct expansion *ret_words, struct err *err);

#endif
