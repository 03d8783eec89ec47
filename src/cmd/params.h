/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_PARAMS_H
#define SRC_CMD_PARAMS_H

/*
 * What the command line says of parameters: --param CONFIG.NAME=VALUE, and --by WORD for the switch by_WORD of every
 * config that has it; of those that have by_cgroup, also --by container, image, namespace, pod and unit. It owns its list; texts are borrowed from the command line or live in its arena. exporter and run
 * apply it to each spec before the agent gets it.
 */

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cmd/flags.h"

struct spec;

struct param_setting {
	const char *config, *name, *value;
	bool is_applied;
};

struct param_settings {
	struct arena arena;
	struct param_setting *items; /* arena */
	size_t len;
	const char *by;        /* as written, or NULL */
	const char *by_name;   /* "by_" and that */
	struct strbuf without; /* configs that have no such switch, "a, b" */
	bool is_by_applied;    /* some have it */
};

#define PARAM_SETTINGS_INIT                                                                        \
	{                                                                                          \
		.without = STRBUF_INIT                                                             \
	}

/* `by` may be "". -EINVAL for what is no CONFIG.NAME=VALUE. */
int param_settings__parse(struct param_settings *settings, const struct flag_list *list,
			  const char *by, struct err *err);
/* Sets what is meant for this config. */
int param_settings__apply(struct param_settings *settings, struct spec *spec, struct err *err);
/* Once all configs had theirs: -ENOENT when something was meant for none of them. */
int param_settings__check_applied(const struct param_settings *settings, struct err *err);
void param_settings__done(struct param_settings *settings);

#endif
