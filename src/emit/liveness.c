/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/liveness.h"

#include <string.h>

#include "base/mem.h"

#define ARGUMENTS 0x3eu /* r1 to r5 */
#define CLOBBERED 0x3fu /* r0 to r5 */
#define BIT(reg) (1u << (reg))

/* ---- sets ---- */

void live__join(struct live *live, const struct live *other)
{
	live->registers |= other->registers;
	for (size_t i = 0; i < LIVE_STACK_WORDS; i++)
		live->stack[i] |= other->stack[i];
}

bool live__equal(const struct live *a, const struct live *b)
{
	return a->registers == b->registers && memcmp(a->stack, b->stack, sizeof(a->stack)) == 0;
}

static bool is_in_stack(int64_t offset, int64_t len)
{
	return offset >= -INSN_STACK_BYTES && offset + len <= 0;
}

static void set_stack(struct live *live, int64_t offset, int64_t len, bool is_read)
{
	for (int64_t at = offset; at < offset + len && at < 0; at++) {
		uint32_t bit = (uint32_t)(at + INSN_STACK_BYTES);

		if (at < -INSN_STACK_BYTES)
			continue;
		if (is_read)
			live->stack[bit / 64] |= 1ull << bit % 64;
		else
			live->stack[bit / 64] &= ~(1ull << bit % 64);
	}
}

static bool reads_stack(const struct live *live, int64_t offset, int64_t len)
{
	for (int64_t at = offset; at < offset + len; at++) {
		uint32_t bit = (uint32_t)(at + INSN_STACK_BYTES);

		if (live->stack[bit / 64] >> bit % 64 & 1)
			return true;
	}
	return false;
}

static void need(struct live_record *record, int64_t offset, int64_t len)
{
	for (int64_t at = offset; at < offset + len; at++) {
		if (at < 0 || at >= (int64_t)record->size || record->needed[at])
			continue;
		record->needed[at] = 1;
		record->is_changed = true;
	}
}

static bool reads_record(const struct live_record *record, int64_t offset, int64_t len)
{
	for (int64_t at = offset; at < offset + len; at++)
		if (at < 0 || at >= (int64_t)record->size || record->needed[at])
			return true;
	return false;
}

/* ---- memory behind a pointer ---- */

struct access {
	struct live *live;
	struct live_record *record;
	const struct flow_program *program;
	const struct flow_value *values; /* of the registers */
};

#define ALL (-1) /* bytes: nobody knows how many */

static bool is_record(const struct live_record *record, struct flow_value value)
{
	return value.kind == FLOW_RECORD && value.map == record->ring;
}

/* Somebody reads there. */
static void read_through(const struct access *access, struct flow_value pointer, int64_t offset,
			 int64_t len)
{
	int64_t at = (int64_t)pointer.number + offset;

	if (pointer.kind == FLOW_TAINTED) {
		set_stack(access->live, -INSN_STACK_BYTES, INSN_STACK_BYTES, true);
		need(access->record, 0, access->record->size);
	} else if (pointer.kind == FLOW_STACK) {
		set_stack(access->live, len == ALL ? -INSN_STACK_BYTES : at,
			  len == ALL ? INSN_STACK_BYTES : len, true);
	} else if (is_record(access->record, pointer)) {
		need(access->record, len == ALL ? 0 : at, len == ALL ? access->record->size : len);
	}
}

/* Whether a write there is seen by nobody. */
static bool is_unseen(const struct access *access, struct flow_value pointer, int64_t offset,
		      int64_t len)
{
	int64_t at = (int64_t)pointer.number + offset;

	if (pointer.kind == FLOW_STACK && is_in_stack(at, len))
		return !reads_stack(access->live, at, len);
	if (is_record(access->record, pointer))
		return !reads_record(access->record, at, len);
	return false;
}

/* All of it is written: what was there before is not read behind. */
static void write_through(const struct access *access, struct flow_value pointer, int64_t offset,
			  int64_t len)
{
	if (pointer.kind == FLOW_STACK)
		set_stack(access->live, (int64_t)pointer.number + offset, len, false);
}

/* ---- helpers ---- */

/* Helpers without an effect but r0. */
static const int32_t getters[] = {
	BPF_FUNC_get_current_pid_tgid,
	BPF_FUNC_get_current_uid_gid,
	BPF_FUNC_get_current_task,
	BPF_FUNC_ktime_get_ns,
	BPF_FUNC_ktime_get_boot_ns,
	BPF_FUNC_ktime_get_coarse_ns,
	BPF_FUNC_get_smp_processor_id,
	BPF_FUNC_get_current_cgroup_id,
	BPF_FUNC_get_current_task_btf,
	BPF_FUNC_get_numa_node_id,
	BPF_FUNC_jiffies64,
};

/* Helpers without an effect but r0 and the bytes they write: where, how many, and whether always all of them. */
static const struct writer {
	int32_t helper;
	uint8_t pointer, size;
	bool fills; /* all bytes are written, whatever happens */
	uint8_t source; /* register that it reads as many bytes from; 0: something else, or nothing of ours */
	uint8_t arguments;
} writers[] = {
	{ BPF_FUNC_get_current_comm, BPF_REG_1, BPF_REG_2, true, 0, 2 },
	{ BPF_FUNC_probe_read, BPF_REG_1, BPF_REG_2, true, BPF_REG_3, 3 },
	{ BPF_FUNC_probe_read_kernel, BPF_REG_1, BPF_REG_2, true, BPF_REG_3, 3 },
	{ BPF_FUNC_probe_read_user, BPF_REG_1, BPF_REG_2, true, 0, 3 },
	{ BPF_FUNC_probe_read_str, BPF_REG_1, BPF_REG_2, false, BPF_REG_3, 3 },
	{ BPF_FUNC_probe_read_kernel_str, BPF_REG_1, BPF_REG_2, false, BPF_REG_3, 3 },
	{ BPF_FUNC_probe_read_user_str, BPF_REG_1, BPF_REG_2, false, 0, 3 },
	{ BPF_FUNC_d_path, BPF_REG_2, BPF_REG_3, false, 0, 3 },
	{ BPF_FUNC_get_stack, BPF_REG_2, BPF_REG_3, false, 0, 4 },
};

/* Helpers that read through some of their pointers, as far as a map or a constant says. */
enum reach { REACH_NOTHING, REACH_KEY, REACH_VALUE, REACH_ARGUMENT };
static const struct reader {
	int32_t helper;
	uint8_t arguments;
	struct {
		uint8_t pointer;
		uint8_t reach; /* enum reach, of the map in r1 … */
		uint8_t size;  /* … or this register */
	} reads[2];
} readers[] = {
	{ BPF_FUNC_map_lookup_elem, 2, { { BPF_REG_2, REACH_KEY, 0 } } },
	{ BPF_FUNC_map_delete_elem, 2, { { BPF_REG_2, REACH_KEY, 0 } } },
	{ BPF_FUNC_map_update_elem,
	  4,
	  { { BPF_REG_2, REACH_KEY, 0 }, { BPF_REG_3, REACH_VALUE, 0 } } },
	{ BPF_FUNC_ringbuf_reserve, 3, { { 0, REACH_NOTHING, 0 } } },
	{ BPF_FUNC_ringbuf_submit, 2, { { 0, REACH_NOTHING, 0 } } },
	{ BPF_FUNC_ringbuf_discard, 2, { { 0, REACH_NOTHING, 0 } } },
	{ BPF_FUNC_ringbuf_output, 4, { { BPF_REG_2, REACH_ARGUMENT, BPF_REG_3 } } },
	{ BPF_FUNC_perf_event_output, 5, { { BPF_REG_4, REACH_ARGUMENT, BPF_REG_5 } } },
	{ BPF_FUNC_trace_printk, 5, { { BPF_REG_1, REACH_ARGUMENT, BPF_REG_2 } } },
	{ BPF_FUNC_get_stackid, 3, { { 0, REACH_NOTHING, 0 } } },
	{ BPF_FUNC_tail_call, 3, { { 0, REACH_NOTHING, 0 } } },
};

static bool is_getter(int32_t helper)
{
	for (size_t i = 0; i < array_size(getters); i++)
		if (getters[i] == helper)
			return true;
	return false;
}

static const struct writer *find_writer(int32_t helper)
{
	for (size_t i = 0; i < array_size(writers); i++)
		if (writers[i].helper == helper)
			return &writers[i];
	return NULL;
}

static const struct reader *find_reader(int32_t helper)
{
	for (size_t i = 0; i < array_size(readers); i++)
		if (readers[i].helper == helper)
			return &readers[i];
	return NULL;
}

static uint32_t first_arguments(uint32_t count)
{
	return (BIT(count + 1) - 1) & ~BIT(BPF_REG_0);
}

static int64_t reach_of(const struct access *access, uint8_t reach, uint8_t size)
{
	struct flow_value map = access->values[BPF_REG_1];

	if (reach == REACH_ARGUMENT) {
		if (access->values[size].kind == FLOW_CONSTANT && access->values[size].number >= 0)
			return access->values[size].number;
		return ALL;
	}
	if (map.kind != FLOW_MAP)
		return ALL;
	return reach == REACH_KEY ? access->program->maps[map.map].key_size
				  : access->program->maps[map.map].value_size;
}

static void call_reader(const struct access *access, const struct reader *reader)
{
	access->live->registers &= ~CLOBBERED;
	access->live->registers |= first_arguments(reader->arguments);
	for (size_t i = 0; i < array_size(reader->reads); i++)
		if (reader->reads[i].reach != REACH_NOTHING)
			read_through(
				access, access->values[reader->reads[i].pointer], 0,
				reach_of(access, reader->reads[i].reach, reader->reads[i].size));
}

/* True: nobody sees what it writes. */
static bool call_writer(const struct access *access, const struct writer *writer)
{
	struct flow_value pointer = access->values[writer->pointer];
	struct flow_value size = access->values[writer->size];
	bool is_known = size.kind == FLOW_CONSTANT && size.number >= 0;

	if (is_known && !(access->live->registers & BIT(BPF_REG_0)) &&
	    is_unseen(access, pointer, 0, size.number)) {
		access->live->registers &= ~CLOBBERED;
		return true;
	}
	access->live->registers &= ~CLOBBERED;
	access->live->registers |= first_arguments(writer->arguments);
	if (is_known && writer->fills)
		write_through(access, pointer, 0, size.number);
	if (writer->source)
		read_through(access, access->values[writer->source], 0,
			     is_known ? size.number : ALL);
	return false;
}

static bool step_helper(const struct access *access, int32_t helper)
{
	const struct writer *writer = find_writer(helper);
	const struct reader *reader = find_reader(helper);

	if (is_getter(helper)) {
		bool is_dead = !(access->live->registers & BIT(BPF_REG_0));

		access->live->registers &= ~CLOBBERED;
		return is_dead;
	}
	if (writer)
		return call_writer(access, writer);
	if (reader) {
		call_reader(access, reader);
		return false;
	}
	access->live->registers &= ~CLOBBERED;
	access->live->registers |= ARGUMENTS;
	for (uint32_t reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		read_through(access, access->values[reg], 0, ALL);
	return false;
}

/* A function of the program, or one of the kernel that has types: the first reads records by itself. */
static void step_function(const struct access *access, bool is_ours)
{
	access->live->registers &= ~CLOBBERED;
	access->live->registers |= ARGUMENTS;
	for (uint32_t reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		if (!is_ours || !is_record(access->record, access->values[reg]))
			read_through(access, access->values[reg], 0, ALL);
}

/* ---- one instruction ---- */

static bool step_value(struct live *live, const struct bpf_insn *insn)
{
	uint32_t written = insn_writes(insn);

	if (!(live->registers & written))
		return true;
	live->registers &= ~written;
	live->registers |= insn_reads(insn);
	return false;
}

static bool step_load(const struct access *access, const struct bpf_insn *insn)
{
	if (step_value(access->live, insn))
		return true;
	read_through(access, access->values[insn->src_reg], insn->off, insn_access_bytes(insn));
	return false;
}

static bool step_store(const struct access *access, const struct bpf_insn *insn)
{
	struct flow_value base = access->values[insn->dst_reg];
	uint32_t len = insn_access_bytes(insn);

	if (insn_is_atomic(insn)) {
		access->live->registers |= insn_reads(insn);
		read_through(access, base, insn->off, len);
		return false;
	}
	if (is_unseen(access, base, insn->off, len))
		return true;
	write_through(access, base, insn->off, len);
	access->live->registers |= insn_reads(insn);
	return false;
}

bool live__step(struct live *live, struct live_record *record, const struct flow_program *program,
		const struct bpf_insn *insn, const struct flow_value *values)
{
	const struct access access = {
		.live = live, .record = record, .program = program, .values = values
	};

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return step_value(live, insn);
	case BPF_LDX:
		return step_load(&access, insn);
	case BPF_ST:
	case BPF_STX:
		return step_store(&access, insn);
	case BPF_LD:
		if (insn_is_load_imm64(insn))
			return step_value(live, insn);
		live->registers &= ~CLOBBERED;
		live->registers |= insn_reads(insn); /* of a packet; it may also end the program */
		return false;
	default:
		break;
	}
	if (!insn_is_call(insn)) {
		live->registers |= insn_reads(insn);
		return false;
	}
	if (insn->src_reg == 0)
		return step_helper(&access, insn->imm);
	step_function(&access, insn_calls_subprogram(insn));
	return false;
}
