/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_COMMAND_H
#define SRC_CMD_COMMAND_H

/*
 * The command table and what commands have in common: how they were called, and how they answer --help, --version
 * and a wrong command line. It owns nothing. main.c calls command_main(); each command is a file beside this one.
 */

#include <stdbool.h>
#include <stdint.h>
#include "cmd/flags.h"

/* Documented in docs/reference/cli.md. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1, /* a config, a load, or the machine; one message says which */
	STATUS_USAGE =
		2, /* the command line; `exporter` ends with 1 instead, as ebpf_exporter does */
};

struct invocation {
	const char *program; /* "sonde check"; "ebpf_exporter" */
	int argc;            /* of what follows the command */
	const char *const *argv;
	bool is_ebpf_exporter;               /* called by that name */
	const struct command_reader *reader; /* or NULL: the command only shows its flags to it */
};

/* Whoever reads flags instead of running the command: completion and manual pages are made from them. */
struct command_reader {
	void (*read)(void *ctx, const struct flag_set *set);
	void *ctx;
};

struct command {
	const char *name;
	const char *help;
	int (*run)(const struct invocation *invocation); /* returns an exit status */
};

#define COMMAND(id, help) int command_##id(const struct invocation *invocation);
#include "cmd/command.def"
#undef COMMAND

int command_main(int argc, const char *const *argv);
/* Alphabetical; NULL behind the last one. */
const struct command *command_at(size_t index);
const struct command *command_find(const char *name); /* NULL: there is none */
/* Hands the flags of the command to the reader. */
void command_read_flags(const struct command *command,
			void (*read)(void *ctx, const struct flag_set *set), void *ctx);

/*
 * Parses the command line into the options. True: go on. False: *ret_status is the exit status, the answer or the
 * error has been printed, and the result is empty. usage_status is for a wrong command line.
 */
bool command_parse(const struct invocation *invocation, const struct flag_set *set,
		   int usage_status, void *ret_options, struct flags_result *ret_result,
		   int *ret_status);
/* What only the command itself can see to be wrong of it; ends the result and the error. Returns usage_status. */
int command_refuse(const struct invocation *invocation, struct flags_result *result,
		   struct err *err, int usage_status);

#endif
