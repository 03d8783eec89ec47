/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FILTER_EVENT_LINE_H
#define TESTS_UNIT_FILTER_EVENT_LINE_H

/*
 * Events of policies for tests, written as lines of JSON. The arena owns what is in an event.
 */

#include <string.h>

#include "record/process_event_parse.h"

/* Quotes are written ' in them. */
static inline struct process_event event_of_line(struct arena *arena, const char *line)
{
	size_t len = strlen(line);
	char *json = arena__strdup(arena, line);
	struct process_event event;

	assert_non_null(json);
	for (size_t i = 0; i < len; i++)
		if (json[i] == '\'')
			json[i] = '"';
	assert_int_equal(process_event_parse(json, len, arena, &event, NULL), 0);
	return event;
}

#endif
