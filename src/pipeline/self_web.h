/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_WEB_H
#define SRC_PIPELINE_SELF_WEB_H

/*
 * What the HTTP server has to tell of itself: each of its bounds has a counter that moves when it bites. The families
 * are the registry's; it owns nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_WEB_FAMILIES 18

struct agent;
struct family;

int self_web__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing is shown while nobody serves. */
void self_web__collect(const struct agent *agent, struct family *const *families);

#endif
