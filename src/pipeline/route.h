/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_ROUTE_H
#define SRC_PIPELINE_ROUTE_H

/*
 * A route: one metric's way from its stream to its family, resolved and ready to run.
 * It owns its decoder chains, bucket map, label cache and source; the family belongs to the registry, the specs to
 * the agent. plan.c makes routes, scrape.c and event.c run them.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "decode/cache.h"
#include "metric/buckets.h"
#include "metric/registry.h"
#include "pipeline/cell.h"
#include "pipeline/labels.h"
#include "pipeline/ledger.h"
#include "pipeline/overflow.h"
#include "pipeline/stage.h"
#include "pipeline/when.h"
#include "program/program.h"
#include "source/source.h"

struct count;
struct count_source;

struct route {
	const struct spec *spec; /* borrowed from the agent */
	const struct metric_spec *metric;
	const struct stream_spec *stream;
	char *error; /* owned or NULL: why the route does not run */
	enum demand demand;
	struct ledger ledger;

	/* key -> labels */
	struct route_label labels[ROUTE_LABELS_MAX];
	uint32_t label_count;
	bool has_bucket;      /* the last of labels[] is the bucket, not a label of the family */
	bool has_slots;       /* the value is all buckets of a histogram and the sum */
	bool has_cpu_label;   /* a u16 CPU number is appended to the key */
	uint32_t fields_size; /* bytes that the fields cover */
	uint32_t key_size;    /* of the cache: the map's key, plus 2 when has_cpu_label */
	struct bucket_map *buckets; /* owned; histograms */
	struct label_cache *cache;  /* owned */
	struct family *family;      /* the registry's */
	bool is_accounted;          /* table whose family keeps values: see account.h */
	uint32_t value_count;       /* numbers of a row: 1, or all slots and the sum */
	uint64_t *values;           /* owned; those of the row at hand */
	struct value_cell
		*cells;   /* owned; where they are: all slots, then the sum (size 0: none) */
	size_t most_keys; /* that have to be remembered when the map is full; 0: no table */
	uint64_t *beside; /* owned or NULL; by slot: see route__add_overflow() */
	struct route_whens whens; /* owned; which rows are wanted */
	struct value_cell cell;   /* the row's number; of has_slots the first */
	bool has_event_value;     /* each event brings a number; otherwise it counts one */
	struct strbuf scratch;    /* owned; label texts of the row being decoded */

	struct count
		*count; /* owned or NULL: what it counts are records of a stream of the agent */
	struct count_source *counted; /* owned or NULL: where its events are counted */

	/* rows or events */
	struct program_map map;
	struct table_source *table;     /* owned or NULL */
	struct event_source *events;    /* owned or NULL */
	uint64_t end;                   /* of what the next drain takes of them */
	struct table_source *lost;      /* owned or NULL; where the program counts what it lost */
	struct route_overflow overflow; /* owned; what has no room in the map */
	int64_t forgot_ns;              /* when placeholders were last forgotten (monotonic) */
	uint32_t pass;                  /* generation of the label cache */
	int64_t next_pass_ns;           /* events: when the next one begins (monotonic) */
	int64_t next_flush_ns; /* TEMPORALITY_INTERVAL: when series begin anew (monotonic) */
	bool counts_as_decode_error; /* `error` is one that existing dashboards see as a decoder error per scrape */
	bool has_decode_error; /* in this pass */
	char *last_error; /* owned or NULL: the newest reading or decoding error, for the log and "/" */
	long last_log_s;
};

void route__done(struct route *route);

/* Rows of the last pass by the entries that the map has; NAN: it has not been read, or is no map that fills up. */
double route__fill_ratio(const struct route *route);

/* What a source has to know of a map. */
struct map_info map_info_of(const struct program_map *map);

/* Placeholders like "unknown:7" in the label cache are decoded again, at most once a second. */
void route__forget_placeholders(struct route *route);

/*
 * The entry of a key (key_size bytes) that the label cache does not have: decoded into ret_entry, and remembered unless
 * the cache has no room. NULL when the row cannot be decoded (counted in the ledger).
 */
const struct label_entry *route__decode(struct route *route, const void *key,
					struct label_entry *ret_entry);
/* Decodes the key that was found in the label cache last once more, and lets it keep its account. False when that
 * cannot be done (counted in the ledger). */
bool route__decode_again(struct route *route, const void *key, struct label_entry *ret_entry);
/* From the cache, else decoded. */
static inline const struct label_entry *route__resolve(struct route *route, const void *key,
						       struct label_entry *scratch_entry)
{
	const struct label_entry *found = label_cache__find(route->cache, key);

	return found ? found : route__decode(route, key, scratch_entry);
}

/* Keeps the newest error for people, with the stage it happened in, and logs it at most every ten seconds per route.
 * Takes err. */
void route__note_error(struct route *route, enum stage stage, struct err *err);

#endif
