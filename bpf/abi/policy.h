/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_ABI_POLICY_H
#define BPF_ABI_POLICY_H

/*
 * What programs of policies and user space have in common: records of the ring, keys and values of the shared maps.
 * The kernel writes records and counts, in the machine's byte order; user space writes modes, sets and masks.
 * bpf/policy.bpf.c has the maps and the routines, src/emit/ the code that calls them, src/pipeline/ reads.
 */

#include <linux/types.h>

#define POLICY_VERSION 2
#define POLICY_HOOKS_MAX 4096 /* hooks of all policies together */
#define POLICY_VALUES_MAX 16  /* args, data and the returned value of one hook */
#define POLICY_TEXT_MAX 4096  /* with its NUL */
#define POLICY_BYTES_MAX                                                                           \
	4095 /* of a buffer; more comes in records of its own before (POLICY_RECORD_DATA) */
#define POLICY_DATA_MAX 327360 /* of a buffer in pieces */

/* What a value is, and how its bytes look in a record. */
enum policy_class {
	POLICY_CLASS_NUMBER,  /* the word itself */
	POLICY_CLASS_TEXT,    /* struct policy_place: bytes without a NUL */
	POLICY_CLASS_BYTES,   /* … struct policy_bytes, then the bytes */
	POLICY_CLASS_PATH,    /* … struct policy_path, then its text without a NUL */
	POLICY_CLASS_SOCKET,  /* … struct policy_socket */
	POLICY_CLASS_PACKET,  /* … struct policy_packet */
	POLICY_CLASS_ADDRESS, /* … struct policy_address (sockaddr, sockaddr_un) */
	POLICY_CLASS_CREDENTIALS, /* … struct who_credentials, then the user namespace's struct policy_user_namespace */
	POLICY_CLASS_USER_NAMESPACE,
	POLICY_CLASS_CAPABILITY,     /* the word: number */
	POLICY_CLASS_CAPABILITIES,   /* the word: a bit each */
	POLICY_CLASS_BPF_ATTRIBUTES, /* … struct policy_bpf */
	POLICY_CLASS_BPF_MAP,
	POLICY_CLASS_BPF_PROGRAM,
	POLICY_CLASS_PERF_EVENT,
	POLICY_CLASS_MODULE,
	POLICY_CLASS_SYSCALL, /* the word: number, POLICY_SYSCALL_32 */
	POLICY_CLASS_NOTHING, /* of a position that is skipped */
};

#define POLICY_SYSCALL_32 0x80000000u

enum policy_capabilities {
	POLICY_CAPABILITIES_EFFECTIVE,
	POLICY_CAPABILITIES_INHERITABLE,
	POLICY_CAPABILITIES_PERMITTED
};

enum policy_socket_part {
	POLICY_SOCKET_SOURCE_ADDRESS, /* set: networks */
	POLICY_SOCKET_DESTINATION_ADDRESS,
	POLICY_SOCKET_SOURCE_PORT, /* ranges or set */
	POLICY_SOCKET_DESTINATION_PORT,
	POLICY_SOCKET_PROTOCOL,
	POLICY_SOCKET_FAMILY,
	POLICY_SOCKET_STATE,
};

enum policy_text_op {
	POLICY_TEXT_EQUAL,
	POLICY_TEXT_PREFIX,
	POLICY_TEXT_POSTFIX,
	POLICY_TEXT_SUBSTRING,
	POLICY_TEXT_SUBSTRING_ANY_CASE,
};

/* Numbers as Tetragon's API has them. */
enum policy_action {
	POLICY_ACTION_NONE = 0,
	POLICY_ACTION_POST = 1,
	POLICY_ACTION_SIGKILL = 3,
	POLICY_ACTION_OVERRIDE = 5,
	POLICY_ACTION_GET_URL = 7,
	POLICY_ACTION_DNS_LOOKUP = 8,
	POLICY_ACTION_NO_POST = 9,
	POLICY_ACTION_SIGNAL = 10,
	POLICY_ACTION_TRACK_SOCK = 11,
	POLICY_ACTION_UNTRACK_SOCK = 12,
	POLICY_ACTION_NOTIFY_ENFORCER = 13,
	POLICY_ACTION_CLEANUP_ENFORCER = 14,
	POLICY_ACTION_SET = 15,
};

enum policy_rate_scope { POLICY_RATE_THREAD, POLICY_RATE_PROCESS, POLICY_RATE_GLOBAL };

/* ---- the switch of each hook: array `policy_switches`, one element, a byte for each hook; user space maps it ---- */
#define POLICY_SWITCH_EVENTS (1u << 0)  /* somebody wants records */
#define POLICY_SWITCH_ENFORCE (1u << 1) /* actions that change what happens are taken */
#define POLICY_SWITCH_ON (1u << 2)      /* the hook works at all */

/* ---- counts: per-CPU hash `policy_counts`, key below, value __u64 ---- */
struct policy_count_key {
	__u32 hook;
	__u32 label;       /* a system call's number, or 0xffffffff */
	__u64 binary_hash; /* struct who_process.binary_hash, or 0 */
	__u64 cgroup_id;   /* or 0 */
};
_Static_assert(sizeof(struct policy_count_key) == 24, "policy_count_key");

/* ---- counts by number of system call alone: per-CPU array `policy_call_counts`, a row for a hook that has one. Numbers that it
 * has no room for, those of 32-bit calls among them, are in `policy_counts` ---- */
#define POLICY_CALL_TABLES 4
#define POLICY_CALL_NUMBERS 512
struct policy_call_counts {
	__u64 of[POLICY_CALL_NUMBERS];
};

/* ---- figures: per-CPU array `policy_figures` of POLICY_FIGURES_MAX rows: of each hook one for each rule, at least one ---- */
#define POLICY_FIGURES_MAX 2048
struct policy_figures {
	__u64 matched;    /* the rule decided */
	__u64 posted;     /* a record was made */
	__u64 not_posted; /* its action says so */
	__u64 limited;    /* its rate was over */
	__u64 lost;       /* the ring had no room, or no frame was free */
	__u64 enforced;   /* signals, overrides, notes: taken */
	__u64 monitored;  /* … or only counted */
	__u64 uncounted;  /* no room for its key: not in policy_counts */
};
_Static_assert(sizeof(struct policy_figures) == 64, "policy_figures");

/* ---- records of the ring `policy_records` ---- */
#define POLICY_RECORD_HOOK 1 /* struct policy_record */
#define POLICY_RECORD_RETURN                                                                       \
	2 /* struct policy_record: the other end of a HOOK of the same thread and entry time */
#define POLICY_RECORD_DATA                                                                         \
	3 /* struct policy_data: a piece of a buffer of the record that follows */

struct policy_header {
	__u32 size; /* of the record, all in all; a multiple of 8 */
	__u16 kind;
	__u16 version;
	__u64 time_ns; /* monotonic */
};

struct policy_record {
	struct policy_header header;
	__u64 entry_time_ns;   /* of the HOOK that a RETURN belongs to; of a HOOK its own */
	__u64 process_time_ns; /* with tgid the struct who_key; 0: not in the table */
	__u32 tgid, tid;
	__u64 owner_time_ns; /* of the process that TRACK_SOCK remembered, with owner_tgid; 0: none */
	__u32 owner_tgid;
	__u32 hook;
	__u16 rule;        /* 0xffff: there are none */
	__u8 action;       /* enum policy_action: the last that was taken */
	__u8 flags;        /* POLICY_FLAG_… */
	__u16 value_count; /* struct policy_word each, behind the header */
	__u16 pad;
	__s32 kernel_stack, user_stack; /* ids in `policy_stacks`; negative: none */
	__u16 image_hash_algorithm; /* enum hash_algo of the kernel; with an offset of 0: none */
	__u16 pad2;
	__u32 image_hash_offset; /* of POLICY_IMAGE_HASH_MAX bytes, from the start of the record */
};
_Static_assert(sizeof(struct policy_record) == 80, "policy_record");
#define POLICY_IMAGE_HASH_MAX 64

#define POLICY_FLAG_RETURNS (1u << 0)   /* a RETURN record will follow */
#define POLICY_FLAG_MONITORED (1u << 1) /* the action was not taken, for the policy only monitors */
#define POLICY_FLAG_CUT (1u << 2)       /* a value had no room */

/* A value: a number, or where its bytes are. */
struct policy_place {
	__u32 offset; /* from the start of the record; 0: not there, then … */
	__s32 size;   /* … 0 or a negative errno */
};
union policy_word {
	__u64 number;
	struct policy_place place;
};

struct policy_bytes {
	__u32 size;          /* that follow here */
	__u32 original_size; /* that there were */
};

#define POLICY_PATH_CUT                                                                            \
	(1u                                                                                        \
	 << 0) /* its beginning is missing, it has too many components: unresolvedPathComponents */
struct policy_path {
	__u16 flags;
	__u16 mode; /* of the inode, with the type */
	__u32 size; /* of the text */
	__u64 inode;
};

struct policy_socket {
	__u64 cookie; /* address of the struct sock */
	__u32 mark, priority;
	__u8 source[16], destination[16];    /* IPv4: the first four bytes */
	__u16 source_port, destination_port; /* host order */
	__u16 family, type, protocol;
	__u8 state, pad;
	__u32 pad2;
};
_Static_assert(sizeof(struct policy_socket) == 64, "policy_socket");

struct policy_packet {
	__u32 hash, len, priority, mark;
	__u8 source[16], destination[16];
	__u16 source_port, destination_port;
	__u16 family, protocol;
	__u32 sec_path_len, sec_path_olen;
};
_Static_assert(sizeof(struct policy_packet) == 64, "policy_packet");

struct policy_address {
	__u16 family;
	__u16 port;
	__u32 path_size; /* AF_UNIX: bytes that follow; an abstract one begins with a NUL */
	__u8 address[16];
};

struct policy_user_namespace {
	__u32 level, owner, group, inode;
};

struct policy_bpf { /* attributes, a map, a program */
	__u32 type, instruction_count, key_size, value_size, max_entries, pad;
	char name[16];
};

struct policy_perf_event {
	__u64 config, probe_offset;
	__u32 type, pad;
	char function[64];
};

struct policy_module {
	__u64 taints;                  /* a bit each */
	__u8 is_signed, has_signature; /* signature_ok; known at all */
	__u16 pad;
	__u32 pad2;
	char name[64];
};

struct policy_data {
	struct policy_header header;
	__u64 entry_time_ns;
	__u32 tid, hook;
	__u16 value, pad;
	__u32 offset, size; /* of the piece that follows */
	__u32 pad2;
};

/* ---- sets; where the map is a hash or a trie, the value is a byte that means nothing ---- */
struct policy_number_key { /* hash `policy_numbers` */
	__u64 number;
	__u32 set, pad;
};
#define POLICY_SEED_WORDS                                                                          \
	2                /* `policy_seed`, a constant of the programs: what texts are hashed with */
struct policy_text_key { /* hash `policy_texts` */
	__u64 hash;      /* bpf/abi/policy_hash.h */
	__u32 set;
	__u32 size;
};
/* Prefixes that are longer than policy_affix_key.text are in `policy_texts`, in a set of their own. */
/* LPM `policy_networks`, `policy_prefixes`, `policy_postfixes` (bytes reversed): bits of set first, then what is asked */
struct policy_network_key {
	__u32 bits;
	__u32 set;        /* big endian */
	__u8 address[16]; /* IPv4 in set * 2, IPv6 in set * 2 + 1 */
};
struct policy_affix_key {
	__u32 bits;
	__u32 set; /* big endian */
	__u8 text[248];
};

/* ---- the frame that a record is made in: per-CPU array `policy_frames`; only programs see it ---- */
#define POLICY_FRAMES                                                                              \
	3 /* of a CPU: for what interrupts, or takes the place of, a program that has one */
#define POLICY_FRAME_BYTES 16384 /* of a record, a power of 2 */
struct policy_frame {
	__u64 busy;    /* somebody has it */
	__u64 used;    /* bytes of the record so far; a multiple of 8 */
	__u64 walk[8]; /* what loops keep from round to round */
	union {
		struct policy_record
			record; /* then policy_word[value_count], then what the words tell of */
		__u8 data[POLICY_FRAME_BYTES + POLICY_TEXT_MAX];
	};
	struct policy_affix_key affix; /* of a text that is looked for */
	/* A path is put together from its end; the rest is for the NUL that comes with a component. */
	__u8 path[POLICY_TEXT_MAX + 256];
};

/* ---- calls that have begun: hash `policy_pending`; only programs see it ---- */
#define POLICY_PENDING_WORDS 4
struct policy_pending_key {
	__u64 thread; /* bpf_get_current_pid_tgid() */
	__u32 hook, pad;
};
struct policy_pending {
	__u64 entry_time_ns;
	__u32 rule;
	__u32 flags;                       /* POLICY_PENDING_… */
	__u64 words[POLICY_PENDING_WORDS]; /* arguments that are asked for when it returns */
};
#define POLICY_PENDING_POSTED (1u << 0) /* the HOOK record is in the ring */

/* ---- how often: LRU hash `policy_rates`, value: __u64, when it was posted last; only programs see it ---- */
struct policy_rate_key {
	__u32 hook, rule;
	__u64 scope;  /* thread, process, or 0 */
	__u64 values; /* hash of what they begin with */
};

/* ---- whose a socket is (TRACK_SOCK): LRU hash `policy_sockets`; only programs see it ---- */
struct policy_socket_key {
	__u64 socket; /* address of the struct sock */
	__u32 policy; /* that follows it */
	__u32 pad;
};
struct policy_owner {
	__u64 time_ns; /* with tgid its struct who_key */
	__u32 tgid, tid;
};

/* ---- what NOTIFY_ENFORCER leaves: hash `policy_notes`; only programs see it ---- */
struct policy_note_key {
	__u64 thread; /* bpf_get_current_pid_tgid() */
	__u32 policy; /* whose enforcers it is for */
	__u32 pad;
};
struct policy_note {
	__s32 error;  /* negative errno that the call is to return; 0: none */
	__u32 signal; /* 0: none */
};

/* ---- processes: hash `policy_processes`, key __u32 tgid; only there while a policy asks ---- */
#define POLICY_MASK_WORDS 4
struct policy_process {
	__u64 binaries
		[POLICY_MASK_WORDS]; /* a bit for each matchBinaries set that the image is in, or follows */
	__u32 namespaces[10];        /* at exec: WHO_NAMESPACE_… */
	__u64 capabilities[3];       /* at exec: enum policy_capabilities */
};

/* ---- who is in which sets: only there while a policy asks ---- */
struct policy_mask {
	__u64 words[POLICY_MASK_WORDS];
};
/*
 * Of binaries, bpf/masks.bpf.c: hash `mask_texts` (struct policy_text_key, set 0), tries `mask_prefixes` and `mask_postfixes` (struct policy_affix_key,
 * set 0) of paths of images → struct policy_mask: the sets that such an image is in. A row of a trie has the bits of all
 * shorter ones that fit as well, since only the longest is found. The one element of `mask_follows`: the sets that
 * whatever descends from an image stays in.
 * Of pods, containers and the host, bpf/scopes.bpf.c: hash `policy_scopes`, __u64 id of a cgroup (v2) → struct policy_mask:
 * a bit for each scope that its processes are in. What has no row is in none.
 */
#define POLICY_SCOPES_MAX 8192

#endif
