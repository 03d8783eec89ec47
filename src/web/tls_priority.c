/* SPDX-License-Identifier: Apache-2.0 */
#include "web/tls_priority.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define TLS12 2
#define TLS13 3

static const struct {
	const char *name, *priority;
} versions[] = {
	{ "TLS10", "VERS-TLS1.0" },
	{ "TLS11", "VERS-TLS1.1" },
	[TLS12] = { "TLS12", "VERS-TLS1.2" },
	[TLS13] = { "TLS13", "VERS-TLS1.3" },
};

static const struct {
	const char *name, *priority;
} curves[] = {
	{ "CurveP256", "GROUP-SECP256R1" },
	{ "CurveP384", "GROUP-SECP384R1" },
	{ "CurveP521", "GROUP-SECP521R1" },
	{ "X25519", "GROUP-X25519" },
};

enum suite_key {
	SUITE_KEY_ANY,
	SUITE_KEY_RSA,
	SUITE_KEY_ECDSA
}; /* ANY: TLS 1.3, where the key is no part of it */

/* Go's CipherSuites(), in its order of preference where there is no hardware to ask. */
static const struct suite {
	const char *name;
	enum suite_key key;
	const char *cipher;
	bool is_aead;
} suites[] = {
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", SUITE_KEY_ECDSA, "AES-128-GCM", true },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", SUITE_KEY_RSA, "AES-128-GCM", true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", SUITE_KEY_ECDSA, "AES-256-GCM", true },
	{ "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", SUITE_KEY_RSA, "AES-256-GCM", true },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", SUITE_KEY_ECDSA, "CHACHA20-POLY1305",
	  true },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", SUITE_KEY_RSA, "CHACHA20-POLY1305", true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", SUITE_KEY_ECDSA, "AES-128-CBC", false },
	{ "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", SUITE_KEY_RSA, "AES-128-CBC", false },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", SUITE_KEY_ECDSA, "AES-256-CBC", false },
	{ "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", SUITE_KEY_RSA, "AES-256-CBC", false },
	{ "TLS_AES_128_GCM_SHA256", SUITE_KEY_ANY, "AES-128-GCM", true },
	{ "TLS_AES_256_GCM_SHA384", SUITE_KEY_ANY, "AES-256-GCM", true },
	{ "TLS_CHACHA20_POLY1305_SHA256", SUITE_KEY_ANY, "CHACHA20-POLY1305", true },
};

struct version_range {
	size_t min, max;
};

static int find_version(const struct tls_text *said, size_t otherwise, size_t *ret_index,
			struct err *err)
{
	*ret_index = otherwise;
	if (!said->text || !said->text[0])
		return 0;
	for (size_t i = 0; i < array_size(versions); i++)
		if (str_eq(versions[i].name, said->text)) {
			*ret_index = i;
			return 0;
		}
	return err__set(err, -EINVAL, &said->at,
			"there is no TLS version '%.32s'; write TLS10, TLS11, TLS12 or TLS13",
			said->text);
}

static int find_range(const struct tls_options *options, struct version_range *ret_range,
		      struct err *err)
{
	int r = find_version(&options->min_version, TLS12, &ret_range->min, err);

	if (r == 0)
		r = find_version(&options->max_version, TLS13, &ret_range->max, err);
	if (r == 0 && ret_range->min > ret_range->max)
		return err__set(err, -EINVAL,
				options->max_version.text ? &options->max_version.at
							  : &options->min_version.at,
				"max_version %s is below min_version %s",
				versions[ret_range->max].name, versions[ret_range->min].name);
	return r;
}

static int find_suite(const struct tls_text *said, const struct suite **ret_suite, struct err *err)
{
	for (size_t i = 0; i < array_size(suites); i++)
		if (str_eq(suites[i].name, said->text)) {
			*ret_suite = &suites[i];
			return 0;
		}
	return err__set(err, -EINVAL, &said->at,
			"there is no cipher suite '%.64s'; those of Go's CipherSuites() are, as "
			"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
			said->text);
}

/*
 * GnuTLS has one list of ciphers for all versions, and MACs beside it. Suites up to TLS 1.2 that differ in the key
 * only stand for one cipher here, as a server has one key; CBC goes with SHA1 alone and the others with none. So what
 * comes out for TLS 1.2 is exactly what was said. TLS 1.3 gets the same ciphers, where Go takes all that it has; its
 * own names are heeded where they stand alone, else they would bring TLS 1.2 ciphers that nobody asked for.
 */
struct cipher_choice {
	const struct suite *items[array_size(suites)];
	size_t count;
	bool has_aead, has_cbc;
};

static void choose(struct cipher_choice *choice, const struct suite *suite)
{
	for (size_t i = 0; i < choice->count; i++)
		if (str_eq(choice->items[i]->cipher, suite->cipher))
			return;
	choice->items[choice->count++] = suite;
	choice->has_aead |= suite->is_aead;
	choice->has_cbc |= !suite->is_aead;
}

static int choose_suites(const struct tls_options *options, enum suite_key key,
			 struct cipher_choice *choice, struct err *err)
{
	struct cipher_choice newest = { .count = 0 };
	size_t older = 0;

	for (size_t i = 0; i < options->cipher_suites.count; i++) {
		const struct suite *suite = NULL;
		int r = find_suite(&options->cipher_suites.items[i], &suite, err);

		if (r < 0)
			return r;
		older += suite->key != SUITE_KEY_ANY;
		if (suite->key == key)
			choose(choice, suite);
		else if (suite->key == SUITE_KEY_ANY)
			choose(&newest, suite);
	}
	for (size_t i = 0; i < array_size(suites) && options->cipher_suites.count == 0; i++)
		if (suites[i].key == key)
			choose(choice, &suites[i]);
	if (older == 0 && newest.count > 0)
		*choice = newest;
	return 0;
}

/* Versions for which no cipher is left are not spoken. */
static int narrow(const struct tls_options *options, const struct cipher_choice *choice,
		  struct version_range *range, struct err *err)
{
	bool is_for_newest_only = choice->count > 0 && choice->items[0]->key == SUITE_KEY_ANY;

	if (is_for_newest_only && range->min < TLS13)
		range->min = TLS13;
	if (!choice->has_aead && range->max == TLS13)
		range->max = TLS12;
	if (choice->count > 0 && range->min <= range->max)
		return 0;
	return err__set(
		err, -EINVAL, &options->cipher_suites.items[0].at,
		"none of these cipher suites goes with the key of the certificate and the versions");
}

static int add_curves(const struct tls_options *options, struct strbuf *out, struct err *err)
{
	if (options->curves.count == 0) {
		strbuf__add_text(
			out, ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1");
		return 0;
	}
	for (size_t i = 0; i < options->curves.count; i++) {
		const struct tls_text *said = &options->curves.items[i];
		const char *priority = NULL;

		for (size_t j = 0; j < array_size(curves); j++)
			if (str_eq(curves[j].name, said->text))
				priority = curves[j].priority;
		if (!priority)
			return err__set(err, -EINVAL, &said->at,
					"there is no curve '%.32s'; write CurveP256, CurveP384, "
					"CurveP521 or X25519",
					said->text);
		strbuf__printf(out, ":+%s", priority);
	}
	return 0;
}

int tls_format_priority(const struct tls_options *options, bool has_rsa_key, struct strbuf *out,
			struct err *err)
{
	struct cipher_choice choice = { .count = 0 };
	struct version_range range;
	int r = find_range(options, &range, err);

	if (r == 0)
		r = choose_suites(options, has_rsa_key ? SUITE_KEY_RSA : SUITE_KEY_ECDSA, &choice,
				  err);
	if (r == 0)
		r = narrow(options, &choice, &range, err);
	if (r < 0)
		return r;
	strbuf__add_text(out, "NORMAL:-VERS-ALL:-CIPHER-ALL:-MAC-ALL:-KX-ALL:-GROUP-ALL");
	for (size_t i = range.min; i <= range.max; i++)
		strbuf__printf(out, ":+%s", versions[i].priority);
	for (size_t i = 0; i < choice.count; i++)
		strbuf__printf(out, ":+%s", choice.items[i]->cipher);
	strbuf__printf(out, "%s%s:+%s", choice.has_aead ? ":+AEAD" : "",
		       choice.has_cbc ? ":+SHA1" : "", has_rsa_key ? "ECDHE-RSA" : "ECDHE-ECDSA");
	r = add_curves(options, out, err);
	if (options->prefers_own_order)
		strbuf__add_text(out, ":%SERVER_PRECEDENCE");
	if (r == 0 && strbuf__status(out) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for TLS");
	return r;
}
