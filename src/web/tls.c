/* SPDX-License-Identifier: Apache-2.0 */
#include "web/tls.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "web/tls_client.h"
#include "web/tls_priority.h"

struct tls {
	unsigned int reference_count;
	gnutls_certificate_credentials_t credentials; /* owned */
	gnutls_priority_t priority;                   /* owned */
	gnutls_certificate_request_t request;
	struct tls_client_rules rules; /* owned */
};

static const struct {
	const char *name;
	gnutls_certificate_request_t request;
	bool is_verified;
} client_auths[] = {
	{ "NoClientCert", GNUTLS_CERT_IGNORE, false },
	{ "RequestClientCert", GNUTLS_CERT_REQUEST, false },
	{ "RequireAnyClientCert", GNUTLS_CERT_REQUIRE, false },
	{ "VerifyClientCertIfGiven", GNUTLS_CERT_REQUEST, true },
	{ "RequireAndVerifyClientCert", GNUTLS_CERT_REQUIRE, true },
	{ "RequireClientCert", GNUTLS_CERT_REQUIRE,
	  false }, /* an older name of RequireAnyClientCert */
};

struct tls *tls__ref(struct tls *tls)
{
	tls->reference_count++;
	return tls;
}

struct tls *tls__unref(struct tls *tls)
{
	if (!tls || --tls->reference_count > 0)
		return NULL;
	if (tls->credentials)
		gnutls_certificate_free_credentials(tls->credentials);
	if (tls->priority)
		gnutls_priority_deinit(tls->priority);
	tls_client_rules__done(&tls->rules);
	free(tls);
	return NULL;
}

static void tls_unrefp(struct tls **tls)
{
	*tls = tls__unref(*tls);
}

static bool is_said(const struct tls_text *text)
{
	return text->text && text->text[0];
}

/* The datum borrows; GnuTLS takes it without const and only reads it. */
static gnutls_datum_t datum_of(const char *text)
{
	return (gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)text,
				 .size = (unsigned int)strlen(text) };
}

static int set_certificate(struct tls *tls, const struct tls_options *options, struct err *err)
{
	if (!is_said(&options->certificate))
		return err__set(err, -EINVAL, &options->certificate.at,
				"TLS needs a certificate; write cert_file or cert");
	if (!is_said(&options->key))
		return err__set(err, -EINVAL, &options->key.at,
				"TLS needs the key of the certificate; write key_file or key");

	gnutls_datum_t certificate = datum_of(options->certificate.text);
	gnutls_datum_t key = datum_of(options->key.text);
	int r = gnutls_certificate_set_x509_key_mem2(tls->credentials, &certificate, &key,
						     GNUTLS_X509_FMT_PEM, /*pass=*/NULL,
						     /*flags=*/0);

	if (r == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return err__set(err, -EINVAL, &options->key.at,
				"the key is not that of the certificate");
	if (r < 0)
		return err__set(err, -EINVAL, &options->certificate.at,
				"the certificate or its key cannot be used: %s",
				gnutls_strerror(r));
	return 0;
}

static bool has_rsa_key(const struct tls *tls)
{
	gnutls_x509_privkey_t key = NULL;
	int algorithm = GNUTLS_PK_UNKNOWN;

	if (gnutls_certificate_get_x509_key(tls->credentials, 0, &key) >= 0) {
		algorithm = gnutls_x509_privkey_get_pk_algorithm(key);
		gnutls_x509_privkey_deinit(key);
	}
	return algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS;
}

static int set_priority(struct tls *tls, const struct tls_options *options, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	int r = tls_format_priority(options, has_rsa_key(tls), &text, err);

	if (r == 0) {
		int code = gnutls_priority_init(&tls->priority, strbuf__text(&text), NULL);

		if (code < 0)
			r = err__set(err, -EINVAL, NULL, "GnuTLS does not take '%s': %s",
				     strbuf__text(&text), gnutls_strerror(code));
	}
	strbuf__done(&text);
	return r;
}

static int set_client_ca(struct tls *tls, const struct tls_text *client_ca, struct err *err)
{
	gnutls_datum_t ca = datum_of(client_ca->text);
	int r = gnutls_certificate_set_x509_trust_mem(tls->credentials, &ca, GNUTLS_X509_FMT_PEM);

	if (r > 0)
		return 0;
	return err__set(err, -EINVAL, &client_ca->at,
			"there is no certificate of a client CA here%s%s", r < 0 ? ": " : "",
			r < 0 ? gnutls_strerror(r) : "");
}

static int find_client_auth(struct tls *tls, const struct tls_text *said, struct err *err)
{
	const char *name = is_said(said) ? said->text : client_auths[0].name;

	for (size_t i = 0; i < array_size(client_auths); i++)
		if (str_eq(client_auths[i].name, name)) {
			tls->request = client_auths[i].request;
			tls->rules.is_verified = client_auths[i].is_verified;
			return 0;
		}
	return err__set(
		err, -EINVAL, &said->at,
		"there is no client_auth_type '%.64s'; write NoClientCert, RequestClientCert, "
		"RequireAnyClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert",
		name);
}

static int set_client_rules(struct tls *tls, const struct tls_options *options, struct err *err)
{
	int r = find_client_auth(tls, &options->client_auth, err);

	if (r < 0)
		return r;
	tls->rules.is_required = tls->request == GNUTLS_CERT_REQUIRE;
	if (is_said(&options->client_ca) && tls->request == GNUTLS_CERT_IGNORE)
		return err__set(
			err, -EINVAL, &options->client_ca.at,
			"a client CA is of no use while client_auth_type asks for no certificate");
	/* Go would trust whatever CA the machine trusts: no such client was meant. */
	if (tls->rules.is_verified && !is_said(&options->client_ca))
		return err__set(err, -EINVAL, &options->client_auth.at,
				"client_auth_type %s needs client_ca_file or client_ca",
				options->client_auth.text);
	if (options->allowed_names.count > 0 && !tls->rules.is_required)
		return err__set(
			err, -EINVAL, &options->allowed_names.items[0].at,
			"client_allowed_sans needs client_auth_type RequireAnyClientCert or "
			"RequireAndVerifyClientCert");
	if (is_said(&options->client_ca))
		r = set_client_ca(tls, &options->client_ca, err);
	if (r == 0 && tls_client_rules__copy_names(&tls->rules, &options->allowed_names) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for TLS");
	return r;
}

static int verify_client(gnutls_session_t session)
{
	const struct tls *tls = gnutls_session_get_ptr(session);

	return tls_client_rules__check(&tls->rules, session);
}

int tls__new(const struct tls_options *options, struct tls **ret_tls, struct err *err)
{
	__cleanup(tls_unrefp) struct tls *tls = new_zero(struct tls);

	if (!tls)
		return err__set(err, -ENOMEM, NULL, "no memory for TLS");
	tls->reference_count = 1;
	if (gnutls_certificate_allocate_credentials(&tls->credentials) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for TLS");

	int r = set_certificate(tls, options, err);

	if (r == 0)
		r = set_client_rules(tls, options, err);
	if (r == 0)
		r = set_priority(tls, options, err);
	if (r < 0)
		return r;
	*ret_tls = take_ptr(tls);
	return 0;
}

int tls__start(struct tls *tls, gnutls_session_t session)
{
	/* The pointer is libmicrohttpd's for pre-shared keys alone, which we have not. */
	gnutls_session_set_ptr(session, tls);
	gnutls_certificate_server_set_request(session, tls->request);
	gnutls_session_set_verify_function(session, verify_client);
	if (gnutls_priority_set(session, tls->priority) < 0 ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials) < 0)
		return -ENOMEM;
	return 0;
}
