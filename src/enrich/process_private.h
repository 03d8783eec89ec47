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
	struct who_key key; /* tgid 0: free */
	char *bytes;        /* owned */
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

/* process_arguments.c */
int process_pieces__add(struct process_table *table, const struct who_arguments *piece,
			const char *bytes);
/* NULL: there are none. Borrowed until the table is given another record. */
struct process_pieces *process_pieces__find(struct process_table *table, const struct who_key *key);
void process_pieces__drop(struct process_pieces *pieces);

/* process_names.c: what an image is called, into a text of its own. NULL and *ret_error when there is none. */
struct process_names {
	const char *filename, *interpreter, *cwd, *file; /* with their sizes; not terminated */
	size_t filename_size, interpreter_size, cwd_size, file_size;
	bool are_components;      /* cwd and file: innermost first, a NUL after each; else paths */
	const char *first, *last; /* arguments in two parts, argv[0] first */
	size_t first_size, last_size;
};
int process_names__bind(const struct process_names *names, struct process_entry *entry);

#endif
