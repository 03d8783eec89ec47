/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_POST_ATTACH_MARK_H
#define SRC_CMD_POST_ATTACH_MARK_H

/*
 * A place in our own binary for uprobes of users: called once, when all programs are attached, so that
 * SEC("uprobe//proc/self/exe:post_attach_mark") runs their set-up code. It owns nothing. exporter and run call it.
 */

void post_attach_mark(void);

#endif
