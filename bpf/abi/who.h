/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_ABI_WHO_H
#define BPF_ABI_WHO_H

/*
 * What bpf/who.bpf.c tells user space: records of one ring, rows of its iterator, and its table of processes.
 * Both sides include this; the kernel writes all of it, in the machine's byte order, and user space reads it.
 * src/enrich/process.c reads the records of processes, src/pipeline/ those of cgroups and the figures.
 */

#include <linux/types.h>

#define WHO_VERSION 2

/* Of the kernel's table: who comes when there are so many is not in it. */
#define WHO_PROCESSES_MAX 32768

/* Each record starts with a struct who_header and is as long as header.size says. */
#define WHO_RECORD_CGROUP_MADE 1    /* struct who_cgroup */
#define WHO_RECORD_CGROUP_REMOVED 2 /* struct who_cgroup */
#define WHO_RECORD_ARGUMENTS                                                                       \
	3 /* struct who_arguments: a piece that has no room in the exec record behind it */
#define WHO_RECORD_EXEC 4 /* struct who_exec */
#define WHO_RECORD_FORK 5 /* struct who_fork */
#define WHO_RECORD_EXIT 6 /* struct who_exit */
#define WHO_RECORD_SEED 7 /* struct who_seed, from the iterator and not from the ring */
#define WHO_RECORD_ENVIRONMENT                                                                     \
	8 /* struct who_arguments: a piece of the environment of the exec record behind it */
#define WHO_RECORD_MOVED 9 /* struct who_moved */
#define WHO_RECORD_COUNT 10

/* Of a process; the lower half is kept in the kernel's table. */
#define WHO_FLAG_EXEC (1u << 0) /* it has an image of its own: exec ran, or it was there before */
#define WHO_FLAG_SEED (1u << 1) /* it was there before */
#define WHO_FLAG_KERNEL_THREAD (1u << 2)
#define WHO_FLAG_IN_INIT_TREE                                                                      \
	(1u << 3) /* the first process of a pid namespace below the first, or its descendant */
#define WHO_FLAGS_KEPT 0xffffu
/* Of one exec. */
#define WHO_FLAG_ROOT_CWD (1u << 16) /* the working directory is the root */
#define WHO_FLAG_CWD_CUT                                                                           \
	(1u << 17) /* it has more components than are told; the innermost are there */
#define WHO_FLAG_CWD_ERROR (1u << 18)       /* it could not be read */
#define WHO_FLAG_ARGUMENTS_CUT (1u << 19)   /* too long, or a piece found no room in the ring */
#define WHO_FLAG_ARGUMENTS_ERROR (1u << 20) /* they could not be read */
#define WHO_FLAG_FILENAME_ERROR (1u << 21)  /* likewise */
#define WHO_FLAG_SETUID (1u << 22)          /* the file has the bit, and it took */
#define WHO_FLAG_SETGID (1u << 23)
#define WHO_FLAG_THREAD_EXEC (1u << 24) /* a thread other than the first called exec */
#define WHO_FLAG_ENVIRONMENT_CUT (1u << 25)   /* as of the arguments */
#define WHO_FLAG_ENVIRONMENT_ERROR (1u << 26) /* likewise */

#define WHO_UID_UNSET 0xffffffffu /* of the login uid */
#define WHO_FILENAME_MAX 4096     /* with its NUL */
#define WHO_PATH_MAX 4096         /* of a path in pieces */
#define WHO_ARGUMENTS_PIECE 4096
#define WHO_ARGUMENTS_PIECES 128 /* in records of their own: what is longer is cut */
#define WHO_ARGUMENTS_MAX (WHO_ARGUMENTS_PIECE * (WHO_ARGUMENTS_PIECES + 1))
#define WHO_COMM_SIZE 16

/* Namespaces of a task by inode number; 0: the kernel has none of that kind. In this order. */
#define WHO_NAMESPACE_UTS 0
#define WHO_NAMESPACE_IPC 1
#define WHO_NAMESPACE_MNT 2
#define WHO_NAMESPACE_PID 3
#define WHO_NAMESPACE_PID_FOR_CHILDREN 4
#define WHO_NAMESPACE_NET 5
#define WHO_NAMESPACE_TIME 6
#define WHO_NAMESPACE_TIME_FOR_CHILDREN 7
#define WHO_NAMESPACE_CGROUP 8
#define WHO_NAMESPACE_USER 9
#define WHO_NAMESPACE_COUNT 10

struct who_header {
	__u32 size; /* of the record, with this and with what follows the struct */
	__u16 kind; /* WHO_RECORD_… */
	__u16 version;
	__u64 time_ns; /* monotonic clock */
};
_Static_assert(sizeof(struct who_header) == 16, "who_header");

/*
 * A process, or rather an image of it: exec makes a new key. The time is that of the exec; while there was none since the
 * fork, or none was seen, that at which the process was made. Monotonic clock, ns.
 */
struct who_key {
	__u64 time_ns;
	__u32 tgid; /* of the first pid namespace, as all numbers of tasks here */
	__u32 pad;
};
_Static_assert(sizeof(struct who_key) == 16, "who_key");

/* Key of the table `who_processes`: __u32 tgid. An entry leaves with the last thread of its process. */
struct who_process {
	__u64 time_ns; /* with the tgid: its struct who_key */
	__u64 parent_time_ns;
	__u32 parent_tgid;
	__u32 flags;       /* WHO_FLAG_…, the lower half */
	__u64 binary_hash; /* who_hash_step() over the file name as exec got it; 0: not known, or not absolute */
	__u64 cgroup_id;   /* of cgroups v2 */
	__u32 mntns;       /* inode number, when it forked or last called exec */
	__u32 netns;
};
_Static_assert(sizeof(struct who_process) == 48, "who_process: at most a cache line");
_Static_assert(__builtin_offsetof(struct who_process, binary_hash) == 24,
	       "who_process.binary_hash");
_Static_assert(__builtin_offsetof(struct who_process, cgroup_id) == 32, "who_process.cgroup_id");

struct who_credentials {
	__u32 uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	__u32 securebits;
	__u32 auid;
	__u64 permitted, effective, inheritable; /* a bit for each capability */
};
_Static_assert(sizeof(struct who_credentials) == 64, "who_credentials");

/* What is told of a task at exec and by the iterator. */
struct who_task {
	struct who_key process;
	struct who_key parent;
	__u64 cgroup_id; /* of cgroups v2 */
	__u32 flags;
	__u32 tid;     /* that called exec; of the iterator: the tgid */
	__u32 own_pid; /* in its own pid namespace; 0: that is the first one */
	__u32 pad;
	struct who_credentials credentials;
	__u32 namespaces[WHO_NAMESPACE_COUNT];
};
_Static_assert(sizeof(struct who_task) == 160, "who_task");
_Static_assert(__builtin_offsetof(struct who_task, credentials) == 56, "who_task.credentials");
_Static_assert(__builtin_offsetof(struct who_task, namespaces) == 120, "who_task.namespaces");

/*
 * Texts follow in this order, each as long as its size says:
 *   filename     as exec got it; ends with a NUL
 *   interpreter  that runs it, when that is another file (#!, binfmt_misc); ends with a NUL
 *   cwd, file    components of a path, innermost first, each with its NUL; file only where the name does not tell it:
 *                when links is 0, or what was run is a descriptor (/dev/fd/N)
 *   arguments    the last piece; each argument ends with a NUL. Those before came in records of their own.
 */
struct who_exec {
	struct who_header header;
	struct who_task task;
	__u64 binary_hash;
	__u64 inode;          /* of the file that is run: with an interpreter, the interpreter */
	__u32 links;          /* of that file; 0: deleted, or never had a name (memfd) */
	__u32 arguments_size; /* of all pieces, with argv[0] */
	__u16 filename_size, interpreter_size, cwd_size, file_size, piece_size;
	__u16 pad;
	__u32 environment_size; /* of all its pieces; 0 as well when it is not asked for */
};
_Static_assert(sizeof(struct who_exec) == 216, "who_exec");
_Static_assert(__builtin_offsetof(struct who_exec, inode) == 184, "who_exec.inode");
_Static_assert(__builtin_offsetof(struct who_exec, filename_size) == 200, "who_exec.filename_size");

/* In order, offset 0 first, before the exec record of the same process; the bytes follow. Of the environment the last
 * piece is as long as it needs to be. */
struct who_arguments {
	struct who_header header;
	struct who_key process; /* of the image that is about to be told */
	__u32 offset;
	__u32 piece_size;
};
_Static_assert(sizeof(struct who_arguments) == 40, "who_arguments");

/* A process and not a thread. Everything that is not here it has from its parent. */
struct who_fork {
	struct who_header header;
	struct who_key process, parent;
	__u64 cgroup_id;
	__u32 flags;
	__u32 own_pid;
};
_Static_assert(sizeof(struct who_fork) == 64, "who_fork");

/* The last thread of a process is gone. */
struct who_exit {
	struct who_header header;
	struct who_key process;
	__u32 code; /* as waitpid() tells it: status << 8 | signal, 0x80: with a core file */
	__u32 tid;  /* of that last thread */
};
_Static_assert(sizeof(struct who_exit) == 40, "who_exit");

/* A process is in another cgroup (of cgroups v2) now. */
struct who_moved {
	struct who_header header;
	struct who_key process;
	__u64 cgroup_id;
};
_Static_assert(sizeof(struct who_moved) == 40, "who_moved");

/* A row of the iterator: a process that was there before; names and arguments are in /proc. */
struct who_seed {
	struct who_header header;
	struct who_task task;
	char comm[WHO_COMM_SIZE];
};
_Static_assert(sizeof(struct who_seed) == 192, "who_seed");

/* The path follows, below the hierarchy's root, with its NUL. */
struct who_cgroup {
	struct who_header header;
	__u64 id; /* as bpf_get_current_cgroup_id() and the inode number of its directory have it */
	__u64 parent_id; /* 0: it is the root */
	__u32 hierarchy; /* 0: cgroups v2; else one of v1, as in /proc/cgroups */
	__u32 level;     /* 0: the root */
	__u32 path_size;
	__u32 pad;
};
_Static_assert(sizeof(struct who_cgroup) == 48, "who_cgroup");

/* The one value of the array `who_figures`. All of them only grow. */
struct who_figures {
	__u64 lost[WHO_RECORD_COUNT]; /* records that found no room in the ring, by kind */
	__u64 processes_full;         /* processes that found no room in the table */
};
_Static_assert(sizeof(struct who_figures) == 88, "who_figures");

/* FNV-1a, eight bytes at a time: the text is padded with zeros to a multiple of eight, its NUL not counted. */
#define WHO_HASH_BEGIN 0xcbf29ce484222325ull
static inline __attribute__((always_inline)) __u64 who_hash_step(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

#endif
