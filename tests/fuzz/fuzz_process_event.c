/* SPDX-License-Identifier: Apache-2.0 */
/* A line of JSON as an event of a policy: what was read is written, and read and written again as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/process_event_parse.h"
#include "sink/process_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct arena arena = ARENA_INIT;
	struct process_event event;

	if (process_event_parse((const char *)data, size, &arena, &event, NULL) == 0) {
		if (process_json__write(&event, NULL, &first) < 0 ||
		    process_event_parse(first.data, first.len, &arena, &event, NULL) < 0 ||
		    process_json__write(&event, NULL, &second) < 0 || first.len != second.len ||
		    memcmp(first.data, second.data, first.len) != 0)
			abort();
	}
	strbuf__done(&first);
	strbuf__done(&second);
	arena__done(&arena);
	return 0;
}
