/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_SHARE_H
#define SRC_WEB_SHARE_H

/*
 * One body for all who wait for the same: whoever's request had come before a body was ready may have that one instead
 * of one of his own. So no reply is older than its request, unless the request came while the body was being made. It
 * refers to the bodies until nobody waits any more. router.c keeps one and asks it.
 */

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct connection_list;
struct web_body;

#define SHARE_MAX_BODIES 4

struct share {
	struct connection_list *connections; /* borrowed */
	uint64_t last;                       /* number of the newest body */
	struct {
		const void *owner;
		unsigned int variant;
		uint64_t number;
		struct web_body *body; /* owned by count; NULL: free */
	} slots[SHARE_MAX_BODIES];
	uint64_t shared; /* replies that needed no body of their own */
};

/* A reference to a body of that owner and variant that is new enough for the request at hand, or NULL. */
struct web_body *share__find(struct share *share, const struct connection *connection,
			     const void *owner, unsigned int variant);
/* Keeps a body that is ready just now; sees who else waits. */
void share__keep(struct share *share, const struct connection *connection, const void *owner,
		 unsigned int variant, struct web_body *body);
bool share__is_kept(const struct share *share); /* any body */
/* Nobody waits any more. */
void share__drop(struct share *share);

#endif
