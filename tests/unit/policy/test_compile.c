/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

/* ---- values: the way to each ---- */

struct value_row {
	const char *name;
	struct argument_spec argument;
	const char *line; /* what the listing says of it, or the error */
	int result;
};

static const struct value_row value_rows[] = {
	{ "int", ARG(1, "int"), "argument 1: number of 4 signed bytes, captured\n", 0 },
	{ "auto of an int", ARG(1, "auto"), "argument 1: number of 4 signed bytes", 0 },
	{ "auto of a file", ARG(0, "auto"), "argument 0 +16: path, at most 4096", 0 },
	{ "auto of text", ARG(2, "auto"), "argument 2 in any memory: text", 0 },
	{ "auto of a sock", ARG(3, "auto"), "argument 3: socket", 0 },
	{ "auto of capabilities", ARG(4, "auto"), "argument 4 +0: capabilities of 8", 0 },
	{ "file", ARG(0, "file"), "argument 0 +16: path", 0 },
	{ "path", ARG(0, "path"), "argument 0: path", 0 },
	{ "kiocb", ARG(0, "kiocb"), "argument 0 +0 -> +16: path", 0 },
	{ "binprm", ARG(0, "linux_binprm"), "argument 0 +8 -> +16: path", 0 },
	{ "socket", ARG(0, "socket"), "argument 0 +24 ->: socket", 0 },
	{ "filename", ARG(0, "filename"), "argument 0 +0 ->: text", 0 },
	{ "device", ARG(0, "net_device"), "argument 0 +4: text, at most 16 bytes", 0 },
	{ "dentry", ARG(0, "dentry"), "argument 0: path from dentry", 0 },
	{ "fd", ARG(1, "fd"), "argument 1: path from descriptor", 0 },
	{ "resolve",
	  { .index = 0, .type = { .text = "auto" }, .resolve = { .text = "f_inode.i_ino" } },
	  "argument 0 +32 -> +64: number of 8 bytes",
	  0 },
	{ "resolve an element",
	  { .index = 0, .type = { .text = "uint64" }, .resolve = { .text = "f_inode.i_slots[3]" } },
	  "argument 0 +32 -> +104: number of 8 bytes",
	  0 },
	{ "resolve bits",
	  { .index = 0, .type = { .text = "uint8" }, .resolve = { .text = "low" } },
	  "argument 0 +40: number of 1 signed bytes, 3 bits from 4",
	  0 },
	{ "resolve a struct",
	  { .index = 0, .type = { .text = "path" }, .resolve = { .text = "f_path" } },
	  "argument 0 +16: path",
	  0 },
	{ "task",
	  { .type = { .text = "auto" },
	    .resolve = { .text = "cred.uid.val" },
	    .source = DATA_SOURCE_TASK },
	  "task +256 -> +8: number of 4 signed bytes",
	  0 },
	{ "text in the task",
	  { .type = { .text = "string" },
	    .resolve = { .text = "comm" },
	    .source = DATA_SOURCE_TASK },
	  "task +200: text, at most 16 bytes",
	  0 },
	{ "btfType",
	  { .index = 5,
	    .type = { .text = "auto" },
	    .btf_type = { .text = "task_struct" },
	    .resolve = { .text = "pid" } },
	  "argument 5 +100: number of 4 signed bytes",
	  0 },
	{ "buffer",
	  { .index = 2, .type = { .text = "char_buf" }, .size_parameter = 2 },
	  "argument 2 in any memory: bytes, as long as value 0, at most 4095",
	  0 },
	{ "long buffer",
	  { .index = 2, .type = { .text = "char_buf" }, .size_parameter = 2, .is_max_data = true },
	  "at most 327360 bytes",
	  0 },
	{ "buffer at return",
	  { .index = 2, .type = { .text = "char_buf" }, .is_return_copy = true },
	  "as long as value 0, at most 4095 bytes, at return, captured",
	  0 },
	{ "unknown type", ARG(0, "filee"), "type 'filee' is not known; nearest is 'file'",
	  -EINVAL },
	{ "no such member",
	  { .index = 0, .type = { .text = "auto" }, .resolve = { .text = "f_inode.nothing" } },
	  "struct 'inode' of this kernel has no member 'nothing'",
	  -EINVAL },
	{ "too far",
	  { .index = 0, .type = { .text = "auto" }, .resolve = { .text = "f_inode.i_slots[4]" } },
	  "there are 4 elements, [4] is none",
	  -EINVAL },
	{ "no way",
	  { .index = 0, .type = { .text = "auto" }, .resolve = { .text = "f_inode..i_ino" } },
	  "is no way through members",
	  -EINVAL },
	{ "not a struct",
	  { .index = 1, .type = { .text = "auto" }, .resolve = { .text = "x" } },
	  "the kernel's types say that it is no pointer",
	  -EINVAL },
	{ "no such struct",
	  { .index = 1,
	    .type = { .text = "auto" },
	    .btf_type = { .text = "nothing" },
	    .resolve = { .text = "x" } },
	  "this kernel has no type 'nothing'",
	  -EINVAL },
	{ "no size", ARG(2, "char_buf"), "how long this char_buf is is not known", -EINVAL },
	{ "not in a register", ARG(6, "int"), "index 6: hooked has 6 arguments", -EINVAL },
};

static void test_compile__finds_the_way_to_values(void **state)
{
	struct policy_fixture *fixture = *state;

	for (size_t i = 0; i < array_size(value_rows); i++) {
		const struct hook_spec hook = { HOOKED, .args = &value_rows[i].argument,
						.arg_count = 1 };
		int r = policy_fixture__compile_hook(fixture, &hook);
		const char *text = r < 0 ? policy_fixture__error(fixture)
					 : policy_fixture__listing(fixture);

		if (r != value_rows[i].result || !strstr(text, value_rows[i].line))
			fail_msg("%s: %d, '%s' has no '%s'", value_rows[i].name, r, text,
				 value_rows[i].line);
		err_list__done(&fixture->errors);
	}
}

/* ---- hooks: what each kind of place gives ---- */

struct hook_row {
	const char *name;
	struct hook_spec hook;
	const char *line;
	int result;
};

static const struct argument_spec call_number = ARG(4, "syscall64"), plain = ARG(4, "int64"),
				  first = ARG(5, "uint64"), user = ARG(0, "string"),
				  field = ARG(5, "string"), dynamic = ARG(6, "string"),
				  mode = ARG(7, "int64"), integer = ARG(1, "int32"),
				  pointed = ARG(8, "string"), none = ARG(9, "int"),
				  unreadable = ARG(3, "int64"), address = ARG(0, "uint32");
static const struct number_spec offset = { .value = 0x40 };
static const struct spec_text symbol = { .text = "main+0x10" };
static const struct hook_row hook_rows[] = {
	{ "system call",
	  { .kind = HOOK_KIND_KPROBE,
	    .call = VALUE("sys_read"),
	    .is_syscall = true,
	    .args = &user,
	    .arg_count = 1 },
	  "hook 0: sys_enter\n  value 0: syscall argument 0 in user memory: text",
	  0 },
	{ "32 bits",
	  { .kind = HOOK_KIND_KPROBE, .call = VALUE("i386/sys_read"), .is_syscall = true },
	  "sys_enter",
	  0 },
	{ "no system call",
	  { .kind = HOOK_KIND_KPROBE, .call = VALUE("hooked"), .is_syscall = true },
	  "'hooked' is no system call, sys_NAME is; with syscall: false it is a function",
	  -EINVAL },
	{ "another table",
	  { .kind = HOOK_KIND_KPROBE, .call = VALUE("mips/sys_read"), .is_syscall = true },
	  "'mips' is no table of system calls",
	  -EINVAL },
	{ "raw_syscalls",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("sys_enter"),
	    .subsystem = "raw_syscalls",
	    .args = &call_number,
	    .arg_count = 1 },
	  "value 0: syscall number: syscall of 8 bytes",
	  0 },
	{ "raw_syscalls as the talk has it",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("sys_enter"),
	    .subsystem = "raw_syscalls",
	    .args = &plain,
	    .arg_count = 1 },
	  "value 0: syscall number: number of 8 bytes, 31 bits from 0, captured\n"
	  "  count by syscall in value 0\n",
	  0 },
	{ "its arguments",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("sys_enter"),
	    .subsystem = "raw_syscalls",
	    .args = &first,
	    .arg_count = 1 },
	  "value 0: syscall argument 0: number of 8 bytes",
	  0 },
	{ "what it returns",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("sys_exit"),
	    .subsystem = "raw_syscalls",
	    .args = &first,
	    .arg_count = 1 },
	  "value 0: result: number of 8 bytes",
	  0 },
	{ "classic",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("opened"),
	    .subsystem = "files",
	    .args = &mode,
	    .arg_count = 1 },
	  "value 0: field at 36: number of 4 signed bytes",
	  0 },
	{ "text in the record",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("opened"),
	    .subsystem = "files",
	    .args = &field,
	    .arg_count = 1 },
	  "field at 16: text from record, at most 16 bytes",
	  0 },
	{ "text behind the record",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("opened"),
	    .subsystem = "files",
	    .args = &dynamic,
	    .arg_count = 1 },
	  "field at 32: text from dynamic",
	  0 },
	{ "text that the record has the address of",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("opened"),
	    .subsystem = "files",
	    .args = &pointed,
	    .arg_count = 1 },
	  "field at 40 +0 -> in any memory: text",
	  0 },
	{ "no such field",
	  { .kind = HOOK_KIND_TRACEPOINT,
	    .call = VALUE("opened"),
	    .subsystem = "files",
	    .args = &none,
	    .arg_count = 1 },
	  "index 9: opened has 9 fields",
	  -EINVAL },
	{ "raw tracepoint",
	  { .kind = HOOK_KIND_RAW_TRACEPOINT,
	    .call = VALUE("passed"),
	    .subsystem = "files",
	    .args = &integer,
	    .arg_count = 1 },
	  "hook 0: raw tracepoint\n  value 0: argument 1: number",
	  0 },
	{ "the number as raw: true has it",
	  { .kind = HOOK_KIND_RAW_TRACEPOINT,
	    .call = VALUE("sys_enter"),
	    .subsystem = "raw_syscalls",
	    .args = &call_number,
	    .arg_count = 1 },
	  "value 0: argument 1: syscall of 8 bytes",
	  0 },
	{ "lsm",
	  { .kind = HOOK_KIND_LSM, .call = VALUE("hooked"), .args = &integer, .arg_count = 1 },
	  "hook 0: call of 6\n  value 0: argument 1: number",
	  0 },
	{ "the number of an address",
	  { .kind = HOOK_KIND_LSM, .call = VALUE("hooked"), .args = &address, .arg_count = 1 },
	  "hook 0: call of 6\n  value 0: argument 0, an address: number of 4",
	  0 },
	{ "no such parameter",
	  { .kind = HOOK_KIND_LSM, .call = VALUE("hooked"), .args = &none, .arg_count = 1 },
	  "index 9: hooked has 6 parameters",
	  -EINVAL },
	{ "uprobe",
	  { .kind = HOOK_KIND_UPROBE,
	    .file = { .text = "/bin/true" },
	    .symbols = &symbol,
	    .symbol_count = 1,
	    .args = &user,
	    .arg_count = 1 },
	  "value 0: argument 0 in user memory: text",
	  0 },
	{ "uprobe at an offset",
	  { .kind = HOOK_KIND_UPROBE,
	    .file = { .text = "/bin/true" },
	    .offsets = &offset,
	    .offset_count = 1 },
	  "hook 0: registers",
	  0 },
	{ "usdt",
	  { .kind = HOOK_KIND_USDT,
	    .call = VALUE("done"),
	    .provider = "test",
	    .file = { .text = "/bin/true" },
	    .args = &integer,
	    .arg_count = 1 },
	  "argument 1 = signed 4 bytes: register at 32 + -8 followed: number of 4 signed bytes",
	  0 },
	{ "no such operand",
	  { .kind = HOOK_KIND_USDT,
	    .call = VALUE("done"),
	    .provider = "test",
	    .file = { .text = "/bin/true" },
	    .args = &none,
	    .arg_count = 1 },
	  "index 9: done has 4 arguments",
	  -EINVAL },
	{ "an operand that no program can read",
	  { .kind = HOOK_KIND_USDT,
	    .call = VALUE("done"),
	    .provider = "test",
	    .file = { .text = "/bin/true" },
	    .args = &unreadable,
	    .arg_count = 1 },
	  "index 3: '8f@%xmm0' is no operand that can be read",
	  -EOPNOTSUPP },
};

static void test_compile__finds_arguments_of_each_kind_of_hook(void **state)
{
	struct policy_fixture *fixture = *state;

	fixture->made_up.context.count_parts = HOOK_COUNT_SYSCALL;
	for (size_t i = 0; i < array_size(hook_rows); i++) {
		int r = policy_fixture__compile_hook(fixture, &hook_rows[i].hook);
		const char *text = r < 0 ? policy_fixture__error(fixture)
					 : policy_fixture__listing(fixture);

		if (r != hook_rows[i].result || !strstr(text, hook_rows[i].line))
			fail_msg("%s: %d, '%s' has no '%s'", hook_rows[i].name, r, text,
				 hook_rows[i].line);
		err_list__done(&fixture->errors);
	}
}

static void test_find_sites__splits_symbols_and_names_system_calls(void **state)
{
	static const struct hook_spec hooks[] = {
		{ .kind = HOOK_KIND_UPROBE,
		  .file = { .text = "/bin/true" },
		  .symbols = &symbol,
		  .symbol_count = 1 },
		{ .kind = HOOK_KIND_KPROBE, .call = VALUE("i386/sys_read"), .is_syscall = true },
		{ .kind = HOOK_KIND_KPROBE, .call = VALUE("__x64_sys_openat"), .is_syscall = true },
	};
	const struct policy_spec policy = { .name = "three", .hooks = hooks, .hook_count = 3 };
	struct policy_fixture *fixture = *state;
	const struct policy_site *sites;

	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
	sites = fixture->sites.items;
	assert_string_equal(sites[0].name, "main");
	assert_int_equal(sites[0].offset, 0x10);
	assert_string_equal(sites[1].name, "sys_read");
	assert_string_equal(sites[1].function, "__ia32_sys_read");
	assert_int_equal(sites[1].syscall, POLICY_SYSCALL_32 | 3);
	assert_string_equal(sites[2].function, "__x64_sys_openat");
	assert_int_equal(sites[2].syscall, 257);
}

static void test_compile__makes_a_hook_of_each_call_of_a_list(void **state)
{
	static const struct spec_text names[] = { { .text = "sys_read" }, { .text = "sys_write" } };
	static const struct list_spec lists[] = {
		{ .name = "some", .kind = LIST_KIND_SYSCALLS, .values = names, .value_count = 2 },
		{ .name = "all", .kind = LIST_KIND_ALL_SYSCALLS },
	};
	static const struct hook_spec hooks[] = {
		{ .kind = HOOK_KIND_KPROBE, .call = { .text = "list:some", .list = 0 } },
		{ .kind = HOOK_KIND_KPROBE, .call = { .text = "list:all", .list = 1 } },
	};
	const struct policy_spec policy = {
		.name = "lists", .hooks = hooks, .hook_count = 2, .lists = lists, .list_count = 2
	};
	struct policy_fixture *fixture = *state;

	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
	assert_int_equal(fixture->program.hook_count, 5);
	assert_string_equal(fixture->program.hooks[1].site->function, "__x64_sys_write");
	assert_string_equal(fixture->program.hooks[4].site->function, "__x64_sys_openat");
}

/* ---- rules ---- */

static void test_compile__asks_cheap_questions_first(void **state)
{
	static const struct argument_spec args[] = { ARG(0, "file"), ARG(1, "int"), ARG(2, "nop") };
	static const struct value_spec paths[] = { VALUE("/etc/"), VALUE("/usr/") };
	static const struct value_spec number[] = { VALUE("4") };
	static const struct value_spec binaries[] = { VALUE("/usr/bin/cat") };
	static const struct match_spec matches[] = {
		{ .subject = MATCH_SUBJECT_ARG,
		  .op = MATCH_OP_PREFIX,
		  .args = { 0 },
		  .arg_count = 1,
		  .values = paths,
		  .value_count = 2 },
		{ .subject = MATCH_SUBJECT_BINARY,
		  .op = MATCH_OP_NOT_IN,
		  .values = binaries,
		  .value_count = 1 },
		{ .subject = MATCH_SUBJECT_ARG,
		  .op = MATCH_OP_EQUAL,
		  .args = { 1 },
		  .arg_count = 1,
		  .values = number,
		  .value_count = 1 },
	};
	static const struct rule_spec rules[] = {
		{ .label = "first", .matches = matches, .match_count = 3 },
		{ .matches = matches, .match_count = 2 },
	};
	static const struct scope_spec scope = { .has_containers = true };
	static const struct hook_spec hook = { HOOKED, .args = args, .arg_count = 3, .rules = rules,
					       .rule_count = 2 };
	const struct policy_spec policy = {
		.name = "rules", .hooks = &hook, .hook_count = 1, .scope = &scope
	};
	struct policy_fixture *fixture = *state;

	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
	assert_string_equal(policy_fixture__listing(fixture),
			    "hook 0: registers\n"
			    "  value 0: argument 0 +16: path, at most 4096 bytes, captured\n"
			    "  value 1: argument 1: number of 4 signed bytes, captured\n"
			    "  rule 0 'first'\n"
			    "    when number value 1 in 4\n"
			    "    when scope bit 0\n"
			    "    when not binary bit 0\n"
			    "    when text value 0 begins with \"/etc/\", \"/usr/\" (set 100)\n"
			    "  rule 1\n"
			    "    when scope bit 0\n"
			    "    when not binary bit 0\n"
			    "    when text value 0 begins with \"/etc/\", \"/usr/\" (set 100)\n"
			    "  count\n"
			    "set 100: prefixes \"/etc/\" \"/usr/\"\n"
			    "binaries 0: \"/usr/bin/cat\"\n");
	assert_true(fixture->program.hooks[0].wants_processes);
	assert_int_equal(fixture->program.scope_count, 1);
	assert_ptr_equal(fixture->program.scopes[0].scope, &scope);
}

static void test_compile__makes_a_rule_of_a_scope_alone(void **state)
{
	static const struct scope_spec scope = { .has_host = true };
	static const struct hook_spec hook = { HOOKED };
	const struct policy_spec policy = {
		.name = "scope", .hooks = &hook, .hook_count = 1, .scope = &scope
	};
	struct policy_fixture *fixture = *state;

	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
	assert_string_equal(policy_fixture__listing(fixture), "hook 0: registers\n"
							      "  rule 0\n"
							      "    when scope bit 0\n"
							      "  count\n");
	fixture->made_up.context.can_scope = false;
	assert_int_equal(policy_fixture__compile(fixture, &policy), -EOPNOTSUPP);
	assert_non_null(strstr(policy_fixture__error(fixture), "cgroups of version 2"));
}

static void test_compile__shares_bits_of_equal_scopes(void **state)
{
	static const struct spec_text web = { .text = "web" }, other = { .text = "web" };
	static const struct selector_spec wanted[] = {
		{ .key = "app", .values = &web, .value_count = 1 }
	};
	static const struct selector_spec same[] = {
		{ .key = "app", .values = &other, .value_count = 1 }
	};
	static const struct scope_spec known = { .has_containers = true,
						 .requirements = wanted,
						 .requirement_count = 1 };
	static const struct scope_spec equal = { .has_containers = true,
						 .requirements = same,
						 .requirement_count = 1 };
	static const struct scope_spec host = { .has_host = true };
	static const struct policy_scope scopes[] = { { .bit = 3, .scope = &known } };
	static const struct rule_spec rules[] = { { .scope = &host } };
	static const struct hook_spec hook = { HOOKED, .rules = rules, .rule_count = 1 };
	const struct policy_spec policy = {
		.name = "scope", .hooks = &hook, .hook_count = 1, .scope = &equal
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.context.scopes = scopes;
	fixture->made_up.context.scope_count = 1;
	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
	assert_string_equal(policy_fixture__listing(fixture), "hook 0: registers\n"
							      "  rule 0\n"
							      "    when scope bit 3\n"
							      "    when scope bit 0\n"
							      "  count\n");
	assert_int_equal(fixture->program.scope_count, 2);
}

static void test_compile__takes_bits_that_are_free(void **state)
{
	static const struct value_spec binaries[] = { VALUE("/usr/bin/cat") };
	static const struct match_spec match = { .subject = MATCH_SUBJECT_BINARY,
						 .op = MATCH_OP_IN,
						 .values = binaries,
						 .value_count = 1 };
	struct policy_fixture *fixture = *state;

	memset(&fixture->made_up.context.binaries, 0xff, sizeof(fixture->made_up.context.binaries));
	fixture->made_up.context.binaries.words[1] = ~UINT64_C(4);
	assert_int_equal(policy_fixture__compile_match(fixture, "int", &match), 0);
	assert_int_equal(fixture->program.binaries[0].bit, 66);
	fixture->made_up.context.binaries.words[1] = ~UINT64_C(0);
	assert_int_equal(policy_fixture__compile_match(fixture, "int", &match), -ENOSPC);
}

static void test_compile__handles_what_is_returned(void **state)
{
	static const struct argument_spec number = ARG(1, "int"), ret = ARG(0, "int"),
					  sock = ARG(0, "sock");
	static const struct value_spec zero[] = { VALUE("0") };
	static const struct match_spec match = { .subject = MATCH_SUBJECT_RETURN,
						 .op = MATCH_OP_GREATER,
						 .arg_count = 1,
						 .values = zero,
						 .value_count = 1 };
	static const struct action_spec post = { .kind = ACTION_KIND_POST };
	static const struct rule_spec rule = { .matches = &match,
					       .match_count = 1,
					       .return_actions = &post,
					       .return_action_count = 1 };
	struct hook_spec hook = { HOOKED,      .args = &number, .arg_count = 1,
				  .ret = &ret, .rules = &rule,  .rule_count = 1 };
	struct policy_fixture *fixture = *state;

	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), 0);
	assert_string_equal(policy_fixture__listing(fixture),
			    "hook 0: registers, with return\n"
			    "  value 0: argument 1: number of 4 signed bytes, captured\n"
			    "  value 1: result: number of 4 signed bytes, at return, captured\n"
			    "  rule 0\n"
			    "    at return, when number value 1 greater than 0\n"
			    "    at return, do post\n"
			    "  count\n");
	hook.ret = NULL;
	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), -EINVAL);
	hook = (struct hook_spec){ HOOKED, .ret = &sock, .ret_action = ACTION_KIND_TRACK_SOCK };
	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), 0);
	assert_non_null(strstr(policy_fixture__listing(fixture), "  track the result\n"));
	assert_true(fixture->program.hooks[0].wants_socket_tracks);
	hook.ret = &ret;
	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), -EINVAL);
}

static const struct btf_view *find_types(void *ctx, const char *path, struct err *err)
{
	const struct made_up *made_up = ctx;

	if (str_eq(path, "/types"))
		return &made_up->types;
	(void)err__set(err, -ENOENT, NULL, "there is no such file");
	return NULL;
}

static void test_compile__resolves_in_the_types_of_a_binary(void **state)
{
	static const struct argument_spec argument = { .index = 0,
						       .type = { .text = "uint64" },
						       .resolve = { .text = "f_inode.i_ino" },
						       .btf_type = { .text = "file" } };
	struct hook_spec hook = { .kind = HOOK_KIND_UPROBE,
				  .file = { .text = "/bin/true" },
				  .symbols = &symbol,
				  .symbol_count = 1,
				  .args = &argument,
				  .arg_count = 1 };
	struct policy_fixture *fixture = *state;

	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), -EINVAL);
	assert_non_null(strstr(policy_fixture__error(fixture), "btfPath and btfType say"));
	err_list__done(&fixture->errors);
	hook.btf_file = "/types";
	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), -EOPNOTSUPP);
	err_list__done(&fixture->errors);
	fixture->made_up.context.find_types = find_types;
	fixture->made_up.context.find_types_ctx = &fixture->made_up;
	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), 0);
	assert_non_null(strstr(policy_fixture__listing(fixture),
			       "argument 0 +32 -> +64 in user memory: number of 8 bytes"));
	hook.btf_file = "/nothing";
	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), -EOPNOTSUPP);
	assert_non_null(strstr(policy_fixture__error(fixture), "there is no such file"));
}

static void test_compile__tells_what_values_are(void **state)
{
	static const struct argument_spec args[] = {
		{ .index = 2,
		  .type = { .text = "char_buf" },
		  .size_parameter = 2,
		  .label = "what" },
		ARG(1, "auto"),
	};
	static const struct hook_spec hook = { HOOKED, .args = args, .arg_count = 2 };
	struct policy_fixture *fixture = *state;
	const struct policy_value *values;

	assert_int_equal(policy_fixture__compile_hook(fixture, &hook), 0);
	assert_int_equal(fixture->program.hooks[0].code.value_count, 3);
	values = fixture->program.hooks[0].values;
	assert_int_equal(values[0].role, POLICY_VALUE_HIDDEN);
	assert_int_equal(values[1].kind, ARGUMENT_BYTES);
	assert_string_equal(values[1].label, "what");
	assert_int_equal(values[2].kind, ARGUMENT_INT);
	assert_int_equal(values[2].position, 1);
	assert_string_equal(values[2].type, "int32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__finds_the_way_to_values),
		TEST(test_compile__finds_arguments_of_each_kind_of_hook),
		TEST(test_find_sites__splits_symbols_and_names_system_calls),
		TEST(test_compile__makes_a_hook_of_each_call_of_a_list),
		TEST(test_compile__asks_cheap_questions_first),
		TEST(test_compile__makes_a_rule_of_a_scope_alone),
		TEST(test_compile__shares_bits_of_equal_scopes),
		TEST(test_compile__takes_bits_that_are_free),
		TEST(test_compile__handles_what_is_returned),
		TEST(test_compile__resolves_in_the_types_of_a_binary),
		TEST(test_compile__tells_what_values_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
