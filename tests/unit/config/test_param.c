/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"

#define CONFIG                                                                                     \
	"params:\n"                                                                                \
	"  - {name: by_cgroup, help: h, constant: by_cgroup}\n"                                    \
	"  - {name: count, help: h, type: u32, default: 7, constant: count}\n"                     \
	"  - {name: path, help: h, type: string, constant: path}\n"                                \
	"kaddrs: [jiffies]\n"                                                                      \
	"metrics:\n"                                                                               \
	"  counters:\n"                                                                            \
	"    - name: m\n"                                                                          \
	"      help: split\n"                                                                      \
	"      if: by_cgroup\n"                                                                    \
	"      labels: [{name: cgroup, size: 4, decoders: [{name: uint}]}]\n"                      \
	"    - name: m\n"                                                                          \
	"      help: whole\n"                                                                      \
	"      if: \"!by_cgroup\"\n"                                                               \
	"      labels: [{name: cgroup, if: by_cgroup, size: 4, decoders: [{name: uint}]}]\n"

static const struct fact_map map = { .name = "m", .type = 1, .key_size = 4, .value_size = 8 };
static const struct fact_variable variables[] = {
	{ .name = "by_cgroup", .section = ".rodata", .size = 1 },
	{ .name = "count", .section = ".rodata", .size = 4 },
	{ .name = "path", .section = ".rodata.str", .size = 8 },
	{ .name = "kaddr_jiffies", .section = ".rodata", .size = 8 },
};
static const struct object_facts facts = {
	.path = "c.bpf.o",
	.maps = &map,
	.map_count = 1,
	.variables = variables,
	.variable_count = array_size(variables),
};

struct fixture {
	struct spec *spec;
	struct err_list errors;
	struct err err;
};

static int set_up(void **state)
{
	static const struct dialect_input input = { .name = "c",
						    .origin = "c.yaml",
						    .object = "c.bpf.o",
						    .text = CONFIG,
						    .len = sizeof(CONFIG) - 1 };
	struct fixture *fixture = new_zero(struct fixture);

	if (!fixture)
		return -1;
	*state = fixture;
	return config_load_text(dialect_find("ebpf_exporter"), &input, &fixture->spec,
				&fixture->errors);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	spec__free(fixture->spec);
	err_list__done(&fixture->errors);
	err__done(&fixture->err);
	free(fixture);
	return 0;
}

static void assert_refused(struct fixture *fixture, int code, const char *name, const char *value,
			   const char *message)
{
	assert_int_equal(spec__set_param(fixture->spec, name, value, &fixture->err), code);
	if (!strstr(fixture->err.text, message))
		fail_msg("%s", fixture->err.text);
	err__done(&fixture->err);
}

static void test_set__unknown_or_of_another_type(void **state)
{
	struct fixture *fixture = *state;

	assert_refused(fixture, -ENOENT, "by_group", "true",
		       "'c' has no parameter 'by_group'; did you mean 'by_cgroup'?");
	assert_refused(fixture, -ENOENT, "colour", "red",
		       "'c' has no parameter 'colour'; it has: by_cgroup, count, path");
	assert_refused(fixture, -EINVAL, "by_cgroup", "si", "must be true or false");
	assert_refused(fixture, -EINVAL, "count", "4294967296", "must be a whole number");
	assert_refused(fixture, -EINVAL, "count", "x", "must be a whole number");
	assert_string_equal(spec__find_param(fixture->spec, "count")->value, "7");
}

static void test_complete__sets_constants_beside_addresses(void **state)
{
	struct fixture *fixture = *state;
	const struct rodata_spec *rodata;

	/* program/ was opened by this very struct and looks at it again. */
	const struct program_spec *program = fixture->spec->programs;

	assert_int_equal(spec__set_param(fixture->spec, "count", "0x11", NULL), 0);
	assert_int_equal(spec__set_param(fixture->spec, "path", "/bin/sh", NULL), 0);
	assert_int_equal(spec__complete(fixture->spec, &facts, &fixture->errors), 0);
	assert_int_equal(program->rodata_count, 4);
	rodata = program->rodata;
	assert_string_equal(rodata[0].name, "kaddr_jiffies");
	assert_string_equal(rodata[1].name, "by_cgroup");
	assert_memory_equal(rodata[1].value, "\0", 1);
	assert_memory_equal(rodata[2].value, "\x11\0\0\0", 4);
	assert_int_equal(rodata[3].value_size, 8);
	assert_memory_equal(rodata[3].value, "/bin/sh\0", 8);
}

static void test_complete__settings_of_the_command_line(void **state)
{
	static const struct note_spec settings[] = { { "count", "3" }, { "pats", "/" } };
	struct fixture *fixture = *state;

	fixture->spec->settings = settings;
	fixture->spec->setting_count = 1;
	assert_int_equal(spec__complete(fixture->spec, &facts, &fixture->errors), 0);
	assert_memory_equal(fixture->spec->programs->rodata[2].value, "\x3\0\0\0", 4);
	fixture->spec->setting_count = 2;
	assert_int_equal(spec__apply_settings(fixture->spec, &fixture->errors), -ENOENT);
	assert_non_null(strstr(fixture->errors.items[0].text, "did you mean 'path'?"));
}

static void test_complete__text_that_does_not_fit(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(spec__set_param(fixture->spec, "path", "/bin/csh", NULL), 0);
	assert_int_equal(spec__complete(fixture->spec, &facts, &fixture->errors), -E2BIG);
	assert_non_null(strstr(fixture->errors.items[0].text, "variable 'path' has 8 bytes"));
}

static void test_complete__takes_out_what_is_switched_off(void **state)
{
	struct fixture *fixture = *state;
	const struct spec *spec = fixture->spec;

	assert_int_equal(spec->metric_count, 2);
	assert_int_equal(spec__complete(fixture->spec, &facts, &fixture->errors), 0);
	assert_int_equal(spec->metric_count, 1);
	assert_string_equal(spec->metrics[0].help, "whole");
	assert_int_equal(spec->metrics[0].label_count, 0);
	/* The bytes stay in the key. */
	assert_int_equal(spec->streams[spec->metrics[0].stream].field_count, 1);
}

static void test_complete__keeps_what_is_switched_on(void **state)
{
	struct fixture *fixture = *state;
	const struct spec *spec = fixture->spec;

	assert_int_equal(spec__set_param(fixture->spec, "by_cgroup", "true", NULL), 0);
	assert_int_equal(spec__complete(fixture->spec, &facts, &fixture->errors), 0);
	assert_int_equal(spec->metric_count, 1);
	assert_string_equal(spec->metrics[0].help, "split");
	assert_int_equal(spec->metrics[0].label_count, 1);
	assert_null(spec->metrics[0].condition);
}

static void test_set__bounds_of_every_number(void **state)
{
	static const struct {
		const char *type, *value;
		int code;
	} rows[] = {
		{ "u8", "255", 0 },
		{ "u8", "256", -EINVAL },
		{ "u8", "-1", -EINVAL },
		{ "u16", "65535", 0 },
		{ "u16", "65536", -EINVAL },
		{ "u64", "18446744073709551615", 0 },
		{ "u64", "18446744073709551616", -EINVAL },
		{ "s8", "-128", 0 },
		{ "s8", "-129", -EINVAL },
		{ "s8", "127", 0 },
		{ "s8", "128", -EINVAL },
		{ "s16", "-32768", 0 },
		{ "s16", "32768", -EINVAL },
		{ "s32", "-2147483648", 0 },
		{ "s32", "2147483648", -EINVAL },
		{ "s64", "-9223372036854775808", 0 },
		{ "s64", "9223372036854775807", 0 },
		{ "s64", "9223372036854775808", -EINVAL },
		{ "f32", "1.5", 0 },
		{ "f32", "one", -EINVAL },
		{ "f64", "-1e300", 0 },
		{ "f64", "1e", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct param_spec param = { .name = "p", .type = rows[i].type, .value = "" };
		struct spec spec = { .name = "s", .params = &param, .param_count = 1 };

		assert_int_equal(spec__set_param(&spec, "p", rows[i].value, NULL), rows[i].code);
		arena__done(&spec.arena);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_set__unknown_or_of_another_type),
		cmocka_unit_test(test_set__bounds_of_every_number),
		TEST(test_complete__sets_constants_beside_addresses),
		TEST(test_complete__settings_of_the_command_line),
		TEST(test_complete__text_that_does_not_fit),
		TEST(test_complete__takes_out_what_is_switched_off),
		TEST(test_complete__keeps_what_is_switched_on),
	};

	return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
