/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#define GOOD "metrics: {counters: [{name: m, help: h}]}\n"

struct fixture {
	char dir[32];
	const struct dialect *dialect;
	struct err_list errors;
	struct spec *spec;
};

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	if (!fixture)
		return -1;
	strcpy(fixture->dir, "/tmp/sonde-load-XXXXXX");
	fixture->dialect = dialect_find("ebpf_exporter");
	*state = fixture;
	return mkdtemp(fixture->dir) && fixture->dialect ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *path = str_printf("%s/x.yaml", fixture->dir);

	(void)unlink(path); /* not every test makes it */
	(void)rmdir(fixture->dir);
	spec__free(fixture->spec);
	err_list__done(&fixture->errors);
	free(fixture);
	return 0;
}

static char *write_config(const struct fixture *fixture, const char *text, size_t size)
{
	char *path = str_printf("%s/x.yaml", fixture->dir);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	if (size > 0)
		assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void test_load_named__yaml_and_object_of_the_folder(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *path = write_config(fixture, GOOD, 0);
	__cleanup(x_freep) char *object = str_printf("%s/x.bpf.o", fixture->dir);

	assert_int_equal(config_load_named(fixture->dialect, fixture->dir, "x", &fixture->spec,
					   &fixture->errors),
			 0);
	assert_string_equal(fixture->spec->name, "x");
	assert_string_equal(fixture->spec->origin, path);
	assert_string_equal(fixture->spec->programs[0].object, object);
	assert_ptr_equal(fixture->spec->dialect, fixture->dialect);
}

static void test_load_file__object_beside_it_or_given(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *path = write_config(fixture, GOOD, 0);
	__cleanup(x_freep) char *object = str_printf("%s/x.bpf.o", fixture->dir);

	assert_int_equal(
		config_load_file(fixture->dialect, path, NULL, &fixture->spec, &fixture->errors),
		0);
	assert_string_equal(fixture->spec->name, "x");
	assert_string_equal(fixture->spec->programs[0].object, object);
	fixture->spec = spec__free(fixture->spec);
	assert_int_equal(config_load_file(fixture->dialect, path, "/o.bpf.o", &fixture->spec,
					  &fixture->errors),
			 0);
	assert_string_equal(fixture->spec->programs[0].object, "/o.bpf.o");
}

static void test_load__missing_file(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(config_load_named(fixture->dialect, fixture->dir, "nowhere",
					   &fixture->spec, &fixture->errors),
			 -ENOENT);
	assert_null(fixture->spec);
	assert_non_null(
		strstr(fixture->errors.items[0].text, "cannot read the config: No such file"));
	assert_non_null(strstr(fixture->errors.items[0].at.file, "/nowhere.yaml"));
}

static void test_load__folder_for_a_file(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(config_load_file(fixture->dialect, fixture->dir, NULL, &fixture->spec,
					  &fixture->errors),
			 -EISDIR);
}

static void test_load__file_too_large(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *path = write_config(fixture, GOOD, CONFIG_MAX_BYTES + 1);

	assert_int_equal(
		config_load_file(fixture->dialect, path, NULL, &fixture->spec, &fixture->errors),
		-EFBIG);
	assert_string_equal(fixture->errors.items[0].text,
			    "the config is larger than 4194304 bytes; split it");
}

static void test_load__errors_outlive_the_spec(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *path = write_config(fixture, "metrics: {counters: [{name: m}]}\n",
						     0);

	assert_int_equal(
		config_load_file(fixture->dialect, path, NULL, &fixture->spec, &fixture->errors),
		-EINVAL);
	assert_null(fixture->spec);
	assert_string_equal(fixture->errors.items[0].at.file, path);
	assert_int_equal(fixture->errors.items[0].at.line, 1);
	assert_int_equal(fixture->errors.items[0].at.column, 22);
}

static void test_complete__checks_against_the_object(void **state)
{
	struct fixture *fixture = *state;
	const struct fact_map map = { .name = "m", .type = 2, .key_size = 4, .value_size = 8 };
	const struct object_facts facts = { .path = "x.bpf.o", .maps = &map, .map_count = 1 };
	const struct object_facts none = { .path = "x.bpf.o" };
	const struct dialect_input input = {
		.name = "x", .origin = "x.yaml", .text = GOOD, .len = strlen(GOOD)
	};

	assert_int_equal(
		config_load_text(fixture->dialect, &input, &fixture->spec, &fixture->errors), 0);
	assert_int_equal(spec__complete(fixture->spec, &facts, &fixture->errors), 0);
	assert_int_equal(spec__complete(fixture->spec, &none, &fixture->errors), -ENOENT);
}

static void test_free__nothing(void **state)
{
	(void)state;
	assert_null(spec__free(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load_named__yaml_and_object_of_the_folder),
		TEST(test_load_file__object_beside_it_or_given),
		TEST(test_load__missing_file),
		TEST(test_load__folder_for_a_file),
		TEST(test_load__file_too_large),
		TEST(test_load__errors_outlive_the_spec),
		TEST(test_complete__checks_against_the_object),
		TEST(test_free__nothing),
	};

	return cmocka_run_group_tests_name("config/load", tests, NULL, NULL);
}
