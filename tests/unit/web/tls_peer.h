/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WEB_TLS_PEER_H
#define TESTS_UNIT_WEB_TLS_PEER_H

/*
 * The client's side of TLS on the socket of a client: it trusts one CA, may show a certificate, and runs the loop of
 * the server while it waits. It owns its session and credentials. test_tls.c asks over it.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include "tests/unit/web/client.h"

struct identity;

struct tls_peer {
	struct client *client; /* borrowed */
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	bool is_trusting; /* the server's certificate was that of the CA */
};

struct tls_peer_options {
	const struct identity *ca;       /* that the server has to be signed by */
	const struct identity *identity; /* NULL: none is shown */
	const char *priority;            /* NULL: "NORMAL" */
};

/* The handshake; false when the server would not. */
bool tls_peer__open(struct tls_peer *peer, struct client *client,
		    const struct tls_peer_options *options);
/* Sends a text and takes what comes until the end; it is in the client's buffer, in clear. False: it was not to be. */
bool tls_peer__exchange(struct tls_peer *peer, const char *request);
void tls_peer__done(struct tls_peer *peer);

#endif
