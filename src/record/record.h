/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_RECORD_H
#define SRC_RECORD_RECORD_H

/*
 * One record: raw bytes as the kernel wrote them, with accessors, and derived values beside them.
 * It owns nothing: bytes belong to the source until the callback returns, derived values to the batch's arena, and the
 * bytes of those to their deriver for as long.
 * Bytes are not aligned for us, so every read is a memcpy into the right type.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record/schema.h"

struct value {
	enum field_type type;
	union {
		uint64_t u64;
		int64_t s64;
		double f64;
		struct {
			const void *data; /* borrowed from the record */
			size_t len;
		} bytes;
	};
};

struct record;

/* Who makes the values of derived fields: texts of raw ones, who it was, what a module of the config says. */
struct deriver {
	/* 0, and a value whose bytes live as long as the record's; what is not known is an empty string or 0. */
	int (*get)(void *ctx, const struct record *record, uint32_t field, struct value *ret_value);
	/* Whom the record is about: of equal numbers all fields of FIELD_WHO are equal. NULL: it cannot tell. */
	uint64_t (*subject)(void *ctx, const struct record *record);
	void *ctx;
};

/* A value that was asked for once. */
struct derived_value {
	bool is_made;
	struct value value;
};

struct record {
	const struct schema *schema;
	int64_t time_ns; /* boot clock; 0: unknown */
	uint32_t cpu;    /* where it came from; UINT32_MAX: unknown */
	const void *raw;
	size_t raw_len;
	const struct deriver *deriver; /* NULL: derived fields are not to be had */
	/* schema->derived_count of them, batch arena; NULL: nothing is remembered */
	struct derived_value *derived;
};

/*
 * Reads field `index`. The value's type is the widest of its kind: U64, S64, F64, BOOL (0 or 1 in u64), STRING
 * (up to the first NUL), or BYTES and STRUCT. Arrays and flexible fields come as bytes. Integers of network
 * order are turned into host order. A derived field is made on first demand and remembered for this record.
 * -ERANGE: no such field, or the record is too short for it, or nobody derives it; -EINVAL: the field's size does not
 * fit its type.
 */
int record__get(const struct record *record, uint32_t index, struct value *ret_value);

/* Host-endian unsigned integer of 1, 2, 4 or 8 bytes; -EINVAL for other sizes. */
int bytes_get_uint(const void *data, size_t size, uint64_t *ret_value);
/* The same with a sign. */
int bytes_get_int(const void *data, size_t size, int64_t *ret_value);

#endif
