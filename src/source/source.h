/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SOURCE_SOURCE_H
#define SRC_SOURCE_SOURCE_H

/*
 * Kernel to bytes: tables that are read when asked, rings that are drained on a timer. A source
 * owns its buffers, its mappings and a duplicate of the map's descriptor. Bytes handed to a
 * callback are valid until it returns. pipeline/ opens sources from what program/ says of a map.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "record/batch.h"

struct map_info { /* what a source needs to know of a map */
	const char *name;
	int fd;        /* borrowed for the call */
	uint32_t type; /* kernel's enum bpf_map_type */
	uint32_t key_size, value_size, max_entries, flags;
};

/* ---- tables ---------------------------------------------------------------------------------- */

struct table_source;

enum table_method { TABLE_METHOD_MMAP, TABLE_METHOD_BATCH, TABLE_METHOD_ITERATE };

struct table_figures { /* of the last read */
	uint64_t rows;
	uint64_t syscalls;
	uint64_t duplicates; /* keys seen twice in one pass, read once */
	uint64_t vanished;   /* keys deleted between listing and reading, skipped */
	bool is_partial;     /* the walk was cut short: the map kept changing */
};

/* Negative from the callback stops the read and is forwarded. */
typedef int (*table_rows_fn)(void *ctx, const struct row_batch *rows);

/* The cheapest way the map and the kernel allow is chosen and can be asked. possible_cpus: cells
 * of per-CPU maps. */
int table_source__open(const struct map_info *map, uint32_t possible_cpus,
		       struct table_source **ret_source, struct err *err);
struct table_source *table_source__close(struct table_source *source);
/* One pass: every key that stays in the map during the pass is delivered exactly once; of a trie that changes
 * meanwhile, at most once (the kernel walks it without a lock). */
int table_source__read(struct table_source *source, table_rows_fn run, void *ctx, struct err *err);
/*
 * The same, and of a hash map every key that was read is deleted: what comes later makes it anew. The kernel does both
 * under the lock of the key's bucket; what a program adds to a value that it looked up before is lost. Rows of other
 * maps stay as they are.
 */
int table_source__drain(struct table_source *source, table_rows_fn run, void *ctx, struct err *err);
enum table_method table_source__method(const struct table_source *source);
const char *table_method_name(enum table_method method);
const struct table_figures *table_source__figures(const struct table_source *source);

/* ---- events ---------------------------------------------------------------------------------- */

struct event_source;

struct event_sink_fns {
	/* One sample; cpu UINT32_MAX when the transport does not tell. */
	void (*sample)(void *ctx, uint32_t cpu, const void *data, size_t len);
	/* The kernel says that it lost so many. */
	void (*lost)(void *ctx, uint32_t cpu, uint64_t count);
	void *ctx;
};

/* pages_per_cpu: of a perf buffer (a power of two); ring buffers have the map's size. */
int event_source__open(const struct map_info *map, uint32_t pages_per_cpu,
		       const struct event_sink_fns *fns, struct event_source **ret_source,
		       struct err *err);
struct event_source *event_source__close(struct event_source *source);
/* Delivers what is there, without waiting. Number of samples or -errno. */
int event_source__drain(struct event_source *source);
#define EVENT_SOURCE_ALL UINT64_MAX
/* One drain ends after so many samples even when the producer is faster: the loop has other work. */
#define EVENT_SOURCE_MOST (1 << 18)
/* Behind what is there now: to read up to there, and leave what comes later for another time. A perf buffer has none. */
uint64_t event_source__end(const struct event_source *source);
/* Whether all before such an end was read: records that are not finished hold up those behind them. */
bool event_source__has_read(const struct event_source *source, uint64_t end);
/* The same up to such an end, but stops after max samples (of a perf buffer: of each CPU). */
int event_source__drain_some(struct event_source *source, uint64_t end, int max);
/* Readable when there is something, where the program wakes readers up; borrowed. */
int event_source__fd(const struct event_source *source);
size_t event_source__ring_bytes(const struct event_source *source);

#endif
