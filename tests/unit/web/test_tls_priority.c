/* SPDX-License-Identifier: Apache-2.0 */
#include "web/tls_priority.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define BASE "NORMAL:-VERS-ALL:-CIPHER-ALL:-MAC-ALL:-KX-ALL:-GROUP-ALL"
#define CURVES ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1"

static void test_format__says_what_was_asked_for(void **state)
{
	static const struct {
		const char *min, *max;
		const char *suites[4], *curves[2];
		bool has_rsa_key, prefers_own_order;
		const char *priority;
	} rows[] = {
		{ .has_rsa_key = true,
		  .prefers_own_order = true,
		  .priority = BASE
		  ":+VERS-TLS1.2:+VERS-TLS1.3:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-CBC"
		  ":+AES-256-CBC:+AEAD:+SHA1:+ECDHE-RSA" CURVES ":%SERVER_PRECEDENCE" },
		{ .min = "TLS10",
		  .max = "TLS12",
		  .suites = { "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
			      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
			      "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
		  .curves = { "X25519", "CurveP521" },
		  .priority = BASE ":+VERS-TLS1.0:+VERS-TLS1.1:+VERS-TLS1.2:+CHACHA20-POLY1305"
				   ":+AES-256-CBC:+AEAD:+SHA1:+ECDHE-ECDSA"
				   ":+GROUP-X25519:+GROUP-SECP521R1" },
		/* The names of TLS 1.3 would bring AES-128-GCM to TLS 1.2 as well. */
		{ .suites = { "TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
		  .priority = BASE
		  ":+VERS-TLS1.2:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+ECDHE-ECDSA" CURVES },
		/* Alone, they say that nothing older is wanted. */
		{ .suites = { "TLS_AES_128_GCM_SHA256" },
		  .priority = BASE ":+VERS-TLS1.3:+AES-128-GCM:+AEAD:+ECDHE-ECDSA" CURVES },
		/* CBC is not for TLS 1.3. */
		{ .suites = { "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
		  .has_rsa_key = true,
		  .priority = BASE ":+VERS-TLS1.2:+AES-128-CBC:+SHA1:+ECDHE-RSA" CURVES },
		{ .max = "TLS12", .suites = { "TLS_AES_128_GCM_SHA256" }, .priority = NULL },
		{ .min = "TLS13",
		  .suites = { "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
		  .priority = NULL },
		{ .suites = { "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" }, .priority = NULL },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct tls_text suites[4], curves[2];
		struct tls_options options = {
			.min_version.text = rows[i].min,
			.max_version.text = rows[i].max,
			.cipher_suites.items = suites,
			.curves.items = curves,
			.prefers_own_order = rows[i].prefers_own_order,
		};
		struct strbuf text = STRBUF_INIT;

		for (size_t j = 0; j < 4 && rows[i].suites[j]; j++)
			suites[options.cipher_suites.count++] =
				(struct tls_text){ .text = rows[i].suites[j] };
		for (size_t j = 0; j < 2 && rows[i].curves[j]; j++)
			curves[options.curves.count++] =
				(struct tls_text){ .text = rows[i].curves[j] };
		assert_int_equal(tls_format_priority(&options, rows[i].has_rsa_key, &text, NULL),
				 rows[i].priority ? 0 : -EINVAL);
		if (rows[i].priority) {
			gnutls_priority_t priority;

			assert_string_equal(strbuf__text(&text), rows[i].priority);
			assert_int_equal(gnutls_priority_init(&priority, strbuf__text(&text), NULL),
					 0);
			gnutls_priority_deinit(priority);
		}
		strbuf__done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format__says_what_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
