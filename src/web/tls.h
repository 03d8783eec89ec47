/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_TLS_H
#define SRC_WEB_TLS_H

/*
 * TLS of the server by GnuTLS: a certificate with its key, what may be spoken, and what is asked of clients. A tls is
 * counted: the server holds the one that new connections get, each connection the one that it began with. pipeline/
 * makes it from the web file; server.c starts sessions with it.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct tls;

struct tls_text {
	const char *text; /* NULL: not said */
	struct loc at;    /* where it stands, for messages */
};

struct tls_list {
	const struct tls_text *items;
	size_t count;
};

/* The words are those of Go's crypto/tls, as exporter-toolkit takes them. All borrowed for the call. */
struct tls_options {
	struct tls_text certificate, key; /* PEM; the certificate's chain may follow it */
	struct tls_text client_ca;        /* PEM */
	struct tls_text client_auth;      /* "NoClientCert" unless said */
	struct tls_list
		allowed_names; /* a client's certificate has to have one of them; empty: any */
	struct tls_text min_version, max_version; /* "TLS12", "TLS13" unless said */
	struct tls_list cipher_suites, curves;    /* empty: Go's */
	bool prefers_own_order;                   /* of cipher suites, over the client's */
};

int tls__new(const struct tls_options *options, struct tls **ret_tls, struct err *err);
struct tls *tls__ref(struct tls *tls);
struct tls *tls__unref(struct tls *tls); /* returns NULL */

/* Readies a session that has not begun its handshake; it needs the tls until it is over. */
int tls__start(struct tls *tls, gnutls_session_t session);

#endif
