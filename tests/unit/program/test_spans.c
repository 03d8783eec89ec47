/* SPDX-License-Identifier: Apache-2.0 */
/* include/tracing.bpf.h compiles as programs use it, and lays spans out as configs describe them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "program/program.h"

static const struct {
	const char *type, *member;
	uint32_t offset;
} layout[] = {
	{ "span_base_t", "parent", 0 },
	{ "span_base_t", "span_id", 24 },
	{ "span_base_t", "span_monotonic_timestamp_ns", 32 },
	{ "span_base_t", "span_duration_ns", 40 },
	{ "span_base_tagged_t", "span_id", 32 },
	{ "span_base_tagged_t", "span_monotonic_timestamp_ns", 40 },
	{ "span_base_tagged_t", "span_duration_ns", 48 },
	{ "span_parent_t", "trace_id_lo", 8 },
	{ "span_parent_tagged_t", "example_userspace_tag", 24 },
};

static uint32_t offset_of(const struct fact_type *type, const char *member)
{
	for (uint32_t i = 0; i < type->member_count; i++)
		if (str_eq(type->members[i].name, member))
			return type->members[i].offset_bits / 8;
	fail_msg("%s has no %s", type->name, member);
	return 0;
}

static void test_spans__layout(void **state)
{
	struct program_spec spec = { .name = "spans",
				     .kind = OBJECT_KIND_PATH,
				     .object = SPANS_OBJECT };
	struct program_options options = { 0 };
	struct program *program = NULL;

	(void)state;
	assert_int_equal(host__open("/", &options.host, NULL), 0);
	assert_int_equal(program__open(&spec, &options, &program, NULL), 0);
	for (size_t i = 0; i < array_size(layout); i++) {
		const struct fact_type *type = object_facts__find_type(program__facts(program),
								       layout[i].type);

		assert_non_null(type);
		if (offset_of(type, layout[i].member) != layout[i].offset)
			fail_msg("%s.%s", layout[i].type, layout[i].member);
	}
	program__close(program);
	host__close(options.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans__layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
