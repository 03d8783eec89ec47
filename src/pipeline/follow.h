/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_FOLLOW_H
#define SRC_PIPELINE_FOLLOW_H

/*
 * Containers that come and go, for programs that are attached in each of them: who somebody is tells of their processes,
 * and the programs of all configs get targets out of that; the host is one as well.
 * A follower owns what it remembers of containers, a few words each; nothing of them is open between calls.
 * The agent has one, and tells it what was attached.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct agent;
struct follower;
struct identity;
struct program;

int follower__new(struct agent *agent, struct follower **ret_follower, struct err *err);
struct follower *follower__free(struct follower *follower);

/* A process of a container was seen; of others it forgets at once. mntns_id: of the process. */
void follower__see(struct follower *follower, const struct identity *identity, uint32_t pid,
		   uint64_t mntns_id);
/* A container's last cgroup went. */
void follower__gone(struct follower *follower, const struct identity *identity);
/* After program__attach(): everywhere where it is not yet. */
void follower__attach(struct follower *follower, struct program *program);

struct follower_figures {
	uint64_t containers; /* that are known, whose programs something may hang on */
	uint64_t
		unreachable; /* times that a container's process was gone before it was looked at */
	uint64_t refused;    /* containers over the bound */
};

void follower__figures(const struct follower *follower, struct follower_figures *ret_figures);

#endif
