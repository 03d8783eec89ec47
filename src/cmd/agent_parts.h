/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_AGENT_PARTS_H
#define SRC_CMD_AGENT_PARTS_H

/*
 * What `sonde agent` is to run, read: each item of its file becomes one config or several, or the reason why it did not. A
 * list owns its names, specs and errors until they are taken. agent.c hands them to the agent, at the start, at a reload,
 * and again when one of them failed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct agent_file;
struct agent_part;
struct gadget;
struct spec;

struct agent_config_read {
	uint32_t part;         /* of the file */
	const char *name;      /* of the config */
	const char *origin;    /* where it stands */
	struct spec *spec;     /* owned; NULL: it cannot be read … */
	struct err err;        /* … for this reason */
	bool is_taken;         /* the spec is somebody else's now */
	struct gadget *gadget; /* owned or NULL: has the object until the agent has read it */
};

struct agent_parts {
	struct arena arena;
	struct agent_config_read *items; /* owned */
	size_t len, capacity;
};

/* Everything, or (part < UINT32_MAX) what that item asks for. Paths are meant from the folder. Negative: no memory. */
int agent_parts__read(struct agent_parts *parts, const struct agent_file *file, const char *folder,
		      uint32_t part);
void agent_parts__done(struct agent_parts *parts);

#endif
