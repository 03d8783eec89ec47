/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ENRICH_WHO_RECORDS_H
#define TESTS_UNIT_ENRICH_WHO_RECORDS_H

/*
 * Records as bpf/who.bpf.c sends them, made by hand. A record is the test's own, on its stack.
 * Tests of the table of processes give them to it.
 */

#include <string.h>

#include "bpf/abi/who.h"

struct who_exec_record {
	struct who_exec exec;
	char text[8192];
};

static inline struct who_key who_key(uint32_t tgid, uint64_t time_ns)
{
	return (struct who_key){ .time_ns = time_ns, .tgid = tgid };
}

static inline struct who_header who_header(uint16_t kind, size_t size, uint64_t time_ns)
{
	return (struct who_header){
		.size = (uint32_t)size, .kind = kind, .version = WHO_VERSION, .time_ns = time_ns
	};
}

static inline void who_exec_record__add(struct who_exec_record *record, const void *bytes,
					size_t size, uint16_t *ret_size)
{
	size_t at = record->exec.header.size - sizeof(record->exec);

	memcpy(record->text + at, bytes, size);
	record->exec.header.size += (uint32_t)size;
	*ret_size = (uint16_t)size;
}

/* Texts are added in the order of struct who_exec. */
static inline void who_exec_record__init(struct who_exec_record *record, struct who_key key,
					 struct who_key parent)
{
	memset(record, 0, sizeof(*record));
	record->exec.header = who_header(WHO_RECORD_EXEC, sizeof(record->exec), key.time_ns);
	record->exec.task.process = key;
	record->exec.task.parent = parent;
	record->exec.task.flags = WHO_FLAG_EXEC;
	record->exec.task.tid = key.tgid;
	record->exec.links = 1;
}

#define WHO_ADD(record, name, literal)                                                             \
	who_exec_record__add((record), (literal), sizeof(literal) - 1, &(record)->exec.name##_size)
#define WHO_ADD_ARGUMENTS(record, literal)                                                         \
	do {                                                                                       \
		WHO_ADD((record), piece, literal);                                                 \
		(record)->exec.arguments_size += sizeof(literal) - 1;                              \
	} while (0)

#endif
