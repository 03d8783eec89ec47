/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_TYPES_H
#define SONDE_GADGET_TYPES_H

/*
 * Types that say what a value is: user space shows, resolves and counts by them. Include vmlinux.h or linux/types.h first.
 */

/* Programs of sockets have <linux/types.h> instead, which does not know bool. */
#ifndef __VMLINUX_H__
#include <stdbool.h>
#endif

#ifndef TASK_COMM_LEN
#define TASK_COMM_LEN 16
#endif

typedef __u64 gadget_mntns_id;  /* inode of a mount namespace: whose container it is */
typedef __u32 gadget_netns_id;  /* inode of a network namespace */
typedef __u64 gadget_timestamp; /* ns of the boot clock */
typedef __u64 gadget_duration;  /* ns */
typedef __u64 gadget_bytes;     /* a number of bytes */
typedef __u32 gadget_errno;     /* positive; 0: none */
typedef __u32 gadget_signal;
typedef __u64 gadget_syscall; /* number of this architecture */
typedef __u32 gadget_file_mode;
typedef __u32 gadget_file_flags;   /* of open() */
typedef __u32 gadget_kernel_stack; /* id in map ig_kstack */

typedef __u32 gadget_pid;
typedef __u32 gadget_tid;
typedef __u32 gadget_ppid;
typedef __u32 gadget_ptid;
typedef __u32 gadget_uid;
typedef __u32 gadget_gid;
typedef char gadget_comm;  /* gadget_comm comm[TASK_COMM_LEN] */
typedef char gadget_pcomm; /* the parent's */

/* Fields that are metrics; slots are of an array, slot i counts values up to 2^i. */
typedef __u32 gadget_counter__u32;
typedef __u64 gadget_counter__u64;
typedef __u32 gadget_gauge__u32;
typedef __u64 gadget_gauge__u64;
typedef __u32 gadget_histogram_slot__u32;
typedef __u64 gadget_histogram_slot__u64;

/* Network order; an IPv4 address is in the first four bytes. 128 bits wide, so that two can be compared at once. */
union gadget_ip_addr_t {
	__u8 v6[16];
	unsigned __int128 v6_raw;
	__u32 v4;
};

struct gadget_l3endpoint_t {
	union gadget_ip_addr_t addr_raw;
	__u8 version; /* 4 or 6 */
};

struct gadget_l4endpoint_t {
	union gadget_ip_addr_t addr_raw;
	__u16 port;      /* host order */
	__u16 proto_raw; /* IPPROTO_* */
	__u8 version;    /* 4 or 6 */
};

_Static_assert(sizeof(struct gadget_l3endpoint_t) == 32, "user space reads 32 bytes");
_Static_assert(sizeof(struct gadget_l4endpoint_t) == 32, "user space reads 32 bytes");

struct gadget_creds {
	gadget_uid uid;
	gadget_gid gid;
};

struct gadget_parent {
	gadget_pcomm comm[TASK_COMM_LEN];
	gadget_ppid pid;
	gadget_ptid tid;
};

/* A stack of user space, and what tells whose code it is; all 0: there is none. */
struct gadget_user_stack {
	/* The file that is executed. */
	__u32 major;
	__u32 minor;
	__u64 inode;
	__u64 mtime_sec;
	__u32 mtime_nsec;
	__u32 base_addr_hash; /* of where it lies in memory: another one after every exec */
	__u32 stack_id;       /* in map ig_ustack */
	/* The process in the first pid namespace, and in the one below. */
	__u32 tgid_level0;
	__u32 pid_level0;
	__u32 pidns_level0;
	__u32 pid_level1;
	__u32 pidns_level1;
	__u64 otel_correlation_id;
	__u64 boot_timestamp; /* ns of the boot clock */
};

_Static_assert(sizeof(struct gadget_user_stack) == 72, "user space reads 72 bytes");

#define GADGET_SE_PATH_MAX 4096

/*
 * Whose a socket is, as user space keeps it. Which of its members there are, where, and how long, is only known when a
 * program is loaded: ask bpf_core_field_exists() and bpf_core_field_size() of those behind ipv6only.
 */
struct gadget_socket_value {
	__u64 mntns;
	__u64 pid_tgid;
	__u64 uid_gid;
	char task[TASK_COMM_LEN];
	char ptask[TASK_COMM_LEN];
	__u64 sock;
	__u64 deletion_timestamp;
	__u32 ppid;
	__u32 ptid;
	char ipv6only;
	char optional_fields_start[0] __attribute__((aligned(8)));
	char cwd[GADGET_SE_PATH_MAX];
	char exepath[GADGET_SE_PATH_MAX];
} __attribute__((preserve_access_index));

/* Who did it: as a member called proc its parts become columns of their own. */
struct gadget_process {
	gadget_comm comm[TASK_COMM_LEN];
	gadget_pid pid;
	gadget_tid tid;
	gadget_mntns_id mntns_id;
	struct gadget_creds creds;
	struct gadget_parent parent;
};

_Static_assert(sizeof(struct gadget_process) == 64, "user space reads 64 bytes");

#endif
