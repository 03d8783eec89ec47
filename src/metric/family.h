/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_FAMILY_H
#define SRC_METRIC_FAMILY_H

/*
 * A family: one metric name with its series. Label values become the escaped text of the exposition once, when a
 * series is added; afterwards a series is an index, adding to it is an array access, and the order of output is
 * kept sorted as series come.
 * A family owns its texts and values. pipeline/ adds; sinks read. Sums of map values are exact u64.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

enum family_kind { FAMILY_KIND_COUNTER, FAMILY_KIND_GAUGE, FAMILY_KIND_HISTOGRAM };

struct bucket_layout { /* of a histogram; owned by the family */
	uint32_t count;	      /* slots that become `le` lines, the one for +Inf excluded */
	const double *bounds; /* count upper bounds, ascending */
	double sum_scale;     /* raw sum -> unit */
};

struct family_spec {
	const char *name;
	const char *help;
	enum family_kind kind;
	const char *const *label_names; /* config order; `le` excluded */
	uint32_t label_count;
	struct bucket_layout buckets; /* FAMILY_KIND_HISTOGRAM; bounds are copied */
	uint64_t limit;		      /* most series; 0: FAMILY_DEFAULT_LIMIT */
};

#define FAMILY_DEFAULT_LIMIT (1u << 20)
/* Label value of the one series that takes what comes beyond the limit. */
#define FAMILY_OVERFLOW_VALUE "__overflow__"

struct family;

int family__new(const struct family_spec *spec, struct family **ret_family, struct err *err);
struct family *family__free(struct family *family);
const char *family__name(const struct family *family);
const char *family__help(const struct family *family);
enum family_kind family__kind(const struct family *family);
/* Whether the other has the same help, kind, label names and buckets, so that both may share a name. On false, err
 * says what differs. */
bool family__agrees(const struct family *family, const struct family_spec *spec, struct err *err);

/* A new pass: values start from 0 again; series not added to in this generation are not shown. */
void family__begin(struct family *family, uint32_t generation);

struct text_slice {
	const char *data;
	size_t len;
};

/*
 * The series of these label values (config order, raw, any bytes; invalid UTF-8 is replaced and counted). Finds or
 * adds; over the limit it is the overflow series. 0 or -ENOMEM. Valid until the next sweep.
 */
int family__series(struct family *family, const struct text_slice *values, uint32_t *ret_series, struct err *err);

/* Counters and gauges. Hot. */
void family__add(struct family *family, uint32_t series, uint64_t value);
void family__set(struct family *family, uint32_t series, double value);
/* Histograms: slot in 0..count-1 adds to a bucket, count adds to the raw sum; < 0 only shows the series. Hot. */
void family__add_slot(struct family *family, uint32_t series, int32_t slot, uint64_t value);
/* Adding for good, for event metrics: values survive __begin(). Set once after __new(). */
void family__keep_values(struct family *family);
/* Drops all series (a flush interval has passed). */
void family__clear(struct family *family);

/* Forgets series last seen before `oldest`, if enough are dead to be worth it (0: nothing was done). Otherwise
 * *ret_map (owned by the family until the next call) gives new indexes by old ones (UINT32_MAX: gone). */
size_t family__sweep(struct family *family, uint32_t oldest, const uint32_t **ret_map);

size_t family__series_count(const struct family *family); /* known */
size_t family__shown_count(const struct family *family);  /* added to in this generation */
uint64_t family__overflowed(const struct family *family); /* distinct label sets or keys turned into overflow */
uint64_t family__replaced_bytes(const struct family *family); /* invalid UTF-8 */
size_t family__bytes(const struct family *family);

/* For sinks: shown series in order of output. */
struct series_view {
	const char *labels; /* `a="x",b="y"`, escaped, sorted by label name; no braces; may be empty */
	size_t labels_len;
	uint64_t count;	       /* counter: the value; histogram: unused */
	double number;	       /* gauge set by __set() */
	bool is_number;	       /* the value is `number` */
	const uint64_t *slots; /* histogram: bounds count + 1 (the raw sum) */
};

struct family_cursor {
	size_t position;
};

bool family__next(const struct family *family, struct family_cursor *cursor, struct series_view *ret_series);
const struct bucket_layout *family__buckets(const struct family *family);

#endif
