/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ir/interpret.h"

struct event {
	uint64_t latency;
	int32_t error;
	uint16_t port;
	int8_t delta;
	uint8_t flag;
	char comm[16];
	uint8_t address[6];
	char tail[6];
};

#define FIELD(member, kind)                                                                        \
	{                                                                                          \
		.type = AGGREGATE_TYPE_##kind, .offset = offsetof(struct event, member),           \
		.size = sizeof(((struct event *)0)->member)                                        \
	}
#define SIGNED(member)                                                                             \
	{                                                                                          \
		.type = AGGREGATE_TYPE_INTEGER, .offset = offsetof(struct event, member),          \
		.size = sizeof(((struct event *)0)->member), .is_signed = true                     \
	}

static const struct event event = {
	.latency = 1000,
	.error = -13,
	.port = 443,
	.delta = -2,
	.flag = 200,
	.comm = "cat\0garbage",
	.address = { 1, 2, 3, 4, 5, 6 },
	.tail = { 'w', 'h', 'o', 'l', 'e', '!' },
};

static int run(const struct aggregate *aggregate, struct aggregate_layout *layout, uint8_t *key,
	       struct aggregate_sample *sample)
{
	assert_int_equal(aggregate__layout(aggregate, layout, NULL), 0);
	return aggregate__run(aggregate, layout, (const uint8_t *)&event, sizeof(event), key,
			      sample);
}

/* ---- keys ---- */

static void test_run__key_of_all_types(void **state)
{
	const struct aggregate_key keys[] = {
		{ .field = SIGNED(error) },
		{ .field = FIELD(comm, STRING) },
		{ .field = FIELD(address, BYTES) },
		{ .field = FIELD(tail, STRING) },
		{ .field = FIELD(latency, INTEGER), .transform = AGGREGATE_TRANSFORM_SLOT },
		{ .field = SIGNED(delta), .transform = AGGREGATE_TRANSFORM_SLOT },
	};
	const struct aggregate aggregate = { .record_size = sizeof(event),
					     .keys = keys,
					     .key_count = array_size(keys),
					     .max_keys = 1 };
	static const uint8_t expected[] =
		"\xf3\xff\xff\xff\0\0\0\0" /* an integer keeps its own bytes */
		"cat\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\1\2\3\4\5\6\0\0"
		"whole!\0\0"
		"\12\0\0\0\0\0\0\0"
		"\0\0\0\0\0\0\0";
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_layout layout;
	struct aggregate_sample sample;

	(void)state;
	memset(key, 0xaa, sizeof(key));
	assert_int_equal(run(&aggregate, &layout, key, &sample), AGGREGATE_KEEPS);
	assert_int_equal(layout.key_size, sizeof(expected));
	assert_memory_equal(key, expected, sizeof(expected));
	assert_int_equal(key[sizeof(expected)], 0xaa);
}

static void test_run__short_record(void **state)
{
	const struct aggregate_key key = { .field = FIELD(comm, STRING) };
	const struct aggregate aggregate = {
		.record_size = sizeof(event), .keys = &key, .key_count = 1, .max_keys = 1
	};
	uint8_t bytes[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_layout layout;
	struct aggregate_sample sample;

	(void)state;
	assert_int_equal(run(&aggregate, &layout, bytes, &sample), AGGREGATE_KEEPS);
	assert_int_equal(layout.needed_bytes, 32);
	assert_int_equal(
		aggregate__run(&aggregate, &layout, (const uint8_t *)&event, 32, bytes, &sample),
		AGGREGATE_KEEPS);
	assert_int_equal(
		aggregate__run(&aggregate, &layout, (const uint8_t *)&event, 31, bytes, &sample),
		-EPROTO);
}

/* ---- conditions ---- */

static const uint8_t cat[] = "cat", whole[] = "whole!", who[] = "who",
		     address[] = { 1, 2, 3, 4, 5, 6 };

static const struct {
	struct aggregate_condition condition;
	enum aggregate_answer expected;
} conditions[] = {
	{ { .field = FIELD(port, INTEGER), .op = AGGREGATE_OP_EQUAL, .number = 443 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(port, INTEGER), .op = AGGREGATE_OP_NOT_EQUAL, .number = 443 },
	  AGGREGATE_DROPS },
	{ { .field = FIELD(port, INTEGER), .op = AGGREGATE_OP_LESS, .number = 443 },
	  AGGREGATE_DROPS },
	{ { .field = FIELD(port, INTEGER), .op = AGGREGATE_OP_LESS_EQUAL, .number = 443 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(port, INTEGER), .op = AGGREGATE_OP_GREATER, .number = 442 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(port, INTEGER), .op = AGGREGATE_OP_GREATER_EQUAL, .number = 444 },
	  AGGREGATE_DROPS },
	{ { .field = SIGNED(error), .op = AGGREGATE_OP_LESS, .number = 0 }, AGGREGATE_KEEPS },
	{ { .field = SIGNED(error), .op = AGGREGATE_OP_EQUAL, .number = (uint64_t)-13 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(error, INTEGER), .op = AGGREGATE_OP_LESS, .number = 5 },
	  AGGREGATE_DROPS },
	{ { .field = SIGNED(delta), .op = AGGREGATE_OP_GREATER_EQUAL, .number = (uint64_t)-2 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(comm, STRING), .op = AGGREGATE_OP_EQUAL, .text = cat, .text_len = 3 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(comm, STRING),
	    .op = AGGREGATE_OP_NOT_EQUAL,
	    .text = cat,
	    .text_len = 3 },
	  AGGREGATE_DROPS },
	{ { .field = FIELD(comm, STRING), .op = AGGREGATE_OP_EQUAL, .text = cat, .text_len = 2 },
	  AGGREGATE_DROPS },
	{ { .field = FIELD(comm, STRING), .op = AGGREGATE_OP_EQUAL, .text_len = 0 },
	  AGGREGATE_DROPS },
	{ { .field = FIELD(tail, STRING), .op = AGGREGATE_OP_EQUAL, .text = whole, .text_len = 6 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(tail, STRING),
	    .op = AGGREGATE_OP_NOT_EQUAL,
	    .text = who,
	    .text_len = 3 },
	  AGGREGATE_KEEPS },
	{ { .field = FIELD(address, BYTES),
	    .op = AGGREGATE_OP_EQUAL,
	    .text = address,
	    .text_len = 6 },
	  AGGREGATE_KEEPS },
};

static void test_run__conditions(void **state)
{
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_layout layout;
	struct aggregate_sample sample;

	(void)state;
	for (size_t i = 0; i < array_size(conditions); i++) {
		const struct aggregate aggregate = { .record_size = sizeof(event),
						     .conditions = &conditions[i].condition,
						     .condition_count = 1,
						     .max_keys = 1 };

		assert_int_equal(run(&aggregate, &layout, key, &sample), conditions[i].expected);
	}
}

static void test_run__all_conditions_must_hold(void **state)
{
	const struct aggregate_condition both[] = { conditions[0].condition,
						    conditions[1].condition };
	const struct aggregate aggregate = { .record_size = sizeof(event),
					     .conditions = both,
					     .condition_count = 2,
					     .max_keys = 1 };
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_layout layout;
	struct aggregate_sample sample;

	(void)state;
	assert_int_equal(run(&aggregate, &layout, key, &sample), AGGREGATE_DROPS);
}

/* ---- slots ---- */

static void test_slot__conventions(void **state)
{
	static const int64_t list[] = { -5, 0, 10, 100 };
	static const struct aggregate_value values[] = {
		{ .slots = AGGREGATE_SLOTS_CEIL, .slot_count = 27 },
		{ .slots = AGGREGATE_SLOTS_FLOOR, .slot_count = 27 },
		{ .slots = AGGREGATE_SLOTS_CEIL, .slot_count = 64 },
		{ .slots = AGGREGATE_SLOTS_CEIL, .slot_count = 65 },
		{ .slots = AGGREGATE_SLOTS_CEIL, .slot_count = 27, .field.is_signed = true },
		{ .slots = AGGREGATE_SLOTS_LIST,
		  .slot_count = 5,
		  .boundaries = list,
		  .boundary_count = 4,
		  .field.is_signed = true },
	};
	static const struct {
		uint64_t number;
		uint32_t slots[array_size(values)];
	} rows[] = {
		{ 0, { 0, 0, 0, 0, 0, 1 } },
		{ 1, { 1, 0, 1, 1, 1, 2 } },
		{ 2, { 2, 1, 2, 2, 2, 2 } },
		{ 3, { 2, 1, 2, 2, 2, 2 } },
		{ 4, { 3, 2, 3, 3, 3, 2 } },
		{ 10, { 4, 3, 4, 4, 4, 2 } },
		{ 11, { 4, 3, 4, 4, 4, 3 } },
		{ 101, { 7, 6, 7, 7, 7, 4 } },
		{ (1ull << 26) - 1, { 26, 25, 26, 26, 26, 4 } },
		{ 1ull << 26, { 26, 26, 27, 27, 26, 4 } },
		{ 1ull << 63, { 26, 26, 63, 64, 0, 0 } },
		{ UINT64_MAX, { 26, 26, 63, 64, 0, 1 } },
		{ (uint64_t)-5, { 26, 26, 63, 64, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		for (size_t j = 0; j < array_size(values); j++)
			assert_int_equal(aggregate_value__slot(&values[j], rows[i].number),
					 rows[i].slots[j]);
}

/* ---- values ---- */

static void add_twice(const struct aggregate *aggregate, uint64_t *value)
{
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_layout layout;
	struct aggregate_sample sample;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(run(aggregate, &layout, key, &sample), AGGREGATE_KEEPS);
		aggregate__add(aggregate, &layout, &sample, (uint8_t *)value);
	}
}

static void test_add__kinds(void **state)
{
	struct aggregate aggregate = { .record_size = sizeof(event), .max_keys = 1 };
	uint64_t count[1] = { 0 }, sum[2] = { 0 }, last[2] = { 0 }, slots[2 + 12] = { 0 };

	(void)state;
	add_twice(&aggregate, count);
	assert_int_equal(count[0], 2);

	aggregate.value.kind = AGGREGATE_KIND_SUM;
	aggregate.value.field = (struct aggregate_field)SIGNED(error);
	add_twice(&aggregate, sum);
	assert_int_equal(sum[0], 2);
	assert_int_equal((int64_t)sum[1], -26);

	aggregate.value.kind = AGGREGATE_KIND_LAST;
	add_twice(&aggregate, last);
	assert_int_equal(last[0], 2);
	assert_int_equal((int64_t)last[1], -13);

	aggregate.value = (struct aggregate_value){ .kind = AGGREGATE_KIND_SLOTS,
						    .field = FIELD(latency, INTEGER),
						    .slot_count = 12 };
	add_twice(&aggregate, slots);
	assert_int_equal(slots[0], 2);
	assert_int_equal(slots[1], 2000);
	assert_int_equal(slots[2 + 10], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__key_of_all_types),
		cmocka_unit_test(test_run__short_record),
		cmocka_unit_test(test_run__conditions),
		cmocka_unit_test(test_run__all_conditions_must_hold),
		cmocka_unit_test(test_slot__conventions),
		cmocka_unit_test(test_add__kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
