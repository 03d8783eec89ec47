/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_LEDGER_FLAGS_H
#define SRC_CMD_LEDGER_FLAGS_H

/*
 * The flags of the ledger: how often, and how long each time, the kernel is asked what programs cost. The struct is part
 * of a command's options; it owns nothing. run and exporter have them.
 */

#include <stdint.h>
#include "base/err.h"
#include "cmd/flags.h"

struct ledger_flags {
	int64_t interval_ns; /* 0: never */
	int64_t window_ns;
};

/* Two rows of a flag table; `at` is the offset of the struct in the command's options. */
#define LEDGER_FLAGS(at)                                                                           \
	{ .name = "ledger.interval",                                                               \
	  .kind = FLAG_DURATION,                                                                   \
	  .offset = (at) + offsetof(struct ledger_flags, interval_ns),                             \
	  .initial = "10s",                                                                        \
	  .help = "How often it is measured what programs cost; 0 switches that off." },           \
	{                                                                                          \
		.name = "ledger.window", .kind = FLAG_DURATION,                                    \
		.offset = (at) + offsetof(struct ledger_flags, window_ns), .initial = "100ms",     \
		.help = "How long each time; BPF statistics are on meanwhile."                     \
	}

/* What the flags' kinds cannot say. */
int ledger_flags__check(const struct ledger_flags *flags, struct err *err);

#endif
