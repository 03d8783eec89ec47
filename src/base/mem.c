/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"

#define FIRST_CAPACITY 8

int mem_grow(void **array, size_t *capacity, size_t need, size_t size_bytes)
{
	size_t wanted = *capacity ? *capacity : FIRST_CAPACITY;
	size_t bytes;
	void *old;
	void *grown;

	if (need <= *capacity)
		return 0;
	while (wanted < need) {
		if (num_mul_size(wanted, 2, &wanted))
			wanted = need;
	}
	if (num_mul_size(wanted, size_bytes, &bytes))
		return -ENOMEM;

	/* Callers pass the address of a typed pointer: memcpy keeps that within the aliasing
	 * rules. */
	memcpy(&old, array, sizeof(old));
	grown = realloc(old, bytes);
	if (!grown)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	*capacity = wanted;
	return 0;
}
