/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/str.h"
#include "host/host.h"
#include "program/program.h"

struct fixture {
	struct host *host;
	struct program *program;
	struct program_spec spec;
	const struct object_facts *facts;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct program_options options = { 0 };

	fixture.spec = (struct program_spec){ .name = "facts",
					      .kind = OBJECT_KIND_PATH,
					      .object = FACTS_OBJECT };
	assert_int_equal(host__open("/", &fixture.host, NULL), 0);
	options.host = fixture.host;
	assert_int_equal(program__open(&fixture.spec, &options, &fixture.program, NULL), 0);
	fixture.facts = program__facts(fixture.program);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fixture->program = program__close(fixture->program);
	fixture->host = host__close(fixture->host);
	return 0;
}

static const struct fact_member *find_member(const struct fact_type *type, const char *name)
{
	for (uint32_t i = 0; i < type->member_count; i++)
		if (str_eq(type->members[i].name, name))
			return &type->members[i];
	fail_msg("no member '%s'", name);
	return NULL;
}

static void test_fill__programs(void **state)
{
	const struct object_facts *facts = ((struct fixture *)*state)->facts;

	assert_string_equal(facts->path, FACTS_OBJECT);
	assert_int_equal(facts->program_count, 2);
	assert_string_equal(facts->programs[0].name, "first");
	assert_string_equal(facts->programs[0].section, "raw_tp/sys_enter");
	assert_string_equal(facts->programs[1].section, "kprobe/do_exit");
}

static void test_fill__maps(void **state)
{
	const struct object_facts *facts = ((struct fixture *)*state)->facts;
	const struct fact_map *events = object_facts__find_map(facts, "events");
	const struct fact_map *pipe = object_facts__find_map(facts, "pipe");

	assert_non_null(events);
	assert_int_equal(events->type, BPF_MAP_TYPE_HASH);
	assert_int_equal(events->max_entries, 100);
	assert_int_equal(events->key_size, 18);
	assert_string_equal(events->key->name, "inner");
	assert_string_equal(events->value->name, "event");
	assert_int_equal(events->value_size, events->value->size);
	assert_non_null(pipe);
	assert_int_equal(pipe->type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	assert_null(pipe->key);
	assert_null(object_facts__find_map(facts, "no_such"));
}

static void test_fill__variables(void **state)
{
	const struct object_facts *facts = ((struct fixture *)*state)->facts;
	const struct fact_variable *limit = object_facts__find_variable(facts, "limit");
	const struct fact_variable *greeting = object_facts__find_variable(facts, "greeting");
	const struct fact_variable *counter = object_facts__find_variable(facts, "counter");
	const struct fact_variable *zeroed = object_facts__find_variable(facts, "zeroed");
	const struct fact_variable *favorite = object_facts__find_variable(facts, "favorite");
	uint64_t value = 0;
	uint16_t port;

	assert_non_null(limit);
	assert_string_equal(limit->section, ".rodata");
	assert_int_equal(limit->size, 4);
	memcpy(&value, limit->initial, 4);
	assert_int_equal(value, 42);
	assert_int_equal(limit->type->kind, FACT_TYPE_INT);
	assert_false(limit->type->is_signed);

	assert_non_null(greeting);
	memcpy(&port, greeting->initial, sizeof(port));
	assert_int_equal(port, 80);
	assert_string_equal((const char *)greeting->initial + 2, "hello");

	assert_string_equal(counter->section, ".data");
	memcpy(&value, counter->initial, sizeof(value));
	assert_int_equal(value, 5);
	assert_string_equal(zeroed->section, ".bss");
	assert_null(zeroed->initial);
	assert_string_equal(favorite->section, ".data.custom");
	assert_int_equal(favorite->type->kind, FACT_TYPE_ENUM);
	/* The license is no variable that a dialect may set. */
	assert_null(object_facts__find_variable(facts, "LICENSE"));
}

static void test_fill__struct(void **state)
{
	const struct object_facts *facts = ((struct fixture *)*state)->facts;
	const struct fact_type *event = object_facts__find_type(facts, "event");
	const struct fact_member *member;

	assert_non_null(event);
	assert_int_equal(event->kind, FACT_TYPE_STRUCT);

	member = find_member(event, "at");
	assert_int_equal(member->type->kind, FACT_TYPE_INT);
	assert_int_equal(member->type->size, 8);
	assert_int_equal(member->type->typedef_count, 3);
	assert_string_equal(member->type->typedefs[0], "timestamp_t");
	assert_string_equal(member->type->typedefs[1], "nanoseconds_t");
	assert_string_equal(member->type->typedefs[2], "__u64");

	member = find_member(event, "result"); /* const volatile is passed */
	assert_true(member->type->kind == FACT_TYPE_INT && member->type->is_signed);
	assert_int_equal(member->offset_bits, 64);

	member = find_member(event, "low");
	assert_int_equal(member->size_bits, 3);
	member = find_member(event, "high");
	assert_int_equal(member->size_bits, 5);

	member = find_member(event, "next"); /* back to where we are */
	assert_int_equal(member->type->kind, FACT_TYPE_POINTER);
	assert_ptr_equal(member->type->element, event);

	assert_int_equal(find_member(event, "flag")->type->kind, FACT_TYPE_BOOL);
	assert_int_equal(find_member(event, "ratio")->type->kind, FACT_TYPE_FLOAT);
	assert_int_equal(find_member(event, "either")->type->kind, FACT_TYPE_UNION);
	member = find_member(event, ""); /* an anonymous struct */
	assert_string_equal(member->type->members[0].name, "anonymous_member");

	member = find_member(find_member(event, "inner")->type, "name");
	assert_int_equal(member->type->kind, FACT_TYPE_ARRAY);
	assert_int_equal(member->type->element_count, 16);
	assert_int_equal(member->type->size, 16);
	assert_int_equal(member->type->element->kind, FACT_TYPE_CHAR);
}

static void test_fill__enums(void **state)
{
	const struct object_facts *facts = ((struct fixture *)*state)->facts;
	const struct fact_type *color = object_facts__find_type(facts, "color");
	const struct fact_type *wide = object_facts__find_type(facts, "wide");

	assert_non_null(color);
	assert_int_equal(color->member_count, 3);
	assert_string_equal(color->enumerators[1].name, "GREEN");
	assert_int_equal(color->enumerators[1].value, 7);
	/* Clang before 15 does not say that an enumeration has signed values. */
	assert_true(color->enumerators[2].value == (color->is_signed ? -1 : (int64_t)UINT32_MAX));
	/* Clang before 15 has no 64-bit enumerations in BTF and cuts their values. */
	if (wide && wide->size == 8)
		assert_int_equal(wide->enumerators[0].value, 0x1234567890);
}

static void test_open__objects_that_are_none(void **state)
{
	const struct fixture *fixture = *state;
	const struct {
		const char *path;
		int code;
		const char *text;
	} rows[] = {
		{ "/no/such.bpf.o", -ENOENT,
		  "object '/no/such.bpf.o' cannot be read: No such file or directory; `sonde build` makes it from its .bpf.c" },
		{ "/proc/self/exe", -EINVAL,
		  "object '/proc/self/exe': it is not an eBPF object; clang -target bpf -c makes one" },
		{ "/etc/passwd", -ENOEXEC,
		  "object '/etc/passwd': it is not an ELF file; clang -target bpf makes one" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_spec spec = { .at = { "x.yaml", 0, 0 },
					     .kind = OBJECT_KIND_PATH,
					     .object = rows[i].path };
		struct program_options options = { .host = fixture->host };
		struct program *program = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(program__open(&spec, &options, &program, &err), rows[i].code);
		assert_string_equal(err.text, rows[i].text);
		assert_string_equal(err.at.file, "x.yaml");
		err__done(&err);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fill__programs),  TEST(test_fill__maps),
		TEST(test_fill__variables), TEST(test_fill__struct),
		TEST(test_fill__enums),     TEST(test_open__objects_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
