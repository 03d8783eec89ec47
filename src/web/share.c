/* SPDX-License-Identifier: Apache-2.0 */
#include "web/share.h"

#include <stddef.h>
#include <sys/ioctl.h>

#include "base/mem.h"
#include "web/connection.h"
#include "web/server.h"

/*
 * Whether a request has begun to come: bytes of it lie in the socket, or it is held. What lies in a socket with TLS may
 * be a handshake, and its request is yet to be written: such a connection has to have asked before.
 */
static bool is_waiting(const struct connection *connection)
{
	int bytes = 0;

	if (connection->pass == CONNECTION_HELD)
		return true;
	if (connection->tls && !connection->has_asked)
		return false;
	return ioctl(connection->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

struct web_body *share__find(struct share *share, const struct connection *connection,
			     const void *owner, unsigned int variant)
{
	if (connection->waits_since == 0)
		return NULL;
	for (size_t i = 0; i < array_size(share->slots); i++)
		if (share->slots[i].body && share->slots[i].owner == owner &&
		    share->slots[i].variant == variant &&
		    share->slots[i].number >= connection->waits_since) {
			share->shared++;
			return web_body__ref(share->slots[i].body);
		}
	return NULL;
}

void share__keep(struct share *share, const struct connection *connection, const void *owner,
		 unsigned int variant, struct web_body *body)
{
	bool is_wanted = false;
	size_t place = 0;

	share->last++;
	for (struct connection *other = share->connections->first; other; other = other->next) {
		if (other == connection)
			continue;
		if (other->waits_since == 0 && is_waiting(other))
			other->waits_since = share->last;
		is_wanted |= other->waits_since > 0;
	}
	if (!is_wanted)
		return;
	/* The same one anew, or else the oldest. */
	for (size_t i = 0; i < array_size(share->slots); i++) {
		if (share->slots[i].owner == owner && share->slots[i].variant == variant) {
			place = i;
			break;
		}
		if (share->slots[i].number < share->slots[place].number)
			place = i;
	}
	web_body__unref(share->slots[place].body);
	share->slots[place].owner = owner;
	share->slots[place].variant = variant;
	share->slots[place].number = share->last;
	share->slots[place].body = web_body__ref(body);
}

bool share__is_kept(const struct share *share)
{
	for (size_t i = 0; i < array_size(share->slots); i++)
		if (share->slots[i].body)
			return true;
	return false;
}

void share__drop(struct share *share)
{
	for (size_t i = 0; i < array_size(share->slots); i++)
		share->slots[i].body = web_body__unref(share->slots[i].body);
}
