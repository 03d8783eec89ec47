/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_TABLES_H
#define TESTS_BENCH_TABLES_H

/*
 * The maps that are read: four labels in 32 bytes, as a program that counts by process would have
 * them, and the two rivals that read them. A bench_table owns its map; bench/scrape.c and
 * bench/process.c make them.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/str.h"
#include "source/source.h"

struct bench_key {
	uint32_t pid;
	uint32_t op;
	char comm[16];
	uint64_t cgroup_id;
};

struct bench_table {
	struct map_info info;
	int fd;
	uint32_t cpus;  /* cells per value: 1, or the possible CPUs */
	uint32_t first; /* keys are numbered first .. first + count - 1 */
	uint32_t count;
};

void bench_table__open(struct bench_table *table, uint32_t type, uint32_t max_entries,
		       uint32_t flags);
void bench_table__close(struct bench_table *table);
/* Puts keys behind those that are there. */
void bench_table__put(struct bench_table *table, uint32_t count);
/* Takes away the oldest. */
void bench_table__drop(struct bench_table *table, uint32_t count);

/* Names of the operations, for the label that is mapped to a word. */
extern const char *const bench_ops[8];

/* Rival (a): next-key and lookup for each key, everything decoded, joined, sorted and printed
 * each time. What it frees afterwards is not part of the time returned. */
double naive_scrape_ms(const struct bench_table *table, struct strbuf *out);
/* Rival (b): nothing but bpf_map_lookup_batch() into buffers that are there. */
double bare_batch_ms(const struct bench_table *table);

#endif
