/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_FAMILY_H
#define SRC_METRIC_FAMILY_H

/*
 * A family: one metric name with its series. Label values become the escaped text of the exposition
 * once, when a series is added; afterwards a series is an index, adding to it is an array access,
 * and the order of output is kept sorted as series come. A family owns its texts and values.
 * pipeline/ adds; sinks read. Sums of map values are exact u64.
 *
 * One pass:  __begin(), then __series() for label sets not met before and __add() for every row,
 * then __end(). What is added lasts for the pass, or for good (family_spec.keeps_values); what becomes
 * of a series that leaves stands in docs/reference/series.md.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

enum family_kind { FAMILY_KIND_COUNTER, FAMILY_KIND_GAUGE, FAMILY_KIND_HISTOGRAM };

/* Of a histogram: where its counts are kept, and which of them make up a `le` line. */
struct bucket_layout {
	uint32_t slot_count;  /* counters of a series; the raw sum stands behind them */
	uint32_t line_count;  /* `le` lines; one for +Inf is added unless it is the last bound */
	const double *bounds; /* line_count upper bounds, ascending, distinct */
	const uint32_t *ends; /* line_count: slots 0..end-1 are the line; NULL: end is line + 1 */
	uint32_t sum_slot;    /* of the raw sum: slot_count, or a bucket that is both */
	double sum_scale;     /* raw sum -> unit */
	bool has_no_sum;      /* nobody knows it, so it is not shown */
};

struct family_spec {
	const char *name;
	const char *help;
	const char *unit; /* of the values, "seconds"; NULL: not known. Only OpenMetrics shows it */
	enum family_kind kind;
	const char *const *label_names; /* config order; `le` excluded */
	uint32_t label_count;
	struct bucket_layout buckets; /* FAMILY_KIND_HISTOGRAM; its arrays are copied */
	uint64_t limit;               /* most series; 0: FAMILY_DEFAULT_LIMIT */
	int64_t ttl_ns;               /* series that have not changed for so long leave; 0: never */
	double scale;                 /* counters and gauges: factor of what is shown; 0: none */
	bool is_signed; /* gauges: what is added up is below zero when its top bit is set */
	/* Adding for good: values survive __begin(), what is added is what came since. Those of a
	 * series that leaves go to the overflow series, so that totals stay. No gauges. */
	bool keeps_values;
	/* With keeps_values: a series that nothing, not even 0, was added to in a pass leaves, since
	 * its keys have left the table. */
	bool leaves_unseen;
	int64_t since_ns; /* of the wall clock: when counting began; 0: not known */
};

/* One reading of everything. */
struct family_pass {
	uint32_t generation;  /* only grows, from 1 */
	int64_t wall_ns;      /* when it began: since the epoch, */
	int64_t monotonic_ns; /* and by the clock that `ttl` is measured with */
};

#define FAMILY_DEFAULT_LIMIT (1u << 20)
/* Longer label values are cut, at a character's boundary, and counted. */
#define FAMILY_VALUE_MAX_LEN (16u << 10)
/* Label value of the one series that takes what comes beyond the limit. */
#define FAMILY_OVERFLOW_VALUE "__overflow__"

struct family;

int family__new(const struct family_spec *spec, struct family **ret_family, struct err *err);
struct family *family__free(struct family *family);
const char *family__name(const struct family *family);
const char *family__help(const struct family *family);
const char *family__unit(const struct family *family); /* "": not known */
enum family_kind family__kind(const struct family *family);
/* Whether the other has the same help, unit, kind, label names (in any order), buckets, limit and
 * ttl, and keeps values likewise, so that both may share a name. On false, err says what differs. */
bool family__agrees(const struct family *family, const struct family_spec *spec, struct err *err);

/* A new pass: values start from 0 again, but for those that are kept; series not added to in this
 * generation are not shown. Once more with the same one does nothing, so that routes may share a
 * family. */
void family__begin(struct family *family, const struct family_pass *pass);
/* The pass did not see everything: no series leaves for not having been seen. */
void family__note_incomplete(struct family *family);

struct text_slice {
	const char *data;
	size_t len;
};

/* Where __series() wants the value of this label, or -ENOENT: the order of the spec that the
 * family was made from, which need not be that of another one that shares it. */
int family__label_position(const struct family *family, const char *name);
/*
 * The series of these label values (raw, any bytes; invalid UTF-8 is replaced and counted), each at
 * its label's position. Finds or adds; over the limit it is the overflow series. 0 or -ENOMEM.
 * Valid until the next sweep or clear.
 */
int family__series(struct family *family, const struct text_slice *values, uint32_t *ret_series,
		   struct err *err);

/*
 * The overflow series, made when there is none yet: every label of it has FAMILY_OVERFLOW_VALUE (of a
 * family without labels it is the one series). It does not count towards the limit, no sweep removes
 * it, and what __series() has no room for goes there. What is counted outside of the map's keys, by
 * a slot that the program falls back to, is added to it as well: see pipeline/account.h. 0 or -ENOMEM.
 */
int family__overflow(struct family *family, uint32_t *ret_series, struct err *err);
bool family__is_overflow(const struct family *family, uint32_t series);
/* Whether what is added to this series is added for good: all of them when the family keeps values,
 * and the overflow series of every family but gauges and those without labels. */
bool family__keeps(const struct family *family, uint32_t series);
/*
 * A series that has left (ttl, or its keys did) must be asked for again before anything is added to
 * it: it starts from 0, and when the limit was reached meanwhile it is the overflow series.
 * 0 or -ENOMEM.
 */
bool family__has_left(const struct family *family, uint32_t series);
int family__return(struct family *family, uint32_t *series, struct err *err);

/* Counters and gauges. Hot. */
void family__add(struct family *family, uint32_t series, uint64_t value);
/* From the first number on, all values of the family are doubles. */
void family__set(struct family *family, uint32_t series, double value);
/* Histograms: slot in 0..slot_count-1 adds to a bucket, slot_count adds to the raw sum; < 0 only
 * shows the series. Hot. */
void family__add_slot(struct family *family, uint32_t series, int32_t slot, uint64_t value);
/* Drops all series (a flush interval has passed); counting begins anew at this time of the wall. */
void family__clear(struct family *family, int64_t wall_ns);
/* The pass is over: what is due leaves, and the series that came get their place in the order of
 * output. Sinks read after it. -ENOMEM: nothing is lost, but new series stand at the end for now. */
int family__end(struct family *family);

/* Forgets series last seen before `oldest`, or, of a family that keeps values, those that have left,
 * if an eighth or more of all (0: nothing was done).
 * Otherwise *ret_map (owned by the family until the next call) gives new indexes by old ones
 * (UINT32_MAX: gone). After __end() only. */
size_t family__sweep(struct family *family, uint32_t oldest, const uint32_t **ret_map);

size_t family__series_count(const struct family *family); /* known; without those that have left */
size_t family__left_count(const struct family *family);   /* that a sweep could forget */
uint64_t family__limit(const struct family *family);      /* most that may be known */
size_t family__shown_count(const struct family *family);  /* added to in this generation */
/* Calls of __series() that ended in the overflow series: distinct label sets, while a cache
 * remembers them. */
uint64_t family__overflowed(const struct family *family);
uint64_t family__expired(const struct family *family); /* series that left by ttl, so far */
uint64_t family__moved(const struct family *family);   /* that left with a value for the overflow */
uint64_t family__replaced_bytes(const struct family *family);   /* invalid UTF-8 */
uint64_t family__shortened_values(const struct family *family); /* over FAMILY_VALUE_MAX_LEN */
size_t family__bytes(const struct family *family);

/* For sinks: shown series in order of output. */
struct series_view {
	const char *labels; /* `a="x",b="y"`: escaped, sorted by name, no braces; or empty */
	size_t labels_len;
	uint64_t count;        /* counter: the value; histogram: unused */
	double number;         /* gauge set by __set() */
	bool is_number;        /* the value is `number` */
	const uint64_t *slots; /* histogram: slot_count + 1 (the raw sum) */
	uint32_t series;       /* its number */
};

struct family_cursor {
	size_t position;
};

bool family__next(const struct family *family, struct family_cursor *cursor,
		  struct series_view *ret_series);
/* Of counters and histograms: the last pass that did not know the series, i.e. a time when it was 0, or
 * when counting began; since the epoch. 0: not known. Apart, since few ask and it costs a cache miss. */
int64_t family__created_ns(const struct family *family, uint32_t series);
const struct bucket_layout *family__buckets(const struct family *family);
uint32_t family__label_count(const struct family *family);
/* In the order of output, i.e. sorted; as they stand in the text of labels. */
const char *family__label_name(const struct family *family, uint32_t position);

#endif
