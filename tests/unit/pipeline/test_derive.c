/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/spec.h"
#include "decode/identity.h"

struct row {
	uint64_t at_ns;
	uint64_t mntns;
	uint32_t netns;
	uint32_t error;
	char words[8];
	int32_t op_raw;
	char src[4], dest[4], fs[4], flags[4], data[4];
};

static int asked;

static bool find_mntns(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	(void)ctx;
	asked++;
	if (id != 7)
		return false;
	*ret_words = (struct identity_words){ .container_id = "0123",
					      .container = "web",
					      .runtime = "docker",
					      .unit = "",
					      .container_pid = 42,
					      .started_ns = -1,
					      .is_host_network = true };
	return true;
}

static bool find_netns(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	(void)ctx;
	if (id != 9)
		return false;
	*ret_words = (struct identity_words){
		.pod_uid = "u", .pod = "shop", .namespace = "default", .unit = ""
	};
	return true;
}

static const struct identity_source who = { .find_mntns = find_mntns, .find_netns = find_netns };
static const struct decode_env env = { .who = &who };

/* Fields of a schema as they are added. */
struct fixture {
	struct derive *derive;
	struct field fields[32];
	struct schema schema;
	struct row row;
	struct record record;
};

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	if (!fixture || derive__new(&env, &fixture->derive, NULL) < 0)
		return -1;
	fixture->schema = (struct schema){ .name = "row",
					   .fields = fixture->fields,
					   .size = sizeof(struct row) };
	fixture->record = (struct record){ .schema = &fixture->schema,
					   .raw = &fixture->row,
					   .raw_len = sizeof(fixture->row),
					   .deriver = derive__deriver(fixture->derive) };
	derive__set_key(fixture->derive, DERIVE_KEY_MNTNS, offsetof(struct row, mntns), 8);
	derive__set_key(fixture->derive, DERIVE_KEY_NETNS, offsetof(struct row, netns), 4);
	*state = fixture;
	asked = 0;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	derive__free(fixture->derive);
	free(fixture);
	return 0;
}

/* Index of a derived field of that place. */
static uint32_t add(struct fixture *fixture, int place)
{
	assert_true(place >= 0);
	fixture->fields[fixture->schema.field_count] = (struct field){ .name = "derived",
								       .offset = (uint32_t)place,
								       .flags = FIELD_DERIVED };
	return fixture->schema.field_count++;
}

static void add_raw(struct fixture *fixture, const char *name, enum field_type type, size_t offset,
		    size_t size)
{
	fixture->fields[fixture->schema.field_count++] = (struct field){ .name = name,
									 .type = type,
									 .offset = (uint32_t)offset,
									 .size = (uint32_t)size,
									 .count = 1 };
}

static void assert_text(const struct fixture *fixture, uint32_t field, const char *wanted)
{
	struct value value;

	assert_int_equal(record__get(&fixture->record, field, &value), 0);
	assert_int_equal(value.type, FIELD_TYPE_STRING);
	assert_int_equal(value.bytes.len, strlen(wanted));
	assert_memory_equal(value.bytes.data, wanted, strlen(wanted));
}

static uint32_t add_text(struct fixture *fixture, const char *decoder, size_t offset, size_t size)
{
	/* Specs outlive what is made of them. */
	static struct step_spec steps[8];
	static size_t used;
	struct step_spec *step = &steps[used++ % array_size(steps)];
	const struct field_spec source = { .name = "source",
					   .offset = (uint32_t)offset,
					   .size = (uint32_t)size };

	*step = (struct step_spec){ .decoder = decoder };
	return add(fixture,
		   derive__add_text(
			   fixture->derive,
			   &(struct field_spec){ .name = "text", .steps = step, .step_count = 1 },
			   &source, NULL));
}

static void test_text__of_numbers_and_bytes(void **state)
{
	struct fixture *fixture = *state;
	/* `errno` takes text: the number becomes that first. */
	uint32_t error = add_text(fixture, "errno", offsetof(struct row, error), 4);
	uint32_t words = add_text(fixture, "string", offsetof(struct row, words), 8);

	for (int i = 0; i < 3; i++) { /* the second time from memory */
		fixture->row.error = 2;
		memcpy(fixture->row.words, "ls\0-l\0\0", 8);
		derive__begin(fixture->derive);
		assert_text(fixture, error, "ENOENT");
		assert_text(fixture, words, "ls");
		fixture->row.error = 13;
		assert_text(fixture, error, "EACCES");
	}
}

static void test_text__of_a_batch_stays(void **state)
{
	struct fixture *fixture = *state;
	uint32_t error = add_text(fixture, "uint", offsetof(struct row, error), 4);
	struct value first, other;

	derive__begin(fixture->derive);
	fixture->row.error = 1000;
	assert_int_equal(record__get(&fixture->record, error, &first), 0);
	for (uint32_t i = 0; i < 1000; i++) { /* more than are remembered */
		fixture->row.error = i;
		assert_int_equal(record__get(&fixture->record, error, &other), 0);
	}
	assert_int_equal(first.bytes.len, 4);
	assert_memory_equal(first.bytes.data, "1000", 4);
}

static void test_text__of_one_record_stays(void **state)
{
	struct fixture *fixture = *state;
	uint32_t error = add_text(fixture, "errno", offsetof(struct row, error), 4);
	uint32_t number = add_text(fixture, "uint", offsetof(struct row, error), 4);
	uint32_t words = add_text(fixture, "string", offsetof(struct row, words), 8);
	struct value first, second;

	fixture->row.error = 2;
	for (int i = 0; i < 2; i++) { /* the second time from memory */
		memcpy(fixture->row.words, i ? "ps\0\0\0\0\0" : "ls\0\0\0\0\0", 8);
		derive__begin_one(fixture->derive);
		assert_int_equal(record__get(&fixture->record, error, &first), 0);
		assert_int_equal(record__get(&fixture->record, number, &second), 0);
		assert_text(fixture, words, i ? "ps" : "ls");
		assert_int_equal(first.bytes.len, 6);
		assert_memory_equal(first.bytes.data, "ENOENT", 6);
		assert_int_equal(second.bytes.len, 1);
		assert_memory_equal(second.bytes.data, "2", 1);
	}
}

static void test_text__record_too_short(void **state)
{
	struct fixture *fixture = *state;
	uint32_t words = add_text(fixture, "string", offsetof(struct row, words), 8);
	struct value value;

	fixture->record.raw_len = offsetof(struct row, words) + 7;
	assert_int_equal(record__get(&fixture->record, words, &value), -ERANGE);
}

static void test_wall_time__by_the_clocks(void **state)
{
	struct fixture *fixture = *state;
	uint32_t at = add(
		fixture, derive__add_wall_time(fixture->derive, offsetof(struct row, at_ns), NULL));
	int64_t before_ns = clock_wall_ns();
	struct value value;

	fixture->row.at_ns = (uint64_t)clock_boottime_ns();
	derive__look_at_clocks(fixture->derive);
	assert_int_equal(record__get(&fixture->record, at, &value), 0);
	assert_int_equal(value.type, FIELD_TYPE_U64);
	/* Within a minute: that is no other clock. */
	assert_true((int64_t)value.u64 > before_ns - 60 * NS_PER_S &&
		    (int64_t)value.u64 < before_ns + 60 * NS_PER_S);
	fixture->row.at_ns = 0;
	assert_int_equal(record__get(&fixture->record, at, &value), 0);
	assert_int_equal(value.u64, 0);
}

static uint32_t word_named(const char *name)
{
	const struct derive_word *word;

	for (uint32_t i = 0; (word = derive_word_at(i)); i++)
		if (strcmp(word->name, name) == 0)
			return i;
	fail_msg("no word %s", name);
	return 0;
}

static uint32_t add_word(struct fixture *fixture, const char *name)
{
	return add(fixture, derive__add_identity(fixture->derive, word_named(name), NULL));
}

static void test_identity__asked_once_for_a_record(void **state)
{
	struct fixture *fixture = *state;
	uint32_t name = add_word(fixture, "runtime.containerName");
	uint32_t runtime = add_word(fixture, "runtime.runtimeName");
	uint32_t pod = add_word(fixture, "k8s.podName");
	uint32_t pid = add_word(fixture, "runtime.containerPid");
	uint32_t host = add_word(fixture, "k8s.hostnetwork");
	struct value value;

	fixture->row.mntns = 7;
	fixture->row.netns = 9;
	derive__begin(fixture->derive);
	assert_text(fixture, name, "web");
	assert_text(fixture, runtime, "docker");
	assert_text(fixture, pod, ""); /* the container is known, and in none */
	assert_int_equal(record__get(&fixture->record, pid, &value), 0);
	assert_int_equal(value.u64, 42);
	assert_int_equal(record__get(&fixture->record, host, &value), 0);
	assert_int_equal(value.type, FIELD_TYPE_BOOL);
	assert_int_equal(value.u64, 1);
	assert_int_equal(asked, 1);
}

static void test_identity__falls_back_to_the_network(void **state)
{
	struct fixture *fixture = *state;
	uint32_t name = add_word(fixture, "runtime.containerName");
	uint32_t pod = add_word(fixture, "k8s.podName");
	uint32_t namespace = add_word(fixture, "k8s.namespace");

	fixture->row.mntns = 8;
	fixture->row.netns = 9;
	derive__begin(fixture->derive);
	assert_text(fixture, pod, "shop");
	assert_text(fixture, namespace, "default");
	assert_text(fixture, name, "");
	fixture->row.netns = 10;
	derive__begin(fixture->derive);
	assert_text(fixture, pod, "");
}

static void test_subject__by_ids_and_until_the_next_drain(void **state)
{
	struct fixture *fixture = *state;
	const struct record *record = &fixture->record;
	const struct deriver *deriver = record->deriver;
	uint64_t first, second;

	fixture->row.mntns = 7;
	first = deriver->subject(deriver->ctx, record);
	fixture->row.error = 1;
	assert_true(deriver->subject(deriver->ctx, record) == first);
	fixture->row.netns = 9;
	second = deriver->subject(deriver->ctx, record);
	assert_true(second != first);
	derive__look_at_clocks(fixture->derive);
	first = deriver->subject(deriver->ctx, record);
	assert_true(first != second);
	fixture->record.raw_len = 0; /* it says nothing */
	assert_true(deriver->subject(deriver->ctx, record) != first);
}

static void test_made__of_other_fields(void **state)
{
	struct fixture *fixture = *state;
	uint32_t call;

	call = add(fixture,
		   derive__add_made(fixture->derive,
				    &(struct field_spec){ .name = "call", .maker = "mount_call" },
				    NULL));
	assert_int_equal(derive__bind(fixture->derive, &fixture->schema, NULL), -ENOENT);
	add_raw(fixture, "op_raw", FIELD_TYPE_S32, offsetof(struct row, op_raw), 4);
	add_raw(fixture, "src", FIELD_TYPE_STRING, offsetof(struct row, src), 4);
	add_raw(fixture, "dest", FIELD_TYPE_STRING, offsetof(struct row, dest), 4);
	add_raw(fixture, "fs", FIELD_TYPE_STRING, offsetof(struct row, fs), 4);
	add_raw(fixture, "flags", FIELD_TYPE_STRING, offsetof(struct row, flags), 4);
	add_raw(fixture, "data", FIELD_TYPE_STRING, offsetof(struct row, data), 4);
	add_raw(fixture, "error_raw", FIELD_TYPE_U32, offsetof(struct row, error), 4);
	assert_int_equal(derive__bind(fixture->derive, &fixture->schema, NULL), 0);
	memcpy(fixture->row.src, "/a", 3);
	memcpy(fixture->row.dest, "/b", 3);
	memcpy(fixture->row.fs, "ext", 4);
	memcpy(fixture->row.flags, "RO", 3);
	fixture->row.error = 16;
	derive__begin(fixture->derive);
	assert_text(fixture, call, "mount(\"/a\", \"/b\", \"ext\", RO, \"\") = 16");
	fixture->row.op_raw = 1;
	assert_text(fixture, call, "umount(\"/b\", \"RO\") = 16");
	fixture->row.op_raw = 2;
	assert_text(fixture, call, "");
	assert_int_equal(derive__add_made(fixture->derive,
					  &(struct field_spec){ .name = "x", .maker = "y" }, NULL),
			 -ENOENT);
}

static void test_made__of_its_own_bytes(void **state)
{
	struct fixture *fixture = *state;
	uint32_t args = add(fixture, derive__add_made(fixture->derive,
						      &(struct field_spec){
							      .name = "args",
							      .maker = "exec_args",
							      .offset = offsetof(struct row, words),
							      .size = 8,
						      },
						      NULL));

	add_raw(fixture, "args_size", FIELD_TYPE_U32, offsetof(struct row, error), 4);
	assert_int_equal(derive__bind(fixture->derive, &fixture->schema, NULL), 0);
	derive__begin(fixture->derive);
	memcpy(fixture->row.words, "ls\0-l\0xx", 8);
	fixture->row.error = 6;
	assert_text(fixture, args, "ls\xc2\xa0-l"); /* what is behind is none of its */
	fixture->row.error = 99;
	assert_text(fixture, args, "ls\xc2\xa0-l\xc2\xa0xx");
	fixture->row.error = 0;
	assert_text(fixture, args, "");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text__of_numbers_and_bytes),
		TEST(test_text__of_a_batch_stays),
		TEST(test_text__of_one_record_stays),
		TEST(test_text__record_too_short),
		TEST(test_wall_time__by_the_clocks),
		TEST(test_identity__asked_once_for_a_record),
		TEST(test_identity__falls_back_to_the_network),
		TEST(test_subject__by_ids_and_until_the_next_drain),
		TEST(test_made__of_other_fields),
		TEST(test_made__of_its_own_bytes),
	};

	return cmocka_run_group_tests_name("pipeline/derive", tests, NULL, NULL);
}
