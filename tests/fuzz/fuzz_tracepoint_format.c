/* SPDX-License-Identifier: Apache-2.0 */
/* The format of a tracepoint, which another machine's tree may hold: any text is read or refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "program/tracepoint_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	const struct tracepoint_field *fields;
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	uint32_t count;

	if (text && tracepoint_format_parse(text, &arena, &fields, &count, &err) == 0 && count == 0)
		abort();
	err__done(&err);
	arena__done(&arena);
	free(text);
	return 0;
}
