/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_HOST_ROOT_H
#define SRC_CMD_HOST_ROOT_H

/*
 * Where the root of the machine that is looked at is mounted: $HOST_ROOT, for a sonde that itself runs in a container.
 * It owns nothing. Every command that makes an agent tells it.
 */

/* As struct agent_options has it: NULL when it is our own. */
const char *host_root(void);

#endif
