/* SPDX-License-Identifier: Apache-2.0 */
#include "made_up.h"

#include <errno.h>

#include "base/mem.h"
#include "base/str.h"

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
static const struct fact_member area_members[] = { { "vm_flags", 256, 0, &u64 },
						   { "vm_file", 512, 0, &file_pointer } };
static const struct fact_type area = STRUCT("vm_area_struct", 128, area_members);
static const struct fact_type area_pointer = POINTER(&area);
static const struct fact_type u32 = { .kind = FACT_TYPE_INT, .name = "unsigned int", .size = 4 };
static const struct fact_type name20 = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 20, .element = &letter, .element_count = 20
};
static const struct fact_member mapping_members[] = { { "vma", 0, 0, &area_pointer },
						      { "file_name", 64, 0, &letters },
						      { "build_id", 448, 0, &name20 },
						      { "build_id_size", 608, 0, &u32 } };
static const struct fact_type mapping = STRUCT("perf_mmap_event", 120, mapping_members);
static const struct fact_member attribute_members[] = { { "config2", 512, 0, &u64 } };
static const struct fact_type attributes = STRUCT("perf_event_attr", 128, attribute_members);
static const struct fact_member counter_members[] = { { "attr", 1600, 0, &attributes } };
static const struct fact_type counter = STRUCT("perf_event", 1024, counter_members);
static const struct fact_type *const types[] = { &cred,        &device, &file,    &filename,
						 &inode,       &kiocb,  &binprm,  &path,
						 &socket_type, &task,   &mapping, &counter };

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

static struct btf_view view_types(void)
{
	return (struct btf_view){ .find_function = find_function,
				  .find_tracepoint = find_tracepoint,
				  .find_type = find_type,
				  .expand = expand };
}

/* ---- what else is known of it ---- */

static const struct policy_syscall syscalls[] = { { "read", 0 },
						  { "write", 1 },
						  { "openat", 257 } };
static const struct policy_syscall syscalls_32[] = { { "read", 3 } };
static const struct hook_usdt operands[] = {
	{ .kind = HOOK_USDT_REGISTER, .size = 8, .base_offset = 112 },
	{ .kind = HOOK_USDT_MEMORY,
	  .size = 4,
	  .is_signed = true,
	  .base_offset = 32,
	  .constant = -8 },
	{ .kind = HOOK_USDT_MEMORY, .size = 8, .base_offset = 32, .constant = -16 },
	{ .kind = HOOK_USDT_UNKNOWN, .size = 8 },
};
static const char *const operand_texts[] = { "8@%rdi", "-4@-8(%rbp)", "8@-16(%rbp)", "8f@%xmm0" };

/* A binary of which the headers count from 0x400000, with the functions "main" and "other". */
static int find_spot(void *ctx, const char *binary, const struct policy_spot *spot,
		     uint64_t *ret_address, struct err *err)
{
	(void)ctx;
	if (spot->symbol && !str_eq(spot->symbol, "main") && !str_eq(spot->symbol, "other"))
		return err__set(err, -ENOENT, NULL, "no function of '%s' matches '%s'", binary,
				spot->symbol);
	*ret_address = spot->at + (spot->is_address ? 0 : 0x400000);
	if (spot->symbol)
		*ret_address += str_eq(spot->symbol, "main") ? 0x1000 : 0x2000;
	return 0;
}

void made_up__init(struct made_up *made_up)
{
	*made_up = (struct made_up){ .kernel = { .has_modify_return = true,
						 .has_override = true,
						 .has_signal = true,
						 .has_image_hash = true,
						 .has_user_registers = true,
						 .has_probe_write_user = true } };
	made_up->types = view_types();
	made_up->context = (struct policy_context){
		.types = &made_up->types,
		.kernel = &made_up->kernel,
		.syscall_prefix = "__x64_",
		.syscall_prefix_32 = "__ia32_",
		.syscalls = { syscalls, array_size(syscalls) },
		.syscalls_32 = { syscalls_32, array_size(syscalls_32) },
		.find_spot = find_spot,
		.host_namespaces = { 4026531838u, 4026531839u, 4026531841u, 4026531836u },
		.mapping_mark = 12345,
		.next_set = 100,
		.can_scope = true,
		.can_have_events = true,
	};
	made_up->fields[4] = (struct policy_field){ "id", "long", 8, 8, true, false };
	made_up->fields[5] = (struct policy_field){ "name", "char", 16, 16, false, false };
	made_up->fields[6] =
		(struct policy_field){ "file", "__data_loc char[]", 32, 4, false, true };
	made_up->fields[7] = (struct policy_field){ "mode", "int", 36, 4, true, false };
	made_up->fields[8] = (struct policy_field){ "path", "const char *", 40, 8, false, false };
	made_up->location = (struct policy_usdt){ .offset = 0x1000,
						  .operands = operands,
						  .texts = operand_texts,
						  .operand_count = array_size(operands) };
}

struct policy_attach made_up__attach(const struct made_up *made_up, const struct policy_site *site)
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
		attach.context = made_up->attached;
	if (site->kind == POLICY_SITE_TRACEPOINT && str_eq(site->name, "sys_enter"))
		attach.context = HOOK_CONTEXT_SYSCALL_ENTER;
	if (site->kind == POLICY_SITE_TRACEPOINT && str_eq(site->name, "sys_exit"))
		attach.context = HOOK_CONTEXT_SYSCALL_EXIT;
	attach.fields = made_up->fields;
	attach.field_count = array_size(made_up->fields);
	attach.locations = &made_up->location;
	attach.location_count = 1;
	return attach;
}
