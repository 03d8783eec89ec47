/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of gadgets, by facts of an object that no compiler has seen. gadget.yaml itself is tests/golden/gadget. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"

/* ---- an object ------------------------------------------------------------------------------ */

static const char *const errno_names[] = { "my_errno", "gadget_errno", "__u32" };
static const char *const old_mntns_names[] = { "mnt_ns_id_t" };
static const struct fact_type void_pointer = { .kind = FACT_TYPE_POINTER, .name = "", .size = 8 };
static const struct fact_type u8_type = { .kind = FACT_TYPE_INT, .name = "u8", .size = 1 };
static const struct fact_type s16_type = {
	.kind = FACT_TYPE_INT, .name = "s16", .size = 2, .is_signed = true
};
static const struct fact_type bool_type = { .kind = FACT_TYPE_BOOL, .name = "_Bool", .size = 1 };
static const struct fact_type errno_type = { .kind = FACT_TYPE_INT,
					     .name = "unsigned int",
					     .size = 4,
					     .typedefs = errno_names,
					     .typedef_count = array_size(errno_names) };
static const struct fact_type old_mntns_type = { .kind = FACT_TYPE_INT,
						 .name = "unsigned long",
						 .size = 8,
						 .typedefs = old_mntns_names,
						 .typedef_count = 1 };
static const struct fact_type bytes_type = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 3, .element = &u8_type, .element_count = 3
};
static const struct fact_type matrix_type = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 9, .element = &bytes_type, .element_count = 3
};
static const struct fact_member event_members[] = {
	{ .name = "error_raw", .type = &errno_type },
	{ .name = "matrix", .offset_bits = 32, .type = &matrix_type },
	{ .name = "bits", .offset_bits = 104, .size_bits = 3, .type = &errno_type },
	{ .name = "__padding", .offset_bits = 112, .type = &u8_type },
	{ .name = "raw", .offset_bits = 120, .type = &bytes_type },
};
static const struct fact_type event_type = { .kind = FACT_TYPE_STRUCT,
					     .name = "event",
					     .size = 20,
					     .members = event_members,
					     .member_count = array_size(event_members) };
/* Packed, as those of 2023 are. */
static const struct fact_member key_members[] = {
	{ .name = "kind", .type = &u8_type },
	{ .name = "mntns", .offset_bits = 8, .type = &old_mntns_type },
};
static const struct fact_type key_type = { .kind = FACT_TYPE_STRUCT,
					   .name = "key",
					   .size = 9,
					   .members = key_members,
					   .member_count = array_size(key_members) };
static const struct fact_type *const types[] = { &event_type, &key_type };
static const struct fact_map maps[] = {
	{ .name = "array", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8 },
	{ .name = "numbers", .type = BPF_MAP_TYPE_HASH, .key_size = 1, .key = &u8_type },
	{ .name = "perf", .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4 },
	{ .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096 },
	{ .name = "rows",
	  .type = BPF_MAP_TYPE_LRU_PERCPU_HASH,
	  .key_size = 9,
	  .value_size = 20,
	  .key = &key_type,
	  .value = &event_type },
};
static const struct fact_program programs[] = { { "hook", "kprobe/x" }, { "walk", "iter/task" } };
static const uint8_t minus_two[] = { 0xfe, 0xff };

/* An object that declares this, completed; both strings end up in the fixture. */
struct fixture {
	struct spec *spec;
	struct err_list errors;
};

static int run(struct fixture *fixture, const char *declaration, const char *yaml)
{
	const struct fact_variable variables[] = {
		{ .name = declaration, .section = ".bss", .size = 8, .type = &void_pointer },
		{ .name = "small",
		  .section = ".rodata",
		  .size = 2,
		  .type = &s16_type,
		  .initial = minus_two },
		{ .name = "switch", .section = ".rodata", .size = 1, .type = &bool_type },
		{ .name = "record", .section = ".rodata", .size = 20, .type = &event_type },
		{ .name = "loose", .section = ".bss", .size = 2, .type = &s16_type },
	};
	const struct object_facts facts = {
		.path = "g.bpf.o",
		.programs = programs,
		.program_count = array_size(programs),
		.maps = maps,
		.map_count = array_size(maps),
		.variables = variables,
		.variable_count = array_size(variables),
		.types = types,
		.type_count = array_size(types),
	};
	const struct dialect_input input = { .name = "g",
					     .origin = "gadget.yaml",
					     .object = "g.bpf.o",
					     .text = yaml,
					     .len = strlen(yaml) };
	int r = config_load_text(dialect_find("gadget"), &input, &fixture->spec, &fixture->errors);

	return r < 0 ? r : spec__complete(fixture->spec, &facts, &fixture->errors);
}

static void done(struct fixture *fixture)
{
	spec__free(fixture->spec);
	err_list__done(&fixture->errors);
}

static const struct field_spec *field(const struct fixture *fixture, const char *name)
{
	const struct stream_spec *stream = &fixture->spec->streams[0];

	for (uint32_t i = 0; i < stream->field_count; i++)
		if (str_eq(stream->fields[i].name, name))
			return &stream->fields[i];
	return NULL;
}

/* ---- good ----------------------------------------------------------------------------------- */

static void test_complete__tracer(void **state)
{
	struct fixture fixture = { .spec = NULL };

	(void)state;
	assert_int_equal(run(&fixture, "gadget_tracer_a_b___ring___event", ""), 0);
	assert_int_equal(fixture.spec->stream_count, 1);
	assert_string_equal(fixture.spec->streams[0].name, "a_b");
	assert_int_equal(fixture.spec->streams[0].mode, STREAM_MODE_EVENTS);
	assert_null(fixture.spec->streams[0].lost_map);
	assert_int_equal(field(&fixture, "error_raw")->role, FIELD_ROLE_ERRNO);
	assert_string_equal(field(&fixture, "error_raw")->type_name, "gadget_errno");
	assert_true(field(&fixture, "error_raw")->is_hidden);
	assert_string_equal(field(&fixture, "error")->source, "error_raw");
	assert_int_equal(field(&fixture, "raw")->count, 3);
	assert_int_equal(field(&fixture, "raw")->offset, 15);
	assert_null(field(&fixture, "__padding"));
	assert_null(field(&fixture, "matrix"));
	assert_null(field(&fixture, "bits"));
	assert_int_equal(fixture.spec->warning_count, 2); /* of the last two */
	done(&fixture);
}

static void test_complete__rows_of_any_hash(void **state)
{
	struct fixture fixture = { .spec = NULL };

	(void)state;
	assert_int_equal(run(&fixture, "gadget_mapiter_r___rows", ""), 0);
	assert_int_equal(fixture.spec->streams[0].mode, STREAM_MODE_TABLE);
	assert_int_equal(fixture.spec->streams[0].record_size, 29);
	assert_true(field(&fixture, "kind")->is_key);
	assert_int_equal(field(&fixture, "mntns")->role, FIELD_ROLE_MNTNS_ID);
	assert_int_equal(field(&fixture, "mntns")->offset, 1);
	assert_false(field(&fixture, "error_raw")->is_key);
	assert_int_equal(field(&fixture, "error_raw")->offset, 9);
	assert_non_null(spec__find_param(fixture.spec, "map-fetch-interval"));
	done(&fixture);
}

static void test_complete__old_snapshotter(void **state)
{
	struct fixture fixture = { .spec = NULL };

	(void)state;
	assert_int_equal(
		run(&fixture, "gadget_snapshotter_s___event___walk",
		    "datasources: {s: {annotations: {fetch-interval: 2s, fetch-count: 3}}}"),
		0);
	assert_int_equal(fixture.spec->streams[0].mode, STREAM_MODE_SNAPSHOT);
	assert_int_equal(fixture.spec->streams[0].interval_ns, 2000000000);
	assert_int_equal(fixture.spec->streams[0].count, 3);
	assert_string_equal(fixture.spec->streams[0].iterators[0].text, "walk");
	done(&fixture);
}

static void test_complete__params(void **state)
{
	static const struct {
		const char *declaration, *yaml, *name, *type, *value;
	} rows[] = {
		{ "gadget_param_small", "", "small", "s16", "-2" },
		{ "gadget_param_switch", "", "switch", "bool", "" },
		{ "gadget_param_small", "params: {ebpf: {small: {key: s, defaultValue: 4}}}", "s",
		  "s16", "4" },
		{ "gadget_param_small", "paramDefaults: {operator.oci.ebpf.SMALL: 9}", "small",
		  "s16", "9" },
		{ "gadget_param_small", "ebpfParams: {SMALL: {key: old}}", "old", "s16", "-2" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct fixture fixture = { .spec = NULL };
		const struct param_spec *param;

		assert_int_equal(run(&fixture, rows[i].declaration, rows[i].yaml), 0);
		param = spec__find_param(fixture.spec, rows[i].name);
		assert_non_null(param);
		assert_string_equal(param->type, rows[i].type);
		assert_string_equal(param->value, rows[i].value);
		done(&fixture);
	}
}

static void test_complete__rest_of_a_record(void **state)
{
	struct fixture fixture = { .spec = NULL };

	(void)state;
	assert_int_equal(run(&fixture, "gadget_tracer_t___perf___event",
			     "datasources: {t: {annotations: {ebpf.rest.name: data}}}"),
			 0);
	assert_int_equal(field(&fixture, "data")->offset, 20);
	assert_int_equal(field(&fixture, "data")->type, FIELD_TYPE_BYTES);
	done(&fixture);
}

static void test_complete__what_the_text_adds(void **state)
{
	struct fixture fixture = { .spec = NULL };

	(void)state;
	assert_int_equal(run(&fixture, "gadget_tracer_t___ring___event",
			     "datasources:\n"
			     "  T: {fields: {ERROR_RAW: {annotations: {columns.hidden: false, "
			     "formatters.errno.target: why}}, k8s.podName: {}, raww: {}}}\n"
			     "  u: {}\n"),
			 0);
	assert_false(field(&fixture, "error_raw")->is_hidden);
	assert_non_null(field(&fixture, "why"));
	assert_null(field(&fixture, "error"));
	assert_true(field(&fixture, "k8s.podName")->is_foreign);
	assert_null(field(&fixture, "raww"));
	assert_int_equal(fixture.spec->stream_count, 1);
	assert_int_equal(fixture.spec->warning_count, 4);
	done(&fixture);
}

/* ---- bad ------------------------------------------------------------------------------------ */

static void test_complete__broken_contracts(void **state)
{
	static const struct {
		const char *declaration, *yaml, *message;
	} rows[] = {
		{ "gadget_tracer_t___gone___event", "", "the object has no map 'gone'" },
		{ "gadget_tracer_t___ring___gone", "", "have no struct 'gone'" },
		{ "gadget_tracer_t___rows___event", "", "neither a ring nor a perf buffer" },
		{ "gadget_tracer_t___ring", "", "a tracer has a name, a map and a struct" },
		{ "gadget_mapiter_t___array", "", "no hash is map 'array'" },
		{ "gadget_mapiter_t___numbers", "", "key and value must be structs" },
		{ "gadget_mapiter_t", "", "a map iterator has a name and a map" },
		{ "gadget_iter_t___event___gone", "", "the object has no program 'gone'" },
		{ "gadget_iter_t___event___hook", "", "no iterator is program 'hook'" },
		{ "gadget_iter_t___event", "",
		  "an iterator has a name, a struct and its programs" },
		{ "gadget_param_gone", "", "is no constant of the object" },
		{ "gadget_param_loose", "", "is no constant of the object" },
		{ "gadget_param_small", "params: {ebpf: {small: {defaultValue: 99999}}}",
		  "is not a whole number from -32768 to 32767" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct fixture fixture = { .spec = NULL };

		assert_true(run(&fixture, rows[i].declaration, rows[i].yaml) < 0);
		assert_true(fixture.errors.len > 0);
		assert_non_null(strstr(fixture.errors.items[0].text, rows[i].message));
		done(&fixture);
	}
}

static void test_complete__a_param_that_is_no_number(void **state)
{
	struct fixture fixture = { .spec = NULL };

	(void)state;
	assert_int_equal(run(&fixture, "gadget_param_record", ""), 0);
	assert_int_equal(fixture.spec->param_count, 0);
	assert_int_equal(fixture.spec->warning_count, 1);
	done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete__tracer),
		cmocka_unit_test(test_complete__rows_of_any_hash),
		cmocka_unit_test(test_complete__old_snapshotter),
		cmocka_unit_test(test_complete__params),
		cmocka_unit_test(test_complete__rest_of_a_record),
		cmocka_unit_test(test_complete__what_the_text_adds),
		cmocka_unit_test(test_complete__broken_contracts),
		cmocka_unit_test(test_complete__a_param_that_is_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
