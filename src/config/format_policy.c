/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of spec_policy.h. */
#include "config/format_rows.h"
#include "config/spec_policy.h"

_Static_assert(sizeof(enum hook_kind) == sizeof(unsigned int),
	       "format.c reads enums as unsigned int");

/* ---- words ---------------------------------------------------------------------------------- */

static const char *const policy_modes[] = {
	[POLICY_MODE_ENFORCE] = "enforce",
	[POLICY_MODE_MONITOR] = "monitor",
};
static const char *const override_methods[] = {
	[OVERRIDE_METHOD_ANY] = "any",
	[OVERRIDE_METHOD_FMOD_RET] = "fmod_ret",
	[OVERRIDE_METHOD_RETURN] = "override_return",
};
static const char *const hook_kinds[] = {
	[HOOK_KIND_KPROBE] = "kprobe",
	[HOOK_KIND_FENTRY] = "fentry",
	[HOOK_KIND_TRACEPOINT] = "tracepoint",
	[HOOK_KIND_RAW_TRACEPOINT] = "raw_tracepoint",
	[HOOK_KIND_UPROBE] = "uprobe",
	[HOOK_KIND_USDT] = "usdt",
	[HOOK_KIND_LSM] = "lsm",
};
static const char *const data_sources[] = {
	[DATA_SOURCE_CALL] = "call",
	[DATA_SOURCE_TASK] = "task",
	[DATA_SOURCE_REGISTERS] = "registers",
};
static const char *const match_subjects[] = {
	[MATCH_SUBJECT_ARG] = "arg",
	[MATCH_SUBJECT_DATA] = "data",
	[MATCH_SUBJECT_RETURN] = "return",
	[MATCH_SUBJECT_PID] = "pid",
	[MATCH_SUBJECT_BINARY] = "binary",
	[MATCH_SUBJECT_PARENT_BINARY] = "parent_binary",
	[MATCH_SUBJECT_NAMESPACE] = "namespace",
	[MATCH_SUBJECT_NAMESPACE_CHANGE] = "namespace_change",
	[MATCH_SUBJECT_CAPABILITY] = "capability",
	[MATCH_SUBJECT_CAPABILITY_CHANGE] = "capability_change",
};
static const char *const match_ends[] = {
	[MATCH_END_NONE] = "none",
	[MATCH_END_SOURCE] = "source",
	[MATCH_END_DESTINATION] = "destination",
};
static const char *const capability_sets[] = {
	[CAPABILITY_SET_EFFECTIVE] = "effective",
	[CAPABILITY_SET_INHERITABLE] = "inheritable",
	[CAPABILITY_SET_PERMITTED] = "permitted",
};
static const char *const action_kinds[] = {
	[ACTION_KIND_NONE] = "none",
	[ACTION_KIND_POST] = "post",
	[ACTION_KIND_NO_POST] = "no_post",
	[ACTION_KIND_SIGKILL] = "sigkill",
	[ACTION_KIND_SIGNAL] = "signal",
	[ACTION_KIND_OVERRIDE] = "override",
	[ACTION_KIND_GET_URL] = "get_url",
	[ACTION_KIND_DNS_LOOKUP] = "dns_lookup",
	[ACTION_KIND_TRACK_SOCK] = "track_sock",
	[ACTION_KIND_UNTRACK_SOCK] = "untrack_sock",
	[ACTION_KIND_NOTIFY_ENFORCER] = "notify_enforcer",
	[ACTION_KIND_CLEANUP_ENFORCER] = "cleanup_enforcer",
	[ACTION_KIND_SET] = "set",
};
static const char *const rate_scopes[] = {
	[RATE_SCOPE_THREAD] = "thread",
	[RATE_SCOPE_PROCESS] = "process",
	[RATE_SCOPE_GLOBAL] = "global",
};
static const char *const selector_subjects[] = {
	[SELECTOR_POD] = "pod",
	[SELECTOR_CONTAINER] = "container",
	[SELECTOR_NODE] = "node",
	[SELECTOR_NAMESPACE] = "namespace",
};
static const char *const selector_ops[] = {
	[SELECTOR_IN] = "in",
	[SELECTOR_NOT_IN] = "not_in",
	[SELECTOR_EXISTS] = "exists",
	[SELECTOR_NOT_EXISTS] = "not_exists",
};
static const char *const digest_kinds[] = {
	[DIGEST_KIND_SHA1] = "sha1",         [DIGEST_KIND_SHA256] = "sha256",
	[DIGEST_KIND_SHA384] = "sha384",     [DIGEST_KIND_SHA512] = "sha512",
	[DIGEST_KIND_BUILD_ID] = "build_id",
};
static const char *const list_kinds[] = {
	[LIST_KIND_FUNCTIONS] = "functions",
	[LIST_KIND_SYSCALLS] = "syscalls",
	[LIST_KIND_ALL_SYSCALLS] = "all_syscalls",
	[LIST_KIND_MATCHING_FUNCTIONS] = "matching_functions",
};

/* ---- rows ----------------------------------------------------------------------------------- */

#define TYPE struct selector_spec
static const struct row selector_rows[] = {
	WORD(subject, selector_subjects),
	ROW(ROW_TEXT, key),
	WORD(op, selector_ops),
	COUNTED(ROW_NOTED, "value", values, value_count),
};
static const struct shape selector_shape = SHAPE(selector_rows);
#undef TYPE

#define TYPE struct scope_spec
static const struct row scope_rows[] = {
	ROW(ROW_TEXT, path),
	ROW(ROW_BOOL, has_host),
	ROW(ROW_BOOL, has_containers),
	LIST("requirement", requirements, requirement_count, selector_shape),
};
static const struct shape scope_shape = SHAPE(scope_rows);
#undef TYPE

#define TYPE struct argument_spec
static const struct row argument_rows[] = {
	ROW(ROW_TEXT, path),        ROW(ROW_INDEX, index),         ROW(ROW_NOTE, type),
	ROW(ROW_NOTE, resolve),     ROW(ROW_NOTE, btf_type),       ROW(ROW_TEXT, btf_module),
	ROW(ROW_TEXT, label),       CHOICE(source, data_sources),  ROW(ROW_U32, size_parameter),
	ROW(ROW_BOOL, is_max_data), ROW(ROW_BOOL, is_return_copy),
};
static const struct shape argument_shape = SHAPE(argument_rows);
#undef TYPE

#define TYPE struct match_spec
static const struct row match_rows[] = {
	ROW(ROW_TEXT, path),
	WORD(subject, match_subjects),
	WORD(op, match_op_words),
	CHOICE(end, match_ends),
	COUNTED(ROW_U32S, "arg", args, arg_count),
	COUNTED(ROW_VALUES, "value", values, value_count),
	COUNTED(ROW_NUMBERS, "pid", pids, pid_count),
	ROW(ROW_BOOL, is_namespace_pid),
	ROW(ROW_BOOL, follow_forks),
	ROW(ROW_BOOL, follow_children),
	ROW(ROW_U32, namespace_kinds),
	CHOICE(capability_set, capability_sets),
	ROW(ROW_U64, capabilities),
	ROW(ROW_BOOL, is_namespace_capability),
};
static const struct shape match_shape = SHAPE(match_rows);
#undef TYPE

#define TYPE struct action_spec
static const struct row action_rows[] = {
	ROW(ROW_TEXT, path),
	WORD(kind, action_kinds),
	ROW(ROW_I32, error),
	ROW(ROW_U32, signal),
	ROW(ROW_U32, arg),
	ROW(ROW_U32, value),
	ROW(ROW_TEXT, target),
	COUNTED(ROW_NOTED, "register", registers, register_count),
	ROW(ROW_NOTE, new_symbol),
	ROW(ROW_U64, new_address),
	ROW(ROW_I64, new_offset),
	ROW(ROW_BOOL, has_error),
	ROW(ROW_BOOL, has_new_address),
	ROW(ROW_BOOL, has_new_offset),
	ROW(ROW_U64, rate_ns),
	CHOICE(rate_scope, rate_scopes),
	ROW(ROW_BOOL, wants_kernel_stack),
	ROW(ROW_BOOL, wants_user_stack),
	ROW(ROW_BOOL, wants_image_hash),
};
static const struct shape action_shape = SHAPE(action_rows);
#undef TYPE

#define TYPE struct rule_spec
static const struct row rule_rows[] = {
	ROW(ROW_TEXT, path),
	ROW(ROW_TEXT, label),
	NESTED(ROW_POINTER, scope, scope_shape),
	LIST("match", matches, match_count, match_shape),
	LIST("action", actions, action_count, action_shape),
	LIST("return_action", return_actions, return_action_count, action_shape),
};
static const struct shape rule_shape = SHAPE(rule_rows);
#undef TYPE

#define TYPE struct digest_spec
static const struct row digest_rows[] = { WORD(kind, digest_kinds), ROW(ROW_TEXT, hex) };
static const struct shape digest_shape = SHAPE(digest_rows);
#undef TYPE

#define TYPE struct hook_spec
static const struct row hook_rows[] = {
	ROW(ROW_TEXT, path),
	WORD(kind, hook_kinds),
	ROW(ROW_INDEX, index),
	ROW(ROW_VALUE, call),
	ROW(ROW_TEXT, subsystem),
	ROW(ROW_TEXT, provider),
	ROW(ROW_NOTE, file),
	ROW(ROW_TEXT, btf_file),
	COUNTED(ROW_NOTED, "symbol", symbols, symbol_count),
	COUNTED(ROW_NUMBERS, "offset", offsets, offset_count),
	COUNTED(ROW_NUMBERS, "address", addresses, address_count),
	COUNTED(ROW_NUMBERS, "counter", counters, counter_count),
	LIST("digest", digests, digest_count, digest_shape),
	LIST("arg", args, arg_count, argument_shape),
	LIST("data", data, data_count, argument_shape),
	NESTED(ROW_POINTER, ret, argument_shape),
	CHOICE(ret_action, action_kinds),
	LIST("rule", rules, rule_count, rule_shape),
	ROW(ROW_TEXT, message),
	COUNTED(ROW_TEXTS, "tag", tags, tag_count),
	ROW(ROW_BOOL, is_syscall),
	ROW(ROW_BOOL, is_ignored_when_missing),
	ROW(ROW_BOOL, is_ignored_when_other),
};
static const struct shape hook_shape = SHAPE(hook_rows);
#undef TYPE

#define TYPE struct list_spec
static const struct row list_rows[] = {
	ROW(ROW_TEXT, path),
	ROW(ROW_TEXT, name),
	WORD(kind, list_kinds),
	ROW(ROW_NOTE, pattern),
	COUNTED(ROW_NOTED, "value", values, value_count),
};
static const struct shape list_shape = SHAPE(list_rows);
#undef TYPE

#define TYPE struct option_spec
static const struct row option_rows[] = { ROW(ROW_TEXT, name), ROW(ROW_TEXT, value) };
static const struct shape option_shape = SHAPE(option_rows);
#undef TYPE

#define TYPE struct enforcer_spec
static const struct row enforcer_rows[] = {
	ROW(ROW_TEXT, path),
	COUNTED(ROW_VALUES, "call", calls, call_count),
};
static const struct shape enforcer_shape = SHAPE(enforcer_rows);
#undef TYPE

#define TYPE struct policy_spec
static const struct row policy_rows[] = {
	ROW(ROW_TEXT, name),
	ROW(ROW_TEXT, kube_namespace),
	WORD(mode, policy_modes),
	LIST("hook", hooks, hook_count, hook_shape),
	NESTED(ROW_POINTER, scope, scope_shape),
	LIST("node", nodes, node_count, selector_shape),
	LIST("list", lists, list_count, list_shape),
	LIST("enforcer", enforcers, enforcer_count, enforcer_shape),
	LIST("option", options, option_count, option_shape),
	CHOICE(override_method, override_methods),
	ROW(ROW_BOOL, has_no_kprobe_multi),
	ROW(ROW_BOOL, has_no_uprobe_multi),
	ROW(ROW_BOOL, wants_library_loads),
};
const struct shape policy_shape = SHAPE(policy_rows);
#undef TYPE
