/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PIECE_END 0xff

static bool take_replies(int fd)
{
	char buffer[65536];

	for (;;) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

		if (len <= 0)
			return len < 0 && errno == EAGAIN;
	}
}

bool feed_round(int fd, void (*run)(void))
{
	run();
	return take_replies(fd);
}

/* False: the server has closed. */
static bool send_piece(int fd, const uint8_t *piece, size_t len, void (*run)(void))
{
	while (len > 0) {
		ssize_t sent = send(fd, piece, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			piece += sent;
			len -= (size_t)sent;
		}
		if (!feed_round(fd, run))
			return false;
	}
	return feed_round(fd, run);
}

void feed_pieces(int fd, const uint8_t *data, size_t len, void (*run)(void))
{
	while (len > 0) {
		const uint8_t *end = memchr(data, PIECE_END, len);
		size_t piece_len = end ? (size_t)(end - data) : len;

		if (!send_piece(fd, data, piece_len, run))
			return;
		data += piece_len + (end ? 1 : 0);
		len -= piece_len + (end ? 1 : 0);
	}
}
