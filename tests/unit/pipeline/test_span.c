/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a config and the bytes of a record to a span, without a kernel. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "config/load.h"
#include "host/host.h"
#include "pipeline/span.h"

#define WALL_NS (1700000000 * NS_PER_S)
#define MONOTONIC_NS (5000 * NS_PER_S)

#define SPANS "tracing:\n  spans:\n    - ringbuf: ring\n"
#define LABEL(name, size, decoder)                                                                 \
	"        - name: " name "\n          size: " size                                          \
	"\n          decoders:\n            - name: " decoder "\n"
#define IDS                                                                                        \
	LABEL("trace_id", "16", "hex")                                                             \
	LABEL("parent_span_id", "8", "hex")                                                        \
	LABEL("span_id", "8", "hex")
#define TIMES                                                                                      \
	LABEL("span_monotonic_timestamp_ns", "8", "uint")                                          \
	LABEL("span_duration_ns", "8", "uint")

struct fixture {
	struct spec *spec;
	struct host *host;
	struct decode_env decode;
	struct fact_map map;
	struct object_facts facts;
	struct span_export *export;
	struct span_route route;
	struct otlp_attribute attributes[SPAN_ATTRIBUTES_MAX];
	struct otlp_span span;
	struct err err;
};

/* The record of IDS and TIMES, as ebpf_exporter's examples lay it out, with one field of an own. */
struct bytes {
	uint8_t trace_id[16], parent_id[8], span_id[8];
	uint64_t at_ns, duration_ns;
	char text[8];
};

static const struct bytes full = {
	.trace_id = { 0xbe, 0xef, 0, 0, 0, 0, 0, 0, 0xfe, 0xed },
	.parent_id = { 0xfe, 0xed },
	.span_id = { 0xbe, 0xef },
	.at_ns = MONOTONIC_NS + 60 * NS_PER_S,
	.duration_ns = 4041727,
	.text = "haha",
};

static const char *get(void *ctx, const char *name)
{
	return ctx && str_eq(name, "OTEL_TRACES_EXPORTER") ? ctx : NULL;
}

static int plan(struct fixture *fixture, const char *text, const char *exporter)
{
	const struct dialect_input input = { .name = "c",
					     .origin = "c.yaml",
					     .object = "c.bpf.o",
					     .text = text,
					     .len = strlen(text) };
	const struct span_export_options options = { .get_env = get, .env_ctx = (void *)exporter };
	struct span_plan_env env;
	struct err_list errors = { 0 };

	memset(fixture, 0, sizeof(*fixture));
	fixture->map = (struct fact_map){ .name = "ring", .type = BPF_MAP_TYPE_RINGBUF };
	fixture->facts =
		(struct object_facts){ .path = "c.bpf.o", .maps = &fixture->map, .map_count = 1 };
	assert_int_equal(
		config_load_text(dialect_find("ebpf_exporter"), &input, &fixture->spec, &errors),
		0);
	err_list__done(&errors);
	assert_int_equal(host__open("/", &fixture->host, NULL), 0);
	fixture->decode.host = fixture->host;
	assert_int_equal(span_export__new(&options, &fixture->export, NULL), 0);
	env = (struct span_plan_env){ .decode = &fixture->decode,
				      .facts = &fixture->facts,
				      .export = fixture->export };

	int r = span_route__plan(&fixture->route, fixture->spec, &fixture->spec->spans[0], &env,
				 &fixture->err);

	fixture->route.clock = (struct span_clock){ .wall_ns = WALL_NS,
						    .monotonic_ns = MONOTONIC_NS };
	return r;
}

static void open_fixture(struct fixture *fixture, const char *text)
{
	assert_int_equal(plan(fixture, text, "console"), 0);
	assert_null(fixture->route.error);
}

static void close_fixture(struct fixture *fixture)
{
	span_route__done(&fixture->route);
	span_export__free(fixture->export);
	spec__free(fixture->spec);
	host__close(fixture->host);
	err__done(&fixture->err);
}

static int decode(struct fixture *fixture, const void *data, size_t len)
{
	return span_route__decode(&fixture->route, data, len, fixture->attributes, &fixture->span,
				  &fixture->err);
}

static void assert_id(const uint8_t *id, size_t size, const char *hex)
{
	char text[2 * OTLP_TRACE_ID_SIZE + 1];

	text[num_format_hex(text, id, size)] = '\0';
	assert_string_equal(text, hex);
}

static bool is_zero(const uint8_t *id, size_t size)
{
	static const uint8_t zeros[OTLP_TRACE_ID_SIZE];

	return memcmp(id, zeros, size) == 0;
}

static const char *attribute(const struct fixture *fixture, const char *key)
{
	static char text[64];

	for (size_t i = 0; i < fixture->span.attribute_count; i++) {
		const struct otlp_attribute *at = &fixture->span.attributes[i];

		if (!str_eq(at->key, key))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)at->value_len, at->value);
		return text;
	}
	return NULL;
}

/* The vector of ebpf_exporter's own test (extract_test.go). */
static void test_decode__all_reserved_names(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, SPANS
		     "      name: potato\n      labels:\n" IDS TIMES LABEL("lol", "8", "string"));
	assert_int_equal(decode(&fixture, &full, sizeof(full)), DECODE_OK);
	assert_id(fixture.span.trace_id, 16, "beef000000000000feed000000000000");
	assert_id(fixture.span.parent_id, 8, "feed000000000000");
	assert_id(fixture.span.span_id, 8, "beef000000000000");
	assert_int_equal(fixture.span.start_ns, WALL_NS + 60 * NS_PER_S);
	assert_int_equal(fixture.span.end_ns, WALL_NS + 60 * NS_PER_S + 4041727);
	assert_int_equal(fixture.span.name_len, strlen("potato"));
	assert_memory_equal(fixture.span.name, "potato", strlen("potato"));
	assert_int_equal(fixture.span.attribute_count, 2);
	assert_string_equal(attribute(&fixture, "lol"), "haha");
	assert_string_equal(attribute(&fixture, "ebpf_exporter.config"), "c");
	close_fixture(&fixture);
}

static void test_decode__zero_span_ids_are_absent(void **state)
{
	struct fixture fixture;
	struct bytes record = full;
	uint8_t first[8];

	(void)state;
	memset(record.span_id, 0, sizeof(record.span_id));
	memset(record.parent_id, 0, sizeof(record.parent_id));
	open_fixture(&fixture, SPANS "      labels:\n" IDS);
	assert_int_equal(decode(&fixture, &record, sizeof(record)), DECODE_OK);
	assert_true(is_zero(fixture.span.parent_id, 8));
	assert_false(is_zero(fixture.span.span_id, 8));
	assert_id(fixture.span.trace_id, 16, "beef000000000000feed000000000000");
	memcpy(first, fixture.span.span_id, sizeof(first));
	assert_int_equal(decode(&fixture, &record, sizeof(record)), DECODE_OK);
	assert_memory_not_equal(fixture.span.span_id, first, sizeof(first));
	close_fixture(&fixture);
}

static void test_decode__zero_trace_id_loses_the_span(void **state)
{
	struct fixture fixture;
	struct bytes record = full;

	(void)state;
	memset(record.trace_id, 0, sizeof(record.trace_id));
	open_fixture(&fixture, SPANS "      labels:\n" IDS);
	assert_int_equal(decode(&fixture, &record, sizeof(record)), -EINVAL);
	assert_non_null(strstr(fixture.err.text, "label 'trace_id' decoded to"));
	close_fixture(&fixture);
}

/* Without a trace the span is the first of a new one, and an id of its own is of no use. */
static void test_decode__no_trace_id_makes_both_ids(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, SPANS "      labels:\n" LABEL("span_id", "8", "hex"));
	assert_int_equal(decode(&fixture, full.span_id, 8), DECODE_OK);
	assert_false(is_zero(fixture.span.trace_id, 16));
	assert_false(is_zero(fixture.span.span_id, 8));
	assert_memory_not_equal(fixture.span.span_id, full.span_id, 8);
	close_fixture(&fixture);
}

static void test_decode__without_times_it_is_now(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, SPANS "      labels:\n" LABEL("lol", "8", "string"));
	assert_int_equal(decode(&fixture, full.text, 8), DECODE_OK);
	assert_int_equal(fixture.span.start_ns, WALL_NS);
	assert_int_equal(fixture.span.end_ns, WALL_NS);
	/* Nor has it a name: that is the ring buffer's. */
	assert_memory_equal(fixture.span.name, "ring", 4);
	close_fixture(&fixture);
}

static void test_decode__times_of_every_size(void **state)
{
	static const struct {
		uint64_t at_ns, duration_ns, start_ns, end_ns;
	} rows[] = {
		{ MONOTONIC_NS, 0, WALL_NS, WALL_NS },
		{ MONOTONIC_NS - 1, 1, WALL_NS - 1, WALL_NS },
		{ 0, 5, WALL_NS - MONOTONIC_NS, WALL_NS - MONOTONIC_NS + 5 },
		/* beyond what a time can be: cut off */
		{ 1ULL << 63, 0, 0, 0 },
		{ MONOTONIC_NS, 1ULL << 63, WALL_NS, 0 },
	};
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, SPANS "      labels:\n" TIMES);
	for (size_t i = 0; i < array_size(rows); i++) {
		const uint64_t record[] = { rows[i].at_ns, rows[i].duration_ns };

		assert_int_equal(decode(&fixture, record, sizeof(record)), DECODE_OK);
		assert_int_equal(fixture.span.start_ns, rows[i].start_ns);
		assert_int_equal(fixture.span.end_ns, rows[i].end_ns);
	}
	close_fixture(&fixture);
}

static void test_decode__ids_that_are_none(void **state)
{
	static const struct {
		const char *name, *text; /* text: 36 bytes at most */
		int result;
	} rows[] = {
		{ "trace_id", "0123456789abcdef0123456789abcdef", DECODE_OK },
		{ "trace_id", "0123456789ABCDEF0123456789abcdef", -EINVAL },
		{ "trace_id", "0123456789abcdef0123456789abcde", -EINVAL },
		{ "trace_id", "0123456789abcdef0123456789abcdef0", -EINVAL },
		{ "trace_id", "", -EINVAL },
		{ "span_id", "0123456789abcdeg", -EINVAL },
		{ "span_id", "0000000000000000", DECODE_OK },
		{ "parent_span_id", "00000000000000001", -EINVAL },
		{ "parent_span_id", "0000000000000001", DECODE_OK },
		{ "span_duration_ns", "18446744073709551615", DECODE_OK },
		{ "span_duration_ns", "18446744073709551616", -EINVAL },
		{ "span_duration_ns", "-1", -EINVAL },
		{ "span_monotonic_timestamp_ns", "0x10", -EINVAL },
		{ "span_monotonic_timestamp_ns", "", -EINVAL },
		{ "span_name", "", DECODE_OK },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		char config[512], record[36] = "";
		struct fixture fixture;

		snprintf(config, sizeof(config),
			 SPANS "      labels:\n" LABEL("%s", "36", "string"), rows[i].name);
		memcpy(record, rows[i].text, strlen(rows[i].text));
		open_fixture(&fixture, config);
		assert_int_equal(decode(&fixture, record, sizeof(record)), rows[i].result);
		close_fixture(&fixture);
	}
}

static void test_decode__short_and_long_records(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, SPANS "      labels:\n" LABEL("lol", "4", "string"));
	assert_int_equal(decode(&fixture, "hahaha", 3), -EINVAL);
	assert_string_equal(fixture.err.text, "record of 3 bytes is too short: labels decode 4");
	assert_int_equal(decode(&fixture, "hahaha", 6), DECODE_OK);
	assert_string_equal(attribute(&fixture, "lol"), "haha");
	close_fixture(&fixture);
}

static void test_decode__regexp_drops_the_span(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(
		&fixture,
		SPANS "      labels:\n" LABEL(
			"lol", "4",
			"string") "            - name: regexp\n              regexps: [ '^ha' ]\n");
	assert_int_equal(decode(&fixture, "haha", 4), DECODE_OK);
	assert_int_equal(decode(&fixture, "hoho", 4), DECODE_SKIP);
	close_fixture(&fixture);
}

/* As attributes of the original are: a later one takes the place of an earlier one. */
static void test_decode__equal_names_and_the_configs_own(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture,
		     SPANS "      labels:\n" LABEL("lol", "1", "string") LABEL("lol", "1", "string")
			     LABEL("ebpf_exporter.config", "1", "string"));
	assert_int_equal(decode(&fixture, "abx", 3), DECODE_OK);
	assert_int_equal(fixture.span.attribute_count, 2);
	assert_string_equal(attribute(&fixture, "lol"), "b");
	assert_string_equal(attribute(&fixture, "ebpf_exporter.config"), "c");
	close_fixture(&fixture);
}

static void test_plan__no_endpoint_no_demand(void **state)
{
	struct fixture fixture;

	(void)state;
	assert_int_equal(plan(&fixture, SPANS "      labels:\n" IDS, NULL), 0);
	assert_null(fixture.route.error);
	assert_int_equal(fixture.route.demand, DEMAND_NONE);
	close_fixture(&fixture);
	assert_int_equal(plan(&fixture, SPANS "      labels:\n" IDS, "otlp"), 0);
	assert_int_equal(fixture.route.demand, DEMAND_RECORD);
	close_fixture(&fixture);
}

static void test_plan__unknown_decoder_leaves_the_span_out(void **state)
{
	struct fixture fixture;

	(void)state;
	assert_int_equal(
		plan(&fixture, SPANS "      labels:\n" LABEL("lol", "4", "nosuch"), "otlp"), 0);
	assert_non_null(strstr(fixture.route.error, "nosuch"));
	close_fixture(&fixture);
}

static void test_plan__no_such_map_fails_the_config(void **state)
{
	struct fixture fixture;

	(void)state;
	assert_int_equal(plan(&fixture,
			      "tracing:\n  spans:\n    - ringbuf: nosuch\n      name: potato\n",
			      "otlp"),
			 -ENOENT);
	assert_string_equal(fixture.err.text,
			    "no map 'nosuch' in the object; span 'potato' needs it");
	close_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode__all_reserved_names),
		cmocka_unit_test(test_decode__zero_span_ids_are_absent),
		cmocka_unit_test(test_decode__zero_trace_id_loses_the_span),
		cmocka_unit_test(test_decode__no_trace_id_makes_both_ids),
		cmocka_unit_test(test_decode__without_times_it_is_now),
		cmocka_unit_test(test_decode__times_of_every_size),
		cmocka_unit_test(test_decode__ids_that_are_none),
		cmocka_unit_test(test_decode__short_and_long_records),
		cmocka_unit_test(test_decode__regexp_drops_the_span),
		cmocka_unit_test(test_decode__equal_names_and_the_configs_own),
		cmocka_unit_test(test_plan__no_endpoint_no_demand),
		cmocka_unit_test(test_plan__unknown_decoder_leaves_the_span_out),
		cmocka_unit_test(test_plan__no_such_map_fails_the_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
