/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_RUN_SHARED_H
#define SRC_CMD_RUN_SHARED_H

/*
 * `sonde run GADGET` beside an agent that runs the same gadget: its events are had from there, as text, and the agent's
 * counts go on; nothing is loaded here. It owns nothing once it returned. run_gadget.c asks first and runs the gadget itself
 * when there is no such agent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct note_spec;
struct run_options;

struct run_shared {
	const struct run_options *options;
	const char *path;               /* of the gadget */
	const struct note_spec *values; /* parameters that are set */
	uint32_t value_count;
	bool is_colored, has_pods;
	uint16_t columns, rows; /* of the terminal; 0: it is none */
};

/* 1: it has been shown until its end; 0: there is no agent that has it. */
int run_shared(const struct run_shared *run, struct err *err);

#endif
