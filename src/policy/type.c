/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/type.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

#define NUMBER(text, where, bytes, has_sign)                                                       \
	{                                                                                          \
		.name = (text), .kind = ARGUMENT_##where, .class = POLICY_CLASS_NUMBER,            \
		.family = POLICY_FAMILY_NUMBER, .size = (bytes), .is_signed = (has_sign)           \
	}
/* A set of capabilities: what the argument points to. */
#define CAPABILITIES(text, where)                                                                  \
	{                                                                                          \
		.name = (text), .kind = ARGUMENT_##where, .class = POLICY_CLASS_CAPABILITIES,      \
		.family = POLICY_FAMILY_CAPABILITIES, .size = 8                                    \
	}
/* Something in a struct of the kernel's, or the whole of it. */
#define OBJECT(text, where, what, group, from, members)                                            \
	{                                                                                          \
		.name = (text), .kind = ARGUMENT_##where, .class = POLICY_CLASS_##what,            \
		.family = POLICY_FAMILY_##group, .object = (from), .way = (members)                \
	}
#define FORMED(text, where, what, group, shape, from)                                              \
	{                                                                                          \
		.name = (text), .kind = ARGUMENT_##where, .class = POLICY_CLASS_##what,            \
		.family = POLICY_FAMILY_##group, .form = HOOK_FORM_##shape, .object = (from)       \
	}

/* Alphabetical. */
static const struct policy_type types[] = {
	OBJECT("bpf_attr", BPF_ATTR, BPF_ATTRIBUTES, OTHER, "bpf_attr", NULL),
	NUMBER("bpf_cmd", BPF_COMMAND, 4, true),
	OBJECT("bpf_map", BPF_MAP, BPF_MAP, OTHER, "bpf_map", NULL),
	OBJECT("bpf_prog", BPF_PROGRAM, BPF_PROGRAM, OTHER, "bpf_prog", NULL),
	CAPABILITIES("cap_effective", CAP_EFFECTIVE),
	CAPABILITIES("cap_inheritable", CAP_INHERITABLE),
	CAPABILITIES("cap_permitted", CAP_PERMITTED),
	{ .name = "capability",
	  .kind = ARGUMENT_CAPABILITY,
	  .class = POLICY_CLASS_CAPABILITY,
	  .family = POLICY_FAMILY_CAPABILITY,
	  .size = 4,
	  .is_signed = true },
	OBJECT("char_buf", BYTES, BYTES, BYTES, NULL, NULL),
	FORMED("char_iovec", BYTES, BYTES, BYTES, VECTOR, "iovec"),
	OBJECT("const_buf", BYTES, BYTES, BYTES, NULL, NULL),
	OBJECT("cred", CREDENTIALS, CREDENTIALS, OTHER, "cred", NULL),
	FORMED("data_loc", STRING, TEXT, TEXT, DYNAMIC, NULL),
	FORMED("dentry", PATH, PATH, PATH, DENTRY, "dentry"),
	FORMED("fd", FILE, PATH, PATH, DESCRIPTOR, NULL),
	OBJECT("file", FILE, PATH, PATH, "file", "f_path"),
	OBJECT("filename", STRING, TEXT, TEXT, "filename", "name"),
	NUMBER("int", INT, 4, true),
	NUMBER("int16", INT, 2, true),
	NUMBER("int32", INT, 4, true),
	NUMBER("int64", LONG, 8, true),
	NUMBER("int8", INT, 1, true),
	FORMED("iov_iter", BYTES, BYTES, BYTES, ITERATOR, "iov_iter"),
	CAPABILITIES("kernel_cap_t", KERNEL_CAP),
	OBJECT("kiocb", FILE, PATH, PATH, "kiocb", "ki_filp.f_path"),
	OBJECT("linux_binprm", LINUX_BINPRM, PATH, PATH, "linux_binprm", "file.f_path"),
	FORMED("load_info", MODULE, MODULE, OTHER, LOAD_INFO, "load_info"),
	NUMBER("long", LONG, 8, true),
	OBJECT("module", MODULE, MODULE, OTHER, "module", NULL),
	OBJECT("net_device", NET_DEVICE, TEXT, TEXT, "net_device", "name"),
	OBJECT("nop", NONE, NOTHING, OTHER, NULL, NULL),
	OBJECT("path", PATH, PATH, PATH, "path", NULL),
	OBJECT("perf_event", PERF_EVENT, PERF_EVENT, OTHER, "perf_event", NULL),
	NUMBER("sint16", INT, 2, true),
	NUMBER("sint32", INT, 4, true),
	NUMBER("sint64", LONG, 8, true),
	NUMBER("sint8", INT, 1, true),
	NUMBER("size_t", SIZE, 8, false),
	OBJECT("skb", SKB, PACKET, SOCKET, "sk_buff", NULL),
	OBJECT("sock", SOCK, SOCKET, SOCKET, "sock", NULL),
	OBJECT("sockaddr", SOCKADDR, ADDRESS, ADDRESS, "sockaddr", NULL),
	OBJECT("sockaddr_un", SOCKADDR_UN, ADDRESS, UNIX_ADDRESS, "sockaddr_un", NULL),
	OBJECT("socket", SOCK, SOCKET, SOCKET, "socket", "sk"),
	OBJECT("string", STRING, TEXT, TEXT, NULL, NULL),
	{ .name = "syscall64",
	  .kind = ARGUMENT_SYSCALL,
	  .class = POLICY_CLASS_SYSCALL,
	  .family = POLICY_FAMILY_SYSCALL,
	  .size = 8 },
	NUMBER("uint16", UINT, 2, false),
	NUMBER("uint32", UINT, 4, false),
	NUMBER("uint64", SIZE, 8, false),
	NUMBER("uint8", UINT, 1, false),
	NUMBER("ulong", SIZE, 8, false),
	NUMBER("unsigned long", SIZE, 8, false),
	OBJECT("user_namespace", USER_NAMESPACE, USER_NAMESPACE, OTHER, "user_namespace", NULL),
};

const struct policy_type *policy_type__find(const char *name)
{
	for (size_t i = 0; i < array_size(types); i++)
		if (str_eq(types[i].name, name))
			return &types[i];
	return NULL;
}

const char *policy_type__nearest(const char *name)
{
	const char *names[array_size(types)];

	for (size_t i = 0; i < array_size(types); i++)
		names[i] = types[i].name;
	return str_nearest(name, names, array_size(types));
}

static const struct policy_type *find_number(uint32_t size, bool is_signed)
{
	static const struct {
		uint32_t size;
		const char *names[2]; /* unsigned, signed */
	} sizes[] = { { 1, { "uint8", "int8" } },
		      { 2, { "uint16", "int16" } },
		      { 4, { "uint32", "int32" } },
		      { 8, { "uint64", "int64" } } };

	for (size_t i = 0; i < array_size(sizes); i++)
		if (sizes[i].size == size)
			return policy_type__find(sizes[i].names[is_signed]);
	return NULL;
}

static const struct policy_type *find_object(const struct fact_type *target)
{
	if (!target)
		return NULL;
	if (target->kind == FACT_TYPE_CHAR || (target->kind == FACT_TYPE_INT && target->size == 1))
		return policy_type__find("string");
	for (size_t i = 0; i < array_size(types); i++)
		if (types[i].object && str_eq(types[i].object, target->name))
			return &types[i];
	return NULL;
}

static bool is_called(const struct fact_type *type, const char *name)
{
	for (uint32_t i = 0; type && i < type->typedef_count; i++)
		if (str_eq(type->typedefs[i], name))
			return true;
	return false;
}

const struct policy_type *policy_type__guess(const struct fact_type *type)
{
	const struct policy_type *object;

	if (!type)
		return NULL;
	if (is_called(type, "kernel_cap_t") ||
	    (type->kind == FACT_TYPE_POINTER && is_called(type->element, "kernel_cap_t")))
		return policy_type__find("kernel_cap_t");
	switch (type->kind) {
	case FACT_TYPE_POINTER:
		object = find_object(type->element);
		return object ? object : policy_type__find("uint64");
	case FACT_TYPE_ARRAY:
		return type->element && type->element->size == 1 ? policy_type__find("string")
								 : NULL;
	case FACT_TYPE_STRUCT:
	case FACT_TYPE_UNION:
		return find_object(type);
	case FACT_TYPE_INT:
	case FACT_TYPE_BOOL:
	case FACT_TYPE_CHAR:
	case FACT_TYPE_ENUM:
		return find_number(type->size, type->is_signed);
	case FACT_TYPE_FLOAT:
	case FACT_TYPE_OTHER:
		break;
	}
	return NULL;
}

const char *policy_family__name(enum policy_family family)
{
	static const char *const names[POLICY_FAMILY_COUNT] = {
		[POLICY_FAMILY_NUMBER] = "an integer",
		[POLICY_FAMILY_SYSCALL] = "a system call",
		[POLICY_FAMILY_CAPABILITY] = "a capability",
		[POLICY_FAMILY_CAPABILITIES] = "a set of capabilities",
		[POLICY_FAMILY_TEXT] = "a text",
		[POLICY_FAMILY_PATH] = "a path",
		[POLICY_FAMILY_BYTES] = "a buffer",
		[POLICY_FAMILY_SOCKET] = "a socket or packet",
		[POLICY_FAMILY_ADDRESS] = "an address",
		[POLICY_FAMILY_UNIX_ADDRESS] = "a unix address",
		[POLICY_FAMILY_OTHER] = "a type that is only shown",
	};

	return names[family];
}
