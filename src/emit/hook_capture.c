/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/mem.h"
#include "emit/hook_private.h"

#define WORDS_AT (offsetof(struct policy_frame, data) + sizeof(struct policy_record))

bool hook_value__is_number(const struct hook_value *value)
{
	switch (value->class) {
	case POLICY_CLASS_NUMBER:
	case POLICY_CLASS_CAPABILITY:
	case POLICY_CLASS_CAPABILITIES:
	case POLICY_CLASS_SYSCALL:
		return true;
	case POLICY_CLASS_TEXT:
	case POLICY_CLASS_BYTES:
	case POLICY_CLASS_PATH:
	case POLICY_CLASS_SOCKET:
	case POLICY_CLASS_PACKET:
	case POLICY_CLASS_ADDRESS:
	case POLICY_CLASS_CREDENTIALS:
	case POLICY_CLASS_USER_NAMESPACE:
	case POLICY_CLASS_BPF_ATTRIBUTES:
	case POLICY_CLASS_BPF_MAP:
	case POLICY_CLASS_BPF_PROGRAM:
	case POLICY_CLASS_PERF_EVENT:
	case POLICY_CLASS_MODULE:
	case POLICY_CLASS_NOTHING:
		break;
	}
	return false;
}

int32_t hook_value__text_offset(const struct hook_value *value)
{
	switch (value->class) {
	case POLICY_CLASS_BYTES:
		return sizeof(struct policy_bytes);
	case POLICY_CLASS_PATH:
		return sizeof(struct policy_path);
	case POLICY_CLASS_ADDRESS:
		return sizeof(struct policy_address);
	default:
		return 0;
	}
}

/* ---- the frame ---- */

/* As begin_frame() of bpf/include/policy_frame.bpf.h does it, with as many words as there are. */
static void clear_frame(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t values = writer->hook->value_count;
	size_t size = sizeof(struct policy_record) + sizeof(union policy_word) * values;

	for (size_t i = 0; i < size; i += sizeof(uint64_t))
		code__store_imm(code, sizeof(uint64_t), REG_FRAME,
				(int16_t)(offsetof(struct policy_frame, data) + i), 0);
	code__store_imm(code, sizeof(uint64_t), REG_FRAME, offsetof(struct policy_frame, used),
			(int32_t)size);
	code__store_imm(code, sizeof(uint16_t), REG_FRAME,
			offsetof(struct policy_frame, record) +
				offsetof(struct policy_record, value_count),
			(int32_t)values);
}

/* By the routine, which knows what to do when another program has the first one. */
static void claim_any(struct hook_writer *writer)
{
	struct code *code = &writer->code;

	code__move_imm(code, BPF_REG_1, (int32_t)writer->hook->value_count);
	writer__call(writer, writer->options->has_exchange ? "claim_frame" : "claim_frame_by_word");
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, writer->unframed);
	code__move(code, REG_FRAME, BPF_REG_0);
}

/* The first one is free nearly always: a call less. On to `claimed`, or behind. */
static void claim_first(struct hook_writer *writer, uint32_t claimed)
{
	struct code *code = &writer->code;
	uint32_t taken = code__label(code);

	code__store_imm(code, sizeof(uint32_t), BPF_REG_10, KEY_AT, 0);
	writer__load_map(writer, BPF_REG_1, "policy_frames");
	writer__stack(writer, BPF_REG_2, KEY_AT);
	code__call_helper(code, BPF_FUNC_map_lookup_elem);
	code__jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, writer->unframed);
	code__move_imm(code, BPF_REG_1, 1);
	code__exchange(code, BPF_REG_0, offsetof(struct policy_frame, busy), BPF_REG_1);
	code__jump_if_imm(code, BPF_JNE, BPF_REG_1, 0, taken);
	code__move(code, REG_FRAME, BPF_REG_0);
	clear_frame(writer);
	code__jump(code, claimed);
	code__place(code, taken);
}

void writer__need_frame(struct hook_writer *writer)
{
	struct code *code = &writer->code;
	uint32_t is_there;

	if (writer->known & KNOWN_FRAME)
		return;
	writer->uses_frame = true;
	is_there = code__label(code);
	if (writer->tests_use_frame)
		code__jump_if_imm(code, BPF_JNE, REG_FRAME, 0, is_there);
	if (writer->options->has_exchange)
		claim_first(writer, is_there);
	claim_any(writer);
	code__place(code, is_there);
	writer->known |= KNOWN_FRAME;
}

void writer__ask(struct hook_writer *writer, const char *routine, uint32_t value, int32_t third,
		 int32_t fourth)
{
	struct code *code = &writer->code;

	code__move(code, BPF_REG_1, REG_FRAME);
	code__move_imm(code, BPF_REG_2, (int32_t)value);
	code__move_imm(code, BPF_REG_3, third);
	code__move_imm(code, BPF_REG_4, fourth);
	writer__call(writer, routine);
}

/* ---- values ---- */

/* By what an address is of: the kernel's, the user's, or either. */
static const struct capture {
	enum policy_class class;
	enum hook_form form;
	const char *kernel, *user, *any;
} captures[] = {
	{ POLICY_CLASS_TEXT, HOOK_FORM_PLAIN, "capture_text", "capture_user_text",
	  "capture_any_text" },
	{ POLICY_CLASS_TEXT, HOOK_FORM_RECORD, "capture_text", NULL, NULL },
	{ POLICY_CLASS_TEXT, HOOK_FORM_DYNAMIC, "capture_text", NULL, NULL },
	{ POLICY_CLASS_BYTES, HOOK_FORM_PLAIN, "capture_bytes", "capture_user_bytes",
	  "capture_any_bytes" },
	{ POLICY_CLASS_BYTES, HOOK_FORM_RECORD, "capture_bytes", NULL, NULL },
	{ POLICY_CLASS_BYTES, HOOK_FORM_VECTOR, "capture_vector", "capture_user_vector",
	  "capture_any_vector" },
	{ POLICY_CLASS_BYTES, HOOK_FORM_ITERATOR, "capture_iterator", NULL, NULL },
	{ POLICY_CLASS_PATH, HOOK_FORM_PLAIN, "capture_path", NULL, NULL },
	{ POLICY_CLASS_PATH, HOOK_FORM_DENTRY, "capture_dentry", NULL, NULL },
	{ POLICY_CLASS_PATH, HOOK_FORM_DESCRIPTOR, "capture_descriptor", NULL, NULL },
	{ POLICY_CLASS_SOCKET, HOOK_FORM_PLAIN, "capture_socket", NULL, NULL },
	{ POLICY_CLASS_PACKET, HOOK_FORM_PLAIN, "capture_packet", NULL, NULL },
	{ POLICY_CLASS_ADDRESS, HOOK_FORM_PLAIN, "capture_address", "capture_user_address",
	  "capture_any_address" },
	{ POLICY_CLASS_CREDENTIALS, HOOK_FORM_PLAIN, "capture_credentials", NULL, NULL },
	{ POLICY_CLASS_USER_NAMESPACE, HOOK_FORM_PLAIN, "capture_user_namespace", NULL, NULL },
	{ POLICY_CLASS_BPF_ATTRIBUTES, HOOK_FORM_PLAIN, "capture_bpf_attributes", NULL, NULL },
	{ POLICY_CLASS_BPF_MAP, HOOK_FORM_PLAIN, "capture_bpf_map", NULL, NULL },
	{ POLICY_CLASS_BPF_PROGRAM, HOOK_FORM_PLAIN, "capture_bpf_program", NULL, NULL },
	{ POLICY_CLASS_PERF_EVENT, HOOK_FORM_PLAIN, "capture_perf_event", NULL, NULL },
	{ POLICY_CLASS_MODULE, HOOK_FORM_PLAIN, "capture_module", NULL, NULL },
	{ POLICY_CLASS_MODULE, HOOK_FORM_LOAD_INFO, "capture_load_info", NULL, NULL },
};

static const char *routine_of(const struct hook_value *value)
{
	for (size_t i = 0; i < array_size(captures); i++) {
		const struct capture *capture = &captures[i];

		if (capture->class == value->class && capture->form == value->form)
			return value->is_anywhere                ? capture->any
			       : value->is_user && capture->user ? capture->user
								 : capture->kernel;
	}
	return NULL;
}

/* Which 4 bytes of a tracepoint's record say: the offset in the record, and the length. Into r3, and r4 unless the value
 * says how much is taken at most. */
static void load_dynamic(struct hook_writer *writer, const struct hook_value *value)
{
	struct code *code = &writer->code;

	code__load(code, sizeof(uint32_t), BPF_REG_4, REG_CONTEXT, (int16_t)value->index);
	code__move(code, BPF_REG_3, BPF_REG_4);
	code__alu_imm(code, BPF_AND, BPF_REG_3, 0xffff);
	code__alu(code, BPF_ADD, BPF_REG_3, REG_CONTEXT);
	code__alu_imm(code, BPF_RSH, BPF_REG_4, 16);
}

/* How many bytes there are, on the stack until the address is known. */
static void save_size(struct hook_writer *writer, const struct hook_value *value)
{
	struct code *code = &writer->code;

	if (value->size_value == HOOK_NONE) {
		code__load_imm64(code, BPF_REG_1, value->max_size);
	} else {
		writer__load_number(writer, value->size_value, BPF_REG_1);
	}
	code__store(code, sizeof(uint64_t), BPF_REG_10, CURSOR_AT, BPF_REG_1);
}

static void capture_bytes(struct hook_writer *writer, uint32_t index, const char *routine)
{
	const struct hook_value *value = &writer->hook->values[index];
	struct code *code = &writer->code;
	uint32_t most = value->max_size ? value->max_size : POLICY_BYTES_MAX;

	save_size(writer, value);
	writer__load_address(writer, index, BPF_REG_3);
	code__load(code, sizeof(uint64_t), BPF_REG_4, BPF_REG_10, CURSOR_AT);
	code__move_imm(code, BPF_REG_5, (int32_t)most);
	code__move(code, BPF_REG_1, REG_FRAME);
	code__move_imm(code, BPF_REG_2, (int32_t)index);
	writer__call(writer, routine);
}

/* What a routine wants to know beside the address: whose policy asks of a socket, else how much is taken. */
static int32_t last_argument(const struct hook_writer *writer, const struct hook_value *value)
{
	if (value->class == POLICY_CLASS_SOCKET || value->class == POLICY_CLASS_PACKET)
		return (int32_t)writer->hook->policy;
	return value->max_size ? (int32_t)value->max_size : POLICY_TEXT_MAX;
}

static void capture_object(struct hook_writer *writer, uint32_t index, const char *routine)
{
	const struct hook_value *value = &writer->hook->values[index];
	struct code *code = &writer->code;

	if (value->form == HOOK_FORM_DYNAMIC) {
		load_dynamic(writer, value);
	} else {
		writer__load_address(writer, index, BPF_REG_3);
		code__move_imm(code, BPF_REG_4, last_argument(writer, value));
	}
	code__move(code, BPF_REG_1, REG_FRAME);
	code__move_imm(code, BPF_REG_2, (int32_t)index);
	writer__call(writer, routine);
}

static void capture_number(struct hook_writer *writer, uint32_t index)
{
	writer__load_number(writer, index, BPF_REG_1);
	code__store(&writer->code, sizeof(uint64_t), REG_FRAME,
		    (int16_t)(WORDS_AT + sizeof(union policy_word) * index), BPF_REG_1);
}

/* On some of the ways that lead here it was: a second time would cost as much, and take as much of the frame. */
static uint32_t unless_captured(struct hook_writer *writer, uint32_t index)
{
	uint32_t is_there = code__label(&writer->code);

	code__load(&writer->code, sizeof(uint64_t), BPF_REG_1, REG_FRAME,
		   (int16_t)(WORDS_AT + sizeof(union policy_word) * index));
	code__jump_if_imm(&writer->code, BPF_JNE, BPF_REG_1, 0, is_there);
	return is_there;
}

/* Of bytes in one piece of memory; of lists of several there is the beginning. */
static const char *send_routine(const struct hook_value *value)
{
	if (value->class != POLICY_CLASS_BYTES || value->max_size <= POLICY_BYTES_MAX ||
	    value->is_at_return)
		return NULL;
	if (value->form == HOOK_FORM_ITERATOR)
		return "send_iterator";
	if (value->form != HOOK_FORM_PLAIN)
		return NULL;
	return value->is_anywhere ? "send_any_bytes"
	       : value->is_user   ? "send_user_bytes"
				  : "send_bytes";
}

void writer__send_rest(struct hook_writer *writer, uint32_t index)
{
	const char *routine = send_routine(&writer->hook->values[index]);

	if (routine)
		capture_bytes(writer, index, routine);
}

void writer__capture(struct hook_writer *writer, uint32_t index)
{
	const struct hook_value *value;
	uint32_t is_there = 0;
	const char *routine;

	if (index >= writer->hook->value_count) {
		writer__refuse(writer, "a value that is not there");
		return;
	}
	value = &writer->hook->values[index];
	if (writer->known & KNOWN_VALUE(index) || value->class == POLICY_CLASS_NOTHING)
		return;
	writer__need_frame(writer);
	writer->known |= KNOWN_VALUE(index);
	if (hook_value__is_number(value)) {
		capture_number(writer, index);
		return;
	}
	routine = routine_of(value);
	if (!routine) {
		writer__refuse(writer, "a value that nothing captures");
		return;
	}
	if (writer->captured & KNOWN_VALUE(index))
		is_there = unless_captured(writer, index);
	if (value->class == POLICY_CLASS_BYTES)
		capture_bytes(writer, index, routine);
	else
		capture_object(writer, index, routine);
	if (writer->captured & KNOWN_VALUE(index))
		code__place(&writer->code, is_there);
	writer->captured |= KNOWN_VALUE(index);
}
