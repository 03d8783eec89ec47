/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SOURCE_TABLE_H
#define SRC_SOURCE_TABLE_H

/*
 * What the ways of reading a table have in common: the shape of the map, the buffers, the handing
 * over. The struct owns its descriptor, buffers and mapping. Only the files of source/ include it.
 */

#include "base/hash_index.h"
#include "source/source.h"

/* The keys of one pass, for ways of reading that may come by a key twice. */
struct key_set {
	struct hash_index index;
	uint8_t *keys; /* owned; in order of arrival */
	size_t capacity;
	size_t key_size;
};

/* 1: it is new; 0: it was there; -ENOMEM. */
int key_set__add(struct key_set *set, const void *key);
void key_set__clear(struct key_set *set);
void key_set__done(struct key_set *set);

struct table_source {
	char *name; /* owned */
	int fd;     /* owned */
	uint32_t type;
	uint32_t key_size, value_size, max_entries, flags;
	uint32_t cells;        /* per value */
	uint32_t cell_stride;  /* bytes from one to the next */
	uint32_t value_stride; /* bytes from one value to the next */
	const struct table_way *way;
	struct table_figures figures;
	bool is_draining; /* in the read under way */

	uint8_t *keys;   /* owned; `rows` of them */
	uint8_t *values; /* owned; likewise; NULL when read by mmap */
	size_t rows;
	uint8_t *cursors[2]; /* owned; where the next batch begins, or the last key */
	void *mapping;       /* owned */
	size_t mapping_bytes;
	struct key_set seen;
};

struct table_way {
	enum table_method method;
	const char *name;
	/* 0; -EOPNOTSUPP: this map or kernel has no such way; other errors: err is set. */
	int (*open)(struct table_source *source, struct err *err);
	int (*read)(struct table_source *source, table_rows_fn run, void *ctx, struct err *err);
};

extern const struct table_way table_way_mmap, table_way_batch, table_way_iterate;

/* Buffers for so many rows (0: as many as are good for this map); without values when those are
 * mapped. */
int table_make_buffers(struct table_source *source, size_t rows, bool has_values, struct err *err);
/* Hands `len` rows of the buffers, or of other values, to the reader. What the reader says. */
int table_deliver(struct table_source *source, const void *values, size_t len, table_rows_fn run,
		  void *ctx);
/* Keys are the numbers 0 to max_entries - 1. */
bool table_is_array(const struct table_source *source);
bool table_is_per_cpu(const struct table_source *source);
/* How many repeated keys mean that the map changes faster than it can be walked. */
uint64_t table_most_duplicates(const struct table_source *source);

#endif
