/* SPDX-License-Identifier: Apache-2.0 */
#include "source/stack_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VALUE_MAX_BYTES 65536u

int stack_map_find(const struct map_info *map, uint32_t id, uint64_t *ret_addresses, size_t max)
{
	size_t frames = map->value_size / sizeof(uint64_t);
	uint64_t *addresses __cleanup(x_freep) = NULL;
	size_t count = 0;
	int r;

	if (map->key_size != sizeof(id) || frames == 0 || map->value_size > VALUE_MAX_BYTES)
		return -EINVAL;
	/* The kernel writes the whole value, however many are wanted. */
	addresses = new_array(uint64_t, frames + 1);
	if (!addresses)
		return -ENOMEM;
	r = bpf_map_lookup_elem(map->fd, &id, addresses);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	while (count < frames && count < max && addresses[count]) {
		ret_addresses[count] = addresses[count];
		count++;
	}
	return (int)count;
}
