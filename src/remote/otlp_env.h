/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_OTLP_ENV_H
#define SRC_REMOTE_OTLP_ENV_H

/*
 * Where spans go and how, as OpenTelemetry's environment variables say it (OTEL_*): read once, checked, with defaults.
 * The settings own an arena with every text in them. pipeline/ reads them; the client in otlp.h is made from them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

enum otlp_exporter {
	OTLP_EXPORTER_OFF,
	OTLP_EXPORTER_HTTP,
	OTLP_EXPORTER_CONSOLE, /* lines on stdout */
};

struct otlp_pair {
	const char *key; /* arena, as all texts here */
	const char *value;
};

struct otlp_settings {
	struct arena arena;
	enum otlp_exporter exporter;
	const char *why_off;    /* OTLP_EXPORTER_OFF: the reason, and what would turn it on */
	bool is_off_on_purpose; /* somebody asked for that: nothing to warn of */

	const char *url; /* where requests are posted */
	bool is_json;    /* otherwise protobuf */
	bool is_gzip;
	const char *certificate, *client_certificate, *client_key; /* paths, or NULL */
	const struct otlp_pair *headers;
	uint32_t header_count;
	int64_t timeout_ns; /* of one request */

	const char *service;              /* of spans that name none */
	const struct otlp_pair *resource; /* sorted by key, without service.name */
	uint32_t resource_count;

	int64_t delay_ns;              /* longest time until a batch is sent */
	int64_t shutdown_ns;           /* longest time for what is left at the end */
	uint32_t queue_max, batch_max; /* spans */
};

/* Value of a variable, or NULL. */
typedef const char *(*otlp_env_fn)(void *ctx, const char *name);

/*
 * 0, also when spans are off. What is malformed and has a default is told in warnings (may be NULL) and ignored, as
 * OpenTelemetry asks; -EINVAL with err: something that cannot be guessed (exporter, protocol, endpoint), and the
 * settings say OFF with that reason. The settings are to be ended with __done() in any case.
 */
int otlp_settings__read(struct otlp_settings *settings, otlp_env_fn get, void *ctx,
			struct err_list *warnings, struct err *err);
void otlp_settings__done(struct otlp_settings *settings);

#endif
