/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_ENRICH_PROCESS_H
#define SRC_ENRICH_PROCESS_H

/*
 * Who does something: every process of the machine as the kernel's records tell it, and each image that it had.
 * The table owns its processes and their texts; a struct process is valid until the next call that adds, ends or expires.
 * pipeline/ feeds it with the rows of the iterator `who_seed` first, then with the ring `who_records` in order
 * (bpf/abi/who.h), and calls process_table__expire() about once a second; whoever needs a process looks it up.
 *
 * A process leaves some time after it ended (keep_ns), or when nobody refers to it any more: its children and the image
 * that followed it do. Beyond process_options.max the oldest that ended leave at once; where all live, new ones are not
 * taken, and counted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi/who.h"

struct host;
struct process_table;
struct strbuf;

/* One image of a process. Texts are "" when they are not known; those of exec are without their NUL in the length. */
struct process {
	struct who_key key, parent; /* find the parent by process_table__parent() */
	uint64_t cgroup_id;
	uint64_t binary_hash; /* as the kernel's table has it; 0: no hash says which binary it is */
	uint32_t flags;       /* WHO_FLAG_… */
	uint32_t tid;
	uint32_t own_pid;    /* in its own pid namespace; 0: in the first one */
	uint32_t references; /* children, and the image that came after */
	struct who_credentials credentials;
	uint32_t namespaces[WHO_NAMESPACE_COUNT];
	int64_t start_ns;   /* since the epoch */
	int64_t end_ns;     /* when it left, monotonic; 0: it is there */
	uint32_t exit_code; /* as waitpid() tells it */
	bool is_exited;     /* by exit; else it was followed by an image, or nobody told */
	uint8_t raised;     /* PROCESS_RAISED_BY_…: what got it privileges when it called exec */
	bool is_missed;     /* what had to come before was lost: it knows less than it should */
	uint64_t inode;     /* of the file that runs */
	uint32_t links;     /* of that file when it was started; 0: deleted, or a memfd */
	uint32_t arguments_size, environment_size;
	const char *binary;      /* absolute, where that can be told */
	const char *interpreter; /* that runs the binary; "" when it runs by itself */
	const char *
		file; /* where it is or was when the binary does not say: deleted, a memfd, /dev/fd/N */
	const char *cwd;
	const char *arguments;   /* argv[1..], a NUL after each */
	const char *environment; /* likewise; only where it is asked for */
};

/* Causes, as Tetragon has them. Capabilities of a file count only where it is not one of root's that has setuid: then
 * that is why. */
#define PROCESS_RAISED_BY_CAPABILITIES (1u << 0)
#define PROCESS_RAISED_BY_SETUID (1u << 1) /* it is root by that, and was not */
#define PROCESS_RAISED_BY_SETGID (1u << 2) /* likewise of the group */
#define PROCESS_RAISED_COUNT 3

struct process_options {
	uint32_t max;      /* processes and images remembered; 0: PROCESS_MAX */
	int64_t keep_ns;   /* how long those that ended stay; 0: PROCESS_KEEP_NS */
	const char *node;  /* of exec ids; copied */
	struct host *host; /* borrowed; where /proc is read when seeding. NULL: it is not */
	/* What happened, after the table was changed. Any may be NULL. */
	void (*exec)(void *ctx, const struct process *process);
	void (*exit)(void *ctx, const struct process *process);
	void *ctx;
};

#define PROCESS_MAX 65536
#define PROCESS_KEEP_NS 5000000000LL

struct process_table_figures {
	uint64_t live, remembered; /* now; `remembered` have ended */
	uint64_t text_bytes;       /* now */
	uint64_t seeded, forks, execs, exits;
	uint64_t dropped;        /* not taken: the table was full of live ones */
	uint64_t evicted;        /* of those that ended, before their time */
	uint64_t missed;         /* came without what had to come before: a lost record */
	uint64_t malformed;      /* records that are none */
	uint64_t arguments_lost; /* execs some of whose arguments were lost or cut */
};

/* 0 or -ENOMEM. */
int process_table__new(const struct process_options *options, struct process_table **ret_table);
struct process_table *process_table__free(struct process_table *table);

/*
 * One record of the ring or row of the iterator, as it came: any bytes are safe. Kinds of records that are not of
 * processes are no error. 0, -EINVAL (malformed), -ENOSPC (the table is full) or -ENOMEM; all but the last are counted.
 */
int process_table__take(struct process_table *table, const void *record, size_t len);
/* Lets go of those whose time is over. */
void process_table__expire(struct process_table *table, int64_t now_ns);

/* The image that a process has now, or had last. NULL: not known. */
const struct process *process_table__find(const struct process_table *table, uint32_t tgid);
/* That which it had at a time of the monotonic clock: for events that are told late. */
const struct process *process_table__find_at(const struct process_table *table, uint32_t tgid,
					     uint64_t time_ns);
const struct process *process_table__find_key(const struct process_table *table,
					      const struct who_key *key);
/* Those that are there, one by one, from a cursor that starts at 0; NULL: that was all. The table must not change meanwhile. */
const struct process *process_table__next(const struct process_table *table, uint32_t *cursor,
					  const struct process *before);
/* NULL: it is not known, or has left. */
const struct process *process_table__parent(const struct process_table *table,
					    const struct process *process);
/* From the parent's parent upwards, the nearest first, each image that a process had as one; how many, max at most. */
size_t process_table__ancestors(const struct process_table *table, const struct process *process,
				const struct process **ret_ancestors, size_t max);
void process_table__figures(const struct process_table *table,
			    struct process_table_figures *ret_figures);

/* ---- process_text.c: as Tetragon's events have it --------------------------------------------- */

/* base64 of NODE:TIME:TGID. */
void process_table__add_exec_id(const struct process_table *table, const struct who_key *key,
				struct strbuf *text);
/* "execve clone …", in Tetragon's order. */
void process__add_flags(const struct process *process, struct strbuf *text);
/* Joined by blanks; what has blanks in it, in quotes. */
void process__add_arguments(const struct process *process, struct strbuf *text);
/* "CAP_CHOWN", "CAP_41"; caller's buffer for numbers without a name. */
#define CAPABILITY_NAME_MAX 16
const char *capability_name(uint32_t number, char buffer[CAPABILITY_NAME_MAX]);
/* "uts", "pid_for_children". */
const char *namespace_name(uint32_t index);
/* "SIGKILL", "SIGRTMIN+1"; "" when it was no signal that ended it. Caller's buffer for those without a name of their own. */
#define SIGNAL_NAME_MAX 16
const char *process_signal_name(uint32_t exit_code, char buffer[SIGNAL_NAME_MAX]);
/* Of a bit of process.raised by its place, as Tetragon calls it: "PRIVILEGES_RAISED_EXEC_FILE_CAP". "": there is none. */
const char *process_raised_name(uint32_t place);

#endif
