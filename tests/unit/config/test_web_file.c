/* SPDX-License-Identifier: Apache-2.0 */
#include "config/web_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define HASH "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"

struct fixture {
	struct arena arena;
	struct err_list errors;
	struct web_file file;
};

static int set_up(void **state)
{
	*state = new_zero(struct fixture);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena__done(&fixture->arena);
	err_list__done(&fixture->errors);
	free(fixture);
	return 0;
}

static int parse(struct fixture *fixture, const char *text)
{
	return web_file_parse(text, strlen(text), "web.yml", &fixture->arena, &fixture->file,
			      &fixture->errors);
}

static const struct web_file *parse_good(struct fixture *fixture, const char *text)
{
	char words[512] = "";
	int r = parse(fixture, text);

	if (r < 0)
		(void)err__format(&fixture->errors.items[0], words, sizeof(words));
	if (r < 0)
		fail_msg("%s", words);
	return &fixture->file;
}

static void test_parse__everything(void **state)
{
	const struct web_file *file = parse_good(
		*state, "tls_server_config:\n"
			"  cert_file: server.crt\n"
			"  key: |\n    -----BEGIN\n    secret\n"
			"  client_auth_type: RequireAndVerifyClientCert\n"
			"  client_ca_file: /etc/ca.crt\n"
			"  client_allowed_sans: [a.example, 127.0.0.1]\n"
			"  min_version: TLS12\n"
			"  max_version: TLS13\n"
			"  cipher_suites:\n  - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n"
			"  prefer_server_cipher_suites: false\n"
			"  curve_preferences: [X25519]\n"
			"http_server_config:\n"
			"  http2: true\n"
			"  headers:\n"
			"    Content-Security-Policy: default-src 'self'\n"
			"    X-Frame-Options: deny\n"
			"    X-XSS-Protection: ''\n"
			"basic_auth_users:\n"
			"  alice: " HASH "\n"
			"  bob: $2b$04$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n"
			"rate_limit:\n  interval: 1s\n  burst: 20\n");
	const struct spec_text *sans = file->tls.client_allowed_sans.items;

	assert_string_equal(file->tls.cert_file.text, "server.crt");
	assert_string_equal(file->tls.key.text, "-----BEGIN\nsecret\n");
	assert_string_equal(file->tls.client_auth_type.text, "RequireAndVerifyClientCert");
	assert_int_equal(file->tls.client_auth_type.at.line, 6);
	assert_int_equal(file->tls.client_allowed_sans.count, 2);
	assert_string_equal(sans[1].text, "127.0.0.1");
	assert_false(file->tls.prefer_server_cipher_suites);
	assert_int_equal(file->header_count, 2); /* an empty one is not sent */
	assert_string_equal(file->headers[1].name, "X-Frame-Options");
	assert_string_equal(file->headers[1].value, "deny");
	assert_int_equal(file->user_count, 2);
	assert_string_equal(file->users[0].name, "alice");
	assert_string_equal(file->users[0].hash, HASH);
	assert_int_equal(file->users[0].cost, 10);
	assert_int_equal(file->users[1].cost, 4);
	assert_int_equal(file->rate.interval, NS_PER_S);
	assert_int_equal(file->rate.burst, 20);
	assert_true(web_file__has_tls(file));
}

static void test_parse__nothing(void **state)
{
	static const char *const texts[] = { "",
					     "# nothing\n",
					     "---\n",
					     "{}\n",
					     "~\n",
					     "basic_auth_users:\nhttp_server_config:\n",
					     "tls_server_config: {cert: ''}\n" };

	for (size_t i = 0; i < array_size(texts); i++) {
		const struct web_file *file = parse_good(*state, texts[i]);

		assert_int_equal(file->user_count, 0);
		assert_int_equal(file->header_count, 0);
		assert_int_equal(file->rate.interval, 0);
		assert_true(file->tls.prefer_server_cipher_suites);
		assert_false(web_file__has_tls(file));
	}
}

static void test_parse__tells_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "a: [", "web.yml:2:1: " },
		{ "[]", "web.yml:1:1: " },
		{ "tls: {}\n", "web.yml:1:1: a web config has no key 'tls'" },
		{ "tls_server_config:\n  cert_fil: x\n",
		  "web.yml:2:3: a tls_server_config has no key 'cert_fil'" },
		{ "rate_limit: {}\nrate_limit: {}\n",
		  "web.yml:2:1: key 'rate_limit' stands twice" },
		{ "http_server_config: {http2: 3}\n", "web.yml:1:29: " },
		{ "http_server_config: {headers: [a]}\n", "web.yml:1:31: headers: this is no map" },
		{ "http_server_config:\n  headers:\n    Server: x\n",
		  "web.yml:3:5: headers: this one cannot be set; there are Content-Security-Policy, " },
		{ "http_server_config:\n  headers:\n    X-Frame-Options: allow\n",
		  "web.yml:3:22: headers: X-Frame-Options is 'deny' or 'sameorigin'" },
		{ "http_server_config:\n  headers:\n    X-Content-Type-Options: ''\n",
		  "web.yml:3:29: headers: X-Content-Type-Options is 'nosniff'" },
		{ "http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\r\\nSet-Cookie: a\"\n",
		  "web.yml:3:23: headers: a value is one line of printable text" },
		{ "basic_auth_users: {a: [b]}\n",
		  "web.yml:1:20: basic_auth_users: write text: text" },
		{ "basic_auth_users: {'': " HASH "}\n",
		  "web.yml:1:20: basic_auth_users: a user's name has 1 to 255 bytes and no colon" },
		{ "basic_auth_users: {'a:b': " HASH "}\n",
		  "web.yml:1:20: basic_auth_users: a user's" },
		{ "basic_auth_users: {a: hunter2}\n",
		  "web.yml:1:23: basic_auth_users: this is no bcrypt hash; write what " },
		{ "basic_auth_users: {a: $2x$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}\n",
		  "web.yml:1:23: basic_auth_users: this is no bcrypt hash" },
		{ "basic_auth_users: {a: $2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}\n",
		  "web.yml:1:23: basic_auth_users: the hash has cost 31; 4 to 18 are taken, 10 is usual" },
		{ "basic_auth_users: {a: " HASH ", a: " HASH "}\n",
		  "web.yml:1:85: basic_auth_users: this key stands twice; keep one" },
		{ "rate_limit: {interval: 1s}\n", "web.yml:1:13: rate_limit: burst is 0" },
		{ "rate_limit: {interval: -1s, burst: 1}\n",
		  "web.yml:1:13: rate_limit: interval is" },
		{ "rate_limit: {interval: soon}\n", "web.yml:1:24: " },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_size(rows); i++) {
		char text[512];

		err_list__done(&fixture->errors);
		fixture->errors = (struct err_list){ 0 };
		assert_true(parse(fixture, rows[i].text) < 0);
		assert_int_equal(fixture->errors.len, 1);
		(void)err__format(&fixture->errors.items[0], text, sizeof(text));
		if (!str_starts(text, rows[i].error))
			fail_msg("'%s' is not '%s'", text, rows[i].error);
		/* What looks like a password, or its hash, is never repeated. */
		assert_null(strstr(text, "hunter2"));
		assert_null(strstr(text, "X0h1gDsPsz"));
	}
}

static void test_parse__tells_of_all_errors(void **state)
{
	struct fixture *fixture = *state;

	assert_true(parse(fixture, "basic_auth_users: {a: b, c: d}\n"
				   "http_server_config: {headers: {A: b}}\n") < 0);
	assert_int_equal(fixture->errors.len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse__everything, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parse__nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parse__tells_what_is_wrong_and_where, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_parse__tells_of_all_errors, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
