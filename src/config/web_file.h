/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_WEB_FILE_H
#define SRC_CONFIG_WEB_FILE_H

/*
 * The file of --web.config.file, in the format of Prometheus' exporter-toolkit: TLS, users, headers and the rate of
 * requests. A web_file and its texts live in the arena it was parsed into; whoever reads it holds secrets. pipeline/
 * parses it and hands its parts to web/; the words of TLS (versions, cipher suites, curves) are checked there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config/bind.h"

#define WEB_FILE_MAX_BYTES (1u << 20)
#define WEB_FILE_MAX_USERS 256
#define WEB_FILE_MAX_USER_BYTES 255
/* A check of a password takes 2^cost steps: about 0.06 s of one core at 10, 16 s at 18. */
#define WEB_FILE_MIN_COST 4u
#define WEB_FILE_MAX_COST 18u

struct web_file_tls {
	struct loc at; /* line 0: the section is not there */
	/* Each comes from a file or stands in the text; the file wins. Secrets are among them. */
	struct spec_text cert, key, client_ca;
	struct spec_text cert_file, key_file, client_ca_file;
	struct spec_text client_auth_type;
	struct spec_text min_version, max_version;
	struct bind_list client_allowed_sans, cipher_suites, curve_preferences; /* of spec_text */
	bool prefer_server_cipher_suites;
};

struct web_file_header {
	const char *name; /* static, as it is sent */
	const char *value;
};

struct web_file_user {
	const char *name;
	const char *hash; /* bcrypt's, checked for its form */
	uint32_t cost;
};

struct web_file_rate {
	struct loc at;
	int64_t interval; /* nanoseconds; 0: no limit */
	uint32_t burst;   /* 1 or more when there is a limit */
};

struct web_file {
	struct loc at;
	struct web_file_tls tls;
	struct web_file_rate rate;
	const struct web_file_header *headers;
	size_t header_count;
	const struct web_file_user *users;
	size_t user_count;
};

/* Whether it asks for TLS at all. */
bool web_file__has_tls(const struct web_file *file);

/* 0, or the first error's code; all errors are in the list, and none of them quotes a secret. */
int web_file_parse(const char *text, size_t len, const char *origin, struct arena *arena,
		   struct web_file *ret_file, struct err_list *errors);

#endif
