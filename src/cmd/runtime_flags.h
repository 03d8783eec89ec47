/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_RUNTIME_FLAGS_H
#define SRC_CMD_RUNTIME_FLAGS_H

/*
 * The flags of container runtimes: which are asked for names, and how long they may take. The struct is part of a
 * command's options; it owns nothing. Commands that tell whose something is have them.
 */

#include <stdint.h>
#include "cmd/flags.h"

struct runtime_flags {
	struct flag_list sockets;
	int64_t timeout_ns;
};

/* Two rows of a flag table; `at` is the offset of the struct in the command's options. */
#define RUNTIME_FLAGS(at)                                                                          \
	{ .name = "runtime.socket",                                                                \
	  .kind = FLAG_LIST,                                                                       \
	  .offset = (at) + offsetof(struct runtime_flags, sockets),                                \
	  .help = "Ask the container runtime that listens here, too, as cri:PATH, docker:PATH or " \
		  "podman:PATH; end when nobody does." },                                          \
	{                                                                                          \
		.name = "runtime.timeout", .kind = FLAG_DURATION,                                  \
		.offset = (at) + offsetof(struct runtime_flags, timeout_ns), .initial = "5s",      \
		.help = "How long a container runtime may take for one answer before it is asked " \
			"again; names are late, events are not."                                   \
	}

#endif
