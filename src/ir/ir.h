/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_IR_IR_H
#define SRC_IR_IR_H

/*
 * What it means to count records: which are kept, what they are counted under, what is added. Offsets into the record's
 * bytes are resolved; no name, no kernel, no library.
 * An aggregate is plain data that borrows its lists; whoever builds one keeps them as long as the aggregate.
 * pipeline/count.c builds it, emit/aggregate.c makes instructions of it, interpret.c runs it over bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define AGGREGATE_CONDITIONS_MAX 32
#define AGGREGATE_KEYS_MAX 16
#define AGGREGATE_KEY_BYTES_MAX 512 /* the kernel's own bound for a hash map (MAX_BPF_STACK) */
#define AGGREGATE_SLOTS_MAX 128
#define AGGREGATE_RECORD_MAX (1u << 20)
#define AGGREGATE_OFFSET_MAX 32000 /* of a byte that is read: it has to fit into an instruction */

enum aggregate_type {
	AGGREGATE_TYPE_INTEGER, /* of 1, 2, 4 or 8 bytes in the machine's order */
	AGGREGATE_TYPE_STRING, /* ends at its first NUL or its last byte; what is behind counts for nothing */
	AGGREGATE_TYPE_BYTES, /* an address, a union, an array: as it is */
};

struct aggregate_field {
	enum aggregate_type type;
	uint32_t offset, size; /* in the record */
	bool is_signed;        /* integers */
};

enum aggregate_op {
	AGGREGATE_OP_EQUAL,
	AGGREGATE_OP_NOT_EQUAL,
	AGGREGATE_OP_LESS, /* from here on: integers only */
	AGGREGATE_OP_LESS_EQUAL,
	AGGREGATE_OP_GREATER,
	AGGREGATE_OP_GREATER_EQUAL,
};

/* A record is kept when all of its aggregate's hold. */
struct aggregate_condition {
	struct aggregate_field field;
	enum aggregate_op op;
	uint64_t number;     /* integers; of a signed one the sign-extended bits */
	const uint8_t *text; /* strings and bytes: what to compare with … */
	uint32_t text_len;   /* … strings: at most size, without a NUL; bytes: size */
};

enum aggregate_transform {
	AGGREGATE_TRANSFORM_NONE,
	AGGREGATE_TRANSFORM_SLOT, /* an integer's slot, by AGGREGATE_SLOTS_CEIL, as 8 bytes */
};

struct aggregate_key {
	struct aggregate_field field;
	enum aggregate_transform transform;
};

/* Which observations a slot holds. The last slot holds what is above it, too. */
enum aggregate_slots {
	AGGREGATE_SLOTS_CEIL,  /* 0 in slot 0; 2^(k-1) to 2^k - 1 in slot k (get_slot_idx) */
	AGGREGATE_SLOTS_FLOOR, /* 0 and 1 in slot 0; 2^k to 2^(k+1) - 1 in slot k (log2) */
	AGGREGATE_SLOTS_LIST, /* slot i: up to boundary i, which is part of it; one more slot behind the list */
};

enum aggregate_kind {
	AGGREGATE_KIND_COUNT, /* records */
	AGGREGATE_KIND_SUM,   /* of a field, modulo 2^64 */
	AGGREGATE_KIND_SLOTS, /* a histogram of a field, and its exact sum */
	AGGREGATE_KIND_LAST,  /* what the field was last */
};

struct aggregate_value {
	enum aggregate_kind kind;
	struct aggregate_field field; /* an integer; not of COUNT */
	enum aggregate_slots
		slots; /* AGGREGATE_KIND_SLOTS, as what follows; negative numbers are in slot 0 … */
	uint32_t
		slot_count; /* … or, of a list, where they belong; of a list it is boundary_count + 1 */
	const int64_t *
		boundaries; /* AGGREGATE_SLOTS_LIST: ascending; of an unsigned field none is negative */
	uint32_t boundary_count;
};

struct aggregate {
	uint32_t record_size; /* bytes that a record has at least */
	const struct aggregate_condition *conditions;
	uint32_t condition_count;
	const struct aggregate_key *keys; /* none: everything is one sum */
	uint32_t key_count;
	struct aggregate_value value;
	uint32_t max_keys; /* entries of the map, at least 1 */
};

struct aggregate_place {
	uint32_t offset, size;
};

/*
 * Where things lie in a key and in a value. Each field of a key begins at a multiple of 8 with the field's own bytes
 * (a slot: 8) and is filled with zeros up to the next; a key without fields is 8 zeros. A value is a row of 64-bit numbers:
 * how many records, then the sum or the last number, then the slots; those that a kind has not are not there.
 */
struct aggregate_layout {
	uint32_t key_size, value_size;
	struct aggregate_place keys[AGGREGATE_KEYS_MAX]; /* size without the zeros */
	uint32_t count_offset;                           /* every kind has it */
	uint32_t number_offset;                          /* the sum or the last number; 0: none */
	uint32_t slots_offset, slot_count;               /* 0: none */
	uint32_t needed_bytes; /* of a record: behind the last byte that is read */
};

/* Checks everything that is said above. -EINVAL, -E2BIG; err says of which part. */
int aggregate__layout(const struct aggregate *aggregate, struct aggregate_layout *ret_layout,
		      struct err *err);

#endif
