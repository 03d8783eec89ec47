/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver's answer of any bytes: read within its bounds, and to an end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "remote/otlp_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)otlp_rejected_spans(data, size);
	return 0;
}
