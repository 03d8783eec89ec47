/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_VERSION_H
#define SRC_CMD_VERSION_H

/*
 * Which sonde this is. It owns nothing but constants. --version prints it, the agent exports it as build_info.
 */

const char *version_number(void);   /* "0.1.0" */
const char *version_revision(void); /* of the tree it was built from; "unknown" outside of one */
const char *version_branch(void);

/* "NAME, version V (branch: B, revision: R)" and below it what it was built with. An exit status. */
int version_print(int fd, const char *name);

#endif
