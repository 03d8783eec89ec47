/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_ENRICH_PROCESS_PRIVATE_H
#define SRC_ENRICH_PROCESS_PRIVATE_H

/*
 * The inside of the table of processes, shared by the files process*.c; nobody else includes it.
 * The table owns entries, texts and pieces of arguments that wait for their exec.
 */

#include "enrich/process.h"

/* All texts of an image, one behind the other; those that forked from it have the same. */
struct process_text {
	uint32_t references;
	uint32_t size;
	char bytes[];
};

struct process_list;

struct process_entry {
	struct process process;              /* first: what others see */
	struct process_text *text;           /* or NULL; counted reference */
	struct process_entry *next;          /* in the bucket; the newest of a number comes first */
	struct process_list *list;           /* or NULL: it is there */
	struct process_entry *newer, *older; /* in the list */
	bool holds_parent;                   /* is among the references of its parent */
};

struct process_list {
	struct process_entry *oldest, *newest;
};

/* Pieces that came before the exec record they belong to. */
struct process_pieces {
	uint16_t kind; /* WHO_RECORD_ARGUMENTS or _ENVIRONMENT; 0: free */
	struct who_key key;
	char *bytes; /* owned */
	size_t len, capacity;
	uint64_t time_ns; /* of the last piece */
};

#define PROCESS_PIECES_MAX 16

struct process_table {
	struct process_options options;
	char *node;                     /* owned */
	struct process_entry **buckets; /* owned, with the entries */
	uint32_t bucket_bits;
	uint32_t count;
	struct process_list idle; /* ended, nobody refers to them */
	struct process_list held; /* ended, somebody does */
	bool has_loose;           /* seeds whose parent may have come after them */
	struct process_pieces pieces[PROCESS_PIECES_MAX];
	struct process_table_figures figures;
};

/* process.c: what is in it, comes and goes */
struct process_entry *process_table__find_entry(const struct process_table *table,
						const struct who_key *key);
/* Of that number; the newest, or that which has not ended. */
struct process_entry *process_table__find_newest(const struct process_table *table, uint32_t tgid);
struct process_entry *process_table__find_live(const struct process_table *table, uint32_t tgid);
/* For one more. 0 or -ENOSPC, which is counted. */
int process_table__make_room(struct process_table *table);
/* Not in the table yet. NULL: no memory. */
struct process_entry *process_entry__new(const struct who_key *key, const struct who_key *parent);
void process_table__add_entry(struct process_table *table, struct process_entry *entry);
void process_table__remove_entry(struct process_table *table, struct process_entry *entry);
void process_table__end_entry(struct process_table *table, struct process_entry *entry,
			      uint64_t now_ns);
/* To be among the references of its parent, if that is there. */
void process_table__hold_parent(struct process_table *table, struct process_entry *entry);

/* process_take.c: once all seeds are there, for their parents need not have come before them */
void process_table__tie_seeds(struct process_table *table);

/* process_arguments.c */
int process_pieces__add(struct process_table *table, const struct who_arguments *piece,
			const char *bytes);
/* NULL: there are none. Borrowed until the table is given another record. */
struct process_pieces *process_pieces__find(struct process_table *table, uint16_t kind,
					    const struct who_key *key);
void process_pieces__drop(struct process_pieces *pieces);

/* process_names.c: what an image is called, into a text of its own. NULL and *ret_error when there is none. */
struct process_names {
	const char *filename, *interpreter, *cwd, *file; /* with their sizes; not terminated */
	size_t filename_size, interpreter_size, cwd_size, file_size;
	bool are_components;      /* cwd and file: innermost first, a NUL after each; else paths */
	const char *first, *last; /* arguments in two parts, argv[0] first */
	size_t first_size, last_size;
	const char *environment;
	size_t environment_size;
};
int process_names__bind(const struct process_names *names, struct process_entry *entry);

#endif
