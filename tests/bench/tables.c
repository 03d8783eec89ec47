/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"

#define BATCH_ROWS 4096
#define CELLS_MAX 1024

const char *const bench_ops[8] = { "read",  "write",  "open",   "close",
				   "fsync", "rename", "unlink", "stat" };

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

void bench_table__open(struct bench_table *table, uint32_t type, uint32_t max_entries,
		       uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
	uint32_t key_size = type == BPF_MAP_TYPE_ARRAY ? sizeof(uint32_t)
						       : sizeof(struct bench_key);

	*table = (struct bench_table){ .cpus = 1 };
	table->fd = bpf_map_create((enum bpf_map_type)type, "sonde_bench", key_size,
				   sizeof(uint64_t), max_entries, &options);
	bench_check(table->fd, "cannot make a map (root is needed)");
	if (is_per_cpu(type))
		table->cpus = (uint32_t)libbpf_num_possible_cpus();
	table->info = (struct map_info){ .name = "sonde_bench",
					 .fd = table->fd,
					 .type = type,
					 .key_size = key_size,
					 .value_size = sizeof(uint64_t),
					 .max_entries = max_entries,
					 .flags = flags };
}

void bench_table__close(struct bench_table *table)
{
	close(table->fd);
	table->fd = -1;
}

static struct bench_key key_of(uint32_t number)
{
	/* an odd factor: keys with neighbouring numbers do not sort beside each other */
	struct bench_key key = { .pid = number * 2654435761u,
				 .op = number % array_size(bench_ops),
				 .cgroup_id = 1000 + number % 500 };

	(void)snprintf(key.comm, sizeof(key.comm), "worker-%u", number % 64);
	return key;
}

void bench_table__put(struct bench_table *table, uint32_t count)
{
	uint64_t cells[CELLS_MAX];

	for (uint32_t end = table->first + table->count + count; table->first + table->count < end;
	     table->count++) {
		uint32_t number = table->first + table->count;
		struct bench_key key = key_of(number);
		const void *bytes = table->info.key_size == sizeof(key) ? (const void *)&key
									: &number;

		for (size_t i = 0; i < CELLS_MAX; i++)
			cells[i] = number * 2654435761u % 2000000;
		bench_check(bpf_map_update_elem(table->fd, bytes, cells, BPF_ANY),
			    "cannot fill a map");
	}
}

void bench_table__drop(struct bench_table *table, uint32_t count)
{
	for (; count > 0; count--, table->first++, table->count--) {
		struct bench_key key = key_of(table->first);

		(void)bpf_map_delete_elem(table->fd,
					  &key); /* an LRU map may have dropped it itself */
	}
}

double bare_batch_ms(const struct bench_table *table)
{
	size_t value_size = sizeof(uint64_t) * table->cpus;
	__cleanup(x_freep) uint8_t *keys = calloc(BATCH_ROWS, table->info.key_size);
	__cleanup(x_freep) uint8_t *values = calloc(BATCH_ROWS, value_size);
	uint64_t marks[8];
	uint32_t count;
	double start;
	bool is_first = true;
	int r;

	bench_check(keys && values ? 0 : -ENOMEM, "rival (b)");
	memset(keys, 1, BATCH_ROWS * (size_t)table->info.key_size);
	memset(values, 1, BATCH_ROWS * value_size);
	start = bench_now_ms();
	do {
		count = BATCH_ROWS;
		r = bpf_map_lookup_batch(table->fd, is_first ? NULL : marks, marks, keys, values,
					 &count, NULL);
		is_first = false;
	} while (r == 0);
	bench_check(r == -ENOENT ? 0 : r, "rival (b)");
	return bench_now_ms() - start;
}
