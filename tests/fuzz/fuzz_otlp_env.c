/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OTEL_* variables of any bytes: each line is a letter that names a variable, and its value. Whatever they are,
 * headers end no line, attributes are sorted and named once, and bounds are kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "remote/otlp_env.h"

static const char *const names[] = {
	"OTEL_TRACES_EXPORTER",
	"OTEL_SDK_DISABLED",
	"OTEL_EXPORTER_OTLP_ENDPOINT",
	"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
	"OTEL_EXPORTER_OTLP_PROTOCOL",
	"OTEL_EXPORTER_OTLP_COMPRESSION",
	"OTEL_EXPORTER_OTLP_HEADERS",
	"OTEL_EXPORTER_OTLP_TIMEOUT",
	"OTEL_EXPORTER_OTLP_CERTIFICATE",
	"OTEL_RESOURCE_ATTRIBUTES",
	"OTEL_SERVICE_NAME",
	"OTEL_BSP_SCHEDULE_DELAY",
	"OTEL_BSP_MAX_QUEUE_SIZE",
	"OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
};

struct environment {
	char *values[array_size(names)]; /* NULL: not set */
};

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static const char *get(void *ctx, const char *name)
{
	const struct environment *environment = ctx;

	for (size_t i = 0; i < array_size(names); i++)
		if (str_eq(names[i], name))
			return environment->values[i];
	return NULL;
}

static void check_text(const char *text)
{
	for (; *text; text++)
		require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check(const struct otlp_settings *settings)
{
	require(settings->queue_max >= 1 && settings->queue_max <= 1000000);
	require(settings->batch_max >= 1 && settings->batch_max <= settings->queue_max);
	require(settings->timeout_ns > 0 && settings->timeout_ns <= 3600 * NS_PER_S);
	require(settings->service && settings->service[0]);
	if (settings->exporter == OTLP_EXPORTER_HTTP) {
		require(str_starts(settings->url, "http://") ||
			str_starts(settings->url, "https://"));
		check_text(settings->url);
	}
	require((settings->exporter == OTLP_EXPORTER_OFF) == (settings->why_off != NULL));
	for (uint32_t i = 0; i < settings->header_count; i++) {
		require(settings->headers[i].key[0]);
		check_text(settings->headers[i].key);
		check_text(settings->headers[i].value);
	}
	for (uint32_t i = 1; i < settings->resource_count; i++)
		require(strcmp(settings->resource[i - 1].key, settings->resource[i].key) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct environment environment = { .values = { NULL } };
	struct err_list warnings = { .len = 0 };
	struct otlp_settings settings;
	struct err err = ERR_INIT;

	while (size > 1) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) : size;

		if (len > 1) {
			char **value = &environment.values[data[0] % array_size(names)];

			free(*value);
			*value = strndup((const char *)data + 1, len - 1);
		}
		data += len + (end != NULL);
		size -= len + (end != NULL);
	}
	(void)otlp_settings__read(&settings, get, &environment, &warnings, &err);
	check(&settings);
	otlp_settings__done(&settings);
	err_list__done(&warnings);
	err__done(&err);
	for (size_t i = 0; i < array_size(names); i++)
		free(environment.values[i]);
	return 0;
}
