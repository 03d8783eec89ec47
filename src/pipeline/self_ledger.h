/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_LEDGER_H
#define SRC_PIPELINE_SELF_LEDGER_H

/*
 * The ledger of each metric as metrics, sonde_metric_*: what was read, kept and lost on the way, how many series there are,
 * and what it took. self.c opens and fills the families with the others; the registry owns them.
 */

#include "base/err.h"

struct agent;
struct agent_config;
struct family;

#define SELF_LEDGER_FAMILIES 25

int self_ledger__open(struct agent *agent, struct family **ret_families, struct err *err);
void self_ledger__collect(const struct agent_config *config, struct family *const *families);

#endif
