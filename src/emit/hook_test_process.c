/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "emit/hook_private.h"

#define WORD_BITS 64u

/* ---- its masks ---- */

static void need_process(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	if (writer->known & KNOWN_PROCESS)
		return;
	writer__call(writer, "find_process");
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, writer->leave);
	code__move(code, REG_PROCESS, BPF_REG_0);
	writer->known |= KNOWN_PROCESS;
	writer->known &= ~KNOWN_SCOPES;
}

/* Of the cgroup that it is in, as it is now; one without a row has a mask of zeros. */
static void need_scopes(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t found;

	if (writer->known & KNOWN_SCOPES)
		return;
	found = code__label(code);
	code__call_helper(code, BPF_FUNC_get_current_cgroup_id);
	code__store(code, sizeof(uint64_t), BPF_REG_10, KEY_AT, BPF_REG_0);
	writer__load_map(writer, BPF_REG_1, "policy_scopes");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__move(code, REG_SCOPES, BPF_REG_0);
	code__jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, found);
	writer__load_map_value(writer, REG_SCOPES, "policy_nobody", 0);
	code__place(code, found);
	writer->known |= KNOWN_SCOPES;
	writer->known &= ~KNOWN_PROCESS;
}

/* Bit `index` of the words there. */
static void test_bit(struct hook_writer *writer, uint8_t process, size_t words, uint32_t index,
		     uint32_t holds)
{
	if (index >= WORD_BITS * POLICY_MASK_WORDS) {
		writer__refuse(writer, "a bit that no mask has");
		return;
	}
	code__load(&writer->code, sizeof(uint64_t), BPF_REG_1, process,
		   (int16_t)(words + sizeof(uint64_t) * (index / WORD_BITS)));
	writer__jump_if(writer, BPF_JSET, BPF_REG_1, 1ull << (index % WORD_BITS), holds);
}

/* A process that is not in the table: what it was at exec is not known. */
static void unless_known(struct hook_writer *writer, uint32_t fails)
{
	size_t offset = offsetof(struct policy_process, namespaces) +
			WHO_NAMESPACE_MNT * sizeof(uint32_t);

	code__load(&writer->code, sizeof(uint32_t), BPF_REG_1, REG_PROCESS, (int16_t)offset);
	code__jump_if_imm(&writer->code, BPF_JEQ, BPF_REG_1, 0, fails);
}

/* ---- its number, and those that it descends from ---- */

#define ANCESTORS 9

static void compare_pid(struct hook_writer *writer, const struct hook_test *test, uint32_t holds)
{
	writer__call(writer, test->is_own_namespace ? "own_pid_of" : "pid_of");
	code__move(&writer->code, BPF_REG_1, BPF_REG_0);
	writer__compare(writer, test, false, holds);
}

static void test_pid(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
		     uint32_t fails)
{
	struct code *code = &writer->code;

	if (!test->is_own_namespace && !test->follows_forks) {
		code__call_helper(code, BPF_FUNC_get_current_pid_tgid);
		code__move(code, BPF_REG_1, BPF_REG_0);
		code__alu_imm(code, BPF_RSH, BPF_REG_1, 32);
		writer__compare(writer, test, false, holds);
		return;
	}
	code__call_helper(code, BPF_FUNC_get_current_task);
	code__store(code, sizeof(uint64_t), BPF_REG_10, CURSOR_AT, BPF_REG_0);
	if (test->is_own_namespace) {
		/* One of the first namespace has none of its own, whatever is asked. */
		code__move(code, BPF_REG_1, BPF_REG_0);
		writer__call(writer, "own_pid_of");
		code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, fails);
	}
	for (uint32_t depth = 0; depth <= (test->follows_forks ? ANCESTORS : 0); depth++) {
		code__load(code, sizeof(uint64_t), BPF_REG_1, BPF_REG_10, CURSOR_AT);
		if (depth > 0) {
			writer__call(writer, "parent_of");
			code__store(code, sizeof(uint64_t), BPF_REG_10, CURSOR_AT, BPF_REG_0);
			code__move(code, BPF_REG_1, BPF_REG_0);
		}
		compare_pid(writer, test, holds);
	}
}

/* ---- namespaces and capabilities ---- */

static void load_namespace(struct hook_writer *writer, uint32_t kind)
{
	code__move_imm(&writer->code, BPF_REG_1, (int32_t)kind);
	writer__call(writer, "namespace_of");
}

static void test_namespace_change(struct hook_writer *writer, const struct hook_test *test,
				  uint32_t holds, uint32_t fails)
{
	struct code *code = &writer->code;

	if (!(test->mask & ((1ull << WHO_NAMESPACE_COUNT) - 1)))
		writer__refuse(writer, "a change of no namespace");
	need_process(writer);
	unless_known(writer, fails);
	for (uint32_t kind = 0; kind < WHO_NAMESPACE_COUNT; kind++) {
		size_t offset = offsetof(struct policy_process, namespaces) +
				kind * sizeof(uint32_t);

		if (!(test->mask & 1ull << kind))
			continue;
		load_namespace(writer, kind);
		code__load(code, sizeof(uint32_t), BPF_REG_1, REG_PROCESS, (int16_t)offset);
		code__jump_if(code, BPF_JNE, BPF_REG_0, BPF_REG_1, holds);
	}
}

static void load_capabilities(struct hook_writer *writer, const struct hook_test *test,
			      uint32_t fails)
{
	struct code *code = &writer->code;

	if (test->is_own_namespace) {
		writer__call(writer, "is_in_own_user_namespace");
		code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, fails);
	}
	code__move_imm(code, BPF_REG_1, (int32_t)test->index);
	writer__call(writer, "capabilities_of");
}

static void test_capability_change(struct hook_writer *writer, const struct hook_test *test,
				   uint32_t holds, uint32_t fails)
{
	struct code *code = &writer->code;
	size_t offset = offsetof(struct policy_process, capabilities) +
			test->index * sizeof(uint64_t);

	if (test->index > POLICY_CAPABILITIES_PERMITTED) {
		writer__refuse(writer, "capabilities of no kind");
		return;
	}
	need_process(writer);
	unless_known(writer, fails);
	load_capabilities(writer, test, fails);
	code__load(code, sizeof(uint64_t), BPF_REG_1, REG_PROCESS, (int16_t)offset);
	code__alu(code, BPF_XOR, BPF_REG_0, BPF_REG_1);
	/* "Not these" means that others did change. */
	if (test->is_negated)
		code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, fails);
	writer__jump_if(writer, BPF_JSET, BPF_REG_0, test->mask, holds);
}

bool writer__test_process(struct hook_writer *writer, const struct hook_test *test, uint32_t holds,
			  uint32_t fails)
{
	struct code *code = &writer->code;

	switch (test->kind) {
	case HOOK_TEST_SCOPE:
		need_scopes(writer);
		test_bit(writer, REG_SCOPES, offsetof(struct policy_mask, words), test->index,
			 holds);
		return true;
	case HOOK_TEST_BINARY:
		need_process(writer);
		test_bit(writer, REG_PROCESS, offsetof(struct policy_process, binaries),
			 test->index, holds);
		return true;
	case HOOK_TEST_PARENT_BINARY:
		writer__call(writer, "find_parent_process");
		code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, writer->leave);
		test_bit(writer, BPF_REG_0, offsetof(struct policy_process, binaries), test->index,
			 holds);
		return true;
	case HOOK_TEST_PID:
		test_pid(writer, test, holds, fails);
		return true;
	case HOOK_TEST_NAMESPACE:
		load_namespace(writer, test->index);
		code__move(code, BPF_REG_1, BPF_REG_0);
		writer__compare(writer, test, false, holds);
		return true;
	case HOOK_TEST_NAMESPACE_CHANGE:
		test_namespace_change(writer, test, holds, fails);
		return true;
	case HOOK_TEST_CAPABILITY:
		load_capabilities(writer, test, fails);
		writer__jump_if(writer, BPF_JSET, BPF_REG_0, test->mask, holds);
		return true;
	case HOOK_TEST_CAPABILITY_CHANGE:
		test_capability_change(writer, test, holds, fails);
		return true;
	case HOOK_TEST_NUMBER:
	case HOOK_TEST_FILE_TYPE:
	case HOOK_TEST_SOCKET:
	case HOOK_TEST_TEXT:
	case HOOK_TEST_CAPABILITIES_GAINED:
	case HOOK_TEST_EXPRESSION:
		break;
	}
	return false;
}
