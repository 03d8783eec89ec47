/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

#include "source/table.h"

/* Kernels before 6.11 give up with EINTR when keys vanish three times in a row under a walk by
 * keys. */
#define INTERRUPTS_MAX 64

#ifndef ENOTSUPP /* the kernel's own, which leaks out of bpf(2) */
#define ENOTSUPP 524
#endif

struct walk {
	table_rows_fn run;
	void *ctx;
	bool may_repeat; /* the walk goes by keys, which can vanish: it then starts again */
	bool has_begun;
	unsigned int interrupts;
};

/* Asking for no rows at all only says whether the map can do it. Hash maps since 5.6, per-CPU
 * arrays and tries since 5.13. FALLBACK: remove when the oldest kernel is 5.13. */
static int open_batch(struct table_source *source, struct err *err)
{
	uint64_t nothing = 0;
	uint32_t count = 0;
	int r = bpf_map_lookup_batch(source->fd, NULL, &nothing, &nothing, &nothing, &count, NULL);

	if (r == -EINVAL || r == -ENOTSUPP || r == -EOPNOTSUPP)
		return -EOPNOTSUPP;
	if (r < 0 && r != -ENOENT)
		return err__set(err, r, NULL, "cannot read map '%s': %s", source->name,
				strerror(-r));
	return table_make_buffers(source, 0, true /* values too */, err);
}

/* Hash maps are walked bucket by bucket under its lock, so that no key comes twice or is missed.
 * Tries are walked from key to key. Arrays too, but theirs stay. */
static bool is_walked_by_keys(const struct table_source *source)
{
	return source->type == BPF_MAP_TYPE_LPM_TRIE;
}

/* A bucket with more keys than the buffer has rows. */
static int grow_rows(struct table_source *source, struct err *err)
{
	if (source->rows > 2 * (size_t)source->max_entries + 64)
		return err__set(err, -ENOSPC, NULL, "map '%s' does not fit into %zu rows",
				source->name, source->rows);
	return table_make_buffers(source, 2 * source->rows, true /* values too */, err);
}

/* Moves the rows with new keys to the front; returns how many there are. */
static int drop_repeated(struct table_source *source, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *key = source->keys + (size_t)i * source->key_size;
		int r = key_set__add(&source->seen, key);

		if (r < 0)
			return r;
		if (r == 0) {
			source->figures.duplicates++;
			continue;
		}
		memmove(source->keys + (size_t)kept * source->key_size, key, source->key_size);
		memmove(source->values + (size_t)kept * source->value_stride,
			source->values + (size_t)i * source->value_stride, source->value_stride);
		kept++;
	}
	return (int)kept;
}

static int take_rows(struct table_source *source, struct walk *walk, uint32_t count,
		     struct err *err)
{
	int len = walk->may_repeat ? drop_repeated(source, count) : (int)count;

	if (len < 0)
		return err__set(err, len, NULL, "no memory for the keys of map '%s'", source->name);
	return table_deliver(source, source->values, (size_t)len, walk->run, walk->ctx);
}

static void swap_cursors(struct table_source *source)
{
	uint8_t *next = source->cursors[1];

	source->cursors[1] = source->cursors[0];
	source->cursors[0] = next;
}

/* 1: there is more; 0: that was the end. */
static int read_some(struct table_source *source, struct walk *walk, struct err *err)
{
	uint32_t count = (uint32_t)source->rows;
	int (*const lookup)(int, void *, void *, void *, void *, __u32 *,
			    const struct bpf_map_batch_opts *) =
		source->is_draining ? bpf_map_lookup_and_delete_batch : bpf_map_lookup_batch;
	int r = lookup(source->fd, walk->has_begun ? source->cursors[0] : NULL, source->cursors[1],
		       source->keys, source->values, &count, NULL);
	bool is_end = r == -ENOENT;

	source->figures.syscalls++;
	if (r == -ENOSPC) {
		r = grow_rows(source, err);
		return r < 0 ? r : 1;
	}
	if (r < 0 && r != -ENOENT && r != -EINTR)
		return err__set(err, r, NULL, "cannot read map '%s': %s", source->name,
				strerror(-r));
	if (r == -EINTR && ++walk->interrupts > INTERRUPTS_MAX) {
		source->figures.is_partial = true;
		is_end = true;
	}
	r = take_rows(source, walk, count, err);
	if (r < 0)
		return r;
	if (source->figures.duplicates > table_most_duplicates(source)) {
		source->figures.is_partial = true;
		is_end = true;
	}
	if (count > 0) {
		swap_cursors(source);
		walk->has_begun = true;
	}
	return !is_end;
}

static int read_batches(struct table_source *source, table_rows_fn run, void *ctx, struct err *err)
{
	struct walk walk = { .run = run, .ctx = ctx, .may_repeat = is_walked_by_keys(source) };
	int r;

	key_set__clear(&source->seen);
	do
		r = read_some(source, &walk, err);
	while (r > 0);
	return r;
}

const struct table_way table_way_batch = {
	.method = TABLE_METHOD_BATCH,
	.name = "batch",
	.open = open_batch,
	.read = read_batches,
};
