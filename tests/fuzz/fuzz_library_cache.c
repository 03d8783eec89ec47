/* SPDX-License-Identifier: Apache-2.0 */
/* The dynamic linker's cache of a container, which can be any bytes: texts end within them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/library_cache.h"

static int on_entry(void *ctx, const char *name, const char *path)
{
	size_t *len = ctx;

	*len += strlen(name) + strlen(path);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = 0;

	/* Many entries may have the same text: of a long one, that takes long. */
	if (size <= 4096)
		(void)library_cache_find((const char *)data, size, on_entry, &len);
	return 0;
}
