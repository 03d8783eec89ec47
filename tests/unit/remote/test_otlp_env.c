/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "remote/otlp_env.h"

#define VARIABLES_MAX 8

struct variable {
	const char *name, *value;
};

struct row {
	struct variable variables[VARIABLES_MAX];
	const char *expected; /* what describe() says of the settings; or the text of the error */
	int result;
	size_t warnings;
};

static const char *get(void *ctx, const char *name)
{
	const struct variable *variables = ctx;

	for (size_t i = 0; i < VARIABLES_MAX && variables[i].name; i++)
		if (str_eq(variables[i].name, name))
			return variables[i].value;
	return NULL;
}

static void describe_pairs(const char *title, const struct otlp_pair *pairs, uint32_t count,
			   struct strbuf *out)
{
	for (uint32_t i = 0; i < count; i++)
		strbuf__printf(out, " %s:%s=%s", title, pairs[i].key, pairs[i].value);
}

/* What is not the default, in one line. */
static void describe(const struct otlp_settings *settings, struct strbuf *out)
{
	static const char *const exporters[] = { "off", "http", "console" };

	strbuf__printf(out, "%s", exporters[settings->exporter]);
	if (settings->is_off_on_purpose)
		strbuf__add_text(out, " on purpose");
	if (settings->url)
		strbuf__printf(out, " %s", settings->url);
	if (settings->is_json)
		strbuf__add_text(out, " json");
	if (settings->is_gzip)
		strbuf__add_text(out, " gzip");
	if (settings->timeout_ns != 10 * NS_PER_S)
		strbuf__printf(out, " timeout=%lld", (long long)(settings->timeout_ns / NS_PER_MS));
	if (settings->delay_ns != 5 * NS_PER_S)
		strbuf__printf(out, " delay=%lld", (long long)(settings->delay_ns / NS_PER_MS));
	if (settings->shutdown_ns != 30 * NS_PER_S)
		strbuf__printf(out, " shutdown=%lld",
			       (long long)(settings->shutdown_ns / NS_PER_MS));
	if (settings->queue_max != 2048)
		strbuf__printf(out, " queue=%u", settings->queue_max);
	if (settings->batch_max != 512)
		strbuf__printf(out, " batch=%u", settings->batch_max);
	if (settings->certificate)
		strbuf__printf(out, " ca=%s", settings->certificate);
	if (settings->client_certificate)
		strbuf__printf(out, " cert=%s", settings->client_certificate);
	if (settings->client_key)
		strbuf__printf(out, " key=%s", settings->client_key);
	if (!str_eq(settings->service, "ebpf_exporter"))
		strbuf__printf(out, " service=%s", settings->service);
	describe_pairs("header", settings->headers, settings->header_count, out);
	describe_pairs("resource", settings->resource, settings->resource_count, out);
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err_list warnings = { .len = 0 };
		struct otlp_settings settings;
		struct strbuf text = STRBUF_INIT;
		struct err err = ERR_INIT;
		int r = otlp_settings__read(&settings, get, (void *)rows[i].variables, &warnings,
					    &err);

		if (r < 0)
			strbuf__add_text(&text, err.text);
		else
			describe(&settings, &text);
		assert_string_equal(strbuf__text(&text), rows[i].expected);
		assert_int_equal(r, rows[i].result);
		assert_int_equal(warnings.len, rows[i].warnings);
		if (r < 0) {
			assert_int_equal(settings.exporter, OTLP_EXPORTER_OFF);
			assert_string_equal(settings.why_off, rows[i].expected);
			assert_false(settings.is_off_on_purpose);
		}
		strbuf__done(&text);
		err__done(&err);
		err_list__done(&warnings);
		otlp_settings__done(&settings);
	}
}

#define EXPORTER "OTEL_TRACES_EXPORTER"
#define ENDPOINT "OTEL_EXPORTER_OTLP_ENDPOINT"
#define TRACES_ENDPOINT "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
#define ON                                                                                         \
	{                                                                                          \
		ENDPOINT, "http://c"                                                               \
	}
#define IS_ON "http http://c/v1/traces"

static void test_read__where_spans_go(void **state)
{
	static const struct row rows[] = {
		{ .variables = { { 0 } }, .expected = "off" },
		{ .variables = { { EXPORTER, "" }, { ENDPOINT, "" } }, .expected = "off" },
		{ .variables = { { EXPORTER, "none" }, ON }, .expected = "off on purpose" },
		{ .variables = { { "OTEL_SDK_DISABLED", "True" }, ON },
		  .expected = "off on purpose" },
		{ .variables = { { "OTEL_SDK_DISABLED", "1" }, ON }, .expected = IS_ON },
		{ .variables = { { EXPORTER, "console" } }, .expected = "console" },
		{ .variables = { { EXPORTER, "otlp" } },
		  .expected = "http http://localhost:4318/v1/traces" },
		{ .variables = { { ENDPOINT, "http://c:4318" } },
		  .expected = "http http://c:4318/v1/traces" },
		{ .variables = { { ENDPOINT, "https://c/x//" } },
		  .expected = "http https://c/x/v1/traces" },
		{ .variables = { { TRACES_ENDPOINT, "http://c/x/" }, { ENDPOINT, "http://d" } },
		  .expected = "http http://c/x/" },
	};

	(void)state;
	check_rows(rows, array_size(rows));
}

static void test_read__what_cannot_be_guessed_is_refused(void **state)
{
	static const struct row rows[] = {
		{ .variables = { { EXPORTER, "zipkin" } },
		  .expected =
			  "OTEL_TRACES_EXPORTER 'zipkin' is unknown; there are otlp, console and none",
		  .result = -EINVAL },
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc" } },
		  .expected =
			  "OTEL_EXPORTER_OTLP_PROTOCOL 'grpc' is not spoken; set it to http/protobuf (port "
			  "4318 of a collector) or http/json",
		  .result = -EINVAL },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc" },
				 { "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json" } },
		  .expected =
			  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL 'grpc' is not spoken; set it to http/protobuf "
			  "(port 4318 of a collector) or http/json",
		  .result = -EINVAL },
		{ .variables = { { ENDPOINT, "localhost:4318" } },
		  .expected =
			  "OTEL_EXPORTER_OTLP_ENDPOINT 'localhost:4318' is no URL; it begins with http:// or "
			  "https:// and names a host",
		  .result = -EINVAL },
		{ .variables = { { TRACES_ENDPOINT, "http:///v1" } },
		  .expected =
			  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT 'http:///v1' is no URL; it begins with http:// "
			  "or https:// and names a host",
		  .result = -EINVAL },
		{ .variables = { { ENDPOINT, "http://a\r\nb" } },
		  .expected =
			  "OTEL_EXPORTER_OTLP_ENDPOINT 'http://a\r\nb' is no URL; it begins with http:// or "
			  "https:// and names a host",
		  .result = -EINVAL },
	};

	(void)state;
	check_rows(rows, array_size(rows));
}

static void test_read__how_they_are_sent(void **state)
{
	static const struct row rows[] = {
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json" } },
		  .expected = IS_ON " json" },
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf" } },
		  .expected = IS_ON },
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip" } },
		  .expected = IS_ON " gzip" },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip" },
				 { "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none" } },
		  .expected = IS_ON },
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_COMPRESSION", "zstd" } },
		  .expected = IS_ON,
		  .warnings = 1 },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca" },
				 { "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c" },
				 { "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/k" } },
		  .expected = IS_ON " ca=/ca cert=/c key=/k" },
	};

	(void)state;
	check_rows(rows, array_size(rows));
}

static void test_read__numbers(void **state)
{
	static const struct row rows[] = {
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_TIMEOUT", "250" } },
		  .expected = IS_ON " timeout=250" },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_TIMEOUT", "250" },
				 { "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "300" } },
		  .expected = IS_ON " timeout=300" },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_TIMEOUT", "250" },
				 { "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s" } },
		  .expected = IS_ON " timeout=250",
		  .warnings = 1 },
		{ .variables = { ON,
				 { "OTEL_BSP_SCHEDULE_DELAY", "1" },
				 { "OTEL_BSP_EXPORT_TIMEOUT", "3600000" },
				 { "OTEL_BSP_MAX_QUEUE_SIZE", "100" },
				 { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10" } },
		  .expected = IS_ON " delay=1 shutdown=3600000 queue=100 batch=10" },
		{ .variables = { ON, { "OTEL_BSP_MAX_QUEUE_SIZE", "100" } },
		  .expected = IS_ON " queue=100 batch=100" },
		{ .variables = { ON,
				 { "OTEL_BSP_SCHEDULE_DELAY", "0" },
				 { "OTEL_BSP_EXPORT_TIMEOUT", "-1" },
				 { "OTEL_BSP_MAX_QUEUE_SIZE", "1000001" },
				 { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
				   "99999999999999999999999999999" } },
		  .expected = IS_ON,
		  .warnings = 4 },
	};

	(void)state;
	check_rows(rows, array_size(rows));
}

static void test_read__lists(void **state)
{
	static const struct row rows[] = {
		{ .variables = { ON, { "OTEL_EXPORTER_OTLP_HEADERS", "a=b, c = d e ,,x=" } },
		  .expected = IS_ON " header:a=b header:c=d e header:x=" },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_HEADERS",
				   "authorization=Basic%20YTpi%3D,b=%41" } },
		  .expected = IS_ON " header:authorization=Basic YTpi= header:b=A" },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_HEADERS", "a=b" },
				 { "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "c=d" } },
		  .expected = IS_ON " header:c=d" },
		/* A header that would begin another one, also when that is hidden. */
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_HEADERS",
				   "a=b%0d%0aX: y,b=c\r\nd,good=1,e=%00" } },
		  .expected = IS_ON " header:good=1",
		  .warnings = 3 },
		{ .variables = { ON,
				 { "OTEL_EXPORTER_OTLP_HEADERS", "=b,noequals,a b=c,a=%4,b=%zz" } },
		  .expected = IS_ON,
		  .warnings = 5 },
		{ .variables = { ON,
				 { "OTEL_RESOURCE_ATTRIBUTES", "z=1,a=2,z=3,host.name=h%2C1" } },
		  .expected = IS_ON " resource:a=2 resource:host.name=h,1 resource:z=3" },
		{ .variables = { ON, { "OTEL_RESOURCE_ATTRIBUTES", "service.name=s,a=1" } },
		  .expected = IS_ON " service=s resource:a=1" },
		{ .variables = { ON,
				 { "OTEL_RESOURCE_ATTRIBUTES", "service.name=s" },
				 { "OTEL_SERVICE_NAME", "t" } },
		  .expected = IS_ON " service=t" },
	};

	(void)state;
	check_rows(rows, array_size(rows));
}

static void test_read__more_entries_than_there_is_room(void **state)
{
	struct variable variables[VARIABLES_MAX] = { ON };
	struct err_list warnings = { .len = 0 };
	struct otlp_settings settings;
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 200; i++)
		strbuf__printf(&text, "k%d=v,", i);
	variables[1] = (struct variable){ "OTEL_RESOURCE_ATTRIBUTES", strbuf__text(&text) };
	assert_int_equal(otlp_settings__read(&settings, get, variables, &warnings, NULL), 0);
	assert_int_equal(settings.resource_count, 128);
	assert_int_equal(warnings.len + warnings.dropped, 200 - 128);
	otlp_settings__done(&settings);
	err_list__done(&warnings);
	strbuf__done(&text);
}

static void test_read__no_endpoint_says_what_would_turn_spans_on(void **state)
{
	struct variable none[VARIABLES_MAX] = { { 0 } };
	struct otlp_settings settings;

	(void)state;
	assert_int_equal(otlp_settings__read(&settings, get, none, NULL, NULL), 0);
	assert_false(settings.is_off_on_purpose);
	assert_non_null(strstr(settings.why_off, "no endpoint is configured"));
	assert_non_null(strstr(settings.why_off, "OTEL_EXPORTER_OTLP_ENDPOINT"));
	otlp_settings__done(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__where_spans_go),
		cmocka_unit_test(test_read__what_cannot_be_guessed_is_refused),
		cmocka_unit_test(test_read__how_they_are_sent),
		cmocka_unit_test(test_read__numbers),
		cmocka_unit_test(test_read__lists),
		cmocka_unit_test(test_read__more_entries_than_there_is_room),
		cmocka_unit_test(test_read__no_endpoint_says_what_would_turn_spans_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
