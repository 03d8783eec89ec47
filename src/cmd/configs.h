/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_CONFIGS_H
#define SRC_CMD_CONFIGS_H

/*
 * Configs by the paths that people name: FILE.yaml, or a directory with several. Plain functions; specs go to the
 * agent, which owns them. check, plan and run add theirs this way.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct agent;
struct spec;

struct config_path {
	const char *path; /* in the arena of the list */
	const char *name; /* of the config: the file's, without directory and .yaml */
	bool is_gadget;   /* a folder, which config_add_file() does not read */
};

struct config_paths {
	struct arena arena;
	struct config_path *items; /* owned */
	size_t len, capacity;
};

/* Appends what the argument names: the file, or the *.yaml of the directory by name. -ENOENT: there is none. */
int config_paths__add(struct config_paths *paths, const char *argument, struct err *err);
void config_paths__done(struct config_paths *paths);

/* Reads the file, be it a config or policies; the spec is the caller's. Errors are all in the list. */
int config_read_file(const char *path, struct spec **ret_spec, struct err_list *errors);
/* And hands it to the agent. -EOPNOTSUPP: they are policies. */
int config_add_file(struct agent *agent, const char *path, struct err_list *errors);

#endif
