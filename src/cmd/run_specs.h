/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_RUN_SPECS_H
#define SRC_CMD_RUN_SPECS_H

/*
 * What `sonde run` runs, read into specs: gadgets with their parameters set, and probes; at the start and for each reload.
 * It owns the gadgets that are open, whose objects the agent needs until it has the specs; all else belongs to the command
 * line. run.c reads probes with it, run_gadget.c gadgets and the probes that are named beside them.
 */

#include "cmd/gadget_flags.h"
#include "cmd/run_options.h"
#include "cmd/session.h"

struct gadget;

struct run_specs {
	struct gadget_flags *flags;        /* borrowed */
	const struct run_options *options; /* borrowed; with values of parameters behind it */
	struct flags_result probes;        /* its arguments are the probes that are named */
	VEC(struct gadget *) open;         /* owned */
};

/* A gadget of the command line. */
int run_specs__open_gadget(struct run_specs *specs, size_t index, struct spec **ret_spec,
			   struct err_list *errors);
/* The probes beside gadgets. */
int run_specs__read_probes(struct run_specs *specs, struct spec_list *list,
			   struct err_list *errors);
/* All gadgets and the probes beside them: of session_options. Those that were open before are closed. */
int run_specs__read(void *ctx, struct spec_list *list, struct err_list *errors);
/* The agent has the specs. */
void run_specs__close_gadgets(struct run_specs *specs);
void run_specs__done(struct run_specs *specs);

/* The probes that the command line names, all of them if it names none, with the parameters among the settings that are
 * theirs. */
int probe_specs_read(const struct run_options *options, const struct flags_result *names,
		     const struct flag_list *settings, struct spec_list *list,
		     struct err_list *errors);

#endif
