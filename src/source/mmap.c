/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>

#include "base/num.h"
#include "source/table.h"

/* Since 5.5. Programs loaded by sonde get their arrays with this flag wherever the object has
 * not set it. */
#ifndef BPF_F_MMAPABLE
#define BPF_F_MMAPABLE (1U << 10)
#endif

static int open_mmap(struct table_source *source, struct err *err)
{
	uint32_t stride = (source->value_size + 7) & ~7u;
	size_t bytes;
	void *mapping;

	if (source->type != BPF_MAP_TYPE_ARRAY || !(source->flags & BPF_F_MMAPABLE) ||
	    source->key_size != sizeof(uint32_t))
		return -EOPNOTSUPP;
	if (num_mul_size(stride, source->max_entries, &bytes) || bytes == 0)
		return -EOPNOTSUPP;
	mapping = mmap(NULL, bytes, PROT_READ, MAP_SHARED, source->fd, 0);
	if (mapping == MAP_FAILED)
		return -EOPNOTSUPP; /* e.g. values with a spin lock inside */
	source->mapping = mapping;
	source->mapping_bytes = bytes;
	source->value_stride = source->cell_stride = stride;
	return table_make_buffers(source, 0, false /* no values */, err);
}

static void number_keys(struct table_source *source, uint32_t first, size_t len)
{
	uint32_t *keys = (uint32_t *)(void *)source->keys;

	for (size_t i = 0; i < len; i++)
		keys[i] = first + (uint32_t)i;
}

static int read_mmap(struct table_source *source, table_rows_fn run, void *ctx, struct err *err)
{
	int r = 0;

	(void)err; /* nothing can go wrong but in the callback */
	for (uint32_t first = 0; first < source->max_entries && r >= 0;) {
		uint32_t rest = source->max_entries - first;
		uint32_t len = rest < source->rows ? rest : (uint32_t)source->rows;

		number_keys(source, first, len);
		r = table_deliver(source,
				  (uint8_t *)source->mapping + (size_t)first * source->value_stride,
				  len, run, ctx);
		first += len;
	}
	return r < 0 ? r : 0;
}

const struct table_way table_way_mmap = {
	.method = TABLE_METHOD_MMAP,
	.name = "mmap",
	.open = open_mmap,
	.read = read_mmap,
};
