/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime that speaks gRPC answers each question with any bytes: what is found is whole and within its bounds. */
#include "fuzz_runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_runtime(&cri_protocol, data, size);
	return 0;
}
