/* SPDX-License-Identifier: Apache-2.0 */
#include "source/table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

/* Enough rows per call that the call costs nothing beside them (measured: no gain above 4096),
 * as long as the buffers stay within a second-level cache. */
#define ROWS_MAX 4096
#define ROWS_MIN 16
#define BUFFER_BYTES (512u << 10)
#define ROW_BYTES_MAX (64u << 20)

/* Cheapest first; the last one always can. */
static const struct table_way *const ways[] = {
	&table_way_mmap,
	&table_way_batch,
	&table_way_iterate,
};

bool table_is_array(const struct table_source *source)
{
	return source->type == BPF_MAP_TYPE_ARRAY || source->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

bool table_is_per_cpu(const struct table_source *source)
{
	return source->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       source->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       source->type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       source->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

uint64_t table_most_duplicates(const struct table_source *source)
{
	return 2 * (uint64_t)source->seen.index.len + ROWS_MAX;
}

/* ---- open ------------------------------------------------------------------------------------ */

static int check_shape(const struct map_info *map, struct err *err)
{
	if (map->key_size == 0 || map->value_size == 0)
		return err__set(err, -EINVAL, NULL,
				"map '%s' has keys of %u and values of %u bytes; it is no table",
				map->name, map->key_size, map->value_size);
	if (map->key_size > ROW_BYTES_MAX || map->value_size > ROW_BYTES_MAX)
		return err__set(err, -E2BIG, NULL,
				"map '%s' has rows of more than %u bytes; that is too much",
				map->name, ROW_BYTES_MAX);
	return 0;
}

static int set_shape(struct table_source *source, const struct map_info *map,
		     uint32_t possible_cpus, struct err *err)
{
	uint32_t padded = (map->value_size + 7) & ~7u; /* of a cell, and of an array's element */
	size_t bytes;

	source->type = map->type;
	source->key_size = map->key_size;
	source->value_size = map->value_size;
	source->max_entries = map->max_entries;
	source->flags = map->flags;
	source->cells = table_is_per_cpu(source) ? possible_cpus : 1;
	source->cell_stride = table_is_per_cpu(source) ? padded : map->value_size;
	if (source->cells == 0 || num_mul_size(source->cell_stride, source->cells, &bytes) ||
	    bytes > ROW_BYTES_MAX)
		return err__set(
			err, -E2BIG, NULL,
			"map '%s' has values of %u bytes for each of %u CPUs; that is too much",
			map->name, map->value_size, possible_cpus);
	source->value_stride = (uint32_t)bytes;
	source->seen.key_size = map->key_size;
	return 0;
}

static size_t choose_rows(const struct table_source *source)
{
	size_t rows = BUFFER_BYTES / (source->key_size + source->value_stride);

	if (rows > ROWS_MAX)
		rows = ROWS_MAX;
	if (rows < ROWS_MIN)
		rows = ROWS_MIN;
	/* one more than there can be: the call that reads the last row then also says that it
	 * was */
	return rows > source->max_entries ? (size_t)source->max_entries + 1 : rows;
}

int table_make_buffers(struct table_source *source, size_t rows, bool has_values, struct err *err)
{
	uint8_t *keys, *values;

	rows = rows ? rows : choose_rows(source);
	keys = reallocarray(source->keys, rows, source->key_size);
	source->keys = keys ? keys : source->keys;
	values = has_values ? reallocarray(source->values, rows, source->value_stride) : NULL;
	source->values = values ? values : source->values;
	if (!keys || (has_values && !values))
		return err__set(err, -ENOMEM, NULL, "no memory for %zu rows of map '%s'", rows,
				source->name);
	source->rows = rows;
	for (size_t i = 0; i < array_size(source->cursors); i++) {
		/* the kernel's mark of the place is a key or a 32-bit number */
		if (!source->cursors[i])
			source->cursors[i] = calloc(1, source->key_size + sizeof(uint64_t));
		if (!source->cursors[i])
			return err__set(err, -ENOMEM, NULL, "no memory to read map '%s'",
					source->name);
	}
	return 0;
}

static int open_descriptor(struct table_source *source, const struct map_info *map, struct err *err)
{
	source->fd = fcntl(map->fd, F_DUPFD_CLOEXEC, 3);
	if (source->fd < 0)
		return err__set(err, -errno, NULL, "cannot duplicate the descriptor of map '%s'",
				map->name);
	source->name = strdup(map->name);
	if (!source->name)
		return err__set(err, -ENOMEM, NULL, "no memory to read map '%s'", map->name);
	return 0;
}

static int choose_way(struct table_source *source, struct err *err)
{
	int r = -EOPNOTSUPP;

	for (size_t i = 0; i < array_size(ways) && r == -EOPNOTSUPP; i++) {
		source->way = ways[i];
		r = ways[i]->open(source, err);
	}
	return r;
}

static int open_source(struct table_source *source, const struct map_info *map,
		       uint32_t possible_cpus, struct err *err)
{
	int r = open_descriptor(source, map, err);

	if (r == 0)
		r = set_shape(source, map, possible_cpus, err);
	return r == 0 ? choose_way(source, err) : r;
}

int table_source__open(const struct map_info *map, uint32_t possible_cpus,
		       struct table_source **ret_source, struct err *err)
{
	struct table_source *source;
	int r = check_shape(map, err);

	if (r < 0)
		return r;
	source = new_zero(struct table_source);
	if (!source)
		return err__set(err, -ENOMEM, NULL, "no memory to read map '%s'", map->name);
	source->fd = -1;
	r = open_source(source, map, possible_cpus, err);
	if (r < 0) {
		table_source__close(source);
		return r;
	}
	*ret_source = source;
	return 0;
}

struct table_source *table_source__close(struct table_source *source)
{
	if (!source)
		return NULL;
	if (source->mapping)
		(void)munmap(source->mapping,
			     source->mapping_bytes); /* cannot fail for what mmap() gave */
	fd_closep(&source->fd);
	for (size_t i = 0; i < array_size(source->cursors); i++)
		free(source->cursors[i]);
	free(source->keys);
	free(source->values);
	free(source->name);
	key_set__done(&source->seen);
	free(source);
	return NULL;
}

/* ---- read ------------------------------------------------------------------------------------ */

int table_deliver(struct table_source *source, const void *values, size_t len, table_rows_fn run,
		  void *ctx)
{
	const struct row_batch rows = {
		.keys = source->keys,
		.values = values,
		.len = len,
		.key_size = source->key_size,
		.key_stride = source->key_size,
		.value_size = source->value_size,
		.value_count = source->cells,
		.cell_stride = source->cell_stride,
		.value_stride = source->value_stride,
	};

	if (len == 0)
		return 0;
	source->figures.rows += len;
	return run(ctx, &rows);
}

int table_source__read(struct table_source *source, table_rows_fn run, void *ctx, struct err *err)
{
	source->figures = (struct table_figures){ 0 };
	return source->way->read(source, run, ctx, err);
}

static bool is_hash(const struct table_source *source)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH,
					  BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH };

	for (size_t i = 0; i < array_size(types); i++)
		if (source->type == types[i])
			return true;
	return false;
}

int table_source__drain(struct table_source *source, table_rows_fn run, void *ctx, struct err *err)
{
	int r;

	source->is_draining = is_hash(source) && source->way == &table_way_batch;
	r = table_source__read(source, run, ctx, err);
	source->is_draining = false;
	return r;
}

enum table_method table_source__method(const struct table_source *source)
{
	return source->way->method;
}

const char *table_method_name(enum table_method method)
{
	for (size_t i = 0; i < array_size(ways); i++) {
		if (ways[i]->method == method)
			return ways[i]->name;
	}
	return "";
}

const struct table_figures *table_source__figures(const struct table_source *source)
{
	return &source->figures;
}
