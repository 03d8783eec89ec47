/* SPDX-License-Identifier: Apache-2.0 */
#include "web/tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/mem.h"
#include "web/tls.h"

#define NAME_MAX_BYTES 1024

int tls_client_rules__copy_names(struct tls_client_rules *rules, const struct tls_list *names)
{
	rules->names = new_array(char *, names->count + 1);
	if (!rules->names)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++) {
		rules->names[i] = strdup(names->items[i].text ? names->items[i].text : "");
		if (!rules->names[i])
			return -ENOMEM;
		rules->name_count++;
	}
	return 0;
}

void tls_client_rules__done(struct tls_client_rules *rules)
{
	for (size_t i = 0; i < rules->name_count; i++)
		free(rules->names[i]);
	free(rules->names);
	*rules = (struct tls_client_rules){ 0 };
}

static bool is_allowed(const struct tls_client_rules *rules, const char *name, size_t len)
{
	/* A name may hold NUL bytes: what stands behind one counts, too. */
	for (size_t i = 0; i < rules->name_count; i++)
		if (strlen(rules->names[i]) == len && memcmp(rules->names[i], name, len) == 0)
			return true;
	return false;
}

static bool is_allowed_address(const struct tls_client_rules *rules, const char *bytes, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	int family = len == 4 ? AF_INET : AF_INET6;

	if ((len != 4 && len != 16) || !inet_ntop(family, bytes, text, sizeof(text)))
		return false;
	return is_allowed(rules, text, strlen(text));
}

static bool has_allowed_name(const struct tls_client_rules *rules, gnutls_x509_crt_t certificate)
{
	char name[NAME_MAX_BYTES];

	for (unsigned int i = 0;; i++) {
		size_t len = sizeof(name);
		int kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &len, NULL);

		switch (kind) {
		case GNUTLS_SAN_DNSNAME:
		case GNUTLS_SAN_RFC822NAME:
		case GNUTLS_SAN_URI:
			if (is_allowed(rules, name, len))
				return true;
			break;
		case GNUTLS_SAN_IPADDRESS:
			if (is_allowed_address(rules, name, len))
				return true;
			break;
		case GNUTLS_E_SHORT_MEMORY_BUFFER:
			break; /* longer than any that is allowed here */
		default:
			if (kind < 0)
				return false;
			break;
		}
	}
}

static int check_name(const struct tls_client_rules *rules, const gnutls_datum_t *raw)
{
	gnutls_x509_crt_t certificate;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return GNUTLS_E_MEMORY_ERROR;

	bool is_good = gnutls_x509_crt_import(certificate, raw, GNUTLS_X509_FMT_DER) >= 0 &&
		       has_allowed_name(rules, certificate);

	gnutls_x509_crt_deinit(certificate);
	return is_good ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static int check_signature(gnutls_session_t session)
{
	/* As Go does: a certificate for servers does not make a client. Casting const away: it is only read. */
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned int status = GNUTLS_CERT_INVALID;
	int r = gnutls_certificate_verify_peers(session, &purpose, 1, &status);

	return r < 0 || status != 0 ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

int tls_client_rules__check(const struct tls_client_rules *rules, gnutls_session_t session)
{
	unsigned int count = 0;
	const gnutls_datum_t *certificates = gnutls_certificate_get_peers(session, &count);

	if (!certificates || count == 0)
		return rules->is_required ? GNUTLS_E_CERTIFICATE_REQUIRED : 0;
	if (rules->is_verified && check_signature(session) < 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return rules->name_count > 0 ? check_name(rules, &certificates[0]) : 0;
}
