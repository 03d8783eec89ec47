/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/web/tls_peer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/web/pki.h"

#define ROUND_MS 10
#define MAX_ROUNDS 3000

static bool wants_more(ssize_t r)
{
	return r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED;
}

static void wait_a_round(const struct tls_peer *peer)
{
	assert_true(loop__run_once(peer->client->loop, ROUND_MS) >= 0);
}

static void set_up(struct tls_peer *peer, const struct tls_peer_options *options)
{
	assert_int_equal(gnutls_certificate_allocate_credentials(&peer->credentials), 0);
	assert_int_equal(gnutls_certificate_set_x509_trust_mem(peer->credentials,
							       &options->ca->certificate_pem,
							       GNUTLS_X509_FMT_PEM),
			 1);
	if (options->identity)
		assert_int_equal(gnutls_certificate_set_x509_key(
					 peer->credentials,
					 (gnutls_x509_crt_t[]){ options->identity->certificate }, 1,
					 options->identity->key),
				 0);
	/* Shown whether or not its CA is among those the server names. */
	assert_int_equal(gnutls_init(&peer->session,
				     GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_FORCE_CLIENT_CERT),
			 0);
	assert_int_equal(
		gnutls_priority_set_direct(peer->session,
					   options->priority ? options->priority : "NORMAL", NULL),
		0);
	assert_int_equal(
		gnutls_credentials_set(peer->session, GNUTLS_CRD_CERTIFICATE, peer->credentials),
		0);
	gnutls_transport_set_int(peer->session, peer->client->fd);
}

bool tls_peer__open(struct tls_peer *peer, struct client *client,
		    const struct tls_peer_options *options)
{
	unsigned int status = 1;
	int r = GNUTLS_E_AGAIN;

	*peer = (struct tls_peer){ .client = client };
	assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
	set_up(peer, options);
	for (int i = 0; i < MAX_ROUNDS && (r = gnutls_handshake(peer->session)) < 0; i++) {
		if (gnutls_error_is_fatal(r))
			return false;
		wait_a_round(peer);
	}
	assert_int_equal(r, 0);
	peer->is_trusting = gnutls_certificate_verify_peers2(peer->session, &status) == 0 &&
			    status == 0;
	return true;
}

static bool send_all(struct tls_peer *peer, const char *text)
{
	size_t len = strlen(text);

	for (int i = 0; i < MAX_ROUNDS && len > 0; i++) {
		ssize_t sent = gnutls_record_send(peer->session, text, len);

		if (sent > 0) {
			text += sent;
			len -= (size_t)sent;
		} else if (!wants_more(sent)) {
			return false;
		} else {
			wait_a_round(peer);
		}
	}
	return len == 0;
}

bool tls_peer__exchange(struct tls_peer *peer, const char *request)
{
	struct strbuf *received = &peer->client->received;

	strbuf__reset(received);
	if (!send_all(peer, request))
		return false;
	for (int i = 0; i < MAX_ROUNDS;) {
		ssize_t len = gnutls_record_recv(peer->session, strbuf__reserve(received, 16384),
						 16384);

		if (len > 0) {
			received->len += (size_t)len;
			continue;
		}
		if (len == 0)
			return true;
		if (!wants_more(len))
			return false;
		wait_a_round(peer);
		i++;
	}
	fail_msg("the reply does not end");
	return false;
}

void tls_peer__done(struct tls_peer *peer)
{
	gnutls_deinit(peer->session);
	gnutls_certificate_free_credentials(peer->credentials);
	client__done(peer->client);
}
