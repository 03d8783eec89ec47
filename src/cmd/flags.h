/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_FLAGS_H
#define SRC_CMD_FLAGS_H

/*
 * The command line, declared as a table: --flag=value and --flag value, --bool and --no-bool, -x value, -h, @file with an
 * argument per line, and "--" before what is no flag. A result owns the texts it read from files; the rest
 * belongs to argv. Commands parse with it; the wording of errors is the one that ebpf_exporter's users know.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

enum flag_kind {
	FLAG_BOOL,      /* bool */
	FLAG_TEXT,      /* const char * */
	FLAG_DIRECTORY, /* const char *; it has to be there */
	FLAG_I64,       /* int64_t */
	FLAG_DURATION,  /* int64_t, ns; written "10s", "100ms" */
	FLAG_LIST,      /* struct flag_list; may be given again and again */
};

/* Texts in the order of the command line. */
struct flag_list {
	const char *const *items; /* in the arena of the result */
	size_t count;
};

struct flag {
	const char *name; /* without the dashes */
	char letter;      /* -x is the same; 0: there is none */
	enum flag_kind kind;
	size_t offset;       /* of the value in the command's options */
	const char *help;    /* a sentence */
	const char *initial; /* default, as it would be written; NULL: "", 0 or false */
	bool is_required;
};

struct flag_set {
	const char *program;   /* how it was called: "sonde check" */
	const char *help;      /* what it does; a sentence */
	const char *arguments; /* "CONFIG…", for the usage line; NULL: takes none */
	bool needs_arguments;  /* at least one */
	bool keeps_at_words;   /* "@x" is a value as any other, and no file with arguments */
	const struct flag *flags;
	size_t flag_count;
};

enum flags_answer {
	FLAGS_RUN,
	FLAGS_HELP,    /* help was asked for */
	FLAGS_VERSION, /* the version was asked for */
};

struct flags_result {
	VEC(const char *) arguments; /* what is no flag, in order */
	struct arena arena;
};

#define FLAGS_RESULT_INIT                                                                          \
	{                                                                                          \
		.arguments = VEC_INIT, .arena = ARENA_INIT                                         \
	}

/* Sets defaults, then what the command line says. An enum flags_answer, or a negative errno with its text. */
int flags__parse(const struct flag_set *set, int argc, const char *const *argv, void *ret_options,
		 struct flags_result *ret_result, struct err *err);
void flags_result__done(struct flags_result *result);

/* The help text, wrapped to that many columns. */
void flags__format_help(const struct flag_set *set, size_t width, struct strbuf *out);

#endif
