/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FILTER_SAMPLE_H
#define TESTS_UNIT_FILTER_SAMPLE_H

/*
 * A schema with fields of every kind and a record of it, for the tests of this folder and the fuzz target of its
 * languages. It owns nothing; each includes it once.
 */

#include "base/mem.h"
#include "record/record.h"

struct sample {
	char comm[16];
	uint32_t pid;
	int32_t error;
	uint64_t bytes;
	uint8_t kind;
	uint8_t is_root;
	uint8_t pad[6];
	double share;
	char address[40];
	uint8_t blob[8];
	uint32_t small[2];
};

#define SAMPLE_FIELD(name_, type_, member, count_)                                                 \
	{                                                                                          \
		.name = (name_), .type = (type_), .offset = offsetof(struct sample, member),       \
		.size = sizeof(((struct sample *)NULL)->member) / (count_), .count = (count_),     \
		.parent = -1                                                                       \
	}

static const struct field sample_fields[] = {
	{ .name = "proc", .type = FIELD_TYPE_STRUCT, .size = 24, .count = 1, .parent = -1 },
	SAMPLE_FIELD("proc.comm", FIELD_TYPE_STRING, comm, 1),
	SAMPLE_FIELD("proc.pid", FIELD_TYPE_U32, pid, 1),
	SAMPLE_FIELD("error", FIELD_TYPE_S32, error, 1),
	SAMPLE_FIELD("bytes", FIELD_TYPE_U64, bytes, 1),
	SAMPLE_FIELD("kind", FIELD_TYPE_U8, kind, 1),
	SAMPLE_FIELD("is_root", FIELD_TYPE_BOOL, is_root, 1),
	SAMPLE_FIELD("share", FIELD_TYPE_F64, share, 1),
	SAMPLE_FIELD("address", FIELD_TYPE_STRING, address, 1),
	SAMPLE_FIELD("blob", FIELD_TYPE_BYTES, blob, 1),
	SAMPLE_FIELD("small", FIELD_TYPE_U32, small, 2),
};

static const struct schema sample_schema = { .name = "sample",
					     .fields = sample_fields,
					     .field_count = array_size(sample_fields),
					     .size = sizeof(struct sample) };

static const struct sample sample_row = { .comm = "nginx",
					  .pid = 1234,
					  .error = -2,
					  .bytes = UINT64_MAX,
					  .kind = 7,
					  .is_root = 1,
					  .share = 0.5,
					  .address = "10.1.2.3" };

static inline struct record sample_record(const struct sample *row)
{
	return (struct record){ .schema = &sample_schema, .raw = row, .raw_len = sizeof(*row) };
}

#endif
