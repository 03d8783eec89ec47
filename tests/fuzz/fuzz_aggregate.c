/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any aggregate over any record: what aggregate__layout() takes can be interpreted and made into instructions, and the
 * instructions, run here by a machine of a few lines that allows no access outside of record, key, value and map, leave the
 * same key and the same numbers. test_counting_code does the same with the kernel as the machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "emit/aggregate.h"
#include "emit/insn.h"
#include "ir/format.h"
#include "ir/interpret.h"

#define RECORD_MOST 96u
#define COUNTS_FD 3
#define SPARE_FD 4
#define STEPS_MOST 20000

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* ---- an aggregate out of bytes ---- */

struct input {
	const uint8_t *data;
	size_t size;
};

static uint32_t take(struct input *input, uint32_t bound)
{
	uint32_t value = 0;

	for (int i = 0; i < 2 && input->size > 0; i++, input->size--)
		value = value << 8 | *input->data++;
	return value % bound;
}

static uint64_t take_wide(struct input *input)
{
	uint64_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 16 | take(input, 1u << 16);
	return value;
}

struct wanted {
	struct aggregate aggregate;
	struct aggregate_layout layout;
	struct aggregate_condition conditions[3];
	struct aggregate_key keys[4];
	uint8_t texts[3][RECORD_MOST];
	int64_t boundaries[6];
};

/* Now and then one that cannot be. */
static struct aggregate_field take_field(struct input *input)
{
	return (struct aggregate_field){
		.type = take(input, 3),
		.offset = take(input, RECORD_MOST),
		.size = take(input, 4) ? 1u << take(input, 4) : take(input, RECORD_MOST),
		.is_signed = take(input, 2),
	};
}

static void take_condition(struct input *input, struct aggregate_condition *condition,
			   uint8_t *text)
{
	condition->field = take_field(input);
	condition->op = take(input, 6);
	condition->number = take(input, 2) ? take(input, 300) : take_wide(input);
	condition->text = text;
	condition->text_len = take(input, RECORD_MOST);
	for (uint32_t i = 0; i < condition->text_len; i++)
		text[i] = (uint8_t)take(input, 256);
}

static void take_value(struct input *input, struct wanted *wanted)
{
	struct aggregate_value *value = &wanted->aggregate.value;

	value->kind = take(input, 4);
	value->field = take_field(input);
	value->slots = take(input, 3);
	value->slot_count = take(input, 70);
	value->boundaries = wanted->boundaries;
	value->boundary_count = take(input, array_size(wanted->boundaries) + 1);
	for (uint32_t i = 0; i < value->boundary_count; i++)
		wanted->boundaries[i] = take(input, 2) ? take(input, 1000)
						       : (int64_t)take_wide(input);
}

/* False: it cannot be. */
static bool take_aggregate(struct input *input, struct wanted *wanted)
{
	struct aggregate *aggregate = &wanted->aggregate;

	aggregate->record_size = 1 + take(input, RECORD_MOST);
	aggregate->max_keys = 1;
	aggregate->conditions = wanted->conditions;
	aggregate->condition_count = take(input, array_size(wanted->conditions) + 1);
	aggregate->keys = wanted->keys;
	aggregate->key_count = take(input, array_size(wanted->keys) + 1);
	for (uint32_t i = 0; i < aggregate->condition_count; i++)
		take_condition(input, &wanted->conditions[i], wanted->texts[i]);
	for (uint32_t i = 0; i < aggregate->key_count; i++) {
		wanted->keys[i].field = take_field(input);
		wanted->keys[i].transform = take(input, 2);
	}
	take_value(input, wanted);
	return aggregate__layout(aggregate, &wanted->layout, NULL) == 0;
}

/* ---- the machine ---- */

struct machine {
	const struct wanted *wanted;
	uint64_t registers[11];
	uint64_t slot[(RECORD_MOST + 8 + AGGREGATE_KEY_BYTES_MAX) / 8 + 1]; /* record, key */
	uint64_t value[2 + AGGREGATE_SLOTS_MAX];                            /* of the only key */
	uint64_t spare[2 * (2 + AGGREGATE_SLOTS_MAX)];
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	bool has_key, refuses_key;
};

static bool is_inside(const void *region, size_t size, uint64_t address, uint32_t bytes)
{
	uint64_t start = (uint64_t)(uintptr_t)region;

	return address >= start && address + bytes <= start + size;
}

static void check_access(const struct machine *machine, uint64_t address, uint32_t bytes)
{
	const struct aggregate_layout *layout = &machine->wanted->layout;

	require(is_inside(machine->slot, sizeof(machine->slot), address, bytes) ||
		is_inside(machine->value, layout->value_size, address, bytes) ||
		is_inside(machine->spare, layout->value_size, address, bytes));
}

static uint64_t load(const struct machine *machine, uint64_t address, uint32_t bytes)
{
	uint64_t value = 0;

	check_access(machine, address, bytes);
	memcpy(&value, (const void *)(uintptr_t)address, bytes);
	return value;
}

static void store(const struct machine *machine, uint64_t address, uint32_t bytes, uint64_t value)
{
	check_access(machine, address, bytes);
	memcpy((void *)(uintptr_t)address, &value, bytes);
}

static uint64_t compute(const struct bpf_insn *insn, uint64_t a, uint64_t b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		return b;
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 63);
	case BPF_RSH:
		return a >> (b & 63);
	case BPF_ARSH:
		return (uint64_t)((int64_t)a >> (b & 63));
	case BPF_NEG:
		return -a;
	default:
		abort();
	}
}

static bool holds(const struct bpf_insn *insn, uint64_t a, uint64_t b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSGT:
		return (int64_t)a > (int64_t)b;
	case BPF_JSGE:
		return (int64_t)a >= (int64_t)b;
	case BPF_JSLT:
		return (int64_t)a < (int64_t)b;
	case BPF_JSLE:
		return (int64_t)a <= (int64_t)b;
	default:
		abort();
	}
}

/* The map has room for one key, or for none. */
static void call(struct machine *machine, int32_t helper)
{
	const struct aggregate_layout *layout = &machine->wanted->layout;
	uint64_t *registers = machine->registers;
	const uint8_t *key = (const uint8_t *)(uintptr_t)registers[BPF_REG_2];

	require(registers[BPF_REG_1] == COUNTS_FD);
	require(is_inside(machine->slot, sizeof(machine->slot), registers[BPF_REG_2],
			  layout->key_size));
	if (helper == BPF_FUNC_map_update_elem) {
		require(registers[BPF_REG_4] == BPF_NOEXIST);
		require(registers[BPF_REG_3] ==
			(uint64_t)(uintptr_t)machine->spare + layout->value_size);
		if (!machine->refuses_key)
			memcpy(machine->key, key, layout->key_size);
		machine->has_key = !machine->refuses_key;
		registers[BPF_REG_0] = 0;
	} else {
		require(helper == BPF_FUNC_map_lookup_elem);
		registers[BPF_REG_0] = machine->has_key ? (uint64_t)(uintptr_t)machine->value : 0;
	}
	for (int reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		registers[reg] = 0xdeaddeaddeaddead;
}

static void load_wide(struct machine *machine, const struct bpf_insn *insn)
{
	uint64_t value = (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm;

	if (insn->src_reg == BPF_PSEUDO_MAP_VALUE) {
		require(insn->imm == SPARE_FD);
		value = (uint64_t)(uintptr_t)machine->spare + (uint32_t)insn[1].imm;
	}
	machine->registers[insn->dst_reg] = value;
}

static void access_memory(struct machine *machine, const struct bpf_insn *insn)
{
	uint64_t *registers = machine->registers;
	uint64_t address = registers[insn->dst_reg] + (uint64_t)(int64_t)insn->off;
	uint64_t value = BPF_CLASS(insn->code) == BPF_ST ? (uint64_t)(int64_t)insn->imm
							 : registers[insn->src_reg];

	if (insn_is_atomic(insn)) {
		require(insn->imm == BPF_ADD);
		value += load(machine, address, sizeof(value));
	}
	store(machine, address, insn_access_bytes(insn), value);
}

/* How far behind the next instruction it goes on. */
static int64_t step(struct machine *machine, const struct bpf_insn *insn)
{
	uint64_t *registers = machine->registers;
	uint64_t other = BPF_SRC(insn->code) == BPF_X ? registers[insn->src_reg]
						      : (uint64_t)(int64_t)insn->imm;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU64:
		registers[insn->dst_reg] = compute(insn, registers[insn->dst_reg], other);
		return 0;
	case BPF_LD:
		load_wide(machine, insn);
		return 1;
	case BPF_LDX:
		registers[insn->dst_reg] =
			load(machine, registers[insn->src_reg] + (uint64_t)(int64_t)insn->off,
			     insn_access_bytes(insn));
		return 0;
	case BPF_ST:
	case BPF_STX:
		access_memory(machine, insn);
		return 0;
	case BPF_JMP:
		if (insn_is_call(insn))
			call(machine, insn->imm);
		else if (holds(insn, registers[insn->dst_reg], other))
			return insn->off;
		return 0;
	default:
		abort();
	}
}

static void run(struct machine *machine, const struct code *code)
{
	int64_t at = 0;

	machine->registers[BPF_REG_6] = machine->registers[BPF_REG_7] =
		(uint64_t)(uintptr_t)machine->slot;
	for (int steps = 0; code->insns.items[at].code != INSN_EXIT; steps++) {
		require(steps < STEPS_MOST);
		at += 1 + step(machine, &code->insns.items[at]);
		require(at >= 0 && at < (int64_t)code->insns.len);
	}
}

/* ---- the comparison ---- */

static void emit(const struct wanted *wanted, bool is_aligned, struct code *code)
{
	const struct aggregate_code source = {
		.aggregate = &wanted->aggregate,
		.layout = &wanted->layout,
		.counts_fd = COUNTS_FD,
		.spare_fd = SPARE_FD,
		.key_offset = RECORD_MOST + 8,
		.is_aligned = is_aligned,
	};

	require(aggregate_emit(&source, code, NULL) == 0);
	code__exit(code);
	require(code__finish(code, NULL) == 0);
}

static void compare(const struct wanted *wanted, const uint8_t *record, bool is_aligned,
		    bool refuses_key)
{
	struct machine machine = { .wanted = wanted, .refuses_key = refuses_key };
	uint8_t value[sizeof(machine.value)] = { 0 };
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct code code = CODE_INIT;
	struct aggregate_sample sample;
	int r = aggregate__run(&wanted->aggregate, &wanted->layout, record,
			       wanted->aggregate.record_size, key, &sample);

	require(r == AGGREGATE_DROPS || r == AGGREGATE_KEEPS);
	if (r == AGGREGATE_KEEPS)
		aggregate__add(&wanted->aggregate, &wanted->layout, &sample, value);
	memcpy(machine.slot, record, wanted->aggregate.record_size);
	emit(wanted, is_aligned, &code);
	run(&machine, &code);
	code__done(&code);
	require(machine.has_key == (r == AGGREGATE_KEEPS && !refuses_key));
	if (machine.has_key)
		require(memcmp(machine.key, key, wanted->layout.key_size) == 0);
	require(memcmp(refuses_key ? machine.spare : machine.value, value,
		       wanted->layout.value_size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct wanted wanted = { 0 };
	uint8_t record[RECORD_MOST] = { 0 };
	struct strbuf text = STRBUF_INIT;

	if (!take_aggregate(&input, &wanted))
		return 0;
	aggregate__format(&wanted.aggregate, &text);
	require(strbuf__status(&text) == 0);
	strbuf__done(&text);
	for (size_t i = 0; i < sizeof(record); i++)
		record[i] = (uint8_t)take(&input, 256);
	for (int i = 0; i < 4; i++)
		compare(&wanted, record, i & 1, i & 2);
	return 0;
}
