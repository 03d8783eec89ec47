/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

/* ---- types ---- */

#define STRUCT(text, bytes, list)                                                                  \
	{                                                                                          \
		.kind = FACT_TYPE_STRUCT, .name = (text), .size = (bytes), .members = (list),      \
		.member_count = array_size(list)                                                   \
	}
#define NAMED(text, number)                                                                        \
	{                                                                                          \
		.kind = FACT_TYPE_STRUCT, .name = (text), .id = (number)                           \
	}
#define POINTER(target)                                                                            \
	{                                                                                          \
		.kind = FACT_TYPE_POINTER, .name = "", .size = 8, .element = (target)              \
	}

static const struct fact_type s32 = {
	.kind = FACT_TYPE_INT, .name = "int", .size = 4, .is_signed = true
};
static const struct fact_type u64 = { .kind = FACT_TYPE_INT, .name = "unsigned long", .size = 8 };
static const struct fact_type letter = {
	.kind = FACT_TYPE_CHAR, .name = "char", .size = 1, .is_signed = true
};
static const struct fact_type name16 = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 16, .element = &letter, .element_count = 16
};
static const struct fact_type letters = POINTER(&letter);

/* Behind pointers: an id that expand() knows. */
enum { ID_INODE = 1, ID_CRED, ID_FILE, ID_SOCK };
static const struct fact_type named_inode = NAMED("inode", ID_INODE);
static const struct fact_type named_cred = NAMED("cred", ID_CRED);
static const struct fact_type named_file = NAMED("file", ID_FILE);
static const struct fact_type named_sock = NAMED("sock", ID_SOCK);
static const struct fact_type inode_pointer = POINTER(&named_inode);
static const struct fact_type cred_pointer = POINTER(&named_cred);
static const struct fact_type file_pointer = POINTER(&named_file);
static const struct fact_type sock_pointer = POINTER(&named_sock);
static const struct fact_type numbers = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 32, .element = &u64, .element_count = 4
};

static const struct fact_member kuid_members[] = { { "val", 0, 0, &s32 } };
static const struct fact_type kuid = STRUCT("", 4, kuid_members);
static const struct fact_member cred_members[] = { { "uid", 64, 0, &kuid } };
static const struct fact_type cred = STRUCT("cred", 32, cred_members);
static const struct fact_member inode_members[] = { { "i_ino", 512, 0, &u64 },
						    { "i_slots", 640, 0, &numbers } };
static const struct fact_type inode = STRUCT("inode", 128, inode_members);
static const struct fact_member path_members[] = { { "mnt", 0, 0, &letters },
						   { "dentry", 64, 0, &letters } };
static const struct fact_type path = STRUCT("path", 16, path_members);
static const struct fact_member flag_members[] = { { "low", 4, 3, &s32 } };
static const struct fact_type flags = STRUCT("", 4, flag_members);
static const struct fact_member file_members[] = { { "f_path", 128, 0, &path },
						   { "f_inode", 256, 0, &inode_pointer },
						   { "", 320, 0, &flags } };
static const struct fact_type file = STRUCT("file", 64, file_members);
static const struct fact_member kiocb_members[] = { { "ki_filp", 0, 0, &file_pointer } };
static const struct fact_type kiocb = STRUCT("kiocb", 16, kiocb_members);
static const struct fact_member binprm_members[] = { { "file", 64, 0, &file_pointer } };
static const struct fact_type binprm = STRUCT("linux_binprm", 128, binprm_members);
static const struct fact_member socket_members[] = { { "sk", 192, 0, &sock_pointer } };
static const struct fact_type socket_type = STRUCT("socket", 64, socket_members);
static const struct fact_member filename_members[] = { { "name", 0, 0, &letters } };
static const struct fact_type filename = STRUCT("filename", 8, filename_members);
static const struct fact_member device_members[] = { { "name", 32, 0, &name16 } };
static const struct fact_type device = STRUCT("net_device", 64, device_members);
static const struct fact_member task_members[] = { { "pid", 800, 0, &s32 },
						   { "comm", 1600, 0, &name16 },
						   { "cred", 2048, 0, &cred_pointer } };
static const struct fact_type task = STRUCT("task_struct", 4096, task_members);
static const struct fact_type *const types[] = { &cred,  &device, &file, &filename,    &inode,
						 &kiocb, &binprm, &path, &socket_type, &task };

static const char *const capability_typedefs[] = { "kernel_cap_t" };
static const struct fact_type capabilities = { .kind = FACT_TYPE_STRUCT,
					       .name = "",
					       .size = 8,
					       .typedefs = capability_typedefs,
					       .typedef_count = 1 };
static const struct fact_type capabilities_pointer = POINTER(&capabilities);
static const struct fact_type *const parameters[] = {
	&file_pointer, &s32, &letters, &sock_pointer, &capabilities_pointer, &u64
};
static const char *const parameter_names[] = { "file", "number", "text", "sock", "new", "rest" };
static const struct fact_function hooked = { .name = "hooked",
					     .parameters = parameters,
					     .parameter_names = parameter_names,
					     .parameter_count = array_size(parameters),
					     .result = &s32 };

static const struct fact_function *find_function(void *ctx, const char *name, struct arena *arena)
{
	(void)ctx;
	(void)arena;
	return str_eq(name, "hooked") || str_eq(name, "bpf_lsm_hooked") ||
			       str_eq(name, "__do_sys_read")
		       ? &hooked
		       : NULL;
}

static const struct fact_function *find_tracepoint(void *ctx, const char *name, struct arena *arena)
{
	return str_eq(name, "passed") ? find_function(ctx, "hooked", arena) : NULL;
}

static const struct fact_type *find_type(void *ctx, const char *module, const char *name,
					 struct arena *arena)
{
	(void)ctx;
	(void)arena;
	for (size_t i = 0; i < array_size(types) && !module; i++)
		if (str_eq(types[i]->name, name))
			return types[i];
	return NULL;
}

static const struct fact_type *expand(void *ctx, const struct fact_type *type, struct arena *arena)
{
	return find_type(ctx, NULL, type->name, arena);
}

struct btf_view policy_fixture__types(void)
{
	return (struct btf_view){ .find_function = find_function,
				  .find_tracepoint = find_tracepoint,
				  .find_type = find_type,
				  .expand = expand };
}

/* ---- the fixture ---- */

static const struct policy_syscall syscalls[] = { { "read", 0 },
						  { "write", 1 },
						  { "openat", 257 } };
static const struct policy_syscall syscalls_32[] = { { "read", 3 } };
static const struct hook_usdt operands[] = {
	{ .kind = HOOK_USDT_REGISTER, .base_offset = 112 },
	{ .kind = HOOK_USDT_MEMORY, .base_offset = 32, .constant = -8 },
};
static const uint8_t operand_sizes[] = { 8, 4 };
static const bool operand_signs[] = { false, true };

int policy_fixture__set_up(void **state)
{
	struct policy_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->kernel = (struct policy_kernel){ true, true, true, true };
	fixture->types = policy_fixture__types();
	fixture->context = (struct policy_context){
		.types = &fixture->types,
		.kernel = &fixture->kernel,
		.syscall_prefix = "__x64_",
		.syscall_prefix_32 = "__ia32_",
		.syscalls = { syscalls, array_size(syscalls) },
		.syscalls_32 = { syscalls_32, array_size(syscalls_32) },
		.host_namespaces = { 4026531838u, 4026531839u, 4026531841u, 4026531836u },
		.next_set = 100,
		.can_scope = true,
		.can_have_events = true,
	};
	fixture->fields[4] = (struct policy_field){ "id", "long", 8, 8, true, false };
	fixture->fields[5] = (struct policy_field){ "name", "char[16]", 16, 16, false, false };
	fixture->fields[6] =
		(struct policy_field){ "file", "__data_loc char[]", 32, 4, false, true };
	fixture->fields[7] = (struct policy_field){ "mode", "int", 36, 4, true, false };
	fixture->location = (struct policy_usdt){ .offset = 0x1000,
						  .operands = operands,
						  .sizes = operand_sizes,
						  .are_signed = operand_signs,
						  .operand_count = array_size(operands) };
	*state = fixture;
	return 0;
}

int policy_fixture__tear_down(void **state)
{
	struct policy_fixture *fixture = *state;

	arena__done(&fixture->arena);
	err_list__done(&fixture->errors);
	strbuf__done(&fixture->text);
	free(fixture);
	return 0;
}

static struct policy_attach attach(const struct policy_fixture *fixture,
				   const struct policy_site *site)
{
	static const enum hook_context contexts[] = {
		[POLICY_SITE_SYSCALL] = HOOK_CONTEXT_SYSCALL_ENTER,
		[POLICY_SITE_RAW_TRACEPOINT] = HOOK_CONTEXT_RAW_TRACEPOINT,
		[POLICY_SITE_TRACEPOINT] = HOOK_CONTEXT_TRACEPOINT,
		[POLICY_SITE_LSM] = HOOK_CONTEXT_CALL,
		[POLICY_SITE_UPROBE] = HOOK_CONTEXT_REGISTERS,
		[POLICY_SITE_USDT] = HOOK_CONTEXT_REGISTERS,
	};
	struct policy_attach attach = { .context = contexts[site->kind] };

	if (site->kind == POLICY_SITE_FUNCTION)
		attach.context = fixture->attached;
	if (site->kind == POLICY_SITE_TRACEPOINT && str_eq(site->name, "sys_enter"))
		attach.context = HOOK_CONTEXT_SYSCALL_ENTER;
	if (site->kind == POLICY_SITE_TRACEPOINT && str_eq(site->name, "sys_exit"))
		attach.context = HOOK_CONTEXT_SYSCALL_EXIT;
	attach.fields = fixture->fields;
	attach.field_count = array_size(fixture->fields);
	attach.locations = &fixture->location;
	attach.location_count = 1;
	return attach;
}

int policy_fixture__compile(struct policy_fixture *fixture, const struct policy_spec *policy)
{
	struct policy_attach attaches[16];
	int r = policy__find_sites(policy, &fixture->context, &fixture->arena, &fixture->sites,
				   &fixture->errors);

	if (r < 0)
		return r;
	assert_true(fixture->sites.count <= array_size(attaches));
	for (uint32_t i = 0; i < fixture->sites.count; i++)
		attaches[i] = attach(fixture, &fixture->sites.items[i]);
	return policy__compile(policy, &fixture->context, &fixture->sites, attaches,
			       &fixture->arena, &fixture->program, &fixture->errors);
}

int policy_fixture__compile_hook(struct policy_fixture *fixture, const struct hook_spec *hook)
{
	const struct policy_spec policy = { .name = "one", .hooks = hook, .hook_count = 1 };

	return policy_fixture__compile(fixture, &policy);
}

int policy_fixture__compile_match(struct policy_fixture *fixture, const char *type,
				  const struct match_spec *match)
{
	const struct argument_spec argument = { .index = 5,
						.type = { .text = type },
						.size_parameter = 2 };
	const struct rule_spec rule = { .matches = match, .match_count = 1 };
	const struct hook_spec hook = { HOOKED, .args = &argument, .arg_count = 1, .rules = &rule,
					.rule_count = 1 };

	return policy_fixture__compile_hook(fixture, &hook);
}

int policy_fixture__compile_action(struct policy_fixture *fixture, const struct hook_spec *hook,
				   const struct action_spec *action)
{
	const struct rule_spec rule = { .actions = action, .action_count = 1 };
	struct hook_spec copy = *hook;

	copy.rules = &rule;
	copy.rule_count = 1;
	return policy_fixture__compile_hook(fixture, &copy);
}

/* ---- what came out ---- */

static void add_values(struct strbuf *text, const struct policy_set_value *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (values[i].bits)
			strbuf__printf(text, " %u of %u bytes", values[i].bits, values[i].size);
		else if (values[i].bytes)
			strbuf__printf(text, " \"%.*s\"", (int)values[i].size,
				       (const char *)values[i].bytes);
		else
			strbuf__printf(text, " %" PRIu64, values[i].number);
	}
	strbuf__add_char(text, '\n');
}

const char *policy_fixture__listing(struct policy_fixture *fixture)
{
	static const char *const kinds[] = {
		[POLICY_SET_NUMBERS] = "numbers",       [POLICY_SET_TEXTS] = "texts",
		[POLICY_SET_PREFIXES] = "prefixes",     [POLICY_SET_POSTFIXES] = "postfixes",
		[POLICY_SET_SUBSTRINGS] = "substrings", [POLICY_SET_NETWORKS] = "networks",
	};
	const struct policy_program *program = &fixture->program;

	strbuf__reset(&fixture->text);
	for (uint32_t i = 0; i < program->hook_count; i++)
		hook_code__format(&program->hooks[i].code, &fixture->text);
	for (uint32_t i = 0; i < program->set_count; i++) {
		strbuf__printf(&fixture->text, "set %u: %s", program->sets[i].id,
			       kinds[program->sets[i].kind]);
		add_values(&fixture->text, program->sets[i].values, program->sets[i].value_count);
	}
	for (uint32_t i = 0; i < program->binaries_count; i++) {
		strbuf__printf(&fixture->text, "binaries %u%s:", program->binaries[i].bit,
			       program->binaries[i].follows_children ? " and children" : "");
		add_values(&fixture->text, program->binaries[i].values,
			   program->binaries[i].value_count);
	}
	return strbuf__text(&fixture->text);
}

const char *policy_fixture__error(const struct policy_fixture *fixture)
{
	return fixture->errors.len ? fixture->errors.items[0].text : "";
}

static void check(struct policy_fixture *fixture, size_t index, int r, const char *line, int result)
{
	const char *text = r < 0 ? policy_fixture__error(fixture)
				 : policy_fixture__listing(fixture);

	if (r != result || !strstr(text, line))
		fail_msg("row %zu: %d, '%s' has no '%s'", index, r, text, line);
	err_list__done(&fixture->errors);
}

void policy_fixture__check_matches(struct policy_fixture *fixture, const struct match_row *rows,
				   size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(fixture, i,
		      policy_fixture__compile_match(fixture, rows[i].type ? rows[i].type : "int",
						    &rows[i].match),
		      rows[i].line, rows[i].result);
}

void policy_fixture__check_actions(struct policy_fixture *fixture, const struct action_row *rows,
				   size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(fixture, i,
		      policy_fixture__compile_action(fixture, &rows[i].hook, &rows[i].action),
		      rows[i].line, rows[i].result);
}
