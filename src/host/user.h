/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_USER_H
#define SRC_HOST_USER_H

/*
 * Names of the machine's users and groups, from its own /etc/passwd and /etc/group and nothing else: what a directory
 * service knows would be asked for over the network, in the middle of a scrape.
 * A list owns its names; it is read on first use and again when the file has changed, looked at once a second.
 * Only host.c has lists; everybody else asks host__user_name() and host__group_name().
 */

#include <stddef.h>
#include <stdint.h>

struct user_name;

struct user_list {
	const char *path;        /* below the root; borrowed */
	struct user_name *items; /* owned; ascending ids */
	size_t len;
	char *text;         /* owned; the file, into which items point */
	int64_t checked_ns; /* when the file was last looked at (monotonic); 0: never */
	uint64_t inode;     /* of the file that was read */
	int64_t changed_ns; /* its modification */
	uint64_t size_bytes;
	int error; /* of the last reading: 0 or -errno */
};

void user_list__init(struct user_list *list, const char *path);
void user_list__done(struct user_list *list);
/* Takes what the file says: lines of "name:password:id" and more, of which the first one with an id counts. Others
 * are passed over. 0 or -ENOMEM (nothing has changed). */
int user_list__parse(struct user_list *list, const char *text, size_t len);
/* Borrowed until the list is asked again. NULL: there is none of that id, or no file. */
const char *user_list__find(struct user_list *list, int root_fd, uint32_t id);

#endif
