/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "emit/hook_private.h"

#define COUNT_OF_ONE 1
#define NO_LABEL (-1) /* policy_count_key.label: 0xffffffff */

static int16_t key_at(size_t offset)
{
	return (int16_t)(KEY_AT + (int32_t)offset);
}

/* What interrupts may come in between where anything calls the function; system calls are not made by interrupts. */
static bool is_alone(const struct hook_writer *writer)
{
	return !writer->hook->is_preemptible && (writer->context == HOOK_CONTEXT_SYSCALL_ENTER ||
						 writer->context == HOOK_CONTEXT_SYSCALL_EXIT);
}

static void add_one(struct hook_writer *writer, uint8_t base, int16_t offset)
{
	struct code *code = &writer->code;

	if (is_alone(writer)) {
		code__load(code, sizeof(uint64_t), BPF_REG_1, base, offset);
		code__alu_imm(code, BPF_ADD, BPF_REG_1, COUNT_OF_ONE);
		code__store(code, sizeof(uint64_t), base, offset, BPF_REG_1);
		return;
	}
	code__move_imm(code, BPF_REG_1, COUNT_OF_ONE);
	code__atomic_add(code, base, offset, BPF_REG_1);
}

void writer__find_figures(struct hook_writer *writer, uint32_t none)
{
	const struct hook_code *hook = writer->hook;
	struct code *code = &writer->code;

	if (hook->rule_count > 1) {
		code__move(code, BPF_REG_1, REG_RULE);
		code__alu_imm(code, BPF_ADD, BPF_REG_1, (int32_t)hook->first_figures);
		code__store(code, sizeof(uint32_t), BPF_REG_10, KEY_AT, BPF_REG_1);
	} else {
		code__store_imm(code, sizeof(uint32_t), BPF_REG_10, KEY_AT,
				(int32_t)hook->first_figures);
	}
	writer__load_map(writer, BPF_REG_1, "policy_figures");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, none);
	code__move(code, REG_FIGURES, BPF_REG_0);
	writer->known &= ~(KNOWN_PROCESS | KNOWN_SCOPES);
}

void writer__add_figure(struct hook_writer *writer, uint32_t offset)
{
	add_one(writer, REG_FIGURES, (int16_t)offset);
}

/* The cgroup of the task, by the kernel. */
static void store_cgroup(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__call_helper(code, BPF_FUNC_get_current_cgroup_id);
	code__store(code, sizeof(uint64_t), BPF_REG_10,
		    key_at(offsetof(struct policy_count_key, cgroup_id)), BPF_REG_0);
}

/* r0: its struct who_process, or on to `unknown`. */
static void find_who(struct hook_writer *writer, uint32_t unknown)
{
	struct code *code = &writer->code;

	code__call_helper(code, BPF_FUNC_get_current_pid_tgid);
	code__alu_imm(code, BPF_RSH, BPF_REG_0, 32);
	code__store(code, sizeof(uint32_t), BPF_REG_10, TEMP_AT, BPF_REG_0);
	writer__load_map(writer, BPF_REG_1, "who_processes");
	writer__stack(writer, BPF_REG_2, TEMP_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, unknown);
}

/* The table knows both: its cgroup is kept up to date there, and costs a third of asking the kernel for it. */
static void store_binary(struct hook_writer *writer, bool wants_cgroup)
{
	struct code *code = &writer->code;
	uint32_t unknown = code__label(code), unnamed = code__label(code),
		 known = code__label(code);

	if (writer->keeps_process_time)
		code__store_imm(code, sizeof(uint64_t), BPF_REG_10, PROCESS_TIME_AT, 0);
	find_who(writer, unknown);
	if (writer->keeps_process_time) {
		code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_0,
			   offsetof(struct who_process, time_ns));
		code__store(code, sizeof(uint64_t), BPF_REG_10, PROCESS_TIME_AT, BPF_REG_1);
	}
	if (wants_cgroup) {
		code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_0,
			   offsetof(struct who_process, cgroup_id));
		code__store(code, sizeof(uint64_t), BPF_REG_10,
			    key_at(offsetof(struct policy_count_key, cgroup_id)), BPF_REG_1);
	}
	code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_0,
		   offsetof(struct who_process, binary_hash));
	code__jump_if_imm(code, BPF_JNE, BPF_REG_1, 0, known);
	if (wants_cgroup)
		code__jump(code, unnamed);
	code__place(code, unknown);
	if (wants_cgroup)
		store_cgroup(writer);
	/* No hash says which binary it is: whoever reads the counts asks the process. */
	code__place(code, unnamed);
	code__load(code, sizeof(uint32_t), BPF_REG_1, BPF_REG_10, TEMP_AT);
	code__place(code, known);
	code__store(code, sizeof(uint64_t), BPF_REG_10,
		    key_at(offsetof(struct policy_count_key, binary_hash)), BPF_REG_1);
}

/* Into the key: what it is counted under beside the hook. */
static void store_process_parts(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t parts = writer->hook->count_parts;

	if (parts & HOOK_COUNT_BINARY)
		store_binary(writer, parts & HOOK_COUNT_CGROUP);
	else
		code__store_imm(code, sizeof(uint64_t), BPF_REG_10,
				key_at(offsetof(struct policy_count_key, binary_hash)), 0);
	if (!(parts & HOOK_COUNT_CGROUP))
		code__store_imm(code, sizeof(uint64_t), BPF_REG_10,
				key_at(offsetof(struct policy_count_key, cgroup_id)), 0);
	else if (!(parts & HOOK_COUNT_BINARY))
		store_cgroup(writer);
}

static void store_key(struct hook_writer *writer)
{
	const struct hook_code *hook = writer->hook;
	struct code *code = &writer->code;
	int16_t label_at = key_at(offsetof(struct policy_count_key, label));

	code__store_imm(code, sizeof(uint32_t), BPF_REG_10,
			key_at(offsetof(struct policy_count_key, hook)), (int32_t)hook->id);
	if (hook->count_parts & HOOK_COUNT_SYSCALL) {
		writer__load_number(writer, hook->syscall_value, BPF_REG_1);
		code__store(code, sizeof(uint32_t), BPF_REG_10, label_at, BPF_REG_1);
	} else {
		code__store_imm(code, sizeof(uint32_t), BPF_REG_10, label_at, NO_LABEL);
	}
	store_process_parts(writer);
}

/* By its number in a table that needs no search; on to `counted`, unless it has no room for the number. */
static void count_in_table(struct hook_writer *writer, uint32_t counted)
{
	struct code *code = &writer->code;
	uint32_t no_room = code__label(code);

	writer__load_number(writer, writer->hook->syscall_value, BPF_REG_1);
	code__store(code, sizeof(uint32_t), BPF_REG_10, TEMP_AT, BPF_REG_1);
	code__store_imm(code, sizeof(uint32_t), BPF_REG_10, KEY_AT,
			(int32_t)writer->hook->call_table);
	writer__load_map(writer, BPF_REG_1, "policy_call_counts");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, counted);
	code__load(code, sizeof(uint32_t), BPF_REG_1, BPF_REG_10, TEMP_AT);
	code__jump_if_imm(code, BPF_JGE, BPF_REG_1, POLICY_CALL_NUMBERS, no_room);
	code__alu_imm(code, BPF_LSH, BPF_REG_1, 3);
	code__alu(code, BPF_ADD, BPF_REG_0, BPF_REG_1);
	add_one(writer, BPF_REG_0, 0);
	code__jump(code, counted);
	code__place(code, no_room);
}

void writer__count(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t is_new, counted;

	if (writer->hook->count_parts == 0)
		return; /* the figure `matched` is it */
	is_new = code__label(code);
	counted = code__label(code);
	if (writer->hook->has_call_table)
		count_in_table(writer, counted);
	store_key(writer);
	writer__load_map(writer, BPF_REG_1, "policy_counts");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, is_new);
	add_one(writer, BPF_REG_0, 0);
	code__jump(code, counted);
	code__place(code, is_new);
	writer__stack(writer, BPF_REG_1, KEY_AT);
	code__move(code, BPF_REG_2, REG_FIGURES);
	writer__call(writer, "count_new");
	code__place(code, counted);
}
