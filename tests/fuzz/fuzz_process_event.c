/* SPDX-License-Identifier: Apache-2.0 */
/* A line of JSON as an event of a policy: what was read is written, and read and written again as it was; its compact
 * line is harmless. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/process_event_parse.h"
#include "sink/process_compact.h"
#include "sink/process_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing in it does anything to a terminal: lines end where the printer ends them, and there are no other controls. */
static void check_compact(const struct process_event *event)
{
	static const struct process_compact_options options = { .has_times = true,
								.has_stacks = true,
								.has_ima_hash = true };
	struct process_compact *compact = NULL;
	struct strbuf out = STRBUF_INIT;

	if (process_compact__new(&options, &compact, NULL) < 0 ||
	    process_compact__write(compact, event, &out) < 0 ||
	    (out.len > 0 && !str_is_utf8(out.data, out.len)))
		abort();
	for (size_t i = 0; i < out.len; i++)
		if ((out.data[i] >= 0 && out.data[i] < ' ' && out.data[i] != '\n') ||
		    out.data[i] == 0x7f)
			abort();
	strbuf__done(&out);
	process_compact__free(compact);
}

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
		check_compact(&event);
	}
	strbuf__done(&first);
	strbuf__done(&second);
	arena__done(&arena);
	return 0;
}
