/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WEB_PKI_H
#define TESTS_UNIT_WEB_PKI_H

/*
 * Certificates made on the spot: a CA, and what it signs for servers and clients. Each identity owns its texts and
 * keys. test_tls.c and test_web_config.c speak TLS with them.
 */

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>

enum identity_kind { IDENTITY_CA, IDENTITY_SERVER, IDENTITY_CLIENT };

struct identity_options {
	enum identity_kind kind;
	const char *name;              /* common name */
	const struct identity *issuer; /* NULL: itself */
	bool is_rsa;                   /* instead of P-256 */
	bool is_expired;
	/* subject alternative names; NULL: none */
	const char *dns, *email, *uri;
	const char *address; /* four or sixteen bytes */
	unsigned int address_len;
};

struct identity {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
	gnutls_datum_t certificate_pem, key_pem; /* NUL-terminated texts */
};

void identity__init(struct identity *identity, const struct identity_options *options);
void identity__done(struct identity *identity);
const char *identity__certificate(const struct identity *identity);
const char *identity__key(const struct identity *identity);

#endif
