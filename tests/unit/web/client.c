/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/web/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Rounds of at most 10 ms: a test that waits for something that never comes fails after half a minute. */
#define ROUND_MS 10
#define MAX_ROUNDS 3000

void client__open(struct client *client, struct loop *loop, uint16_t port)
{
	struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};

	*client = (struct client){ .loop = loop };
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	/* The backlog takes it: nobody needs to accept yet. */
	assert_int_equal(connect(client->fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
}

void client__send(struct client *client, const char *bytes, size_t len)
{
	while (len > 0 && !client->is_too_late) {
		ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		} else if (errno != EAGAIN) {
			client->is_too_late = true;
		}
		client__run(client);
	}
}

void client__say(struct client *client, const char *text)
{
	client__send(client, text, strlen(text));
}

void client__run(struct client *client)
{
	assert_true(loop__run_once(client->loop, 0) >= 0);
	while (!client->is_closed) {
		char *to = strbuf__reserve(&client->received, 65536);
		ssize_t len = recv(client->fd, to, 65536, MSG_DONTWAIT);

		if (len > 0)
			client->received.len += (size_t)len;
		else if (len == 0 || errno != EAGAIN)
			client->is_closed = true;
		else
			return;
	}
}

static bool has_received(struct client *client, const char *text)
{
	return client->received.len > 0 &&
	       memmem(client->received.data, client->received.len, text, strlen(text));
}

static void wait_a_round(struct client *client)
{
	assert_true(loop__run_once(client->loop, ROUND_MS) >= 0);
	client__run(client);
}

void client__expect(struct client *client, const char *text)
{
	for (int i = 0; i < MAX_ROUNDS && !client->is_closed && !has_received(client, text); i++)
		wait_a_round(client);
	if (!has_received(client, text))
		fail_msg("no '%s' in '%s'", text, strbuf__text(&client->received));
}

void client__expect_close(struct client *client)
{
	for (int i = 0; i < MAX_ROUNDS && !client->is_closed; i++)
		wait_a_round(client);
	assert_true(client->is_closed);
}

const char *client__body(struct client *client, size_t *ret_len)
{
	const char *data = client->received.data;
	const char *body = NULL;

	for (size_t i = 0; i + 4 <= client->received.len; i++)
		if (memcmp(data + i, "\r\n\r\n", 4) == 0) {
			body = data + i + 4;
			break;
		}
	assert_non_null(body);
	*ret_len = client->received.len - (size_t)(body - data);
	return body;
}

void client__done(struct client *client)
{
	close(client->fd);
	strbuf__done(&client->received);
}
