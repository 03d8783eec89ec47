/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_PROBES_H
#define SRC_CMD_PROBES_H

/*
 * Which probes there are, and which of them the command line names. It owns nothing; paths go to the caller's list.
 * list and run find theirs this way.
 */

#include <stdbool.h>
#include "base/err.h"
#include "cmd/configs.h"
#include "cmd/flags.h"

/* All of the directory, or of those that came with the program when it is "". -ENOENT also when the command line names
 * one that is none: a slip of the hand, not a probe that cannot run. */
int probes_find(const char *dir, const struct flags_result *result, struct config_paths *paths,
		struct err *err);
/* The same, and the gadgets beside them. */
int probes_find_with_gadgets(const char *dir, const struct flags_result *result,
			     struct config_paths *paths, struct err *err);
/* Whether the command line names it; it names all when it names none. */
bool probe_is_wanted(const char *name, const struct flags_result *result);

#endif
