/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/spec.h"
#include "pipeline/kernel_enums.h"

/* A spec of one stream, whose field "kind" shows "kind_raw" by two names. */
struct sample {
	struct spec spec;
	struct stream_spec stream;
	struct field_spec fields[2];
	struct step_spec step;
	struct step_pair pairs[2];
};

static void make(struct sample *sample, const char *type_name, const char *first_name)
{
	*sample = (struct sample){
		.pairs = { { "99", first_name }, { "100", "ELSE" } },
		.step = { .decoder = "enum", .pairs = sample->pairs, .pair_count = 2 },
		.fields = { { .name = "kind_raw", .type_name = type_name },
			    { .name = "kind",
			      .source = "kind_raw",
			      .steps = &sample->step,
			      .step_count = 1 } },
		.stream = { .name = "x", .fields = sample->fields, .field_count = 2 },
		.spec = { .streams = &sample->stream, .stream_count = 1 },
	};
}

static const char *number_of(const struct sample *sample, const char *name)
{
	for (uint32_t i = 0; i < sample->step.pair_count; i++)
		if (str_eq(sample->step.pairs[i].value, name))
			return sample->step.pairs[i].key;
	return "";
}

static void need_types(void)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		return;
	(void)printf("# skip: the kernel has no types (BTF)\n");
	skip();
}

static void test_apply__enum_of_the_kernel(void **state)
{
	struct sample sample;

	(void)state;
	need_types();
	make(&sample, "bpf_map_type", "BPF_MAP_TYPE_HASH");
	assert_int_equal(kernel_enums_apply(&sample.spec, NULL), 0);
	assert_string_equal(number_of(&sample, "BPF_MAP_TYPE_HASH"), "1");
	assert_string_equal(number_of(&sample, "BPF_MAP_TYPE_ARRAY"), "2");
	assert_string_equal(number_of(&sample, "ELSE"), "");
	arena__done(&sample.spec.arena);
}

static void assert_unchanged(const char *type_name, const char *first_name, const char *btf_path)
{
	struct sample sample;

	make(&sample, type_name, first_name);
	assert_int_equal(kernel_enums_apply(&sample.spec, btf_path), 0);
	assert_int_equal(sample.step.pair_count, 2);
	assert_string_equal(number_of(&sample, first_name), "99");
	arena__done(&sample.spec.arena);
}

static void test_apply__other_enums(void **state)
{
	(void)state;
	need_types();
	/* Of the same name by chance; not of the kernel; no enum; no type at all; types that are not there. */
	assert_unchanged("bpf_map_type", "MINE", NULL);
	assert_unchanged("no_enum_of_the_kernel_is_called_so", "MINE", NULL);
	assert_unchanged("task_struct", "MINE", NULL);
	assert_unchanged(NULL, "MINE", NULL);
	assert_unchanged("bpf_map_type", "BPF_MAP_TYPE_HASH", "no/such/file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply__enum_of_the_kernel),
		cmocka_unit_test(test_apply__other_enums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
