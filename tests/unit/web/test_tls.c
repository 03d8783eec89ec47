/* SPDX-License-Identifier: Apache-2.0 */
#include "web/tls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/web/fixture.h"
#include "tests/unit/web/pki.h"
#include "tests/unit/web/tls_peer.h"
#include "web/security.h"

static struct {
	struct identity ca, other_ca, server, rsa_server, client, stranger, expired, wrong_purpose;
} pki;

static int make_pki(void **state)
{
	(void)state;
	identity__init(&pki.ca, &(struct identity_options){ .kind = IDENTITY_CA, .name = "ca" });
	identity__init(&pki.other_ca,
		       &(struct identity_options){ .kind = IDENTITY_CA, .name = "other" });
	identity__init(&pki.server, &(struct identity_options){ .kind = IDENTITY_SERVER,
								.name = "server",
								.issuer = &pki.ca });
	identity__init(&pki.rsa_server, &(struct identity_options){ .kind = IDENTITY_SERVER,
								    .name = "rsa",
								    .issuer = &pki.ca,
								    .is_rsa = true });
	identity__init(&pki.client, &(struct identity_options){ .kind = IDENTITY_CLIENT,
								.name = "client",
								.issuer = &pki.ca,
								.dns = "a.example",
								.email = "a@example",
								.uri = "spiffe://example/a",
								.address = "\x7f\0\0\x01",
								.address_len = 4 });
	identity__init(&pki.stranger, &(struct identity_options){ .kind = IDENTITY_CLIENT,
								  .name = "stranger",
								  .issuer = &pki.other_ca });
	identity__init(&pki.expired, &(struct identity_options){ .kind = IDENTITY_CLIENT,
								 .name = "late",
								 .issuer = &pki.ca,
								 .is_expired = true });
	identity__init(&pki.wrong_purpose, &(struct identity_options){ .kind = IDENTITY_SERVER,
								       .name = "no client",
								       .issuer = &pki.ca });
	return 0;
}

static int drop_pki(void **state)
{
	(void)state;
	identity__done(&pki.ca);
	identity__done(&pki.other_ca);
	identity__done(&pki.server);
	identity__done(&pki.rsa_server);
	identity__done(&pki.client);
	identity__done(&pki.stranger);
	identity__done(&pki.expired);
	identity__done(&pki.wrong_purpose);
	return 0;
}

static struct tls_options options_of(const struct identity *server)
{
	return (struct tls_options){
		.certificate = { .text = identity__certificate(server) },
		.key = { .text = identity__key(server) },
		.prefers_own_order = true,
	};
}

static void restart(struct fixture *fixture, const struct tls_options *tls)
{
	const struct web_security security = { .tls = tls };
	const struct web_options options = { .security = &security };

	fixture__restart(fixture, &options);
	assert_true(web_server__has_tls(fixture->server));
}

/* Whether somebody with this certificate and these wishes is answered. */
static bool is_served(struct fixture *fixture, const struct identity *identity,
		      const char *priority)
{
	const struct tls_peer_options options = { .ca = &pki.ca,
						  .identity = identity,
						  .priority = priority };
	struct client client;
	struct tls_peer peer;

	fixture__open_client(fixture, &client);

	bool is_good = tls_peer__open(&peer, &client, &options) &&
		       tls_peer__exchange(&peer, GET_AND_CLOSE("/hello"));

	if (is_good) {
		assert_true(peer.is_trusting);
		client__expect(&client, "GET /hello, hello nobody, -\n");
	}
	tls_peer__done(&peer);
	fixture__wait_until_closed(fixture);
	return is_good;
}

/* ---- serving ----------------------------------------------------------------------------------------- */

static void test_tls__serves(void **state)
{
	const struct identity *servers[] = { &pki.server, &pki.rsa_server };

	for (size_t i = 0; i < array_size(servers); i++) {
		const struct tls_options tls = options_of(servers[i]);

		restart(*state, &tls);
		assert_true(is_served(*state, NULL, NULL));
		assert_true(is_served(*state, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
		assert_false(is_served(*state, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1"));
	}
}

static void test_tls__sends_large_replies(void **state)
{
	const struct tls_options tls = options_of(&pki.server);
	const struct tls_peer_options options = { .ca = &pki.ca };
	struct client client;
	struct tls_peer peer;
	size_t len;

	restart(*state, &tls);
	fixture__open_client(*state, &client);
	assert_true(tls_peer__open(&peer, &client, &options));
	assert_true(tls_peer__exchange(&peer, GET_AND_CLOSE("/big")));
	(void)client__body(&client, &len);
	assert_int_equal(len, BIG_BYTES);
	tls_peer__done(&peer);
}

static void test_tls__versions_are_bounded(void **state)
{
	struct tls_options tls = options_of(&pki.server);

	tls.min_version.text = "TLS13";
	restart(*state, &tls);
	assert_true(is_served(*state, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.3"));
	assert_false(is_served(*state, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));

	tls.min_version.text = "TLS10";
	tls.max_version.text = "TLS11";
	restart(*state, &tls);
	assert_false(is_served(*state, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
	assert_true(is_served(*state, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1"));
}

static void test_tls__cipher_suites_are_bounded(void **state)
{
	static const struct tls_text suites[] = {
		{ .text = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" }
	};
	static const struct tls_text curves[] = { { .text = "CurveP384" } };
	struct tls_options tls = options_of(&pki.server);

	tls.cipher_suites = (struct tls_list){ suites, 1 };
	tls.curves = (struct tls_list){ curves, 1 };
	restart(*state, &tls);
	assert_true(is_served(*state, NULL, "NORMAL:-CIPHER-ALL:+AES-256-GCM"));
	assert_false(is_served(*state, NULL, "NORMAL:-CIPHER-ALL:+AES-128-GCM"));
	assert_false(is_served(*state, NULL, "NORMAL:-GROUP-ALL:+GROUP-X25519"));
}

/* What holds for connections to come is changed while the server runs; those that are there keep what they have. */
static void test_tls__is_exchanged(void **state)
{
	struct fixture *fixture = *state;
	struct tls_options tls = options_of(&pki.stranger);
	const struct web_security security = { .tls = &tls };
	const struct tls_peer_options trusting = { .ca = &pki.ca };
	struct client client;
	struct tls_peer peer;

	restart(fixture, &tls);
	fixture__open_client(fixture, &client);
	assert_true(tls_peer__open(&peer, &client, &trusting));
	assert_false(peer.is_trusting);
	tls = options_of(&pki.server);
	assert_int_equal(web_server__secure(fixture->server, &security, NULL), 0);
	assert_true(tls_peer__exchange(&peer, GET_AND_CLOSE("/hello")));
	tls_peer__done(&peer);
	assert_true(is_served(fixture, NULL, NULL));
}

static void test_tls__is_neither_begun_nor_given_up(void **state)
{
	struct fixture *fixture = *state;
	const struct tls_options tls = options_of(&pki.server);
	const struct web_security open = { 0 }, closed = { .tls = &tls };
	const struct web_options options = { .security = &open };
	struct err err = ERR_INIT;

	assert_int_equal(web_server__secure(fixture->server, &closed, NULL), -EINVAL);
	fixture__restart(fixture, &options);
	assert_int_equal(web_server__secure(fixture->server, &closed, &err), -EINVAL);
	assert_non_null(strstr(err.text, "TLS cannot be turned on or off while the server runs"));
	err__done(&err);
	fixture__assert_serves(fixture);
	restart(fixture, &tls);
	assert_int_equal(web_server__secure(fixture->server, &open, NULL), -EINVAL);
	assert_true(is_served(fixture, NULL, NULL));
}

/* ---- who may connect --------------------------------------------------------------------------------- */

static void test_client_auth__as_go_knows_it(void **state)
{
	enum { NOBODY, CLIENT, STRANGER, EXPIRED, WRONG_PURPOSE, KINDS };
	const struct identity *const identities[KINDS] = {
		[CLIENT] = &pki.client,
		[STRANGER] = &pki.stranger,
		[EXPIRED] = &pki.expired,
		[WRONG_PURPOSE] = &pki.wrong_purpose,
	};
	static const struct {
		const char *name;
		bool is_served[KINDS];
	} rows[] = {
		{ "", { true, true, true, true, true } },
		{ "NoClientCert", { true, true, true, true, true } },
		{ "RequestClientCert", { true, true, true, true, true } },
		{ "RequireAnyClientCert", { false, true, true, true, true } },
		{ "VerifyClientCertIfGiven", { true, true, false, false, false } },
		{ "RequireAndVerifyClientCert", { false, true, false, false, false } },
	};
	static const char *const priorities[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2",
						  "NORMAL:-VERS-ALL:+VERS-TLS1.3" };

	for (size_t i = 0; i < array_size(rows) * array_size(priorities); i++) {
		const char *priority = priorities[i / array_size(rows)];
		size_t row = i % array_size(rows);
		struct tls_options tls = options_of(&pki.server);

		tls.client_auth.text = rows[row].name;
		if (row > 1)
			tls.client_ca.text = identity__certificate(&pki.ca);
		restart(*state, &tls);
		for (size_t kind = 0; kind < KINDS; kind++)
			if (is_served(*state, identities[kind], priority) !=
			    rows[row].is_served[kind])
				fail_msg("%s, client %zu, %s", rows[row].name, kind, priority);
	}
}

static void test_client_names__are_asked_for(void **state)
{
	static const struct {
		const char *name;
		bool is_served;
	} rows[] = {
		{ "a.example", true },      { "a@example", true },   { "spiffe://example/a", true },
		{ "127.0.0.1", true },      { "client", false },     { "b.example", false },
		{ "A.example", false },     { "a.exampl", false },   { "", false },
		{ "sub.a.example", false }, { "127.0.0.10", false },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		const struct tls_text names[] = { { .text = "nobody" }, { .text = rows[i].name } };
		struct tls_options tls = options_of(&pki.server);

		tls.client_auth.text = "RequireAndVerifyClientCert";
		tls.client_ca.text = identity__certificate(&pki.ca);
		tls.allowed_names = (struct tls_list){ names, 2 };
		restart(*state, &tls);
		if (is_served(*state, &pki.client, NULL) != rows[i].is_served)
			fail_msg("name '%s'", rows[i].name);
	}
}

/* ---- who does not play along --------------------------------------------------------------------------- */

static void test_tls__handshake_that_never_ends_is_cut(void **state)
{
	struct fixture *fixture = *state;
	const struct tls_options tls = options_of(&pki.server);
	const struct web_security security = { .tls = &tls };
	const struct web_options options = { .security = &security,
					     .request_timeout_ns = 100 * NS_PER_MS };
	struct client silent, half;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &silent);
	fixture__open_client(fixture, &half);
	client__send(&half, "\x16\x03\x01\x02\x00\x01\x00", 7);
	client__expect_close(&silent);
	client__expect_close(&half);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 2);
	assert_int_equal(web_server__figures(fixture->server).unfinished_tls, 2);
	client__done(&silent);
	client__done(&half);
}

/* However many of them there are, whoever does play along is served meanwhile. */
static void test_tls__half_handshakes_keep_nobody_waiting(void **state)
{
	struct fixture *fixture = *state;
	const struct tls_options tls = options_of(&pki.server);
	const struct web_security security = { .tls = &tls };
	const struct web_options options = { .security = &security,
					     .request_timeout_ns = 3 * NS_PER_S };
	const struct tls_peer_options trusting = { .ca = &pki.ca };
	struct client halves[100], client;
	struct tls_peer peer;

	fixture__restart(fixture, &options);
	for (size_t i = 0; i < array_size(halves); i++) {
		fixture__open_client(fixture, &halves[i]);
		client__send(&halves[i], "\x16\x03\x01\x02\x00\x01\x00", 7);
	}
	fixture__open_client(fixture, &client);
	assert_true(tls_peer__open(&peer, &client, &trusting));
	assert_true(tls_peer__exchange(&peer, GET_AND_CLOSE("/hello")));
	tls_peer__done(&peer);
	for (size_t i = 0; i < array_size(halves); i++) {
		client__expect_close(&halves[i]);
		client__done(&halves[i]);
	}
	assert_int_equal(web_server__figures(fixture->server).timed_out, array_size(halves));
	assert_int_equal(web_server__figures(fixture->server).refused, 0);
}

static void test_tls__plain_text_and_garbage_are_closed(void **state)
{
	struct fixture *fixture = *state;
	const struct tls_options tls = options_of(&pki.server);
	char garbage[4096];

	restart(fixture, &tls);
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (char)(i * 7 + i / 256);
	for (int i = 0; i < 4; i++) {
		struct client client;

		fixture__open_client(fixture, &client);
		if (i == 0)
			client__say(&client, GET("/hello"));
		else
			client__send(&client, garbage + i, sizeof(garbage) - 4);
		client__expect_close(&client);
		client__done(&client);
	}
	assert_int_equal(fixture->runs, 0);
	assert_true(is_served(fixture, NULL, NULL));
}

/* ---- options that cannot be ---------------------------------------------------------------------------- */

static void test_new__tells_what_is_wrong(void **state)
{
	static const struct tls_text no_suite[] = { { .text = "TLS_RSA_WITH_RC4_128_SHA" } };
	static const struct tls_text rsa_suite[] = {
		{ .text = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" }
	};
	static const struct tls_text no_curve[] = { { .text = "CurveP224" } };
	static const struct tls_text name[] = { { .text = "a" } };
	struct tls_options rows[14];
	static const char *const errors[] = {
		"TLS needs a certificate; write cert_file or cert",
		"TLS needs the key of the certificate; write key_file or key",
		"the certificate or its key cannot be used: ",
		"the certificate or its key cannot be used: ",
		"the key is not that of the certificate",
		"there is no client_auth_type 'Maybe'; write NoClientCert, ",
		"a client CA is of no use while client_auth_type asks for no certificate",
		"client_auth_type RequireAndVerifyClientCert needs client_ca_file or client_ca",
		"client_allowed_sans needs client_auth_type RequireAnyClientCert or ",
		"there is no certificate of a client CA here",
		"there is no TLS version 'SSL30'; write TLS10, TLS11, TLS12 or TLS13",
		"max_version TLS12 is below min_version TLS13",
		"there is no cipher suite 'TLS_RSA_WITH_RC4_128_SHA'; ",
		"there is no curve 'CurveP224'; write CurveP256, ",
	};
	struct err err = ERR_INIT;
	struct tls *tls = NULL;

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		rows[i] = options_of(&pki.server);
	rows[0].certificate.text = NULL;
	rows[1].key.text = "";
	rows[2].certificate.text = "no PEM";
	rows[3].key.text = "no PEM";
	rows[4].key.text = identity__key(&pki.client);
	rows[5].client_auth.text = "Maybe";
	rows[6].client_ca.text = identity__certificate(&pki.ca);
	rows[7].client_auth.text = "RequireAndVerifyClientCert";
	rows[8].client_auth.text = "RequestClientCert";
	rows[8].allowed_names = (struct tls_list){ name, 1 };
	rows[9].client_auth.text = "RequestClientCert";
	rows[9].client_ca.text = "no PEM";
	rows[10].min_version.text = "SSL30";
	rows[11].min_version.text = "TLS13";
	rows[11].max_version.text = "TLS12";
	rows[12].cipher_suites = (struct tls_list){ no_suite, 1 };
	rows[13].curves = (struct tls_list){ no_curve, 1 };
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(tls__new(&rows[i], &tls, &err), -EINVAL);
		assert_null(tls);
		if (strncmp(err.text, errors[i], strlen(errors[i])) != 0)
			fail_msg("'%s' is not '%s'", err.text, errors[i]);
		err__done(&err);
	}
	rows[0] = options_of(&pki.server);
	rows[0].cipher_suites = (struct tls_list){ rsa_suite, 1 };
	assert_int_equal(tls__new(&rows[0], &tls, &err), -EINVAL);
	assert_non_null(strstr(err.text, "none of these cipher suites goes with the key"));
	err__done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(test_tls__serves),
		server_test(test_tls__sends_large_replies),
		server_test(test_tls__versions_are_bounded),
		server_test(test_tls__cipher_suites_are_bounded),
		server_test(test_tls__is_exchanged),
		server_test(test_tls__is_neither_begun_nor_given_up),
		server_test(test_client_auth__as_go_knows_it),
		server_test(test_client_names__are_asked_for),
		server_test(test_tls__handshake_that_never_ends_is_cut),
		server_test(test_tls__half_handshakes_keep_nobody_waiting),
		server_test(test_tls__plain_text_and_garbage_are_closed),
		cmocka_unit_test(test_new__tells_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, make_pki, drop_pki);
}
