/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_SPEC_POLICY_H
#define SRC_CONFIG_SPEC_POLICY_H

/*
 * A policy: which calls are watched, in whom, what of them is shown, and what is done then.
 * Plain data in the spec's arena, const after loading; spec.h includes it.
 * config/tracing_policy writes it, policy/ compiles it.
 *
 * What needs no kernel is checked already: names of lists, arguments that matches and actions refer to (they are
 * positions in args[] and data[] here), words, numbers of the text's own. Types of arguments and values to compare
 * with stay the texts that were written: what they mean depends on the kernel and on one another.
 *
 * `path` says where in the text something stands as its language writes it, "spec.kprobes[0].selectors[1].matchArgs[0]":
 * messages about a member append its name. What came from a macro has the path of the macro.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config/spec_match.h"
#include "config/spec_text.h"

/* A text that may also be the name of a list of the policy. */
struct value_spec {
	const char *text; /* as written, "list:NAME" included; NUL bytes may stand before its end */
	struct loc at;
	size_t len;
	uint32_t list; /* index into policy_spec.lists, or SPEC_NONE */
};

struct number_spec {
	uint64_t value;
	struct loc at;
};

/* ---- who --------------------------------------------------------------------------------------------------- */

enum selector_subject {
	SELECTOR_POD,       /* a label of the pod */
	SELECTOR_CONTAINER, /* a property of the container: "name", "repo" */
	SELECTOR_NODE,      /* a label of the node */
	SELECTOR_NAMESPACE, /* the pod's namespace; it has no key */
};

enum selector_op { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_NOT_EXISTS };

struct selector_spec { /* who is meant: key op values */
	struct loc at;
	enum selector_subject subject;
	const char *key; /* or NULL */
	enum selector_op op;
	const struct spec_text *values;
	uint32_t value_count;
};

/*
 * Whom a policy or one of its rules is about: processes of the host, or of containers for which all requirements hold,
 * or both.
 */
struct scope_spec {
	struct loc at;
	const char *path;
	bool has_host;       /* whatever runs in no container */
	bool has_containers; /* all of them when there are no requirements */
	const struct selector_spec *requirements;
	uint32_t requirement_count;
};

/* ---- what is looked at ------------------------------------------------------------------------------------- */

enum data_source {
	DATA_SOURCE_CALL,      /* the hooked call's arguments, or its result */
	DATA_SOURCE_TASK,      /* the current task */
	DATA_SOURCE_REGISTERS, /* a register, whose name is the first component of resolve */
};

struct argument_spec {
	struct loc at;
	const char *path;
	/* Position among the call's parameters, or among all fields of a classic tracepoint's record. Of data it says
	 * nothing. */
	uint32_t index;
	struct spec_text
		type; /* by the language's documented names; "auto": what the kernel says */
	struct spec_text
		resolve; /* way through members, "a.b[2].c"; text NULL: the argument itself */
	struct spec_text btf_type; /* what the way begins in; text NULL: the argument's own type */
	const char *btf_module;    /* kernel module that knows btf_type, or NULL */
	const char *label;         /* or NULL */
	enum data_source source;
	/* The parameter, counted from 1, that holds the size in bytes; 0: none was named. */
	uint32_t size_parameter;
	bool is_max_data;
	bool is_return_copy; /* read when the call returns */
};

/* ---- when it counts ---------------------------------------------------------------------------------------- */

enum match_subject {
	MATCH_SUBJECT_ARG,
	MATCH_SUBJECT_DATA,
	MATCH_SUBJECT_RETURN, /* evaluated when the call returns */
	MATCH_SUBJECT_PID,
	MATCH_SUBJECT_BINARY,
	MATCH_SUBJECT_PARENT_BINARY,
	MATCH_SUBJECT_NAMESPACE,
	MATCH_SUBJECT_NAMESPACE_CHANGE,
	MATCH_SUBJECT_CAPABILITY,
	MATCH_SUBJECT_CAPABILITY_CHANGE,
};

enum match_end { MATCH_END_NONE, MATCH_END_SOURCE, MATCH_END_DESTINATION };

enum namespace_kind {
	NAMESPACE_KIND_UTS,
	NAMESPACE_KIND_IPC,
	NAMESPACE_KIND_MNT,
	NAMESPACE_KIND_PID,
	NAMESPACE_KIND_PID_FOR_CHILDREN,
	NAMESPACE_KIND_NET,
	NAMESPACE_KIND_TIME,
	NAMESPACE_KIND_TIME_FOR_CHILDREN,
	NAMESPACE_KIND_CGROUP,
	NAMESPACE_KIND_USER,
	NAMESPACE_KIND_COUNT,
};

enum capability_set {
	CAPABILITY_SET_EFFECTIVE,
	CAPABILITY_SET_INHERITABLE,
	CAPABILITY_SET_PERMITTED,
};

#define MATCH_MAX_ARGS 2u

struct match_spec {
	struct loc at;
	const char *path;
	enum match_subject subject;
	struct loc op_at;
	enum match_op op;
	enum match_end end; /* of ops about one end of a connection */
	/* ARG, DATA: positions in the hook's args[] or data[]. One; two for CAPABILITIES_GAINED (new, old); none for
	 * EXPRESSION, whose arg0 is args[0]. */
	uint32_t args[MATCH_MAX_ARGS];
	uint32_t arg_count;
	const struct value_spec *values; /* numbers and names as written */
	uint32_t value_count;
	/* PID; it has no other values. */
	const struct number_spec *pids;
	uint32_t pid_count;
	bool is_namespace_pid;
	bool follow_forks;
	/* BINARY, PARENT_BINARY */
	bool follow_children;
	/* A bit for each namespace_kind. NAMESPACE: one of them, values are inodes or "host_ns"; NAMESPACE_CHANGE: any,
	 * values are their names. */
	uint32_t namespace_kinds;
	/* CAPABILITY, CAPABILITY_CHANGE: a bit for each; values are their names. */
	enum capability_set capability_set;
	uint64_t capabilities;
	bool is_namespace_capability; /* holds only in a user namespace that is not the host's */
};

/* ---- what is done ------------------------------------------------------------------------------------------ */

enum action_kind {
	ACTION_KIND_NONE,
	ACTION_KIND_POST,
	ACTION_KIND_NO_POST,
	ACTION_KIND_SIGKILL,
	ACTION_KIND_SIGNAL,
	ACTION_KIND_OVERRIDE,
	ACTION_KIND_GET_URL,
	ACTION_KIND_DNS_LOOKUP,
	ACTION_KIND_TRACK_SOCK,
	ACTION_KIND_UNTRACK_SOCK,
	ACTION_KIND_NOTIFY_ENFORCER,
	ACTION_KIND_CLEANUP_ENFORCER,
	ACTION_KIND_SET,
};

enum rate_scope { RATE_SCOPE_THREAD, RATE_SCOPE_PROCESS, RATE_SCOPE_GLOBAL };

struct action_spec {
	struct loc at;
	const char *path;
	enum action_kind kind;
	int32_t error;      /* OVERRIDE, NOTIFY_ENFORCER: what the call returns */
	uint32_t signal;    /* SIGNAL, NOTIFY_ENFORCER; 0: none */
	uint32_t arg;       /* TRACK_SOCK, UNTRACK_SOCK, SET: position in the hook's args[] */
	uint32_t value;     /* SET */
	const char *target; /* GET_URL, DNS_LOOKUP: URL or name; otherwise NULL */
	/* OVERRIDE of a uprobe: registers to set, "rax=1", or where to go on. */
	const struct spec_text *registers;
	uint32_t register_count;
	struct spec_text new_symbol; /* text NULL: none */
	uint64_t new_address;
	int64_t new_offset;
	bool has_error, has_new_address, has_new_offset;
	/* POST: no second event of the same arguments in the scope before this time has passed; 0: no limit. */
	uint64_t rate_ns;
	enum rate_scope rate_scope;
	bool wants_kernel_stack, wants_user_stack, wants_image_hash;
};

/* All matches have to hold. Of the rules of a hook the first that does is carried out, the others are not looked at. */
struct rule_spec {
	struct loc at;
	const char *path;
	const char *label;              /* or NULL */
	const struct scope_spec *scope; /* beside that of the policy; NULL: everybody */
	const struct match_spec *matches;
	uint32_t match_count;
	const struct action_spec *actions; /* none: POST */
	uint32_t action_count;
	/* When the call returns and matches about what it returns hold. */
	const struct action_spec *return_actions;
	uint32_t return_action_count;
};

/* ---- where it is looked ------------------------------------------------------------------------------------ */

enum hook_kind {
	HOOK_KIND_KPROBE,
	HOOK_KIND_FENTRY,
	HOOK_KIND_TRACEPOINT,
	HOOK_KIND_RAW_TRACEPOINT,
	HOOK_KIND_UPROBE,
	HOOK_KIND_USDT,
	HOOK_KIND_LSM,
};

enum digest_kind {
	DIGEST_KIND_SHA1,
	DIGEST_KIND_SHA256,
	DIGEST_KIND_SHA384,
	DIGEST_KIND_SHA512,
	DIGEST_KIND_BUILD_ID,
};

struct digest_spec {
	struct loc at;
	enum digest_kind kind;
	const char *hex; /* lower case, of the kind's length; a build id of any even length */
};

struct hook_spec {
	struct loc at;
	const char *path;
	enum hook_kind kind;
	/* In the text's list of its own: kprobes, fentries, lsmhooks, uprobes, usdts; tracepoints of both kinds share one. */
	uint32_t index;
	struct value_spec
		call; /* function, tracepoint event, LSM hook, name of a USDT; text NULL: uprobe */
	const char *subsystem; /* of a tracepoint, or NULL */
	const char *provider;  /* of a USDT, or NULL */
	struct spec_text file; /* the binary of a uprobe or USDT; text NULL otherwise */
	const char *btf_file;  /* types of the binary, or NULL */
	/* Of a uprobe: one of the three lists has members. */
	const struct spec_text *symbols; /* "name" or "name+offset" */
	uint32_t symbol_count;
	const struct number_spec *offsets; /* in the file */
	uint32_t offset_count;
	const struct number_spec *addresses; /* as the binary's headers count them */
	uint32_t address_count;
	const struct number_spec
		*counters; /* of references, one for each place, as offsets; or none */
	uint32_t counter_count;
	const struct digest_spec
		*digests; /* the binary must have one of these; none: whatever it is */
	uint32_t digest_count;
	const struct argument_spec *args, *data;
	uint32_t arg_count, data_count;
	const struct argument_spec *ret; /* the result is looked at; or NULL */
	enum action_kind ret_action;     /* TRACK_SOCK, UNTRACK_SOCK: of the result; or NONE */
	const struct rule_spec *rules;   /* none: every call is posted */
	uint32_t rule_count;
	const char *message; /* or NULL */
	const char *const *tags;
	uint32_t tag_count;
	bool is_syscall; /* of a kprobe or fentry: the call is one, with or without the prefix of an architecture */
	bool is_ignored_when_missing; /* the kernel has no such call */
	bool is_ignored_when_other;   /* the binary has none of the digests */
};

enum list_kind {
	LIST_KIND_FUNCTIONS,
	LIST_KIND_SYSCALLS,
	LIST_KIND_ALL_SYSCALLS, /* of this kernel; no values */
	LIST_KIND_MATCHING_FUNCTIONS, /* functions of this kernel for which the pattern holds; no values */
};

struct list_spec { /* a named set of calls */
	struct loc at;
	const char *path;
	const char *name;
	enum list_kind kind;
	struct spec_text pattern;       /* a regular expression; text NULL: none */
	const struct spec_text *values; /* as written: "sys_dup", "i386/sys_dup" */
	uint32_t value_count;
};

struct option_spec {
	struct loc at;
	const char *name;
	const char *value;
};

/* Calls that do what an action of NOTIFY_ENFORCER left as a note. */
struct enforcer_spec {
	struct loc at;
	const char *path;
	const struct value_spec *calls;
	uint32_t call_count;
};

/* ---- the whole --------------------------------------------------------------------------------------------- */

enum policy_mode { POLICY_MODE_ENFORCE, POLICY_MODE_MONITOR };
enum override_method { OVERRIDE_METHOD_ANY, OVERRIDE_METHOD_FMOD_RET, OVERRIDE_METHOD_RETURN };

struct policy_spec {
	struct loc at;
	const char *name;
	const char *kube_namespace; /* or NULL: of the whole cluster */
	enum policy_mode mode;
	const struct hook_spec
		*hooks; /* kprobes, fentries, tracepoints, uprobes, usdts, LSM hooks */
	uint32_t hook_count;
	const struct scope_spec *scope;    /* NULL: everybody */
	const struct selector_spec *nodes; /* it is loaded only where all of these hold */
	uint32_t node_count;
	const struct list_spec *lists;
	uint32_t list_count;
	const struct enforcer_spec *enforcers;
	uint32_t enforcer_count;
	const struct option_spec *options; /* all, those that follow included */
	uint32_t option_count;
	enum override_method override_method;
	bool has_no_kprobe_multi, has_no_uprobe_multi; /* these ways to attach are not wanted */
	bool wants_library_loads;                      /* events of libraries that processes map */
};

#endif
