/* SPDX-License-Identifier: Apache-2.0 */
#include "config/tracing_policy/text.h"

#include "base/mem.h"

#define KEY(key_, struct_type, member, type_)                                                      \
	{                                                                                          \
		.key = (key_), .offset = offsetof(struct_type, member), .type = (type_)            \
	}
#define REQUIRED_KEY(key_, struct_type, member, type_)                                             \
	{                                                                                          \
		.key = (key_), .offset = offsetof(struct_type, member), .type = (type_),           \
		.is_required = true                                                                \
	}
#define NAME_TYPE(noun_, words_)                                                                   \
	{                                                                                          \
		.kind = BIND_NAME, .noun = (noun_), .words = (words_),                             \
		.word_count = array_size(words_)                                                   \
	}
#define INITIAL_STRUCT_TYPE(noun_, struct_type, fields_, initial_)                                 \
	{                                                                                          \
		.kind = BIND_STRUCT, .noun = (noun_), .size = sizeof(struct_type),                 \
		.initial = &(initial_), .fields = (fields_), .field_count = array_size(fields_)    \
	}

/* ---- numbers -------------------------------------------------------------------------------- */

static const struct bind_type natural_type = { .kind = BIND_NUMBER, .most = INT32_MAX };
static const struct bind_type u32_type = { .kind = BIND_NUMBER, .most = UINT32_MAX };
static const struct bind_type u64_type = { .kind = BIND_NUMBER, .most = UINT64_MAX };
static const struct bind_type s32_type = { .kind = BIND_NUMBER,
					   .least = INT32_MIN,
					   .most = INT32_MAX };
static const struct bind_type s64_type = { .kind = BIND_NUMBER,
					   .least = INT64_MIN,
					   .most = INT64_MAX };
static const struct bind_type naturals_type = BIND_LIST_TYPE(&natural_type);
static const struct bind_type u32s_type = BIND_LIST_TYPE(&u32_type);
static const struct bind_type u64s_type = BIND_LIST_TYPE(&u64_type);
static const struct bind_type value_type = { .kind = BIND_VALUE };
static const struct bind_type values_type = BIND_LIST_TYPE(&value_type);

/* ---- words ---------------------------------------------------------------------------------- */

/* Types have no value: they stay text. */
static const struct bind_word argument_words[] = {
	{ "auto", 0 },
	{ "bpf_attr", 0 },
	{ "bpf_cmd", 0 },
	{ "bpf_map", 0 },
	{ "bpf_prog", 0 },
	{ "cap_effective", 0 },
	{ "cap_inheritable", 0 },
	{ "cap_permitted", 0 },
	{ "capability", 0 },
	{ "char_buf", 0 },
	{ "char_iovec", 0 },
	{ "const_buf", 0 },
	{ "cred", 0 },
	{ "data_loc", 0 },
	{ "dentry", 0 },
	{ "fd", 0 },
	{ "file", 0 },
	{ "filename", 0 },
	{ "int", 0 },
	{ "int16", 0 },
	{ "int32", 0 },
	{ "int64", 0 },
	{ "int8", 0 },
	{ "iov_iter", 0 },
	{ "kernel_cap_t", 0 },
	{ "kiocb", 0 },
	{ "linux_binprm", 0 },
	{ "load_info", 0 },
	{ "long", 0 },
	{ "module", 0 },
	{ "net_device", 0 },
	{ "nop", 0 },
	{ "path", 0 },
	{ "perf_event", 0 },
	{ "sint16", 0 },
	{ "sint32", 0 },
	{ "sint64", 0 },
	{ "sint8", 0 },
	{ "size_t", 0 },
	{ "skb", 0 },
	{ "sock", 0 },
	{ "sockaddr", 0 },
	{ "sockaddr_un", 0 },
	{ "socket", 0 },
	{ "string", 0 },
	{ "syscall64", 0 },
	{ "uint16", 0 },
	{ "uint32", 0 },
	{ "uint64", 0 },
	{ "uint8", 0 },
	{ "ulong", 0 },
	{ "user_namespace", 0 },
};
static const struct bind_type argument_type_type = NAME_TYPE("type of an argument", argument_words);

#define OP(text, op, end)                                                                          \
	{                                                                                          \
		text, OPERATOR(MATCH_OP_##op, MATCH_END_##end)                                     \
	}
static const struct bind_word operator_words[] = {
	OP("Equal", EQUAL, NONE),
	OP("NotEqual", NOT_EQUAL, NONE),
	OP("Prefix", PREFIX, NONE),
	OP("NotPrefix", NOT_PREFIX, NONE),
	OP("Postfix", POSTFIX, NONE),
	OP("NotPostfix", NOT_POSTFIX, NONE),
	OP("SubString", SUBSTRING, NONE),
	OP("SubStringIgnCase", SUBSTRING_ANY_CASE, NONE),
	OP("GreaterThan", GREATER, NONE),
	OP("GT", GREATER, NONE),
	OP("LessThan", LESS, NONE),
	OP("LT", LESS, NONE),
	OP("Mask", MASK, NONE),
	OP("InMap", IN, NONE),
	OP("NotInMap", NOT_IN, NONE),
	OP("InRange", RANGE, NONE),
	OP("NotInRange", NOT_RANGE, NONE),
	OP("SAddr", CIDR, SOURCE),
	OP("NotSAddr", NOT_CIDR, SOURCE),
	OP("DAddr", CIDR, DESTINATION),
	OP("NotDAddr", NOT_CIDR, DESTINATION),
	OP("SPort", PORT, SOURCE),
	OP("NotSPort", NOT_PORT, SOURCE),
	OP("DPort", PORT, DESTINATION),
	OP("NotDPort", NOT_PORT, DESTINATION),
	OP("SPortPriv", PRIVILEGED_PORT, SOURCE),
	OP("NotSPortPriv", NOT_PRIVILEGED_PORT, SOURCE),
	/* The schema of the original knows this one only, its documents the other. */
	OP("NotSportPriv", NOT_PRIVILEGED_PORT, SOURCE),
	OP("DPortPriv", PRIVILEGED_PORT, DESTINATION),
	OP("NotDPortPriv", NOT_PRIVILEGED_PORT, DESTINATION),
	OP("Protocol", PROTOCOL, NONE),
	OP("Family", FAMILY, NONE),
	OP("State", STATE, NONE),
	OP("CapabilitiesGained", CAPABILITIES_GAINED, NONE),
	OP("CelExpr", EXPRESSION, NONE),
	OP("FileType", FILE_TYPE, NONE),
	OP("NotFileType", NOT_FILE_TYPE, NONE),
};
static const struct bind_type operator_type = NAME_TYPE("operator", operator_words);

static const struct bind_word in_words[] = { OP("In", IN, NONE), OP("NotIn", NOT_IN, NONE) };
static const struct bind_type in_type = NAME_TYPE("operator of this filter", in_words);

static const struct bind_word binary_words[] = {
	OP("In", IN, NONE),           OP("NotIn", NOT_IN, NONE),
	OP("Prefix", PREFIX, NONE),   OP("NotPrefix", NOT_PREFIX, NONE),
	OP("Postfix", POSTFIX, NONE), OP("NotPostfix", NOT_POSTFIX, NONE),
};
static const struct bind_type binary_type = NAME_TYPE("operator for binaries", binary_words);

static const struct bind_word requirement_words[] = {
	{ "In", SELECTOR_IN },
	{ "NotIn", SELECTOR_NOT_IN },
	{ "Exists", SELECTOR_EXISTS },
	{ "DoesNotExist", SELECTOR_NOT_EXISTS },
};
static const struct bind_type requirement_operator_type = NAME_TYPE("operator of a label",
								    requirement_words);

static const struct bind_word namespace_words[] = {
	{ "Uts", NAMESPACE_KIND_UTS },
	{ "Ipc", NAMESPACE_KIND_IPC },
	{ "Mnt", NAMESPACE_KIND_MNT },
	{ "Pid", NAMESPACE_KIND_PID },
	{ "PidForChildren", NAMESPACE_KIND_PID_FOR_CHILDREN },
	{ "Net", NAMESPACE_KIND_NET },
	{ "Time", NAMESPACE_KIND_TIME },
	{ "TimeForChildren", NAMESPACE_KIND_TIME_FOR_CHILDREN },
	{ "Cgroup", NAMESPACE_KIND_CGROUP },
	{ "User", NAMESPACE_KIND_USER },
};
_Static_assert(array_size(namespace_words) == NAMESPACE_KIND_COUNT, "every kind has a name");
const struct bind_type namespace_text_type = NAME_TYPE("kind of namespace", namespace_words);

static const struct bind_word set_words[] = {
	{ "Effective", CAPABILITY_SET_EFFECTIVE },
	{ "Inheritable", CAPABILITY_SET_INHERITABLE },
	{ "Permitted", CAPABILITY_SET_PERMITTED },
};
static const struct bind_type set_type = NAME_TYPE("set of capabilities", set_words);

static const struct bind_word action_words[] = {
	{ "Post", ACTION_KIND_POST },
	{ "NoPost", ACTION_KIND_NO_POST },
	{ "Sigkill", ACTION_KIND_SIGKILL },
	{ "Signal", ACTION_KIND_SIGNAL },
	{ "Override", ACTION_KIND_OVERRIDE },
	{ "GetUrl", ACTION_KIND_GET_URL },
	{ "DnsLookup", ACTION_KIND_DNS_LOOKUP },
	{ "TrackSock", ACTION_KIND_TRACK_SOCK },
	{ "UntrackSock", ACTION_KIND_UNTRACK_SOCK },
	{ "NotifyEnforcer", ACTION_KIND_NOTIFY_ENFORCER },
	{ "CleanupEnforcerNotification", ACTION_KIND_CLEANUP_ENFORCER },
	{ "Set", ACTION_KIND_SET },
};
static const struct bind_type action_kind_type = NAME_TYPE("action", action_words);

static const struct bind_word scope_words[] = {
	{ "thread", RATE_SCOPE_THREAD },
	{ "process", RATE_SCOPE_PROCESS },
	{ "global", RATE_SCOPE_GLOBAL },
};
static const struct bind_type rate_scope_type = NAME_TYPE("scope of a limit", scope_words);

static const struct bind_word list_words[] = {
	{ "syscalls", LIST_KIND_SYSCALLS },
	{ "generated_syscalls", LIST_KIND_ALL_SYSCALLS },
	{ "generated_ftrace", LIST_KIND_MATCHING_FUNCTIONS },
};
static const struct bind_type list_kind_type = NAME_TYPE("type of a list", list_words);

/* ---- who ------------------------------------------------------------------------------------ */

static const struct bind_field requirement_fields[] = {
	BIND_REQUIRED(struct requirement_text, key, &bind_text),
	BIND_REQUIRED(struct requirement_text, operator, & requirement_operator_type),
	BIND_FIELD(struct requirement_text, values, &bind_texts),
};
static const struct bind_type requirement_type =
	BIND_STRUCT_TYPE("requirement", struct requirement_text, requirement_fields);
static const struct bind_type requirements_type = BIND_LIST_TYPE(&requirement_type);

static const struct bind_field label_selector_fields[] = {
	BIND_FIELD(struct label_selector_text, matchLabels, &bind_pairs),
	BIND_FIELD(struct label_selector_text, matchExpressions, &requirements_type),
};
static const struct bind_type label_selector_type =
	BIND_STRUCT_TYPE("selector of labels", struct label_selector_text, label_selector_fields);

static const struct bind_field workloads_fields[] = {
	BIND_FIELD(struct workloads_text, podSelector, &label_selector_type),
	BIND_FIELD(struct workloads_text, containerSelector, &label_selector_type),
	BIND_FIELD(struct workloads_text, hostSelector, &label_selector_type),
};
static const struct bind_type workloads_type =
	BIND_STRUCT_TYPE("selector of workloads", struct workloads_text, workloads_fields);

/* ---- selectors ------------------------------------------------------------------------------ */

static const struct bind_field argument_fields[] = {
	BIND_REQUIRED(struct argument_text, index, &natural_type),
	BIND_FIELD(struct argument_text, type, &argument_type_type),
	BIND_FIELD(struct argument_text, resolve, &bind_text),
	BIND_FIELD(struct argument_text, sizeArgIndex, &natural_type),
	BIND_FIELD(struct argument_text, returnCopy, &bind_bool),
	BIND_FIELD(struct argument_text, maxData, &bind_bool),
	BIND_FIELD(struct argument_text, label, &bind_text),
	BIND_FIELD(struct argument_text, source, &bind_text),
	BIND_FIELD(struct argument_text, btfType, &bind_text),
	BIND_FIELD(struct argument_text, btfTypeModule, &bind_text),
};
#define ANY_TYPE                                                                                   \
	{                                                                                          \
		.type = {.written = { .text = "auto" } }                                           \
	}
static const struct argument_text initial_argument = ANY_TYPE;
static const struct bind_type argument_type =
	INITIAL_STRUCT_TYPE("argument", struct argument_text, argument_fields, initial_argument);
static const struct bind_type arguments_type = BIND_LIST_TYPE(&argument_type);

static const struct bind_field pids_fields[] = {
	BIND_REQUIRED(struct match_pids_text, operator, & in_type),
	BIND_REQUIRED(struct match_pids_text, values, &u32s_type),
	BIND_FIELD(struct match_pids_text, isNamespacePID, &bind_bool),
	BIND_FIELD(struct match_pids_text, followForks, &bind_bool),
};
static const struct bind_type pids_type = BIND_STRUCT_TYPE("filter of PIDs", struct match_pids_text,
							   pids_fields);
static const struct bind_type match_pids_type = BIND_LIST_TYPE(&pids_type);

static const struct bind_field args_fields[] = {
	BIND_FIELD(struct match_args_text, index, &natural_type),
	BIND_FIELD(struct match_args_text, args, &naturals_type),
	BIND_REQUIRED(struct match_args_text, operator, & operator_type),
	BIND_FIELD(struct match_args_text, values, &values_type),
};
static const struct bind_type args_type = BIND_STRUCT_TYPE("filter of arguments",
							   struct match_args_text, args_fields);
static const struct bind_type match_args_type = BIND_LIST_TYPE(&args_type);

static const struct bind_field binaries_fields[] = {
	BIND_REQUIRED(struct match_binaries_text, operator, & binary_type),
	BIND_REQUIRED(struct match_binaries_text, values, &values_type),
	BIND_FIELD(struct match_binaries_text, followChildren, &bind_bool),
};
static const struct bind_type binaries_type =
	BIND_STRUCT_TYPE("filter of binaries", struct match_binaries_text, binaries_fields);
static const struct bind_type match_binaries_type = BIND_LIST_TYPE(&binaries_type);

static const struct bind_field namespaces_fields[] = {
	BIND_REQUIRED(struct match_namespaces_text, namespace, &namespace_text_type),
	BIND_REQUIRED(struct match_namespaces_text, operator, & in_type),
	BIND_REQUIRED(struct match_namespaces_text, values, &values_type),
};
static const struct bind_type namespaces_type =
	BIND_STRUCT_TYPE("filter of namespaces", struct match_namespaces_text, namespaces_fields);
static const struct bind_type match_namespaces_type = BIND_LIST_TYPE(&namespaces_type);

static const struct bind_field changes_fields[] = {
	BIND_REQUIRED(struct match_namespaces_text, operator, & in_type),
	BIND_REQUIRED(struct match_namespaces_text, values, &values_type),
};
static const struct bind_type changes_type =
	BIND_STRUCT_TYPE("filter of changes", struct match_namespaces_text, changes_fields);
static const struct bind_type match_changes_type = BIND_LIST_TYPE(&changes_type);

static const struct bind_field capabilities_fields[] = {
	BIND_FIELD(struct match_capabilities_text, type, &set_type),
	BIND_REQUIRED(struct match_capabilities_text, operator, & in_type),
	BIND_FIELD(struct match_capabilities_text, isNamespaceCapability, &bind_bool),
	BIND_REQUIRED(struct match_capabilities_text, values, &values_type),
};
static const struct bind_type capabilities_type = BIND_STRUCT_TYPE(
	"filter of capabilities", struct match_capabilities_text, capabilities_fields);
static const struct bind_type match_capabilities_type = BIND_LIST_TYPE(&capabilities_type);

static const struct bind_field action_fields[] = {
	BIND_REQUIRED(struct action_text, action, &action_kind_type),
	BIND_FIELD(struct action_text, argUrl, &bind_text),
	BIND_FIELD(struct action_text, argFqdn, &bind_text),
	BIND_FIELD(struct action_text, argError, &s32_type),
	BIND_FIELD(struct action_text, argSig, &u32_type),
	BIND_FIELD(struct action_text, argSock, &u32_type),
	BIND_FIELD(struct action_text, argIndex, &u32_type),
	BIND_FIELD(struct action_text, argValue, &u32_type),
	BIND_FIELD(struct action_text, argRegs, &bind_texts),
	BIND_FIELD(struct action_text, argNewSymbol, &bind_text),
	BIND_FIELD(struct action_text, argNewAddr, &u64_type),
	BIND_FIELD(struct action_text, argNewOffset, &s64_type),
	BIND_FIELD(struct action_text, rateLimit, &bind_text),
	BIND_FIELD(struct action_text, rateLimitScope, &rate_scope_type),
	BIND_FIELD(struct action_text, kernelStackTrace, &bind_bool),
	BIND_FIELD(struct action_text, userStackTrace, &bind_bool),
	BIND_FIELD(struct action_text, imaHash, &bind_bool),
};
static const struct bind_type action_type = BIND_STRUCT_TYPE("action", struct action_text,
							     action_fields);
static const struct bind_type actions_type = BIND_LIST_TYPE(&action_type);

static const struct bind_field selector_fields[] = {
	BIND_FIELD(struct selector_text, label, &bind_text),
	BIND_FIELD(struct selector_text, matchPIDs, &match_pids_type),
	BIND_FIELD(struct selector_text, matchArgs, &match_args_type),
	BIND_FIELD(struct selector_text, matchData, &match_args_type),
	BIND_FIELD(struct selector_text, matchReturnArgs, &match_args_type),
	BIND_FIELD(struct selector_text, matchBinaries, &match_binaries_type),
	BIND_FIELD(struct selector_text, matchParentBinaries, &match_binaries_type),
	BIND_FIELD(struct selector_text, matchNamespaces, &match_namespaces_type),
	BIND_FIELD(struct selector_text, matchNamespaceChanges, &match_changes_type),
	BIND_FIELD(struct selector_text, matchCapabilities, &match_capabilities_type),
	BIND_FIELD(struct selector_text, matchCapabilityChanges, &match_capabilities_type),
	BIND_FIELD(struct selector_text, matchActions, &actions_type),
	BIND_FIELD(struct selector_text, matchReturnActions, &actions_type),
	BIND_FIELD(struct selector_text, matchWorkloads, &workloads_type),
	BIND_FIELD(struct selector_text, macros, &bind_texts),
};
const struct bind_type selector_text_type = BIND_STRUCT_TYPE("selector", struct selector_text,
							     selector_fields);
static const struct bind_type selectors_type = BIND_LIST_TYPE(&selector_text_type);

/* ---- hooks ---------------------------------------------------------------------------------- */

#define COMMON_FIELDS                                                                              \
	BIND_FIELD(struct hook_text, message, &bind_text),                                         \
		BIND_FIELD(struct hook_text, args, &arguments_type),                               \
		BIND_FIELD(struct hook_text, selectors, &selectors_type),                          \
		BIND_FIELD(struct hook_text, tags, &bind_texts)
#define RETURN_FIELDS                                                                              \
	BIND_FIELD(struct hook_text, data, &arguments_type),                                       \
		KEY("return", struct hook_text, returns, &bind_bool),                              \
		BIND_FIELD(struct hook_text, returnArg, &argument_type)

static const struct bind_field call_ignore_fields[] = {
	BIND_FIELD(struct ignore_text, callNotFound, &bind_bool),
};
static const struct bind_type call_ignore_type = BIND_STRUCT_TYPE("condition", struct ignore_text,
								  call_ignore_fields);

static const struct bind_field kprobe_fields[] = {
	BIND_REQUIRED(struct hook_text, call, &bind_text),
	BIND_FIELD(struct hook_text, syscall, &bind_bool),
	BIND_FIELD(struct hook_text, returnArgAction, &bind_text),
	BIND_FIELD(struct hook_text, ignore, &call_ignore_type),
	COMMON_FIELDS,
	RETURN_FIELDS,
};
/* The schema says so; prose of the original says otherwise. */
static const struct hook_text initial_kprobe = { .syscall = true, .returnArg = ANY_TYPE };
static const struct bind_type kprobe_type = INITIAL_STRUCT_TYPE("kprobe", struct hook_text,
								kprobe_fields, initial_kprobe);
static const struct bind_type kprobes_type = BIND_LIST_TYPE(&kprobe_type);
static const struct bind_type fentry_type = INITIAL_STRUCT_TYPE("fentry", struct hook_text,
								kprobe_fields, initial_kprobe);
static const struct bind_type fentries_type = BIND_LIST_TYPE(&fentry_type);

static const struct bind_field tracepoint_fields[] = {
	BIND_REQUIRED(struct hook_text, subsystem, &bind_text),
	REQUIRED_KEY("event", struct hook_text, call, &bind_text),
	BIND_FIELD(struct hook_text, raw, &bind_bool),
	COMMON_FIELDS,
};
static const struct bind_type tracepoint_type = BIND_STRUCT_TYPE("tracepoint", struct hook_text,
								 tracepoint_fields);
static const struct bind_type tracepoints_type = BIND_LIST_TYPE(&tracepoint_type);

static const struct bind_field digest_ignore_fields[] = {
	BIND_FIELD(struct ignore_text, digestVerificationFailure, &bind_bool),
};
static const struct bind_type digest_ignore_type = BIND_STRUCT_TYPE("condition", struct ignore_text,
								    digest_ignore_fields);

static const struct bind_field uprobe_fields[] = {
	BIND_REQUIRED(struct hook_text, path, &bind_text),
	BIND_FIELD(struct hook_text, btfPath, &bind_text),
	BIND_FIELD(struct hook_text, symbols, &bind_texts),
	BIND_FIELD(struct hook_text, offsets, &u64s_type),
	BIND_FIELD(struct hook_text, addrs, &u64s_type),
	BIND_FIELD(struct hook_text, refCtrOffsets, &u64s_type),
	BIND_FIELD(struct hook_text, binaryDigests, &bind_texts),
	BIND_FIELD(struct hook_text, ignore, &digest_ignore_type),
	COMMON_FIELDS,
	RETURN_FIELDS,
};
static const struct hook_text initial_uprobe = { .returnArg = ANY_TYPE };
static const struct bind_type uprobe_type = INITIAL_STRUCT_TYPE("uprobe", struct hook_text,
								uprobe_fields, initial_uprobe);
static const struct bind_type uprobes_type = BIND_LIST_TYPE(&uprobe_type);

static const struct bind_field usdt_fields[] = {
	BIND_REQUIRED(struct hook_text, path, &bind_text),
	BIND_FIELD(struct hook_text, btfPath, &bind_text),
	BIND_REQUIRED(struct hook_text, provider, &bind_text),
	REQUIRED_KEY("name", struct hook_text, call, &bind_text),
	COMMON_FIELDS,
};
static const struct bind_type usdt_type = BIND_STRUCT_TYPE("usdt", struct hook_text, usdt_fields);
static const struct bind_type usdts_type = BIND_LIST_TYPE(&usdt_type);

static const struct bind_field lsm_fields[] = {
	REQUIRED_KEY("hook", struct hook_text, call, &bind_text),
	COMMON_FIELDS,
};
static const struct bind_type lsm_type = BIND_STRUCT_TYPE("lsmhook", struct hook_text, lsm_fields);
static const struct bind_type lsms_type = BIND_LIST_TYPE(&lsm_type);

/* ---- the whole ------------------------------------------------------------------------------ */

static const struct bind_field list_fields[] = {
	BIND_REQUIRED(struct list_text, name, &bind_text),
	BIND_FIELD(struct list_text, type, &list_kind_type),
	BIND_FIELD(struct list_text, values, &bind_texts),
	BIND_FIELD(struct list_text, pattern, &bind_text),
	BIND_FIELD(struct list_text, validated, &bind_bool),
};
static const struct list_text initial_list = { .type = { .value = LIST_KIND_FUNCTIONS } };
static const struct bind_type list_type = INITIAL_STRUCT_TYPE("list", struct list_text, list_fields,
							      initial_list);
static const struct bind_type lists_type = BIND_LIST_TYPE(&list_type);

static const struct bind_field option_fields[] = {
	BIND_REQUIRED(struct option_text, name, &bind_text),
	BIND_FIELD(struct option_text, value, &bind_text),
};
static const struct bind_type option_type = BIND_STRUCT_TYPE("option", struct option_text,
							     option_fields);
static const struct bind_type options_type = BIND_LIST_TYPE(&option_type);

static const struct bind_field enforcer_fields[] = {
	BIND_REQUIRED(struct enforcer_text, calls, &values_type),
};
static const struct bind_type enforcer_type = BIND_STRUCT_TYPE("enforcer", struct enforcer_text,
							       enforcer_fields);
static const struct bind_type enforcers_type = BIND_LIST_TYPE(&enforcer_type);

static const struct bind_field body_fields[] = {
	BIND_FIELD(struct body_text, kprobes, &kprobes_type),
	BIND_FIELD(struct body_text, fentries, &fentries_type),
	BIND_FIELD(struct body_text, tracepoints, &tracepoints_type),
	BIND_FIELD(struct body_text, uprobes, &uprobes_type),
	BIND_FIELD(struct body_text, usdts, &usdts_type),
	BIND_FIELD(struct body_text, lsmhooks, &lsms_type),
	BIND_FIELD(struct body_text, loader, &bind_bool),
	BIND_FIELD(struct body_text, podSelector, &label_selector_type),
	BIND_FIELD(struct body_text, containerSelector, &label_selector_type),
	BIND_FIELD(struct body_text, hostSelector, &label_selector_type),
	BIND_FIELD(struct body_text, nodeSelector, &label_selector_type),
	BIND_FIELD(struct body_text, lists, &lists_type),
	BIND_FIELD(struct body_text, enforcers, &enforcers_type),
	BIND_FIELD(struct body_text, options, &options_type),
	BIND_FIELD(struct body_text, selectorsMacros, &bind_node),
};
static const struct bind_type body_type = BIND_STRUCT_TYPE("spec", struct body_text, body_fields);

#define OTHER(key, index) KEY(key, struct metadata_text, others[index], &bind_node)
static const struct bind_field metadata_fields[] = {
	BIND_REQUIRED(struct metadata_text, name, &bind_text),
	BIND_FIELD(struct metadata_text, namespace, &bind_text),
	BIND_FIELD(struct metadata_text, labels, &bind_pairs),
	BIND_FIELD(struct metadata_text, annotations, &bind_pairs),
	OTHER("creationTimestamp", 0),
	OTHER("deletionGracePeriodSeconds", 1),
	OTHER("deletionTimestamp", 2),
	OTHER("finalizers", 3),
	OTHER("generateName", 4),
	OTHER("generation", 5),
	OTHER("managedFields", 6),
	OTHER("ownerReferences", 7),
	OTHER("resourceVersion", 8),
	OTHER("selfLink", 9),
	OTHER("uid", 10),
};
static const struct bind_type metadata_type =
	BIND_STRUCT_TYPE("map of metadata", struct metadata_text, metadata_fields);

static const struct bind_field policy_fields[] = {
	BIND_FIELD(struct policy_text, apiVersion, &bind_text),
	BIND_REQUIRED(struct policy_text, kind, &bind_text),
	BIND_REQUIRED(struct policy_text, metadata, &metadata_type),
	BIND_REQUIRED(struct policy_text, spec, &body_type),
};
const struct bind_type policy_text_type = BIND_STRUCT_TYPE("policy", struct policy_text,
							   policy_fields);
