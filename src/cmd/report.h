/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_REPORT_H
#define SRC_CMD_REPORT_H

/*
 * What became of each program, as a table for a person. Plain functions; they own nothing but what they add to the
 * caller's table. check and plan print with it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "cmd/table.h"

struct agent;
struct policies;
struct policy_spec;

#define REPORT_COLUMNS 6

/* config, program, hook, loaded, attached, why not */
void report_header(struct table *table);
/* A row for each program of the config, or one for all when `error` says why none runs. How many rows do not run. */
uint32_t report_config(const struct agent *agent, uint32_t config, const char *error,
		       struct table *table);
/* A row for each hook of a policy that was added. How many are not attached. */
uint32_t report_policy(const struct policies *policies, const struct policy_spec *policy,
		       struct table *table);
/* A row for a config that could not even be read. */
void report_unreadable(const char *name, const char *error, struct table *table);
/* What was read and ignored in the configs, to stderr. */
void report_warnings(const struct agent *agent);

#endif
