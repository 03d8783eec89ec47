/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_RECORD_H
#define SRC_RECORD_RECORD_H

/*
 * One record: raw bytes as the kernel wrote them, with accessors, and derived values beside them.
 * It owns nothing: bytes belong to the source until the callback returns, derived values to the batch's arena.
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

struct record {
	const struct schema *schema;
	int64_t time_ns; /* boot clock; 0: unknown */
	uint32_t cpu;    /* where it came from; UINT32_MAX: unknown */
	const void *raw;
	size_t raw_len;
	const struct value
		*derived; /* batch arena; by the plan's index of derived fields; NULL: none */
};

/*
 * Reads field `index`. The value's type is the widest of its kind: U64, S64, F64, BOOL (0 or 1 in u64), STRING
 * (up to the first NUL), or BYTES and STRUCT. Arrays and flexible fields come as bytes. Integers of network
 * order are turned into host order. -ERANGE: no such field, or the record is too short for it; -EINVAL: the
 * field's size does not fit its type.
 */
int record__get(const struct record *record, uint32_t index, struct value *ret_value);

/* Host-endian unsigned integer of 1, 2, 4 or 8 bytes; -EINVAL for other sizes. */
int bytes_get_uint(const void *data, size_t size, uint64_t *ret_value);
/* The same with a sign. */
int bytes_get_int(const void *data, size_t size, int64_t *ret_value);

#endif
