/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "source/table.h"

/* Key by key, for maps and kernels that have nothing better. */
static int open_iterate(struct table_source *source, struct err *err)
{
	return table_make_buffers(source, 0, true /* values too */, err);
}

struct gathering {
	table_rows_fn run;
	void *ctx;
	size_t len; /* rows in the buffers */
};

static int flush(struct table_source *source, struct gathering *gathering)
{
	int r = table_deliver(source, source->values, gathering->len, gathering->run,
			      gathering->ctx);

	gathering->len = 0;
	return r;
}

/* Looks the key up and takes the row; a key that has gone meanwhile is passed over. */
static int gather(struct table_source *source, struct gathering *gathering, const void *key,
		  struct err *err)
{
	uint8_t *value = source->values + gathering->len * source->value_stride;
	int r = bpf_map_lookup_elem(source->fd, key, value);

	source->figures.syscalls++;
	if (r == -ENOENT) {
		source->figures.vanished++;
		return 0;
	}
	if (r < 0)
		return err__set(err, r, NULL, "cannot read map '%s': %s", source->name,
				strerror(-r));
	memcpy(source->keys + gathering->len * source->key_size, key, source->key_size);
	gathering->len++;
	return gathering->len < source->rows ? 0 : flush(source, gathering);
}

static int read_array(struct table_source *source, struct gathering *gathering, struct err *err)
{
	int r = 0;

	for (uint32_t key = 0; key < source->max_entries && r >= 0; key++)
		r = gather(source, gathering, &key, err);
	return r;
}

/*
 * From key to key. When the one at hand has been deleted, the kernel starts from the first again
 * (lpm_trie.c): keys that were read are passed over. Where keys go faster than they can be walked
 * the pass is cut short.
 *
 * The kernel finds the way on by comparing child pointers without a lock (trie_get_next_key): when
 * an update puts a node between at that moment, it passes over a branch. So a trie that changes
 * under the walk may, rarely, be read without keys that stayed; nothing tells that it happened.
 *
 * In a hash map the element at hand may belong to another key of another bucket by then, and keys
 * between be missed: those maps are read in batches, which every kernel has that has batches at
 * all.
 */
static int read_keys(struct table_source *source, struct gathering *gathering, struct err *err)
{
	const void *cursor = NULL;
	uint8_t *next = source->cursors[0];
	int r;

	key_set__clear(&source->seen);
	while ((r = bpf_map_get_next_key(source->fd, cursor, next)) == 0) {
		source->figures.syscalls++;
		cursor = next;
		next = cursor == source->cursors[0] ? source->cursors[1] : source->cursors[0];
		r = key_set__add(&source->seen, cursor);
		if (r < 0)
			return err__set(err, r, NULL, "no memory for the keys of map '%s'",
					source->name);
		if (r == 0 && ++source->figures.duplicates > table_most_duplicates(source)) {
			source->figures.is_partial = true;
			return 0;
		}
		if (r > 0)
			r = gather(source, gathering, cursor, err);
		if (r < 0)
			return r;
	}
	source->figures.syscalls++;
	if (r == -ENOENT)
		return 0;
	return err__set(err, r, NULL, "cannot list the keys of map '%s': %s", source->name,
			strerror(-r));
}

static int read_iterate(struct table_source *source, table_rows_fn run, void *ctx, struct err *err)
{
	struct gathering gathering = { .run = run, .ctx = ctx };
	int r = table_is_array(source) ? read_array(source, &gathering, err)
				       : read_keys(source, &gathering, err);

	return r < 0 ? r : flush(source, &gathering);
}

const struct table_way table_way_iterate = {
	.method = TABLE_METHOD_ITERATE,
	.name = "iterate",
	.open = open_iterate,
	.read = read_iterate,
};
