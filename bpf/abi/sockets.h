/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_ABI_SOCKETS_H
#define BPF_ABI_SOCKETS_H

/*
 * Whose a socket is: bpf/sockets.bpf.c keeps it for every TCP and UDP socket with a port, gadgets look it up by what a
 * packet says. They find the members of the value by name, so names and types are a contract, and offsets are not.
 */

#include <linux/types.h>

#define SOCKETS_MAX 16384 /* entries of the map `sockets` */
#define SOCKET_COMM_SIZE 16
#define SOCKET_PATH_SIZE 8

/* Key. What the gadgets have. */
struct socket_key {
	__u32 netns;   /* inode number */
	__u16 family;  /* AF_INET, or AF_INET6: also of sockets that take both */
	__u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 pad;
	__u16 port; /* the socket's own, in host order */
	__u16 pad_end;
};
_Static_assert(sizeof(struct socket_key) == 12, "socket_key");
_Static_assert(__builtin_offsetof(struct socket_key, port) == 8, "socket_key.port");

/* Written by whoever binds, connects, listens or sends, and by the iterator at start. Byte order is the machine's. */
struct socket_owner {
	__u64 mntns;    /* inode number */
	__u64 pid_tgid; /* the tgid in the upper half */
	__u64 uid_gid;  /* the gid in the upper half */
	char task[SOCKET_COMM_SIZE];
	char ptask[SOCKET_COMM_SIZE]; /* of the parent */
	__u64 sock;                   /* address of the struct sock: tells one from the next */
	__u64 deletion_timestamp;     /* 0: entries leave at once */
	__u32 ppid;                   /* of the parent: its tgid */
	__u32 ptid;
	__u8 ipv6only;
	__u8 is_listening;
	__u16 pad;
	__u32 round;                /* the last one that saw it, see struct sockets_figures */
	char cwd[SOCKET_PATH_SIZE]; /* "": paths are not kept here */
	char exepath[SOCKET_PATH_SIZE];
};
_Static_assert(sizeof(struct socket_owner) == 104, "socket_owner");
_Static_assert(__builtin_offsetof(struct socket_owner, sock) == 56, "socket_owner.sock");
_Static_assert(__builtin_offsetof(struct socket_owner, ppid) == 72, "socket_owner.ppid");
_Static_assert(__builtin_offsetof(struct socket_owner, round) == 84, "socket_owner.round");

/* The only element of the array `sockets_figures`, since the engine was loaded. Written by the kernel side. */
struct sockets_figures {
	__u64 added;   /* entries */
	__u64 removed; /* as their sockets ended, or because nobody had them any more */
	__u64 refused; /* sockets that found no room */
	__u32 round; /* what entries are stamped with; one more with every pass of `sockets_prune` */
	__u32 pad;
};
_Static_assert(sizeof(struct sockets_figures) == 32, "sockets_figures");
_Static_assert(__builtin_offsetof(struct sockets_figures, refused) == 16,
	       "sockets_figures.refused");

/* Rows of the iterators: of `sockets_seed` one for each socket that a process has, of `sockets_prune` one for each entry
 * that went. */
struct socket_row {
	struct socket_key key;
	__u32 pad;
};
_Static_assert(sizeof(struct socket_row) == 16, "socket_row");

#endif
