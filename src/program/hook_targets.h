/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_HOOK_TARGETS_H
#define SRC_PROGRAM_HOOK_TARGETS_H

/*
 * Programs that are bound to the kernel's types at load: is what they name there, and does the kernel allow it?
 * It owns nothing. plan.c calls it once per object, so that one pass over the types answers for all programs.
 */

#include "base/err.h"

struct program;

/* Leaves out, with its reason, every program whose target is not there or is refused. -ENOMEM only. */
int program__check_targets(struct program *program, struct err *err);

#endif
