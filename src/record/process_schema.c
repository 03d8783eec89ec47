/* SPDX-License-Identifier: Apache-2.0 */
#include "record/process_schema.h"

#include <string.h>

#include "base/mem.h"

/* The offset of a member of the struct OWNER, which must have this type, or nothing compiles. */
#define OFFSET(member_, type_)                                                                     \
	(offsetof(struct OWNER, member_) +                                                         \
	 0 * sizeof(char[__builtin_types_compatible_p(typeof(((struct OWNER *)0)->member_), type_) \
				 ? 1                                                               \
				 : -1]))

#define FIELD(kind_, name_, member_, type_, ...)                                                   \
	{                                                                                          \
		.key = "\"" name_ "\":", .key_len = sizeof("\"" name_ "\":") - 1,                  \
		.kind = EVENT_FIELD_##kind_, .offset = OFFSET(member_, type_), __VA_ARGS__         \
	}
#define LIST(kind_, name_, member_, type_, count_, ...)                                            \
	FIELD(kind_, name_, member_, const struct type_ *,                                         \
	      .count_offset = OFFSET(count_, uint32_t), __VA_ARGS__)

#define TEXT(name_, member_) FIELD(TEXT, name_, member_, struct text_view)
#define BYTES(name_, member_) FIELD(BYTES, name_, member_, struct text_view)
#define U32(name_, member_) FIELD(U32, name_, member_, uint32_t)
#define U64(name_, member_) FIELD(U64, name_, member_, uint64_t)
#define BOOL(name_, member_) FIELD(BOOL, name_, member_, bool)
#define OPTIONAL_U32(name_, member_) FIELD(OPTIONAL_U32, name_, member_, struct optional_u32)
#define OPTIONAL_I32(name_, member_) FIELD(OPTIONAL_I32, name_, member_, struct optional_i32)
#define OPTIONAL_BOOL(name_, member_) FIELD(OPTIONAL_BOOL, name_, member_, struct optional_bool)
#define TIME(name_, member_) FIELD(TIME, name_, member_, struct event_time)
#define ENUM(name_, member_, names_)                                                               \
	FIELD(ENUM, name_, member_, int32_t, .names = &event_##names_##_names)
#define BITS(name_, member_, names_)                                                               \
	FIELD(BITS, name_, member_, uint64_t, .names = &event_##names_##_names)
#define MESSAGE(name_, member_, type_)                                                             \
	FIELD(MESSAGE, name_, member_, const struct type_ *, .message = &type_##_message)
#define MESSAGES(name_, member_, type_, count_)                                                    \
	LIST(MESSAGES, name_, member_, type_, count_, .message = &type_##_message)
#define TEXTS(name_, member_, count_) LIST(TEXTS, name_, member_, text_view, count_)
#define PAIRS(name_, member_, count_) LIST(PAIRS, name_, member_, text_pair, count_)

#define MESSAGE_TABLE(name_, ...)                                                                  \
	static const struct event_message name_##_message = { .fields = name_##_fields,            \
							      .field_count =                       \
								      array_size(name_##_fields),  \
							      .size = sizeof(struct OWNER),        \
							      __VA_ARGS__ }

#define OWNER image_view
static const struct event_field image_view_fields[] = {
	TEXT("id", id),
	TEXT("name", name),
};
MESSAGE_TABLE(image_view);
#undef OWNER

#define OWNER security_context_view
static const struct event_field security_context_view_fields[] = {
	BOOL("privileged", is_privileged),
};
MESSAGE_TABLE(security_context_view);
#undef OWNER

#define OWNER container_view
static const struct event_field container_view_fields[] = {
	TEXT("id", id),
	TEXT("name", name),
	MESSAGE("image", image, image_view),
	TIME("start_time", start_time),
	OPTIONAL_U32("pid", pid),
	BOOL("maybe_exec_probe", is_maybe_exec_probe),
	MESSAGE("security_context", security_context, security_context_view),
};
MESSAGE_TABLE(container_view);
#undef OWNER

#define OWNER pod_view
static const struct event_field pod_view_fields[] = {
	TEXT("namespace", namespace),
	TEXT("name", name),
	TEXT("uid", uid),
	MESSAGE("container", container, container_view),
	PAIRS("pod_labels", labels, label_count),
	TEXT("workload", workload),
	TEXT("workload_kind", workload_kind),
	PAIRS("pod_annotations", annotations, annotation_count),
};
MESSAGE_TABLE(pod_view);
#undef OWNER

#define OWNER capabilities_view
static const struct event_field capabilities_view_fields[] = {
	BITS("permitted", permitted, capability),
	BITS("effective", effective, capability),
	BITS("inheritable", inheritable, capability),
};
MESSAGE_TABLE(capabilities_view);
#undef OWNER

#define OWNER namespace_view
static const struct event_field namespace_view_fields[] = {
	U32("inum", inode),
	BOOL("is_host", is_host),
};
MESSAGE_TABLE(namespace_view);
#undef OWNER

#define OWNER namespaces_view
#define NAMESPACE(name_) MESSAGE(#name_, name_, namespace_view)
static const struct event_field namespaces_view_fields[] = {
	NAMESPACE(uts),
	NAMESPACE(ipc),
	NAMESPACE(mnt),
	NAMESPACE(pid),
	NAMESPACE(pid_for_children),
	NAMESPACE(net),
	NAMESPACE(time),
	NAMESPACE(time_for_children),
	NAMESPACE(cgroup),
	NAMESPACE(user),
};
MESSAGE_TABLE(namespaces_view);
#undef OWNER

#define OWNER user_namespace_view
static const struct event_field user_namespace_view_fields[] = {
	OPTIONAL_I32("level", level),
	OPTIONAL_U32("uid", uid),
	OPTIONAL_U32("gid", gid),
	MESSAGE("ns", namespace, namespace_view),
};
MESSAGE_TABLE(user_namespace_view);
#undef OWNER

#define OWNER credentials_view
static const struct event_field credentials_view_fields[] = {
	OPTIONAL_U32("uid", uid),
	OPTIONAL_U32("gid", gid),
	OPTIONAL_U32("euid", euid),
	OPTIONAL_U32("egid", egid),
	OPTIONAL_U32("suid", suid),
	OPTIONAL_U32("sgid", sgid),
	OPTIONAL_U32("fsuid", fsuid),
	OPTIONAL_U32("fsgid", fsgid),
	BITS("securebits", securebits, securebit),
	MESSAGE("caps", capabilities, capabilities_view),
	MESSAGE("user_ns", user_namespace, user_namespace_view),
};
MESSAGE_TABLE(credentials_view);
#undef OWNER

#define OWNER inode_view
static const struct event_field inode_view_fields[] = {
	U64("number", number),
	OPTIONAL_U32("links", links),
};
MESSAGE_TABLE(inode_view);
#undef OWNER

#define OWNER file_properties_view
static const struct event_field file_properties_view_fields[] = {
	MESSAGE("inode", inode, inode_view),
	TEXT("path", path),
};
MESSAGE_TABLE(file_properties_view);
#undef OWNER

#define OWNER binary_properties_view
static const struct event_field binary_properties_view_fields[] = {
	OPTIONAL_U32("setuid", setuid),
	OPTIONAL_U32("setgid", setgid),
	BITS("privileges_changed", privileges_changed, privilege),
	MESSAGE("file", file, file_properties_view),
};
MESSAGE_TABLE(binary_properties_view);
#undef OWNER

#define OWNER user_view
static const struct event_field user_view_fields[] = {
	TEXT("name", name),
};
MESSAGE_TABLE(user_view);
#undef OWNER

#define OWNER text_pair
static const struct event_field text_pair_fields[] = {
	TEXT("Key", key),
	TEXT("Value", value),
};
MESSAGE_TABLE(text_pair);
#undef OWNER

#define OWNER process_view
static const struct event_field process_view_fields[] = {
	TEXT("exec_id", exec_id),
	OPTIONAL_U32("pid", pid),
	OPTIONAL_U32("uid", uid),
	TEXT("cwd", cwd),
	TEXT("binary", binary),
	TEXT("arguments", arguments),
	TEXT("flags", flags),
	TIME("start_time", start_time),
	OPTIONAL_U32("auid", auid),
	MESSAGE("pod", pod, pod_view),
	TEXT("docker", container),
	TEXT("parent_exec_id", parent_exec_id),
	U32("refcnt", references),
	MESSAGE("cap", capabilities, capabilities_view),
	MESSAGE("ns", namespaces, namespaces_view),
	OPTIONAL_U32("tid", tid),
	MESSAGE("process_credentials", credentials, credentials_view),
	MESSAGE("binary_properties", binary_properties, binary_properties_view),
	MESSAGE("user", user, user_view),
	OPTIONAL_BOOL("in_init_tree", is_in_init_tree),
	MESSAGES("environment_variables", environment, text_pair, environment_count),
};
MESSAGE_TABLE(process_view);
#undef OWNER

#define OWNER stack_frame
static const struct event_field stack_frame_fields[] = {
	U64("address", address),
	U64("offset", offset),
	TEXT("symbol", symbol),
	TEXT("module", module),
};
MESSAGE_TABLE(stack_frame);
#undef OWNER

#define OWNER event_aggregation
static const struct event_field event_aggregation_fields[] = {
	U64("count", count),
};
MESSAGE_TABLE(event_aggregation);
#undef OWNER

#define OWNER path_view
static const struct event_field path_view_fields[] = {
	TEXT("mount", mount),
	TEXT("path", path),
	TEXT("flags", flags),
	TEXT("permission", permission),
};
MESSAGE_TABLE(path_view);
#undef OWNER

#define OWNER sock_view
static const struct event_field sock_view_fields[] = {
	TEXT("family", family),     TEXT("type", type),        TEXT("protocol", protocol),
	U32("mark", mark),          U32("priority", priority), TEXT("saddr", source),
	TEXT("daddr", destination), U32("sport", source_port), U32("dport", destination_port),
	U64("cookie", cookie),      TEXT("state", state),
};
MESSAGE_TABLE(sock_view);
#undef OWNER

#define OWNER skb_view
static const struct event_field skb_view_fields[] = {
	U32("hash", hash),
	U32("len", len),
	U32("priority", priority),
	U32("mark", mark),
	TEXT("saddr", source),
	TEXT("daddr", destination),
	U32("sport", source_port),
	U32("dport", destination_port),
	U32("proto", proto),
	U32("sec_path_len", security_path_len),
	U32("sec_path_olen", security_path_olen),
	TEXT("protocol", protocol),
	TEXT("family", family),
};
MESSAGE_TABLE(skb_view);
#undef OWNER

#define OWNER bytes_view
static const struct event_field bytes_view_fields[] = {
	BYTES("bytes_arg", bytes),
	U64("orig_size", original_size),
};
MESSAGE_TABLE(bytes_view);
#undef OWNER

#define OWNER sockaddr_view
static const struct event_field sockaddr_view_fields[] = {
	TEXT("family", family),
	TEXT("addr", address),
	U32("port", port),
};
MESSAGE_TABLE(sockaddr_view);
#undef OWNER

#define OWNER sockaddr_un_view
static const struct event_field sockaddr_un_view_fields[] = {
	TEXT("family", family),
	TEXT("path", path),
};
MESSAGE_TABLE(sockaddr_un_view);
#undef OWNER

#define OWNER net_device_view
static const struct event_field net_device_view_fields[] = {
	TEXT("name", name),
};
MESSAGE_TABLE(net_device_view);
#undef OWNER

#define OWNER capability_view
static const struct event_field capability_view_fields[] = {
	OPTIONAL_I32("value", value),
	TEXT("name", name),
};
MESSAGE_TABLE(capability_view);
#undef OWNER

#define OWNER bpf_program_view
static const struct event_field bpf_program_view_fields[] = {
	TEXT("ProgType", type),
	U32("InsnCnt", instruction_count),
	TEXT("ProgName", name),
};
MESSAGE_TABLE(bpf_program_view);
#undef OWNER

#define OWNER bpf_map_view
static const struct event_field bpf_map_view_fields[] = {
	TEXT("MapType", type),          U32("KeySize", key_size), U32("ValueSize", value_size),
	U32("MaxEntries", max_entries), TEXT("MapName", name),
};
MESSAGE_TABLE(bpf_map_view);
#undef OWNER

#define OWNER perf_event_view
static const struct event_field perf_event_view_fields[] = {
	TEXT("KprobeFunc", function),
	TEXT("Type", type),
	U64("Config", config),
	U64("ProbeOffset", probe_offset),
};
MESSAGE_TABLE(perf_event_view);
#undef OWNER

#define OWNER module_view
static const struct event_field module_view_fields[] = {
	TEXT("name", name),
	OPTIONAL_BOOL("signature_ok", is_signature_ok),
	BITS("tainted", tainted, taint),
};
MESSAGE_TABLE(module_view);
#undef OWNER

#define OWNER syscall_view
static const struct event_field syscall_view_fields[] = {
	U32("id", id),
	TEXT("abi", abi),
};
MESSAGE_TABLE(syscall_view);
#undef OWNER

#define OWNER error_view
static const struct event_field error_view_fields[] = {
	TEXT("Message", message),
};
MESSAGE_TABLE(error_view);
#undef OWNER

#define OWNER path_view
static const struct event_field binprm_fields[] = {
	TEXT("path", path),
	TEXT("flags", flags),
	TEXT("permission", permission),
};
MESSAGE_TABLE(binprm);
#undef OWNER

#define OWNER user_namespace_view
static const struct event_field old_user_namespace_fields[] = {
	OPTIONAL_I32("level", level),
	OPTIONAL_U32("owner", uid),
	OPTIONAL_U32("group", gid),
	MESSAGE("ns", namespace, namespace_view),
};
MESSAGE_TABLE(old_user_namespace);
#undef OWNER

/* ---- arguments ---- */

#define OWNER process_argument
#define CHOICE(choice_, kind_, name_, member_, type_, ...)                                         \
	FIELD(kind_, name_, member_, type_, .choice = ARGUMENT_##choice_, __VA_ARGS__)
#define ONE_OF(choice_, name_, member_, struct_, message_)                                         \
	CHOICE(choice_, EMBEDDED, name_, member_, struct struct_, .message = &message_##_message)
static const struct event_field process_argument_fields[] = {
	CHOICE(STRING, TEXT, "string_arg", text, struct text_view),
	CHOICE(INT, I32, "int_arg", number_i32, int32_t),
	ONE_OF(SKB, "skb_arg", skb, skb_view, skb_view),
	CHOICE(SIZE, U64, "size_arg", number_u64, uint64_t),
	CHOICE(BYTES, BYTES, "bytes_arg", bytes.bytes, struct text_view),
	ONE_OF(PATH, "path_arg", path, path_view, path_view),
	ONE_OF(FILE, "file_arg", path, path_view, path_view),
	ONE_OF(TRUNCATED_BYTES, "truncated_bytes_arg", bytes, bytes_view, bytes_view),
	ONE_OF(SOCK, "sock_arg", sock, sock_view, sock_view),
	ONE_OF(CRED, "cred_arg", capabilities, capabilities_view, capabilities_view),
	CHOICE(LONG, I64, "long_arg", number_i64, int64_t),
	ONE_OF(BPF_ATTR, "bpf_attr_arg", bpf_program, bpf_program_view, bpf_program_view),
	ONE_OF(PERF_EVENT, "perf_event_arg", perf_event, perf_event_view, perf_event_view),
	ONE_OF(BPF_MAP, "bpf_map_arg", bpf_map, bpf_map_view, bpf_map_view),
	CHOICE(UINT, U32, "uint_arg", number_u32, uint32_t),
	ONE_OF(OLD_USER_NAMESPACE, "user_namespace_arg", user_namespace, user_namespace_view,
	       old_user_namespace),
	ONE_OF(CAPABILITY, "capability_arg", capability, capability_view, capability_view),
	ONE_OF(CREDENTIALS, "process_credentials_arg", credentials, credentials_view,
	       credentials_view),
	ONE_OF(USER_NAMESPACE, "user_ns_arg", user_namespace, user_namespace_view,
	       user_namespace_view),
	ONE_OF(MODULE, "module_arg", module, module_view, module_view),
	CHOICE(KERNEL_CAP, TEXT, "kernel_cap_t_arg", text, struct text_view),
	CHOICE(CAP_INHERITABLE, TEXT, "cap_inheritable_arg", text, struct text_view),
	CHOICE(CAP_PERMITTED, TEXT, "cap_permitted_arg", text, struct text_view),
	CHOICE(CAP_EFFECTIVE, TEXT, "cap_effective_arg", text, struct text_view),
	ONE_OF(LINUX_BINPRM, "linux_binprm_arg", path, path_view, binprm),
	ONE_OF(NET_DEVICE, "net_dev_arg", net_device, net_device_view, net_device_view),
	CHOICE(BPF_COMMAND, ENUM, "bpf_cmd_arg", number_i32, int32_t,
	       .names = &event_bpf_command_names),
	ONE_OF(SYSCALL, "syscall_id", syscall, syscall_view, syscall_view),
	ONE_OF(SOCKADDR, "sockaddr_arg", sockaddr, sockaddr_view, sockaddr_view),
	ONE_OF(BPF_PROGRAM, "bpf_prog_arg", bpf_program, bpf_program_view, bpf_program_view),
	ONE_OF(ERROR, "error_arg", error, error_view, error_view),
	ONE_OF(SOCKADDR_UN, "sockaddrun_arg", sockaddr_un, sockaddr_un_view, sockaddr_un_view),
	TEXT("label", label),
};
MESSAGE_TABLE(process_argument, .has_choices = true,
	      .choice_offset = offsetof(struct process_argument, kind));
#undef CHOICE
#undef OWNER

/* ---- events ---- */

#define OWNER process_event
#define WHO MESSAGE("process", process, process_view), PARENT
#define PARENT MESSAGE("parent", parent, process_view)
#define ANCESTORS                                                                                  \
	LIST(REFERENCES, "ancestors", ancestors, process_view *const, ancestor_count,              \
	     .message = &process_view_message)
#define ARGUMENTS MESSAGES("args", arguments, process_argument, argument_count)
#define DATA MESSAGES("data", data, process_argument, data_count)
#define STACK(name_, member_) MESSAGES(name_, member_, stack_frame, member_##_count)
#define POLICY TEXT("policy_name", policy_name)
#define MESSAGE_TEXT TEXT("message", message)
#define ACTION ENUM("action", action, action)
#define TAGS TEXTS("tags", tags, tag_count)

static const struct event_field exec_fields[] = {
	WHO,
	ANCESTORS,
};
MESSAGE_TABLE(exec);

static const struct event_field exit_fields[] = {
	WHO, TEXT("signal", signal), U32("status", status), TIME("time", exit_time), ANCESTORS,
};
MESSAGE_TABLE(exit);

static const struct event_field kprobe_fields[] = {
	WHO,
	TEXT("function_name", function_name),
	ARGUMENTS,
	MESSAGE("return", result, process_argument),
	ACTION,
	STACK("kernel_stack_trace", kernel_stack),
	POLICY,
	ENUM("return_action", return_action, action),
	MESSAGE_TEXT,
	TAGS,
	STACK("user_stack_trace", user_stack),
	ANCESTORS,
	DATA,
};
MESSAGE_TABLE(kprobe);

static const struct event_field tracepoint_fields[] = {
	WHO,
	TEXT("subsys", subsystem),
	TEXT("event", event),
	ARGUMENTS,
	POLICY,
	ACTION,
	MESSAGE_TEXT,
	TAGS,
	ANCESTORS,
};
MESSAGE_TABLE(tracepoint);

static const struct event_field loader_fields[] = {
	MESSAGE("process", process, process_view),
	TEXT("path", path),
	BYTES("buildid", build_id),
	PARENT,
	ANCESTORS,
};
MESSAGE_TABLE(loader);

static const struct event_field uprobe_fields[] = {
	WHO,
	TEXT("path", path),
	TEXT("symbol", symbol),
	POLICY,
	MESSAGE_TEXT,
	ARGUMENTS,
	TAGS,
	ANCESTORS,
	U64("offset", offset),
	U64("ref_ctr_offset", ref_ctr_offset),
	ACTION,
	DATA,
};
MESSAGE_TABLE(uprobe);

static const struct event_field throttle_fields[] = {
	ENUM("type", throttle, throttle),
	TEXT("cgroup", cgroup),
};
MESSAGE_TABLE(throttle);

static const struct event_field lsm_fields[] = {
	WHO,
	TEXT("function_name", function_name),
	POLICY,
	MESSAGE_TEXT,
	ARGUMENTS,
	ACTION,
	TAGS,
	ANCESTORS,
	TEXT("ima_hash", ima_hash),
};
MESSAGE_TABLE(lsm);

static const struct event_field usdt_fields[] = {
	WHO,
	TEXT("path", path),
	TEXT("provider", provider),
	TEXT("name", name),
	POLICY,
	MESSAGE_TEXT,
	ARGUMENTS,
	TAGS,
	ANCESTORS,
	ACTION,
	TEXT("flags", flags),
};
MESSAGE_TABLE(usdt);

static const struct event_field test_fields[] = {
	U64("arg0", test[0]),
	U64("arg1", test[1]),
	U64("arg2", test[2]),
	U64("arg3", test[3]),
};
MESSAGE_TABLE(test);

static const struct event_field rate_limit_info_fields[] = {
	U64("number_of_dropped_process_events", dropped),
};
MESSAGE_TABLE(rate_limit_info);

/* The choices of a line lie in the struct itself: its members are those of all kinds. */
#define KIND(kind_, name_, message_)                                                               \
	{                                                                                          \
		.key = "\"" name_ "\":", .key_len = sizeof("\"" name_ "\":") - 1,                  \
		.kind = EVENT_FIELD_EMBEDDED, .choice = PROCESS_EVENT_##kind_,                     \
		.message = &(message_)                                                             \
	}
static const struct event_field line_fields[] = {
	KIND(EXEC, "process_exec", exec_message),
	KIND(EXIT, "process_exit", exit_message),
	KIND(KPROBE, "process_kprobe", kprobe_message),
	KIND(TRACEPOINT, "process_tracepoint", tracepoint_message),
	KIND(LOADER, "process_loader", loader_message),
	KIND(UPROBE, "process_uprobe", uprobe_message),
	KIND(THROTTLE, "process_throttle", throttle_message),
	KIND(LSM, "process_lsm", lsm_message),
	KIND(USDT, "process_usdt", usdt_message),
	KIND(TEST, "test", test_message),
	KIND(RATE_LIMIT_INFO, "rate_limit_info", rate_limit_info_message),
	TEXT("node_name", node_name),
	TIME("time", time),
	MESSAGE("aggregation_info", aggregation, event_aggregation),
	TEXT("cluster_name", cluster_name),
	PAIRS("node_labels", node_labels, node_label_count),
};
const struct event_message event_message_line = {
	.fields = line_fields,
	.field_count = array_size(line_fields),
	.size = sizeof(struct process_event),
	.has_choices = true,
	.choice_offset = offsetof(struct process_event, kind),
};
#undef OWNER

_Static_assert(array_size(process_argument_fields) <= EVENT_MESSAGE_FIELDS_MAX,
	       "a mask has a bit for each field");

const struct event_message *event_message_of(enum process_event_kind kind)
{
	for (size_t i = 0; i < array_size(line_fields); i++)
		if (line_fields[i].choice == kind && kind != PROCESS_EVENT_NONE)
			return line_fields[i].message;
	return NULL;
}

const struct event_field *event_message__find(const struct event_message *message, const char *name,
					      size_t len)
{
	for (uint32_t i = 0; i < message->field_count; i++) {
		const struct event_field *field = &message->fields[i];

		/* The quotes and the colon are no part of the name. */
		if (field->key_len == len + 3 && memcmp(field->key + 1, name, len) == 0)
			return field;
	}
	return NULL;
}
