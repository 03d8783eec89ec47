/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event_fixture.h"
#include "sink/event_text.h"
#include "sink/yaml_text.h"

static void check(bool is_batch, size_t count, const char *want)
{
	const struct event_stream stream = { .name = "open",
					     .schema = &fixture_schema,
					     .styles = fixture_styles,
					     .is_batch = is_batch };
	const struct event_sink_options options = { .streams = &stream, .stream_count = 1 };
	const struct record records[] = { fixture_record(&fixture_row),
					  fixture_record(&fixture_row) };
	char *text = fixture_write(EVENT_FORMAT_YAML, &options, records, count);

	assert_string_equal(text, want);
	free(text);
}

static void test_write__event(void **state)
{
	(void)state;
	check(false, 1,
	      "---\n"
	      "address: \"7f000001\"\n"
	      "error_raw: -2\n"
	      "flag: 7\n"
	      "is_failed: true\n"
	      "k8s:\n"
	      "  podName: web-0\n"
	      "latency: 12.3456\n"
	      "port: 443\n"
	      "proc:\n"
	      "  comm: cat\n"
	      "  parent:\n"
	      "    pid: 1\n"
	      "  pid: 4711\n"
	      "share: 0.5\n"
	      "slots: [1,20,300]\n"
	      "timestamp_raw: 18446744073709551615\n");
}

#define ELEMENT                                                                                    \
	"- address: \"7f000001\"\n"                                                                \
	"  error_raw: -2\n"                                                                        \
	"  flag: 7\n"                                                                              \
	"  is_failed: true\n"                                                                      \
	"  k8s:\n"                                                                                 \
	"    podName: web-0\n"                                                                     \
	"  latency: 12.3456\n"                                                                     \
	"  port: 443\n"                                                                            \
	"  proc:\n"                                                                                \
	"    comm: cat\n"                                                                          \
	"    parent:\n"                                                                            \
	"      pid: 1\n"                                                                           \
	"    pid: 4711\n"                                                                          \
	"  share: 0.5\n"                                                                           \
	"  slots: [1,20,300]\n"                                                                    \
	"  timestamp_raw: 18446744073709551615\n"

static void test_write__batch(void **state)
{
	(void)state;
	check(true, 2, "---\n" ELEMENT ELEMENT);
	check(true, 0, "---\n[]\n");
}

static void test_put__quotes_what_could_be_something_else(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "cat", "cat" },
		{ "/usr/bin/ls -l", "/usr/bin/ls -l" },
		{ "_x-1.2+3", "_x-1.2+3" },
		{ "", "\"\"" },
		{ "yes", "\"yes\"" },
		{ "Null", "\"Null\"" },
		{ "nulls", "nulls" },
		{ "1e3", "\"1e3\"" },
		{ "-x", "\"-x\"" },
		{ "a: b", "\"a: b\"" },
		{ "a #b", "\"a #b\"" },
		{ "a ", "\"a \"" },
		{ "a\nb", "\"a\\nb\"" },
		{ "\xc3\xa4", "\"\xc3\xa4\"" },
		{ "\xef\xbb\xbf", "\"\\ufeff\"" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		size_t len = strlen(rows[i].text);
		char buf[EVENT_TEXT_ROOM(32)];
		char *end = yaml_text_put(buf, rows[i].text, len);

		*end = '\0';
		assert_string_equal(buf, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__event),
		cmocka_unit_test(test_write__batch),
		cmocka_unit_test(test_put__quotes_what_could_be_something_else),
	};

	return cmocka_run_group_tests_name("sink/yaml", tests, NULL, NULL);
}
