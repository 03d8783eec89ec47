/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/web/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define DAY_S 86400
#define NEW_RSA_BITS 2048

static void make_key(struct identity *identity, bool is_rsa)
{
	assert_int_equal(gnutls_x509_privkey_init(&identity->key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(
			identity->key, is_rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
			is_rsa ? NEW_RSA_BITS : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
			0),
		0);
}

static void add_name(gnutls_x509_crt_t certificate, gnutls_x509_subject_alt_name_t kind,
		     const char *name, unsigned int len)
{
	if (name)
		assert_int_equal(gnutls_x509_crt_set_subject_alt_name(certificate, kind, name, len,
								      GNUTLS_FSAN_APPEND),
				 0);
}

static unsigned int len_of(const char *text)
{
	return text ? (unsigned int)strlen(text) : 0;
}

static void set_names(gnutls_x509_crt_t certificate, const struct identity_options *options)
{
	assert_int_equal(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
						       options->name, len_of(options->name)),
			 0);
	add_name(certificate, GNUTLS_SAN_DNSNAME, options->dns, len_of(options->dns));
	add_name(certificate, GNUTLS_SAN_RFC822NAME, options->email, len_of(options->email));
	add_name(certificate, GNUTLS_SAN_URI, options->uri, len_of(options->uri));
	add_name(certificate, GNUTLS_SAN_IPADDRESS, options->address, options->address_len);
}

static void set_use(gnutls_x509_crt_t certificate, const struct identity_options *options)
{
	time_t now = time(NULL);
	uint64_t serial = (uint64_t)(uintptr_t)certificate;

	assert_int_equal(gnutls_x509_crt_set_version(certificate, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(certificate, &serial, sizeof(serial)), 0);
	assert_int_equal(gnutls_x509_crt_set_activation_time(certificate, now - 2 * DAY_S), 0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(
				 certificate, options->is_expired ? now - DAY_S : now + DAY_S),
			 0);
	assert_int_equal(gnutls_x509_crt_set_basic_constraints(certificate,
							       options->kind == IDENTITY_CA, -1),
			 0);
	assert_int_equal(
		gnutls_x509_crt_set_key_usage(certificate, options->kind == IDENTITY_CA
								   ? GNUTLS_KEY_KEY_CERT_SIGN
								   : GNUTLS_KEY_DIGITAL_SIGNATURE),
		0);
	if (options->kind != IDENTITY_CA)
		assert_int_equal(
			gnutls_x509_crt_set_key_purpose_oid(certificate,
							    options->kind == IDENTITY_SERVER
								    ? GNUTLS_KP_TLS_WWW_SERVER
								    : GNUTLS_KP_TLS_WWW_CLIENT,
							    0),
			0);
}

void identity__init(struct identity *identity, const struct identity_options *options)
{
	const struct identity *issuer = options->issuer ? options->issuer : identity;

	*identity = (struct identity){ 0 };
	make_key(identity, options->is_rsa);
	assert_int_equal(gnutls_x509_crt_init(&identity->certificate), 0);
	set_names(identity->certificate, options);
	set_use(identity->certificate, options);
	assert_int_equal(gnutls_x509_crt_set_key(identity->certificate, identity->key), 0);
	assert_int_equal(gnutls_x509_crt_sign2(identity->certificate, issuer->certificate,
					       issuer->key, GNUTLS_DIG_SHA256, 0),
			 0);
	assert_int_equal(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM,
						 &identity->certificate_pem),
			 0);
	assert_int_equal(
		gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &identity->key_pem),
		0);
}

void identity__done(struct identity *identity)
{
	gnutls_x509_crt_deinit(identity->certificate);
	gnutls_x509_privkey_deinit(identity->key);
	gnutls_free(identity->certificate_pem.data);
	gnutls_free(identity->key_pem.data);
}

const char *identity__certificate(const struct identity *identity)
{
	return (const char *)identity->certificate_pem.data;
}

const char *identity__key(const struct identity *identity)
{
	return (const char *)identity->key_pem.data;
}
