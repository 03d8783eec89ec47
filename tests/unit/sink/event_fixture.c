/* SPDX-License-Identifier: Apache-2.0 */
#include "event_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define AT(member) offsetof(struct fixture_row, member)

static const struct field fields[] = {
	[FIXTURE_TIME] = { "timestamp_raw", FIELD_TYPE_U64, FIELD_ROLE_TIMESTAMP, AT(time_ns), 8, 1,
			   -1, 0 },
	[FIXTURE_PROC] = { "proc", FIELD_TYPE_STRUCT, FIELD_ROLE_NONE, AT(comm), 24, 1, -1, 0 },
	[FIXTURE_COMM] = { "proc.comm", FIELD_TYPE_STRING, FIELD_ROLE_COMM, AT(comm), 16, 1,
			   FIXTURE_PROC, 0 },
	[FIXTURE_PID] = { "proc.pid", FIELD_TYPE_U32, FIELD_ROLE_PID, AT(pid), 4, 1, FIXTURE_PROC,
			  0 },
	[FIXTURE_PARENT] = { "proc.parent", FIELD_TYPE_STRUCT, FIELD_ROLE_NONE, AT(parent_pid), 4,
			     1, FIXTURE_PROC, 0 },
	[FIXTURE_PARENT_PID] = { "proc.parent.pid", FIELD_TYPE_U32, FIELD_ROLE_NONE, AT(parent_pid),
				 4, 1, FIXTURE_PARENT, 0 },
	[FIXTURE_ERROR] = { "error_raw", FIELD_TYPE_S32, FIELD_ROLE_ERRNO, AT(error), 4, 1, -1, 0 },
	[FIXTURE_PORT] = { "port", FIELD_TYPE_U16, FIELD_ROLE_PORT, AT(port), 2, 1, -1,
			   FIELD_BIG_ENDIAN },
	[FIXTURE_IS_FAILED] = { "is_failed", FIELD_TYPE_BOOL, FIELD_ROLE_NONE, AT(is_failed), 1, 1,
				-1, 0 },
	[FIXTURE_FLAG] = { "flag", FIELD_TYPE_U8, FIELD_ROLE_NONE, AT(flag), 1, 1, -1, 0 },
	[FIXTURE_SLOTS] = { "slots", FIELD_TYPE_U32, FIELD_ROLE_NONE, AT(slots), 4, 3, -1, 0 },
	[FIXTURE_SHARE] = { "share", FIELD_TYPE_F32, FIELD_ROLE_NONE, AT(share), 4, 1, -1, 0 },
	[FIXTURE_LATENCY] = { "latency", FIELD_TYPE_F64, FIELD_ROLE_NONE, AT(latency), 8, 1, -1,
			      0 },
	[FIXTURE_ADDRESS] = { "address", FIELD_TYPE_BYTES, FIELD_ROLE_ADDR, AT(address), 4, 1, -1,
			      0 },
	[FIXTURE_POD] = { "k8s.podName", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 0, 0, 1, -1,
			  FIELD_DERIVED },
};

const struct schema fixture_schema = {
	.id = 1,
	.name = "open",
	.fields = fields,
	.field_count = FIXTURE_FIELD_COUNT,
	.size = sizeof(struct fixture_row),
	.derived_count = 1,
};

const struct fixture_row fixture_row = {
	.time_ns = 18446744073709551615ULL,
	.comm = "cat",
	.pid = 4711,
	.parent_pid = 1,
	.error = -2,
	.port = __builtin_bswap16(443),
	.is_failed = 1,
	.flag = 7,
	.slots = { 1, 20, 300 },
	.share = 0.5F,
	.latency = 12.3456,
	.address = { 127, 0, 0, 1 },
};

const struct column_style fixture_styles[FIXTURE_FIELD_COUNT] = {
	[FIXTURE_TIME] = { .is_hidden = true },
	[FIXTURE_PROC] = { .is_hidden = true },
	[FIXTURE_COMM] = { .title = "comm" },
	[FIXTURE_PID] = { .title = "pid", .min_width = 7, .is_right = true },
	[FIXTURE_PARENT_PID] = { .is_hidden = true },
	[FIXTURE_ERROR] = { .title = "error", .width = 6, .is_right = true },
	[FIXTURE_FLAG] = { .is_hex = true, .width = 5 },
	[FIXTURE_IS_FAILED] = { .is_hidden = true },
	[FIXTURE_SHARE] = { .is_hidden = true },
	[FIXTURE_LATENCY] = { .has_precision = true, .precision = 1, .width = 8, .is_right = true },
	[FIXTURE_POD] = { .title = "pod", .order = -1, .ellipsis = ELLIPSIS_MIDDLE },
};

static int get_pod(void *ctx, const struct record *record, uint32_t field, struct value *ret_value)
{
	(void)ctx;
	(void)record;
	assert_int_equal(field, FIXTURE_POD);
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING, .bytes = { "web-0", 5 } };
	return 0;
}

struct record fixture_record(const struct fixture_row *row)
{
	static const struct deriver deriver = { .get = get_pod };

	return (struct record){
		.schema = &fixture_schema,
		.raw = row,
		.raw_len = sizeof(*row),
		.deriver = &deriver,
	};
}

char *fixture_write(enum event_format format, const struct event_sink_options *options,
		    const struct record *records, size_t count)
{
	struct event_sink *sink;
	struct strbuf out = STRBUF_INIT;
	char *text;

	assert_int_equal(event_sink__new(format, options, &sink, NULL), 0);
	assert_int_equal(event_sink__write(sink, 0, records, count, &out), 0);
	event_sink__free(sink);
	text = strbuf__take(&out);
	assert_non_null(text);
	return text;
}
