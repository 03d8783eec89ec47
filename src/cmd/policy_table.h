/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_POLICY_TABLE_H
#define SRC_CMD_POLICY_TABLE_H

/*
 * What policies are about, as a table for a person: a row for each hook, with what it shows, does and needs.
 * Plain functions; they own nothing but what they add to the caller's table, and know the text of a policy only, no
 * kernel. plan prints with it.
 */

#include "cmd/table.h"

struct spec;

#define POLICY_TABLE_COLUMNS 6

/* policy, hook, shows, rules, does, needs */
void policy_table_header(struct table *table);
/* All policies of the spec. */
void policy_table_add(const struct spec *spec, struct table *table);

#endif
