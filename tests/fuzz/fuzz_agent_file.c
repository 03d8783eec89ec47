/* SPDX-License-Identifier: Apache-2.0 */
/* The file of `sonde agent`: whatever stands in it, it is read or refused with errors, and what was read can be printed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/agent/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err_list errors = { .len = 0 };
	struct strbuf out = STRBUF_INIT;
	struct arena arena = ARENA_INIT;
	struct agent_file file;
	char *text = malloc(len + 1);
	int r;

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	r = agent_file_parse(text, len, "sonde.yaml", &arena, &file, &errors);
	if (r == 0) {
		agent_file__format(&file, &out);
		if (errors.len > 0)
			abort();
	} else if (errors.len == 0) {
		abort();
	}
	strbuf__done(&out);
	err_list__done(&errors);
	arena__done(&arena);
	free(text);
	return 0;
}
