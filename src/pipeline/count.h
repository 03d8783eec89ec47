/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_COUNT_H
#define SRC_PIPELINE_COUNT_H

/*
 * How a metric counts the records of a stream: which bytes of a record make the key that it is counted under, and what
 * the labels of such a key say. The key is all that is left of a record; labels are read from a record that has only the
 * key's bytes, through the schema and the deriver of the stream, once for each key.
 * A route owns its count, the count owns its buffers and filter; the stream is the agent's. plan.c makes counts, route.c
 * asks for labels, count_source.c and count_rows.c bring keys.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "config/spec.h"
#include "ir/interpret.h"
#include "pipeline/labels.h"
#include "record/record.h"

struct event_filter;
struct filter_condition;
struct record_filters;
struct stream;

#define COUNT_PIECES_MAX 32u

/* Bytes of a record that are a part of the key. */
struct count_piece {
	uint32_t from; /* in the record; of a table's row: key, then value */
	uint32_t to;   /* in the key */
	uint32_t size;
	bool is_text;   /* what is behind its end counts for nothing */
	bool is_signed; /* numbers */
	bool is_number; /* of 1, 2, 4 or 8 bytes */
};

/* A condition, of the metric or of whoever runs it. */
struct count_filter {
	struct event_filter *filter; /* owned */
	const struct loc *at;        /* borrowed */
	bool is_asked_before;        /* of records, not of keys */
};

struct count {
	const struct metric_spec *metric; /* borrowed */
	struct stream *stream;            /* borrowed */
	uint32_t head_size;               /* bytes of a map's key in front, all of it */
	uint32_t key_size;
	struct count_piece pieces[COUNT_PIECES_MAX];
	uint32_t piece_count;
	uint32_t fields[ROUTE_LABELS_MAX]; /* of the stream's schema, by label */
	struct count_filter *filters;      /* owned */
	uint32_t filter_count;
	bool says_who;          /* a label or a filter wants to know whose it is */
	const char *needs_more; /* field that a condition needs and no label; NULL: none */
	char *why_user_space;   /* owned or NULL: why the kernel cannot count so */
	bool is_in_kernel;      /* it does, or will once the program is loaded … */
	uint32_t index;         /* … as that aggregate of its ring */
	bool is_all_there_is;   /* nobody can ask for the events beside: programs may be pruned */

	uint8_t *key;                  /* owned; of the row at hand */
	uint8_t *record;               /* owned; what a key knows of a record */
	struct derived_value *derived; /* owned */

	struct count_aggregate *aggregate; /* owned; NULL: no events */
};

/*
 * head_size: of a table the size of its key, else 0. -EOPNOTSUPP: there is no such label, or it is of something that no key could
 * hold; err says so.
 */
struct count_options {
	const struct spec *spec; /* borrowed, as all of this */
	const struct metric_spec *metric;
	struct stream *stream;
	uint32_t head_size;
	const struct record_filters *filters; /* or NULL */
};
int count__new(const struct count_options *options, struct count **ret_count, struct err *err);
struct count *count__free(struct count *count);

/* The key of a table's row, or of a record (key NULL); cells of a per-CPU value: the first that is not empty has the
 * texts. Valid until the next one. */
const uint8_t *count__pack(struct count *count, const uint8_t *key, const uint8_t *value,
			   uint32_t cell_count, uint32_t cell_stride);

/* Texts of all labels, that of label i from offsets[i] to offsets[i + 1]. DECODE_OK, DECODE_SKIP when the filter does not
 * want such keys, each likewise UNKNOWN when it is not known yet whose it is; or -errno. */
int count__texts(struct count *count, const uint8_t *key, struct strbuf *texts, size_t *offsets,
		 struct err *err);

/* ---- events: count_aggregate.c ---- */

/* A metric of events as the kernel and the interpreter run it. */
struct count_aggregate {
	struct aggregate aggregate;
	struct aggregate_layout layout;
	struct aggregate_condition conditions[AGGREGATE_CONDITIONS_MAX];
	struct aggregate_key keys[AGGREGATE_KEYS_MAX];
	int64_t *boundaries; /* owned or NULL */
	bool *is_repeated; /* owned or NULL; by bucket: it holds no whole number that the one before does not hold */
	/* The key fits into one of a map. Otherwise all conditions are asked of keys, which count__pack() makes, and of
	 * the aggregate only the value means something. */
	bool has_layout;
};

/* Of a map in the kernel: between these as many as the metric may have series. */
#define COUNT_MIN_KEYS 16384u
#define COUNT_MAX_KEYS (1u << 20)

struct count_aggregate *count_aggregate__new(void);
struct count_aggregate *count_aggregate__free(struct count_aggregate *aggregate);
/* True: they are asked of records from now on. False: one of them cannot be, and none is. Their values must outlive it. */
bool count_aggregate__add_conditions(struct count_aggregate *aggregate, const struct schema *schema,
				     const struct filter_condition *conditions, uint32_t count);
/* Makes all pieces of the count its key, and moves them to where they lie in it. -E2BIG: they are too many for a map;
 * then the pieces stay as they were. */
int count_aggregate__finish(struct count_aggregate *aggregate, struct count *count,
			    struct err *err);

/* Opens views of the machine while privileges are held. */
void count__prepare(struct count *count);

#endif
