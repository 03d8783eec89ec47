/* SPDX-License-Identifier: Apache-2.0 */
#include "source/stack_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VALUE_MAX_BYTES 65536u

int stack_map_read(const struct map_info *map, uint32_t id, void *ret_value, size_t size)
{
	uint8_t *value __cleanup(x_freep) = NULL;
	int r;

	if (map->key_size != sizeof(id) || map->value_size < size ||
	    map->value_size > VALUE_MAX_BYTES)
		return -EINVAL;
	/* The kernel writes the whole value, however much is wanted. */
	value = malloc(map->value_size + 1);
	if (!value)
		return -ENOMEM;
	r = bpf_map_lookup_elem(map->fd, &id, value);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	memcpy(ret_value, value, size);
	return 1;
}

int stack_map_find(const struct map_info *map, uint32_t id, uint64_t *ret_addresses, size_t max)
{
	size_t frames = map->value_size / sizeof(uint64_t);
	size_t count = 0;
	int r;

	if (frames < max)
		max = frames;
	r = stack_map_read(map, id, ret_addresses, max * sizeof(uint64_t));
	if (r <= 0)
		return r;
	while (count < max && ret_addresses[count])
		count++;
	return (int)count;
}
