/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_PROCESS_EVENT_H
#define SRC_RECORD_PROCESS_EVENT_H

/*
 * One event of a policy: who did what, and what became of it, in the words of Tetragon's events and in the order of its
 * schema. It is plain data and owns nothing: texts and everything behind a pointer belong to who filled it, and live until
 * the call that it was handed to returns. pipeline/ fills one from the bytes of a ring, record/process_event_parse.h from
 * a line of JSON; filters, redaction and sinks read it by its members or, all of them alike, by record/process_schema.h.
 *
 * What an event does not have is said to be absent: a pointer is NULL, a count or length 0, an optional_… not set. Zeroed
 * memory is an event that has nothing. Plain numbers, as in Tetragon's JSON, cannot tell 0 from absent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record/process_argument.h"

enum process_event_kind {
	PROCESS_EVENT_NONE,
	PROCESS_EVENT_EXEC,
	PROCESS_EVENT_EXIT,
	PROCESS_EVENT_KPROBE, /* functions and system calls of the kernel, whatever they are attached by */
	PROCESS_EVENT_TRACEPOINT,
	PROCESS_EVENT_LOADER,
	PROCESS_EVENT_UPROBE,
	PROCESS_EVENT_THROTTLE,
	PROCESS_EVENT_LSM,
	PROCESS_EVENT_USDT,
	PROCESS_EVENT_TEST,
	PROCESS_EVENT_RATE_LIMIT_INFO,
	PROCESS_EVENT_KIND_COUNT,
};

/* What was done, or would have been done in monitor mode; numbers as Tetragon has them. */
enum process_action {
	PROCESS_ACTION_UNKNOWN = 0,
	PROCESS_ACTION_POST = 1,
	PROCESS_ACTION_FOLLOWFD = 2,
	PROCESS_ACTION_SIGKILL = 3,
	PROCESS_ACTION_UNFOLLOWFD = 4,
	PROCESS_ACTION_OVERRIDE = 5,
	PROCESS_ACTION_COPYFD = 6,
	PROCESS_ACTION_GETURL = 7,
	PROCESS_ACTION_DNSLOOKUP = 8,
	PROCESS_ACTION_NOPOST = 9,
	PROCESS_ACTION_SIGNAL = 10,
	PROCESS_ACTION_TRACKSOCK = 11,
	PROCESS_ACTION_UNTRACKSOCK = 12,
	PROCESS_ACTION_NOTIFYENFORCER = 13,
	PROCESS_ACTION_CLEANUPENFORCERNOTIFICATION = 14,
	PROCESS_ACTION_SET = 15,
};

enum process_throttle {
	PROCESS_THROTTLE_UNKNOWN = 0,
	PROCESS_THROTTLE_START = 1,
	PROCESS_THROTTLE_STOP = 2,
};

/* Of the wall clock, since the epoch; nanoseconds below 10^9. */
struct event_time {
	int64_t seconds;
	uint32_t nanoseconds;
	bool is_set;
};

static inline struct event_time event_time_from_ns(int64_t ns)
{
	int64_t rest = ns % 1000000000;

	return (struct event_time){ .seconds = ns / 1000000000 - (rest < 0),
				    .nanoseconds = (uint32_t)(rest < 0 ? rest + 1000000000 : rest),
				    .is_set = true };
}

struct image_view {
	struct text_view id, name;
};

struct security_context_view {
	bool is_privileged;
};

struct container_view {
	struct text_view id, name;
	const struct image_view *image;
	struct event_time start_time;
	struct optional_u32 pid; /* in the container's pid namespace */
	bool is_maybe_exec_probe;
	const struct security_context_view *security_context;
};

struct pod_view {
	struct text_view namespace, name, uid;
	const struct container_view *container;
	/* Sorted by key, as all pairs here are. */
	const struct text_pair *labels;
	uint32_t label_count;
	struct text_view workload, workload_kind;
	const struct text_pair *annotations;
	uint32_t annotation_count;
};

/* In the order of bpf/abi/who.h; NULL: not known. */
struct namespaces_view {
	const struct namespace_view *uts, *ipc, *mnt, *pid, *pid_for_children;
	const struct namespace_view *net, *time, *time_for_children, *cgroup, *user;
};

struct inode_view {
	uint64_t number;
	struct optional_u32 links;
};

struct file_properties_view {
	const struct inode_view *inode;
	struct text_view path;
};

struct binary_properties_view {
	struct optional_u32 setuid, setgid;
	/* A bit of enrich/process.h's `raised` is bit n here shifted by one: bit 1: by capabilities of the file, 2: by
	 * setuid, 3: by setgid. */
	uint64_t privileges_changed;
	const struct file_properties_view *file;
};

struct user_view {
	struct text_view name;
};

/* One image of a process, as an event has it. */
struct process_view {
	struct text_view exec_id; /* base64 of NODE:TIME:PID */
	struct optional_u32 pid, uid;
	struct text_view cwd, binary;
	struct text_view arguments; /* joined by blanks */
	struct text_view flags;     /* "execve clone" */
	struct event_time start_time;
	struct optional_u32 auid;
	const struct pod_view *pod;
	struct text_view container; /* the first 31 characters of its id: Tetragon's `docker` */
	struct text_view parent_exec_id;
	uint32_t references; /* Tetragon's `refcnt` */
	const struct capabilities_view *capabilities;
	const struct namespaces_view *namespaces;
	struct optional_u32 tid;
	const struct credentials_view *credentials;
	const struct binary_properties_view *binary_properties;
	const struct user_view *user;
	struct optional_bool is_in_init_tree;
	const struct text_pair *environment; /* in the order of the process */
	uint32_t environment_count;
};

struct stack_frame {
	uint64_t address, offset;
	struct text_view symbol, module;
};

struct event_aggregation {
	uint64_t count;
};

/* Of the members below only those exist that the event's kind has. */
struct process_event {
	enum process_event_kind kind;

	/* What all but THROTTLE, TEST and RATE_LIMIT_INFO have. */
	const struct process_view *process, *parent;
	const struct process_view *const *ancestors; /* the parent's parent first */
	uint32_t ancestor_count;

	/* EXIT */
	struct text_view signal; /* "SIGKILL" */
	uint32_t status;
	struct event_time exit_time;

	/* Hooks: KPROBE, TRACEPOINT, UPROBE, LSM, USDT */
	struct text_view function_name;    /* KPROBE: "__x64_sys_read"; LSM: "file_open" */
	struct text_view subsystem, event; /* TRACEPOINT */
	struct text_view path;             /* UPROBE, USDT, and LOADER */
	struct text_view symbol;           /* UPROBE */
	struct text_view provider, name;   /* USDT */
	const struct process_argument *arguments;
	uint32_t argument_count;
	const struct process_argument *data; /* KPROBE, UPROBE */
	uint32_t data_count;
	const struct process_argument *result; /* KPROBE: what it returned */
	int32_t action;                        /* enum process_action */
	int32_t return_action;                 /* KPROBE; likewise */
	struct text_view policy_name, message;
	const struct text_view *tags;
	uint32_t tag_count;
	const struct stack_frame *kernel_stack, *user_stack; /* KPROBE; innermost first */
	uint32_t kernel_stack_count, user_stack_count;
	uint64_t offset, ref_ctr_offset; /* UPROBE */
	struct text_view flags;          /* USDT */
	struct text_view ima_hash;       /* LSM: "sha256:…" */

	/* LOADER */
	struct text_view build_id; /* raw bytes */

	/* THROTTLE */
	int32_t throttle; /* enum process_throttle */
	struct text_view cgroup;

	/* RATE_LIMIT_INFO */
	uint64_t dropped;

	/* TEST */
	uint64_t test[4];

	/* All */
	struct text_view node_name;
	struct event_time time;
	const struct event_aggregation *aggregation;
	struct text_view cluster_name;
	const struct text_pair *node_labels;
	uint32_t node_label_count;
};

/* "process_exec", as JSON and labels of metrics have it; NULL: none. */
const char *process_event_kind_name(enum process_event_kind kind);
/* Of "process_exec" and "PROCESS_EXEC"; PROCESS_EVENT_NONE: none of that name. */
enum process_event_kind process_event_kind_find(const char *name, size_t len);
/* Of Tetragon's numbers (1, 5, 9 …); PROCESS_EVENT_NONE: none. */
enum process_event_kind process_event_kind_from_number(uint32_t number);

#endif
