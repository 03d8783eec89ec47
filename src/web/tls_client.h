/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_TLS_CLIENT_H
#define SRC_WEB_TLS_CLIENT_H

/*
 * What a client's certificate has to be like, checked while the handshake runs.
 * The rules own the names in them. tls.c keeps them and asks.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

struct tls_list;

struct tls_client_rules {
	bool is_required; /* no certificate, no connection */
	bool is_verified; /* signed, for clients, by a CA of the session's credentials */
	char **names;     /* owned: one of them has to be a subject alternative name; none: any */
	size_t name_count;
};

int tls_client_rules__copy_names(struct tls_client_rules *rules, const struct tls_list *names);
void tls_client_rules__done(struct tls_client_rules *rules);

/* 0: go on; otherwise a code of GnuTLS that ends the handshake. */
int tls_client_rules__check(const struct tls_client_rules *rules, gnutls_session_t session);

#endif
