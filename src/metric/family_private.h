/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_FAMILY_PRIVATE_H
#define SRC_METRIC_FAMILY_PRIVATE_H

/*
 * What a family is made of, shared by family.c (adding), family_order.c (sorting and sweeping), family_view.c (reading) and
 * expire.c (leaving). It owns nothing by itself. Nobody else includes it.
 */

#include <string.h>
#include "base/hash_index.h"
#include "metric/family.h"
#include "metric/label_text.h"

#define SERIES_NONE UINT32_MAX
#define SERIES_MAX (UINT32_MAX - 16)
/* In series.seen: its value has gone to the overflow series, the next sweep forgets it. */
#define SEEN_LEFT UINT32_MAX
/* So many series ahead are fetched while walking in order of output: their values are stored in
 * order of arrival. */
#define PREFETCH_DISTANCE 16

struct series {
	uint64_t value; /* the sum, or the bits of a double */
	size_t text_at; /* in texts */
	uint32_t text_len;
	uint32_t seen; /* generation it was last added to; 0: never; or SEEN_LEFT */
};

/* For ttl: when a series was last another one. */
struct watch {
	uint64_t print;     /* of its value */
	int64_t changed_ns; /* monotonic; 0: not known */
	bool is_hidden;     /* it is still in its table, but has not changed for too long */
};

struct family {
	char *name, *help, *unit; /* owned */
	enum family_kind kind;
	struct label_text labels;
	struct bucket_layout buckets; /* points to the two below */
	double *bounds;
	uint32_t *ends;

	struct series *series; /* owned; in order of arrival */
	size_t count, capacity;
	uint64_t *slots; /* owned; histograms: `stride` counters per series */
	size_t slots_capacity;
	uint32_t stride;  /* 0: no histogram */
	int64_t *created; /* owned; no gauges: per series, see family__created_ns() */
	size_t created_capacity;
	struct watch *watches; /* owned; with ttl_ns: per series */
	size_t watches_capacity;
	struct strbuf texts;     /* each ends with a NUL */
	struct hash_index index; /* by text */
	uint32_t *order;         /* owned; series in order of output, the first `sorted` of them */
	size_t order_capacity;
	size_t sorted;
	size_t scattered; /* series whose text does not stand where the order of output has it */
	uint32_t *renumbered; /* owned; what the last sweep handed out */

	uint64_t limit;
	uint32_t overflow; /* the series, or SERIES_NONE */
	struct family_pass pass;
	int64_t since_ns; /* of the wall clock: when a series that comes now was not there */
	size_t shown;
	size_t left; /* series with SEEN_LEFT */
	bool keeps_values, leaves_unseen;
	double scale; /* 1: counts are shown as they are */
	bool is_signed;
	bool is_incomplete; /* the pass */
	bool has_numbers;   /* values are doubles */
	int64_t ttl_ns;
	uint64_t overflowed, expired, moved;
	struct label_damage damage;
};

/* Makes the overflow series when there is none. 0 or -ENOMEM. */
int family_need_overflow(struct family *family);
/* Adds the value of another series of the family, whatever its type is. */
void family_add_value(struct family *family, uint32_t number, uint64_t value);
/* Puts the series that came into the order of output. 0 or -ENOMEM. */
int family_sort(struct family *family);
/* expire.c: lets go what is due, before the order is made. */
void family_expire(struct family *family);

static inline uint64_t *series_slots(const struct family *family, uint32_t number)
{
	return family->slots + (size_t)number * family->stride;
}

static inline bool is_shown(const struct family *family, const struct series *series)
{
	if (!family->keeps_values)
		return series->seen == family->pass.generation;
	return series->seen != 0 && series->seen != SEEN_LEFT;
}

static inline double number_of(uint64_t bits)
{
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

static inline uint64_t bits_of(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	return bits;
}

#endif
