/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/web_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/mem.h"
#include "tests/unit/web/pki.h"
#include "tests/unit/web/tls_peer.h"
#include "web/server.h"

#define REQUEST "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define TLS_FILE "tls_server_config:\n  cert_file: server.crt\n  key_file: keys/server.key\n"
/* hunter2, cost 4 */
#define HASH "$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm"

static struct identity ca, first, second;

struct fixture {
	char dir[64];
	char path[80];
	struct loop *loop;
	struct web_config *config;
	struct web_server *server;
};

static int make_pki(void **state)
{
	(void)state;
	identity__init(&ca, &(struct identity_options){ .kind = IDENTITY_CA, .name = "ca" });
	identity__init(&first, &(struct identity_options){
				       .kind = IDENTITY_SERVER, .name = "first", .issuer = &ca });
	identity__init(&second, &(struct identity_options){
					.kind = IDENTITY_SERVER, .name = "second", .issuer = &ca });
	return 0;
}

static int drop_pki(void **state)
{
	(void)state;
	identity__done(&ca);
	identity__done(&first);
	identity__done(&second);
	return 0;
}

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);
	char keys[80];

	(void)snprintf(fixture->dir, sizeof(fixture->dir), "web_config.XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/web.yml", fixture->dir);
	(void)snprintf(keys, sizeof(keys), "%s/keys", fixture->dir);
	assert_int_equal(mkdir(keys, 0700), 0);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "web.yml", "server.crt", "keys/server.key",
					     "ca.crt",  "new",        "keys",
					     "." };
	struct fixture *fixture = *state;

	web_server__free(fixture->server);
	web_config__free(fixture->config);
	loop__free(fixture->loop);
	for (size_t i = 0; i < array_size(names); i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/%s", fixture->dir, names[i]);
		(void)(unlink(path) < 0 && rmdir(path));
	}
	(void)rmdir(fixture->dir);
	free(fixture);
	return 0;
}

/* As whoever renews a certificate does: beside it, then in its place. */
static void put(const struct fixture *fixture, const char *name, const char *text)
{
	char path[128], new_path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", fixture->dir, name);
	(void)snprintf(new_path, sizeof(new_path), "%s/new", fixture->dir);
	file = fopen(new_path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(new_path, path), 0);
}

static int run_hello(void *ctx, const struct web_request *request,
		     struct web_response *ret_response, struct err *err)
{
	struct strbuf text = STRBUF_INIT;

	(void)ctx;
	(void)request;
	(void)err;
	strbuf__add_text(&text, "hello\n");
	ret_response->body = web_body__new(&text);
	return 0;
}

static int serve(struct fixture *fixture, struct err *err)
{
	const struct web_route route = { "/hello", run_hello, NULL, .allows_gzip = false };
	const struct web_options options = { .routes = &route, .route_count = 1 };
	int r = web_config__new(fixture->path, &fixture->config, err);

	assert_int_equal(r, 0);
	r = web_config__serve(fixture->config, fixture->loop, &options, &fixture->server, err);
	if (r == 0)
		r = web_server__listen(fixture->server, "127.0.0.1:0", err);
	return r;
}

static bool is_answered(struct fixture *fixture, const char *request, const char *answer)
{
	struct client client;

	client__open(&client, fixture->loop, web_server__port(fixture->server));
	client__say(&client, request);
	client__expect_close(&client);

	bool is_there = strstr(strbuf__text(&client.received), answer) != NULL;

	client__done(&client);
	return is_there;
}

/* Whether the handshake ends with that certificate shown, and the request is answered. */
static bool is_answered_by(struct fixture *fixture, const struct identity *server)
{
	const struct tls_peer_options options = { .ca = &ca };
	struct client client;
	struct tls_peer peer;
	unsigned char raw[4096];
	size_t len = sizeof(raw);
	unsigned int count;

	client__open(&client, fixture->loop, web_server__port(fixture->server));
	assert_true(tls_peer__open(&peer, &client, &options));
	assert_int_equal(
		gnutls_x509_crt_export(server->certificate, GNUTLS_X509_FMT_DER, raw, &len), 0);

	const gnutls_datum_t *shown = gnutls_certificate_get_peers(peer.session, &count);
	bool is_same = shown->size == len && memcmp(shown->data, raw, len) == 0;

	assert_true(tls_peer__exchange(&peer, REQUEST));
	client__expect(&client, "hello\n");
	tls_peer__done(&peer);
	return is_same;
}

/* The files are looked at once a second. */
#define wait_until(condition)                                                                      \
	do {                                                                                       \
		for (int wait_i = 0; wait_i < 600 && !(condition); wait_i++)                       \
			loop__run_once(fixture->loop, 50);                                         \
		assert_true(condition);                                                            \
	} while (0)

static struct web_figures figures_of(const struct fixture *fixture)
{
	return web_server__figures(fixture->server);
}

/* ---- reading again ----------------------------------------------------------------------------------- */

static void test_users__come_and_go(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "web.yml", "basic_auth_users: {bob: " HASH "}\n");
	assert_int_equal(serve(fixture, NULL), 0);
	assert_false(web_server__has_tls(fixture->server));
	assert_true(is_answered(fixture, REQUEST, "401 Unauthorized"));
	put(fixture, "web.yml", "http_server_config: {headers: {X-Frame-Options: deny}}\n");
	wait_until(is_answered(fixture, REQUEST, "200 OK"));
	assert_true(is_answered(fixture, REQUEST, "X-Frame-Options: deny\r\n"));
	assert_int_equal(figures_of(fixture).security_taken, 1);
	/* What cannot be taken leaves what was there. */
	put(fixture, "web.yml", "basic_auth_user: {}\n");
	wait_until((is_answered(fixture, REQUEST, "200 OK"),
		    !figures_of(fixture).is_security_current));
	assert_true(is_answered(fixture, REQUEST, "X-Frame-Options: deny\r\n"));
	assert_true(figures_of(fixture).security_refused > 0);
	put(fixture, "web.yml", "basic_auth_users: {bob: " HASH "}\n");
	wait_until(is_answered(fixture, REQUEST, "401 Unauthorized"));
	assert_true(figures_of(fixture).is_security_current);
	assert_int_equal(figures_of(fixture).security_taken, 2);
}

/* The certificate comes before its key: until then the old pair serves. */
static void test_certificate__is_renewed(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "web.yml", TLS_FILE);
	put(fixture, "server.crt", identity__certificate(&first));
	put(fixture, "keys/server.key", identity__key(&first));
	assert_int_equal(serve(fixture, NULL), 0);
	assert_true(web_server__has_tls(fixture->server));
	assert_true(is_answered_by(fixture, &first));
	put(fixture, "server.crt", identity__certificate(&second));
	wait_until((is_answered_by(fixture, &first), !figures_of(fixture).is_security_current));
	put(fixture, "keys/server.key", identity__key(&second));
	wait_until(is_answered_by(fixture, &second));
	assert_true(figures_of(fixture).is_security_current);
}

static void test_tls__cannot_be_given_up(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "web.yml", TLS_FILE);
	put(fixture, "server.crt", identity__certificate(&first));
	put(fixture, "keys/server.key", identity__key(&first));
	assert_int_equal(serve(fixture, NULL), 0);
	put(fixture, "web.yml", "");
	wait_until((is_answered_by(fixture, &first), !figures_of(fixture).is_security_current));
	assert_true(is_answered_by(fixture, &first));
}

/* ---- what is wrong at the start ---------------------------------------------------------------------- */

static void expect_error(struct fixture *fixture, const char *text, const char *error)
{
	struct err err = ERR_INIT;
	char words[512], wanted[512];

	put(fixture, "web.yml", text);
	assert_true(web_config_check(fixture->path, &err) < 0);
	(void)err__format(&err, words, sizeof(words));
	err__done(&err);
	(void)snprintf(wanted, sizeof(wanted), "%s/%s", fixture->dir, error);
	if (strncmp(words, wanted, strlen(wanted)) != 0)
		fail_msg("'%s' is not '%s'", words, wanted);
	assert_true(serve(fixture, NULL) < 0);
	assert_null(fixture->server);
	fixture->config = web_config__free(fixture->config);
}

static void test_check__tells_file_line_and_column(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "server.crt", identity__certificate(&first));
	expect_error(fixture, "tls_server_config: {}\nusers: {}\n",
		     "web.yml:2:1: a web config has no key 'users'");
	expect_error(fixture, TLS_FILE,
		     "keys/server.key: cannot be read: No such file or directory");
	put(fixture, "keys/server.key", identity__key(&second));
	expect_error(fixture, TLS_FILE, "keys/server.key: the key is not that of the certificate");
	put(fixture, "keys/server.key", "no PEM");
	expect_error(fixture, TLS_FILE, "server.crt: the certificate or its key cannot be used: ");
	put(fixture, "keys/server.key", identity__key(&first));
	expect_error(fixture, TLS_FILE "  min_version: TLS9\n",
		     "web.yml:4:16: there is no TLS version 'TLS9'; ");
	expect_error(fixture, TLS_FILE "  cipher_suites: [A]\n",
		     "web.yml:4:19: there is no cipher suite 'A'; ");
	expect_error(fixture, "tls_server_config:\n  client_auth_type: NoClientCert\n",
		     "web.yml:2:3: TLS needs a certificate; write cert_file or cert");
	expect_error(fixture,
		     TLS_FILE "  client_auth_type: RequestClientCert\n  client_ca_file: ca.crt\n",
		     "ca.crt: cannot be read: No such file or directory");
	put(fixture, "ca.crt", "nothing");
	expect_error(fixture,
		     TLS_FILE "  client_auth_type: RequestClientCert\n  client_ca_file: ca.crt\n",
		     "ca.crt: there is no certificate of a client CA here");
	put(fixture, "web.yml", TLS_FILE);
	assert_int_equal(web_config_check(fixture->path, NULL), 0);
}

static void test_check__of_a_file_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	assert_int_equal(web_config_check(fixture->path, &err), -ENOENT);
	assert_string_equal(err.text, "cannot be read: No such file or directory");
	assert_string_equal(err.at.file, fixture->path);
	err__done(&err);
	assert_int_equal(web_config_check(fixture->dir, NULL), -EISDIR);
	assert_true(web_config_check("/dev/zero", NULL) < 0);
}

#define config_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_users__come_and_go),
		config_test(test_certificate__is_renewed),
		config_test(test_tls__cannot_be_given_up),
		config_test(test_check__tells_file_line_and_column),
		config_test(test_check__of_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, make_pki, drop_pki);
}
