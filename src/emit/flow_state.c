/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/flow_state.h"

#include <string.h>

#include "base/mem.h"
#include "emit/insn.h"

#define SLOT_BYTES 8
#define ARGUMENT_FIRST BPF_REG_1
#define ARGUMENT_LAST BPF_REG_5
#define MODE_MEMORY 0x60 /* BPF_MEM; sign-extending loads have another */

static const struct flow_value unknown = { .kind = FLOW_UNKNOWN };
static const struct flow_value tainted = { .kind = FLOW_TAINTED };

/* A pointer that passes must keep track of: what it points to is read and written elsewhere. */
static bool is_tracked(struct flow_value value)
{
	return value.kind == FLOW_STACK || value.kind == FLOW_RECORD || value.kind == FLOW_TAINTED;
}

static bool may_be_stack(struct flow_value value)
{
	return value.kind == FLOW_STACK || value.kind == FLOW_TAINTED;
}

static struct flow_value constant(uint64_t bits)
{
	if ((int64_t)bits != (int32_t)bits)
		return unknown;
	return (struct flow_value){ .kind = FLOW_CONSTANT, .number = (int32_t)bits };
}

static uint64_t bits_of(struct flow_value value)
{
	return (uint64_t)(int64_t)value.number;
}

/* ---- joins ---- */

bool flow_value__join(struct flow_value *value, struct flow_value other)
{
	struct flow_value joined = is_tracked(*value) || is_tracked(other) ? tainted : unknown;

	if (other.kind == FLOW_UNSET || flow_value_equal(*value, other))
		return false;
	if (value->kind == FLOW_UNSET)
		joined = other;
	if (flow_value_equal(*value, joined))
		return false;
	*value = joined;
	return true;
}

bool flow_state__join(struct flow_state *state, const struct flow_state *other)
{
	bool is_changed = false;

	for (size_t i = 0; i < FLOW_REGISTERS; i++)
		is_changed |= flow_value__join(&state->registers[i], other->registers[i]);
	for (size_t i = 0; i < FLOW_SLOTS; i++)
		is_changed |= flow_value__join(&state->slots[i], other->slots[i]);
	return is_changed;
}

void flow_state__enter(struct flow_state *state)
{
	for (size_t i = 0; i < FLOW_REGISTERS; i++)
		state->registers[i] = unknown;
	for (size_t i = 0; i < FLOW_SLOTS; i++)
		state->slots[i] = unknown;
	state->registers[BPF_REG_10] = (struct flow_value){ .kind = FLOW_STACK };
}

/* ---- the stack ---- */

static bool is_in_stack(int64_t offset, uint32_t bytes)
{
	return offset >= -INSN_STACK_BYTES && offset + bytes <= 0;
}

/* Somebody may have written anywhere: what was there may still be, or not. */
static void spoil_slots(struct flow_state *state, bool with_tracked)
{
	for (size_t i = 0; i < FLOW_SLOTS; i++)
		state->slots[i] = with_tracked || is_tracked(state->slots[i]) ? tainted : unknown;
}

static void forget_bytes(struct flow_state *state, int64_t offset, uint32_t bytes)
{
	for (int64_t i = 0; i < FLOW_SLOTS; i++) {
		int64_t start = -(i + 1) * SLOT_BYTES;

		if (start < offset + bytes && start + SLOT_BYTES > offset)
			state->slots[i] = unknown;
	}
}

static void write_memory(struct flow_state *state, struct flow_value base, int16_t offset,
			 uint32_t bytes, struct flow_value value)
{
	int64_t at = (int64_t)base.number + offset;

	if (!may_be_stack(base))
		return;
	if (base.kind == FLOW_TAINTED || !is_in_stack(at, bytes)) {
		spoil_slots(state, is_tracked(value));
		return;
	}
	forget_bytes(state, at, bytes);
	if (bytes == SLOT_BYTES && at % SLOT_BYTES == 0)
		state->slots[-at / SLOT_BYTES - 1] = value;
}

static struct flow_value read_stack(const struct flow_state *state, int64_t at, uint32_t bytes)
{
	if (!is_in_stack(at, bytes))
		return tainted;
	return bytes == SLOT_BYTES && at % SLOT_BYTES == 0 ? state->slots[-at / SLOT_BYTES - 1]
							   : unknown;
}

/* ---- arithmetic ---- */

static uint64_t sign_shift(uint64_t value, uint64_t count, bool is_wide)
{
	return is_wide ? (uint64_t)((int64_t)value >> count) : (uint32_t)((int32_t)value >> count);
}

/* Of two constants; false: not worked out. */
static bool compute(uint8_t op, uint64_t a, uint64_t b, bool is_wide, uint64_t *ret_result)
{
	uint64_t count = b & (is_wide ? 63 : 31);

	switch (op) {
	case BPF_ADD:
		*ret_result = a + b;
		return true;
	case BPF_SUB:
		*ret_result = a - b;
		return true;
	case BPF_MUL:
		*ret_result = a * b;
		return true;
	case BPF_AND:
		*ret_result = a & b;
		return true;
	case BPF_OR:
		*ret_result = a | b;
		return true;
	case BPF_XOR:
		*ret_result = a ^ b;
		return true;
	case BPF_LSH:
		*ret_result = a << count;
		return true;
	case BPF_RSH:
		*ret_result = (is_wide ? a : (uint32_t)a) >> count;
		return true;
	case BPF_ARSH:
		*ret_result = sign_shift(a, count, is_wide);
		return true;
	default:
		return false;
	}
}

/* Pointers move by constants; whatever else is done to one makes it nobody's. */
static struct flow_value move_pointer(uint8_t op, struct flow_value pointer,
				      struct flow_value distance)
{
	struct flow_value lost = is_tracked(pointer) ? tainted : unknown;
	int32_t number;
	bool is_over;

	if (distance.kind != FLOW_CONSTANT || pointer.kind == FLOW_TAINTED)
		return lost;
	if (op == BPF_ADD)
		is_over = __builtin_add_overflow(pointer.number, distance.number, &number);
	else if (op == BPF_SUB)
		is_over = __builtin_sub_overflow(pointer.number, distance.number, &number);
	else
		return lost;
	if (is_over)
		return lost;
	pointer.number = number;
	return pointer;
}

static struct flow_value alu(const struct bpf_insn *insn, struct flow_value dst,
			     struct flow_value src)
{
	uint8_t op = BPF_OP(insn->code);
	bool is_wide = BPF_CLASS(insn->code) == BPF_ALU64;
	bool is_plain = insn->off == 0 && op != BPF_NEG && op != BPF_END;
	uint64_t result;

	if (op == BPF_MOV && is_plain && is_wide)
		return src;
	if (op == BPF_MOV && is_plain && src.kind == FLOW_CONSTANT)
		return constant((uint32_t)src.number);
	if (is_plain && dst.kind == FLOW_CONSTANT && src.kind == FLOW_CONSTANT &&
	    compute(op, bits_of(dst), bits_of(src), is_wide, &result))
		return constant(is_wide ? result : (uint32_t)result);
	if (is_tracked(src) || op == BPF_MOV)
		return is_tracked(src) ? tainted : unknown;
	if (is_plain && is_wide && (is_tracked(dst) || dst.kind == FLOW_MAP_DATA))
		return move_pointer(op, dst, src);
	return is_tracked(dst) ? tainted : unknown;
}

static void step_alu(struct flow_state *state, const struct bpf_insn *insn)
{
	bool is_unary = BPF_OP(insn->code) == BPF_NEG || BPF_OP(insn->code) == BPF_END;
	struct flow_value src = constant((uint64_t)(int64_t)insn->imm);

	if (is_unary)
		src = unknown;
	else if (BPF_SRC(insn->code) == BPF_X)
		src = state->registers[insn->src_reg];
	state->registers[insn->dst_reg] = alu(insn, state->registers[insn->dst_reg], src);
}

/* ---- memory ---- */

/* In this machine's byte order, as the object is. */
static uint64_t read_number(const uint8_t *bytes, uint32_t size)
{
	uint64_t wide;
	uint32_t word;
	uint16_t half;

	switch (size) {
	case 1:
		return *bytes;
	case 2:
		memcpy(&half, bytes, sizeof(half));
		return half;
	case 4:
		memcpy(&word, bytes, sizeof(word));
		return word;
	default:
		memcpy(&wide, bytes, sizeof(wide));
		return wide;
	}
}

/* A constant of a frozen section. */
static struct flow_value read_data(const struct flow_map *map, int64_t offset, uint32_t bytes)
{
	if (!map->data || offset < 0 || offset + bytes > map->data_size)
		return unknown;
	return constant(read_number(map->data + offset, bytes));
}

static struct flow_value read_memory(const struct flow_state *state,
				     const struct flow_program *program, struct flow_value base,
				     const struct bpf_insn *insn)
{
	int64_t at = (int64_t)base.number + insn->off;
	uint32_t bytes = insn_access_bytes(insn);

	if (base.kind == FLOW_TAINTED)
		return tainted;
	if (base.kind == FLOW_STACK)
		return read_stack(state, at, bytes);
	if (base.kind == FLOW_MAP_DATA && BPF_MODE(insn->code) == MODE_MEMORY)
		return read_data(&program->maps[base.map], at, bytes);
	return unknown;
}

static void step_load(struct flow_state *state, const struct flow_program *program,
		      const struct bpf_insn *insn)
{
	state->registers[insn->dst_reg] = read_memory(state, program,
						      state->registers[insn->src_reg], insn);
}

/* Newer kernels have loads and stores among the atomics: what is not known here may do either. */
static bool is_known_atomic(const struct bpf_insn *insn)
{
	switch (insn->imm & ~BPF_FETCH) {
	case BPF_ADD:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_XCHG & ~BPF_FETCH:
	case BPF_CMPXCHG & ~BPF_FETCH:
		return true;
	default:
		return false;
	}
}

static void step_atomic(struct flow_state *state, const struct flow_program *program,
			const struct bpf_insn *insn)
{
	struct flow_value base = state->registers[insn->dst_reg];
	struct flow_value value = is_tracked(state->registers[insn->src_reg]) ? tainted : unknown;
	bool was_tracked = is_tracked(read_memory(state, program, base, insn));
	uint32_t written = insn_writes(insn);

	write_memory(state, base, insn->off, insn_access_bytes(insn), value);
	if (!is_known_atomic(insn))
		written |= 1u << insn->dst_reg | 1u << insn->src_reg;
	for (uint32_t reg = 0; reg < BPF_REG_10; reg++)
		if (written >> reg & 1)
			state->registers[reg] = was_tracked || is_tracked(value) ? tainted
										 : unknown;
}

static void step_store(struct flow_state *state, const struct flow_program *program,
		       const struct bpf_insn *insn)
{
	struct flow_value value = BPF_CLASS(insn->code) == BPF_STX
					  ? state->registers[insn->src_reg]
					  : constant((uint64_t)(int64_t)insn->imm);

	if (insn_is_atomic(insn))
		step_atomic(state, program, insn);
	else
		write_memory(state, state->registers[insn->dst_reg], insn->off,
			     insn_access_bytes(insn), value);
}

static int find_map(const struct flow_program *program, int fd)
{
	for (uint32_t i = 0; i < program->map_count; i++)
		if (program->maps[i].fd == fd)
			return (int)i;
	return -1;
}

static struct flow_value load_wide(const struct flow_program *program, const struct bpf_insn *insn)
{
	int map = find_map(program, insn->imm);

	if (insn->src_reg == 0)
		return constant((uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
	if (map >= 0 && insn->src_reg == BPF_PSEUDO_MAP_FD)
		return (struct flow_value){ .kind = FLOW_MAP, .map = (uint16_t)map };
	if (map >= 0 && insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		return (struct flow_value){ .kind = FLOW_MAP_DATA,
					    .map = (uint16_t)map,
					    .number = insn[1].imm };
	return unknown;
}

/* ---- calls ---- */

/* Helpers that write where a pointer argument says, as many bytes as another says. */
static const struct {
	int32_t helper;
	uint8_t pointer, size;
} writing_helpers[] = {
	{ BPF_FUNC_get_current_comm, BPF_REG_1, BPF_REG_2 },
	{ BPF_FUNC_probe_read, BPF_REG_1, BPF_REG_2 },
	{ BPF_FUNC_probe_read_kernel, BPF_REG_1, BPF_REG_2 },
	{ BPF_FUNC_probe_read_kernel_str, BPF_REG_1, BPF_REG_2 },
	{ BPF_FUNC_probe_read_str, BPF_REG_1, BPF_REG_2 },
	{ BPF_FUNC_probe_read_user, BPF_REG_1, BPF_REG_2 },
	{ BPF_FUNC_probe_read_user_str, BPF_REG_1, BPF_REG_2 },
};

/* Helpers that only read what they are given. All others are taken to write anywhere in the stack. */
static const int32_t reading_helpers[] = {
	BPF_FUNC_map_delete_elem, BPF_FUNC_map_lookup_elem,   BPF_FUNC_map_push_elem,
	BPF_FUNC_map_update_elem, BPF_FUNC_perf_event_output, BPF_FUNC_ringbuf_output,
	BPF_FUNC_trace_printk,
};

static bool only_reads(int32_t helper)
{
	for (size_t i = 0; i < array_size(reading_helpers); i++)
		if (reading_helpers[i] == helper)
			return true;
	return false;
}

bool flow_state__passes_stack(const struct flow_state *state)
{
	for (int reg = ARGUMENT_FIRST; reg <= ARGUMENT_LAST; reg++)
		if (may_be_stack(state->registers[reg]))
			return true;
	return false;
}

static void write_by_helper(struct flow_state *state, const struct bpf_insn *insn)
{
	for (size_t i = 0; i < array_size(writing_helpers); i++) {
		struct flow_value pointer = state->registers[writing_helpers[i].pointer];
		struct flow_value size = state->registers[writing_helpers[i].size];

		if (!insn_calls_helper(insn, writing_helpers[i].helper))
			continue;
		if (!may_be_stack(pointer))
			return;
		if (pointer.kind != FLOW_STACK || size.kind != FLOW_CONSTANT || size.number < 0)
			break;
		forget_bytes(state, pointer.number, (uint32_t)size.number);
		return;
	}
	if (!(insn->src_reg == 0 && only_reads(insn->imm)) && flow_state__passes_stack(state))
		spoil_slots(state, false /* helpers write plain bytes */);
}

static void clobber_arguments(struct flow_state *state)
{
	for (int reg = ARGUMENT_FIRST; reg <= ARGUMENT_LAST; reg++)
		state->registers[reg] = unknown;
}

/* What was submitted or discarded is no record any more: no copy of its address may be used. */
static void forget_record(struct flow_state *state, struct flow_value record)
{
	for (size_t i = 0; i < FLOW_REGISTERS; i++)
		if (state->registers[i].kind == FLOW_RECORD &&
		    state->registers[i].map == record.map)
			state->registers[i] = unknown;
	for (size_t i = 0; i < FLOW_SLOTS; i++)
		if (state->slots[i].kind == FLOW_RECORD && state->slots[i].map == record.map)
			state->slots[i] = unknown;
}

static bool ends_record(const struct bpf_insn *insn)
{
	return insn_calls_helper(insn, BPF_FUNC_ringbuf_submit) ||
	       insn_calls_helper(insn, BPF_FUNC_ringbuf_discard);
}

static void step_call(struct flow_state *state, const struct bpf_insn *insn)
{
	struct flow_value ring = state->registers[BPF_REG_1];

	write_by_helper(state, insn);
	if (ends_record(insn) && ring.kind == FLOW_RECORD)
		forget_record(state, ring);
	clobber_arguments(state);
	state->registers[BPF_REG_0] = unknown;
	if (insn_calls_helper(insn, BPF_FUNC_ringbuf_reserve))
		state->registers[BPF_REG_0] = ring.kind == FLOW_MAP
						      ? (struct flow_value){ .kind = FLOW_RECORD,
									     .map = ring.map }
						      : tainted;
}

void flow_state__enter_callee(const struct flow_state *caller, struct flow_state *ret_callee)
{
	flow_state__enter(ret_callee);
	for (int reg = ARGUMENT_FIRST; reg <= ARGUMENT_LAST; reg++)
		ret_callee->registers[reg] = may_be_stack(caller->registers[reg])
						     ? tainted
						     : caller->registers[reg];
}

void flow_state__leave_callee(struct flow_state *state, struct flow_value result)
{
	if (flow_state__passes_stack(state))
		spoil_slots(state, true /* it may have left records there */);
	clobber_arguments(state);
	state->registers[BPF_REG_0] = may_be_stack(result) ? tainted : result;
}

/* ---- one instruction ---- */

void flow_state__step(struct flow_state *state, const struct flow_program *program, uint32_t at)
{
	const struct bpf_insn *insn = &program->insns[at];

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		step_alu(state, insn);
		break;
	case BPF_LDX:
		step_load(state, program, insn);
		break;
	case BPF_ST:
	case BPF_STX:
		step_store(state, program, insn);
		break;
	case BPF_LD:
		if (insn_is_load_imm64(insn)) {
			state->registers[insn->dst_reg] = load_wide(program, insn);
			break;
		}
		clobber_arguments(state);
		state->registers[BPF_REG_0] = unknown;
		break;
	default:
		if (insn_is_call(insn))
			step_call(state, insn);
		break;
	}
}

/* ---- branches ---- */

static bool compare(uint8_t op, uint64_t a, uint64_t b, int64_t signed_a, int64_t signed_b,
		    bool *ret_holds)
{
	switch (op) {
	case BPF_JEQ:
		*ret_holds = a == b;
		return true;
	case BPF_JNE:
		*ret_holds = a != b;
		return true;
	case BPF_JGT:
		*ret_holds = a > b;
		return true;
	case BPF_JGE:
		*ret_holds = a >= b;
		return true;
	case BPF_JLT:
		*ret_holds = a < b;
		return true;
	case BPF_JLE:
		*ret_holds = a <= b;
		return true;
	case BPF_JSET:
		*ret_holds = (a & b) != 0;
		return true;
	case BPF_JSGT:
		*ret_holds = signed_a > signed_b;
		return true;
	case BPF_JSGE:
		*ret_holds = signed_a >= signed_b;
		return true;
	case BPF_JSLT:
		*ret_holds = signed_a < signed_b;
		return true;
	case BPF_JSLE:
		*ret_holds = signed_a <= signed_b;
		return true;
	default:
		return false;
	}
}

enum flow_branch flow_state__branch(const struct flow_state *state, const struct bpf_insn *insn)
{
	struct flow_value a = state->registers[insn->dst_reg];
	struct flow_value b = BPF_SRC(insn->code) == BPF_X ? state->registers[insn->src_reg]
							   : constant((uint64_t)(int64_t)insn->imm);
	bool is_wide = BPF_CLASS(insn->code) == BPF_JMP;
	bool holds, is_known;

	if (a.kind != FLOW_CONSTANT || b.kind != FLOW_CONSTANT)
		return FLOW_BRANCH_BOTH;
	is_known = compare(BPF_OP(insn->code), is_wide ? bits_of(a) : (uint32_t)a.number,
			   is_wide ? bits_of(b) : (uint32_t)b.number, a.number, b.number, &holds);
	if (!is_known)
		return FLOW_BRANCH_BOTH;
	return holds ? FLOW_BRANCH_TAKEN : FLOW_BRANCH_NOT_TAKEN;
}

void flow_state__refine(struct flow_state *state, const struct bpf_insn *insn, bool is_taken)
{
	uint8_t op = BPF_OP(insn->code);
	bool is_null_side = (op == BPF_JEQ && is_taken) || (op == BPF_JNE && !is_taken);

	if (BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_K && insn->imm == 0 &&
	    is_null_side && state->registers[insn->dst_reg].kind == FLOW_RECORD)
		state->registers[insn->dst_reg] = (struct flow_value){ .kind = FLOW_UNSET };
}
