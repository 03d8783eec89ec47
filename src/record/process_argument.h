/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_PROCESS_ARGUMENT_H
#define SRC_RECORD_PROCESS_ARGUMENT_H

/*
 * One argument, datum or return value that a hook of a policy caught, with its type: a tagged union of everything that
 * Tetragon's events can say of one. It is plain data and owns nothing, as record/process_event.h, which has lists of them.
 * pipeline/ fills them from the values of a ring's record; sinks and filters read them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Any bytes, without a NUL behind them; those that go out as text are made UTF-8 there. */
struct text_view {
	const char *data; /* borrowed */
	size_t len;       /* 0: absent */
};

static inline struct text_view text_view_of(const char *text)
{
	return (struct text_view){ .data = text, .len = text ? strlen(text) : 0 };
}

struct text_pair {
	struct text_view key, value;
};

/* Numbers that are there although they are 0. */
struct optional_u32 {
	uint32_t value;
	bool is_set;
};

struct optional_i32 {
	int32_t value;
	bool is_set;
};

struct optional_bool {
	bool value;
	bool is_set;
};

static inline struct optional_u32 optional_u32_of(uint32_t value)
{
	return (struct optional_u32){ .value = value, .is_set = true };
}

static inline struct optional_i32 optional_i32_of(int32_t value)
{
	return (struct optional_i32){ .value = value, .is_set = true };
}

static inline struct optional_bool optional_bool_of(bool value)
{
	return (struct optional_bool){ .value = value, .is_set = true };
}

/* A bit for each capability. */
struct capabilities_view {
	uint64_t permitted, effective, inheritable;
};

struct namespace_view {
	uint32_t inode;
	bool is_host;
};

struct user_namespace_view {
	struct optional_i32 level; /* 0: the host's */
	struct optional_u32 uid, gid;
	const struct namespace_view *namespace;
};

struct credentials_view {
	struct optional_u32 uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	uint64_t securebits; /* as the kernel has them */
	const struct capabilities_view *capabilities;
	const struct user_namespace_view *user_namespace;
};

enum argument_kind {
	ARGUMENT_NONE, /* nothing was caught: {} */
	ARGUMENT_STRING,
	ARGUMENT_INT,
	ARGUMENT_SKB,
	ARGUMENT_SIZE, /* and ulong, uint64, size_t */
	ARGUMENT_BYTES,
	ARGUMENT_PATH,
	ARGUMENT_FILE,
	ARGUMENT_TRUNCATED_BYTES,
	ARGUMENT_SOCK,
	ARGUMENT_CRED, /* Tetragon's older form of CREDENTIALS */
	ARGUMENT_LONG,
	ARGUMENT_BPF_ATTR,
	ARGUMENT_PERF_EVENT,
	ARGUMENT_BPF_MAP,
	ARGUMENT_UINT,
	ARGUMENT_OLD_USER_NAMESPACE, /* likewise of USER_NAMESPACE */
	ARGUMENT_CAPABILITY,
	ARGUMENT_CREDENTIALS,
	ARGUMENT_USER_NAMESPACE,
	ARGUMENT_MODULE,
	ARGUMENT_KERNEL_CAP, /* `text`, in hexadecimal, as the three below */
	ARGUMENT_CAP_INHERITABLE,
	ARGUMENT_CAP_PERMITTED,
	ARGUMENT_CAP_EFFECTIVE,
	ARGUMENT_LINUX_BINPRM,
	ARGUMENT_NET_DEVICE,
	ARGUMENT_BPF_COMMAND,
	ARGUMENT_SYSCALL,
	ARGUMENT_SOCKADDR,
	ARGUMENT_BPF_PROGRAM,
	ARGUMENT_ERROR,
	ARGUMENT_SOCKADDR_UN,
	ARGUMENT_KIND_COUNT,
};

/* Of FILE, PATH and LINUX_BINPRM (which has no mount), of kiocb, dentry and fd as well. */
struct path_view {
	struct text_view mount, path;
	struct text_view flags;      /* "unresolvedPathComponents" */
	struct text_view permission; /* "-rwxr-xr-x" */
};

struct bytes_view {
	struct text_view bytes;
	uint64_t original_size; /* of TRUNCATED_BYTES: how many there were */
};

struct sock_view {
	struct text_view family, type, protocol; /* "AF_INET", "SOCK_STREAM", "IPPROTO_TCP" */
	uint32_t mark, priority;
	struct text_view source, destination; /* addresses in letters */
	uint32_t source_port, destination_port;
	uint64_t cookie;        /* where it is in the kernel */
	struct text_view state; /* "TCP_ESTABLISHED" */
};

struct skb_view {
	uint32_t hash, len, priority, mark;
	struct text_view source, destination;
	uint32_t source_port, destination_port;
	uint32_t proto; /* of IP, in numbers */
	uint32_t security_path_len, security_path_olen;
	struct text_view protocol, family;
};

struct sockaddr_view {
	struct text_view family, address;
	uint32_t port;
};

struct sockaddr_un_view {
	struct text_view family, path; /* abstract names with "@" */
};

struct net_device_view {
	struct text_view name;
};

struct capability_view {
	struct optional_i32 value;
	struct text_view name;
};

/* BPF_ATTR and BPF_PROGRAM. */
struct bpf_program_view {
	struct text_view type;
	uint32_t instruction_count;
	struct text_view name;
};

struct bpf_map_view {
	struct text_view type;
	uint32_t key_size, value_size, max_entries;
	struct text_view name;
};

struct perf_event_view {
	struct text_view function, type;
	uint64_t config, probe_offset;
};

/* MODULE: of load_info and module. */
struct module_view {
	struct text_view name;
	struct optional_bool is_signature_ok;
	uint64_t tainted; /* as the kernel has it */
};

struct syscall_view {
	uint32_t id;
	struct text_view abi; /* "x64" */
};

struct error_view {
	struct text_view message;
};

struct process_argument {
	enum argument_kind kind;
	struct text_view label;
	union {
		struct text_view text;   /* STRING, KERNEL_CAP, CAP_… */
		int32_t number_i32;      /* INT, BPF_COMMAND */
		uint32_t number_u32;     /* UINT */
		int64_t number_i64;      /* LONG */
		uint64_t number_u64;     /* SIZE */
		struct bytes_view bytes; /* BYTES, TRUNCATED_BYTES */
		struct path_view path;   /* PATH, FILE, LINUX_BINPRM */
		struct sock_view sock;
		struct skb_view skb;
		struct sockaddr_view sockaddr;
		struct sockaddr_un_view sockaddr_un;
		struct net_device_view net_device;
		struct capabilities_view capabilities; /* CRED */
		struct credentials_view credentials;
		struct capability_view capability;
		struct user_namespace_view user_namespace; /* and OLD_USER_NAMESPACE */
		struct bpf_program_view bpf_program;       /* and BPF_ATTR */
		struct bpf_map_view bpf_map;
		struct perf_event_view perf_event;
		struct module_view module;
		struct syscall_view syscall;
		struct error_view error;
	};
};

#endif
