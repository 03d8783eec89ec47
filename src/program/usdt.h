/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_USDT_H
#define SRC_PROGRAM_USDT_H

/*
 * The USDT probes that a binary says it has (.note.stapsdt): where they are, and what their arguments are.
 * What is found is in the caller's arena.
 * pipeline/ asks when a policy hooks one.
 */

#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "program/usdt_operand.h"

#define USDT_LOCATIONS_MAX                                                                         \
	1024 /* of one probe: a compiler copies it wherever its function is inlined */

struct usdt_location {
	uint64_t offset;           /* in the file */
	uint64_t semaphore_offset; /* likewise; 0: it has none */
	struct usdt_operands operands;
};

/* All places of the probe in the binary. -ENOENT: there is no file or probe, with the nearest name; -ENOEXEC, -E2BIG, -ENOMEM. */
int usdt_find(const char *path, const char *provider, const char *name, struct arena *arena,
	      const struct usdt_location **ret_locations, uint32_t *ret_count, struct err *err);

#endif
