/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SOCKETS_H
#define SRC_PIPELINE_SOCKETS_H

/*
 * Whose sockets are, for programs that see packets: the engine's programs that note it, and their one map, which all who
 * want it look into. It owns the engine; the host and the loop are borrowed.
 * The agent has one; nothing is loaded and nothing costs anything while no program wants the map.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "program/program.h"

struct loop;
struct sockets;

struct sockets_options {
	struct host *host;
	struct loop *loop; /* NULL: entries whose sockets are gone are not looked for */
	struct program_options program; /* how to open the engine's object */
};

/* Opens nothing. */
int sockets__new(const struct sockets_options *options, struct sockets **ret_sockets,
		 struct err *err);
struct sockets *sockets__free(struct sockets *sockets);

/* Between plan and load: a program with such a map gets that of the engine, which runs from then on. A program without
 * one: 0, and nothing is done. */
int sockets__lend(struct sockets *sockets, struct program *program, struct err *err);
/* Ends the engine. */
void sockets__detach(struct sockets *sockets);

struct sockets_report {
	bool is_running; /* otherwise the rest is 0 */
	uint64_t entries;
	uint64_t refused;   /* sockets that found no room */
	uint64_t pruned;    /* entries whose sockets were gone, and nobody had told */
	bool sees_releases; /* the kernel tells of the end of UDP sockets, too */
};

void sockets__report(struct sockets *sockets, struct sockets_report *ret_report);

#endif
