/* SPDX-License-Identifier: Apache-2.0 */
/* An Accept header of any bytes: read within its bounds, and always answered with something that is spoken here. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sink/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *accept = strndup((const char *)data, size);

	if (!accept)
		return 0;
	for (int prefers_openmetrics = 0; prefers_openmetrics < 2; prefers_openmetrics++) {
		struct exposition exposition;

		exposition_negotiate(accept, prefers_openmetrics != 0, &exposition);
		assert(exposition.format <= TEXT_FORMAT_OPENMETRICS_1_0_0);
		assert(exposition.escaping < NAME_ESCAPING_COUNT);
		assert(exposition_content_type(&exposition));
	}
	free(accept);
	return 0;
}
