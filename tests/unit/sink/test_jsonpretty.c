/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "event_fixture.h"

static void check(bool is_batch, size_t count, const char *want)
{
	const struct event_stream stream = { .name = "open",
					     .schema = &fixture_schema,
					     .styles = fixture_styles,
					     .is_batch = is_batch };
	const struct event_sink_options options = { .streams = &stream, .stream_count = 1 };
	const struct record records[] = { fixture_record(&fixture_row),
					  fixture_record(&fixture_row) };
	char *text = fixture_write(EVENT_FORMAT_JSONPRETTY, &options, records, count);

	assert_string_equal(text, want);
	free(text);
}

static void test_write__event(void **state)
{
	(void)state;
	check(false, 1,
	      "{\n"
	      "  \"address\": \"7f000001\",\n"
	      "  \"error_raw\": -2,\n"
	      "  \"flag\": 7,\n"
	      "  \"is_failed\": true,\n"
	      "  \"k8s\": {\n"
	      "    \"podName\": \"web-0\"\n"
	      "  },\n"
	      "  \"latency\": 12.3456,\n"
	      "  \"port\": 443,\n"
	      "  \"proc\": {\n"
	      "    \"comm\": \"cat\",\n"
	      "    \"parent\": {\n"
	      "      \"pid\": 1\n"
	      "    },\n"
	      "    \"pid\": 4711\n"
	      "  },\n"
	      "  \"share\": 0.5,\n"
	      "  \"slots\": [1,20,300],\n"
	      "  \"timestamp_raw\": 18446744073709551615\n"
	      "}\n");
}

#define ELEMENT                                                                                    \
	"  {\n"                                                                                    \
	"    \"address\": \"7f000001\",\n"                                                         \
	"    \"error_raw\": -2,\n"                                                                 \
	"    \"flag\": 7,\n"                                                                       \
	"    \"is_failed\": true,\n"                                                               \
	"    \"k8s\": {\n"                                                                         \
	"      \"podName\": \"web-0\"\n"                                                           \
	"    },\n"                                                                                 \
	"    \"latency\": 12.3456,\n"                                                              \
	"    \"port\": 443,\n"                                                                     \
	"    \"proc\": {\n"                                                                        \
	"      \"comm\": \"cat\",\n"                                                               \
	"      \"parent\": {\n"                                                                    \
	"        \"pid\": 1\n"                                                                     \
	"      },\n"                                                                               \
	"      \"pid\": 4711\n"                                                                    \
	"    },\n"                                                                                 \
	"    \"share\": 0.5,\n"                                                                    \
	"    \"slots\": [1,20,300],\n"                                                             \
	"    \"timestamp_raw\": 18446744073709551615\n"                                            \
	"  }"

static void test_write__batch(void **state)
{
	(void)state;
	check(true, 2, "[\n" ELEMENT ",\n" ELEMENT "\n]\n");
	check(true, 0, "[]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__event),
		cmocka_unit_test(test_write__batch),
	};

	return cmocka_run_group_tests_name("sink/jsonpretty", tests, NULL, NULL);
}
