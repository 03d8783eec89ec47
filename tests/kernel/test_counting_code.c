/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel against the interpreter: random aggregates are made into instructions, wrapped in a socket filter and run
 * over random records by BPF_PROG_TEST_RUN. Maps and spare values have to hold what the interpreter adds up.
 * SONDE_TEST_SEED repeats a run.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "emit/slot.h"
#include "ir/format.h"
#include "ir/interpret.h"

#define ROUNDS 120
#define RECORDS 40
#define RECORD_MOST 160u
#define KEYS_MOST 64u
#define LOG_BYTES (1u << 20)

/* ---- chance ---- */

struct chance {
	uint64_t state;
};

static uint64_t next(struct chance *chance)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return chance->state;
}

static uint32_t below(struct chance *chance, uint32_t bound)
{
	return (uint32_t)(next(chance) >> 32) % bound;
}

/* Few different bytes, so that texts and numbers meet; now and then any. */
static void fill_bytes(struct chance *chance, uint8_t *bytes, size_t len)
{
	static const uint8_t usual[] = { 0, 0, 1, 'a', 'b', 0x7f, 0x80, 0xff };

	for (size_t i = 0; i < len; i++)
		bytes[i] = below(chance, 8) ? usual[below(chance, sizeof(usual))]
					    : (uint8_t)next(chance);
}

/* ---- a random aggregate ---- */

struct wanted {
	struct aggregate aggregate;
	struct aggregate_layout layout;
	struct aggregate_condition conditions[3];
	struct aggregate_key keys[4];
	uint8_t texts[3][RECORD_MOST];
	int64_t boundaries[8];
};

static struct aggregate_field random_integer(struct chance *chance, uint32_t record_size)
{
	struct aggregate_field field = { .size = 1u << below(chance, 4),
					 .is_signed = below(chance, 2) };

	field.offset = below(chance, record_size - field.size + 1);
	if (below(chance, 3))
		field.offset -= field.offset % field.size;
	return field;
}

static struct aggregate_field random_field(struct chance *chance, uint32_t record_size)
{
	struct aggregate_field field = random_integer(chance, record_size);

	if (below(chance, 2))
		return field;
	field.is_signed = false;
	field.type = below(chance, 3) ? AGGREGATE_TYPE_STRING : AGGREGATE_TYPE_BYTES;
	field.size = 1 + below(chance, 40);
	if (field.size > record_size)
		field.size = record_size;
	field.offset = below(chance, record_size - field.size + 1);
	return field;
}

static uint64_t random_number(struct chance *chance, const struct aggregate_field *field)
{
	uint64_t number = 0;
	uint32_t shift = 64 - 8 * field->size;

	fill_bytes(chance, (uint8_t *)&number, field->size);
	return field->is_signed && shift ? (uint64_t)((int64_t)(number << shift) >> shift) : number;
}

static void random_condition(struct chance *chance, struct wanted *wanted, uint32_t index)
{
	struct aggregate_condition *condition = &wanted->conditions[index];
	uint8_t *text = wanted->texts[index];

	condition->field = random_field(chance, wanted->aggregate.record_size);
	condition->text = text;
	if (condition->field.type == AGGREGATE_TYPE_INTEGER) {
		condition->op = below(chance, 6);
		condition->number = random_number(chance, &condition->field);
		return;
	}
	condition->op = below(chance, 2);
	fill_bytes(chance, text, condition->field.size);
	condition->text_len = condition->field.size;
	if (condition->field.type == AGGREGATE_TYPE_STRING)
		condition->text_len = (uint32_t)strnlen((char *)text, condition->field.size);
}

static void random_boundaries(struct chance *chance, struct wanted *wanted)
{
	struct aggregate_value *value = &wanted->aggregate.value;
	int64_t at = value->field.is_signed && below(chance, 2) ? (int64_t)(next(chance) << 8) >> 40
								: 0;

	if (at > 0)
		at = -at;
	value->boundaries = wanted->boundaries;
	value->boundary_count = 1 + below(chance, array_size(wanted->boundaries));
	for (uint32_t i = 0; i < value->boundary_count; i++) {
		wanted->boundaries[i] = at;
		/* Often where numbers are: a boundary is part of its slot. */
		at += below(chance, 2) ? 1 + (int64_t)below(chance, 3)
				       : 1 + (int64_t)(next(chance) >> (8 + below(chance, 50)));
	}
	value->slot_count = value->boundary_count + 1;
}

static void random_value(struct chance *chance, struct wanted *wanted)
{
	struct aggregate_value *value = &wanted->aggregate.value;

	value->kind = below(chance, 4);
	value->field = random_integer(chance, wanted->aggregate.record_size);
	value->slots = below(chance, 3);
	value->slot_count = 1 + below(chance, 66);
	if (value->slots == AGGREGATE_SLOTS_LIST)
		random_boundaries(chance, wanted);
}

static void random_aggregate(struct chance *chance, uint32_t record_size, struct wanted *wanted)
{
	struct aggregate *aggregate = &wanted->aggregate;

	aggregate->record_size = record_size;
	aggregate->conditions = wanted->conditions;
	aggregate->condition_count = below(chance, array_size(wanted->conditions) + 1);
	aggregate->keys = wanted->keys;
	aggregate->key_count = below(chance, array_size(wanted->keys) + 1);
	aggregate->max_keys = below(chance, 2) ? KEYS_MOST : 1 + below(chance, 4);
	for (uint32_t i = 0; i < aggregate->condition_count; i++)
		random_condition(chance, wanted, i);
	for (uint32_t i = 0; i < aggregate->key_count; i++) {
		wanted->keys[i].field = random_field(chance, record_size);
		if (wanted->keys[i].field.type == AGGREGATE_TYPE_INTEGER)
			wanted->keys[i].transform = below(chance, 2);
	}
	random_value(chance, wanted);
	assert_int_equal(aggregate__layout(aggregate, &wanted->layout, NULL), 0);
}

/* ---- what the interpreter adds up ---- */

struct table {
	uint8_t keys[KEYS_MOST][AGGREGATE_KEY_BYTES_MAX];
	uint8_t values[KEYS_MOST + 1][8 * (2 + AGGREGATE_SLOTS_MAX)]; /* the last one: spare */
	uint32_t count;
};

static uint8_t *value_of(struct table *table, const struct wanted *wanted, const uint8_t *key)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (memcmp(table->keys[i], key, wanted->layout.key_size) == 0)
			return table->values[i];
	if (table->count >= wanted->aggregate.max_keys)
		return table->values[KEYS_MOST];
	memcpy(table->keys[table->count], key, wanted->layout.key_size);
	return table->values[table->count++];
}

static void interpret(struct table *table, const struct wanted *wanted, const uint8_t *record)
{
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_sample sample;
	int r = aggregate__run(&wanted->aggregate, &wanted->layout, record,
			       wanted->aggregate.record_size, key, &sample);

	assert_true(r == AGGREGATE_DROPS || r == AGGREGATE_KEEPS);
	if (r == AGGREGATE_KEEPS)
		aggregate__add(&wanted->aggregate, &wanted->layout, &sample,
			       value_of(table, wanted, key));
}

/* ---- the same in the kernel ---- */

#define AGGREGATES 2

struct machine {
	enum slot_helper helper;
	enum slot_lock lock;
	struct slot_layout layout;
	uint32_t record_size;
	int input_fd, slots_fd, control_fd, program_fd;
	int counts_fds[AGGREGATES], spare_fds[AGGREGATES];
};

static int make_map(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
		    uint32_t entries)
{
	int fd = bpf_map_create(type, "test_counting", key_size, value_size, entries, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void make_maps(struct machine *machine, const struct wanted *wanted)
{
	machine->input_fd = make_map(BPF_MAP_TYPE_ARRAY, 4, slot_layout__size(&machine->layout), 1);
	machine->slots_fd = make_map(BPF_MAP_TYPE_PERCPU_ARRAY, 4,
				     slot_layout__size(&machine->layout), 3);
	machine->control_fd = make_map(BPF_MAP_TYPE_ARRAY, 4, SLOT_CONTROL_BYTES, 1);
	for (size_t i = 0; i < AGGREGATES; i++) {
		machine->counts_fds[i] = make_map(BPF_MAP_TYPE_HASH, wanted[i].layout.key_size,
						  wanted[i].layout.value_size,
						  wanted[i].aggregate.max_keys);
		machine->spare_fds[i] = make_map(BPF_MAP_TYPE_ARRAY, 4,
						 AGGREGATE_SPARE_BYTES(&wanted[i].layout), 1);
	}
}

/* A filter that hands the input to the subprogram as the helper would get it. */
static void emit_main(const struct machine *machine, uint32_t body, struct code *code)
{
	uint8_t record = machine->helper == SLOT_HELPER_SUBMIT   ? BPF_REG_1
			 : machine->helper == SLOT_HELPER_OUTPUT ? BPF_REG_2
								 : BPF_REG_4;

	code__load_map_value(code, record, machine->input_fd, 0);
	if (machine->helper == SLOT_HELPER_PERF_OUTPUT) {
		code__move(code, BPF_REG_1, BPF_REG_1); /* the context */
		code__move_imm(code, BPF_REG_3, 0);
	}
	code__move_imm(code, record + 1, (int32_t)machine->record_size);
	code__call(code, body);
	code__exit(code);
	code__place(code, body);
}

static void emit(const struct machine *machine, const struct wanted *wanted, struct code *code)
{
	struct aggregate_code aggregates[AGGREGATES];
	const struct slot_counting counting = {
		.helper = machine->helper,
		.slots = { .layout = machine->layout,
			   .fd = machine->slots_fd,
			   .first = machine->lock == SLOT_LOCK_NONE ? 2 : 0,
			   .count = machine->lock == SLOT_LOCK_NONE ? 1 : 2,
			   .lock = machine->lock,
			   .control_fd = machine->control_fd },
		.aggregates = aggregates,
		.aggregate_count = AGGREGATES,
		.ring_fd = -1,
	};

	for (size_t i = 0; i < AGGREGATES; i++)
		aggregates[i] = (struct aggregate_code){
			.aggregate = &wanted[i].aggregate,
			.layout = &wanted[i].layout,
			.counts_fd = machine->counts_fds[i],
			.spare_fd = machine->spare_fds[i],
		};
	emit_main(machine, code__label(code), code);
	assert_int_equal(slot_emit_counting(&counting, code, NULL), 0);
}

/* False: this kernel has no BPF_XCHG. */
static bool load(struct machine *machine, const struct wanted *wanted)
{
	char *log = calloc(1, LOG_BYTES);
	struct code code = CODE_INIT;
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = LOG_BYTES,
		    .log_level = 1);

	assert_non_null(log);
	emit(machine, wanted, &code);
	machine->program_fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "test_counting", "GPL",
					    code.insns.items, code.insns.len, &options);
	if (machine->program_fd < 0 && !strstr(log, "BPF_STX uses reserved fields"))
		fail_msg("%s", log + (strlen(log) > 2000 ? strlen(log) - 2000 : 0));
	code__done(&code);
	free(log);
	return machine->program_fd >= 0;
}

static void run_in_kernel(const struct machine *machine, const uint8_t *record)
{
	uint8_t input[2048] = { 0 };
	uint8_t packet[64] = { 0 };
	uint32_t zero = 0;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet));

	assert_true(slot_layout__size(&machine->layout) <= sizeof(input));
	memcpy(input, record, machine->record_size);
	assert_int_equal(bpf_map_update_elem(machine->input_fd, &zero, input, BPF_ANY), 0);
	assert_int_equal(bpf_prog_test_run_opts(machine->program_fd, &options), 0);
}

static void close_machine(const struct machine *machine)
{
	(void)close(machine->input_fd);
	(void)close(machine->slots_fd);
	(void)close(machine->control_fd);
	(void)close(machine->program_fd);
	for (size_t i = 0; i < AGGREGATES; i++) {
		(void)close(machine->counts_fds[i]);
		(void)close(machine->spare_fds[i]);
	}
}

/* ---- the comparison ---- */

static void fail_with(const struct wanted *wanted, const struct machine *machine, const char *what)
{
	struct strbuf text = STRBUF_INIT;

	aggregate__format(&wanted->aggregate, &text);
	fail_msg("%s differs (helper %d, lock %d):\n%s", what, machine->helper, machine->lock,
		 strbuf__text(&text));
}

static void compare(const struct machine *machine, const struct wanted *wanted,
		    const struct table *table, size_t index)
{
	uint8_t value[2 * sizeof(table->values[0])] = { 0 };
	uint32_t zero = 0, count = 0;
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	void *before = NULL;

	for (uint32_t i = 0; i < table->count; i++)
		if (bpf_map_lookup_elem(machine->counts_fds[index], table->keys[i], value) < 0 ||
		    memcmp(value, table->values[i], wanted->layout.value_size) != 0)
			fail_with(wanted, machine, "a value");
	while (bpf_map_get_next_key(machine->counts_fds[index], before, key) == 0) {
		before = key;
		count++;
	}
	if (count != table->count)
		fail_with(wanted, machine, "the number of keys");
	assert_int_equal(bpf_map_lookup_elem(machine->spare_fds[index], &zero, value), 0);
	if (memcmp(value, table->values[KEYS_MOST], wanted->layout.value_size) != 0)
		fail_with(wanted, machine, "the spare value");
}

/* False: this kernel cannot do it so. */
static bool run_round(struct chance *chance, struct machine *machine)
{
	static struct table tables[AGGREGATES];
	struct wanted wanted[AGGREGATES] = { 0 };
	uint32_t zero = 0;
	uint64_t control[SLOT_CONTROL_BYTES / 8];
	bool is_loaded;

	memset(tables, 0, sizeof(tables));
	machine->record_size = 8 + below(chance, RECORD_MOST - 8);
	machine->layout = (struct slot_layout){ .record_size = machine->record_size };
	for (size_t i = 0; i < AGGREGATES; i++) {
		random_aggregate(chance, machine->record_size, &wanted[i]);
		if (wanted[i].layout.key_size > machine->layout.key_size)
			machine->layout.key_size = wanted[i].layout.key_size;
	}
	make_maps(machine, wanted);
	is_loaded = load(machine, wanted);
	for (int i = 0; is_loaded && i < RECORDS; i++) {
		uint8_t record[RECORD_MOST];

		fill_bytes(chance, record, sizeof(record));
		run_in_kernel(machine, record);
		for (size_t j = 0; j < AGGREGATES; j++)
			interpret(&tables[j], &wanted[j], record);
	}
	for (size_t i = 0; is_loaded && i < AGGREGATES; i++)
		compare(machine, &wanted[i], &tables[i], i);
	assert_int_equal(bpf_map_lookup_elem(machine->control_fd, &zero, control), 0);
	assert_int_equal(control[SLOT_CONTROL_NO_SLOT / 8], 0);
	close_machine(machine);
	return is_loaded;
}

static uint64_t choose_seed(void)
{
	const char *text = getenv("SONDE_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0)
			     : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();

	printf("# SONDE_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed ? seed : 1;
}

static void run_rounds(enum slot_helper helper, enum slot_lock lock)
{
	struct chance chance = { .state = choose_seed() };
	struct machine machine = { .helper = helper, .lock = lock };

	for (int i = 0; i < ROUNDS; i++) {
		if (run_round(&chance, &machine))
			continue;
		printf("# skip: this kernel has no BPF_XCHG\n");
		skip();
	}
}

static void test_counting__records_in_slots(void **state)
{
	(void)state;
	run_rounds(SLOT_HELPER_SUBMIT, SLOT_LOCK_NONE);
}

static void test_counting__data_elsewhere(void **state)
{
	(void)state;
	run_rounds(SLOT_HELPER_OUTPUT, SLOT_LOCK_NONE);
}

static void test_counting__perf_buffer(void **state)
{
	(void)state;
	run_rounds(SLOT_HELPER_PERF_OUTPUT, SLOT_LOCK_WORD);
}

static void test_counting__exchanged_word(void **state)
{
	(void)state;
	run_rounds(SLOT_HELPER_OUTPUT, SLOT_LOCK_EXCHANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counting__records_in_slots),
		cmocka_unit_test(test_counting__data_elsewhere),
		cmocka_unit_test(test_counting__perf_buffer),
		cmocka_unit_test(test_counting__exchanged_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
