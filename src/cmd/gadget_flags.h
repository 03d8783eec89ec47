/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_GADGET_FLAGS_H
#define SRC_CMD_GADGET_FLAGS_H

/*
 * Gadgets that a command line names, and their parameters as flags of the command: a gadget is looked at before the command
 * line is parsed, for it says which flags there are. It owns paths, texts and the table of flags.
 * run and whatever else takes GADGET… use it.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "cmd/flags.h"

struct note_spec;
struct gadget_param_flag;

struct gadget_name {
	const char *word; /* as the command line has it */
	const char *path;
	const char *name;    /* of the gadget, as its config is called */
	bool is_for_metrics; /* running it means to serve its metrics */
};

struct gadget_flags {
	struct arena arena;
	struct flag_set set; /* the command's own flags, then those of parameters */
	VEC(struct gadget_name) gadgets;
	VEC(struct gadget_param_flag) params;
	VEC(const char *) others; /* arguments that are no gadgets; --param may be meant for them */
	size_t own_size;          /* of the command's own options */
};

/* Words of the command line that are gadgets; values behind flags of the set are not looked at. */
int gadget_flags__find(struct gadget_flags *flags, const struct flag_set *own, int argc,
		       const char *const *argv, struct err *err);
/* Looks at each gadget; own_size: of the command's own options. What is wrong with a gadget is in the list. */
int gadget_flags__make(struct gadget_flags *flags, const struct flag_set *own, size_t own_size,
		       struct err_list *errors);
/* Once the command line is parsed: words that were values of parameters are no gadgets. Arguments that are none are added to
 * the others'. */
int gadget_flags__bind(struct gadget_flags *flags, const struct flags_result *result,
		       struct flags_result *ret_others, struct err *err);
/* Of the options that flags__parse() fills: the command's own, then values. */
size_t gadget_flags__options_size(const struct gadget_flags *flags);
/* The parameters of a gadget that were set, by flags or by --param GADGET.NAME=VALUE; in the arena of the flags. */
int gadget_flags__values(struct gadget_flags *flags, const void *options, size_t gadget,
			 const struct flag_list *settings, const struct note_spec **ret_values,
			 uint32_t *ret_count, struct err *err);
void gadget_flags__done(struct gadget_flags *flags);

#endif
