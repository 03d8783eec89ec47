/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SINK_EVENT_FIXTURE_H
#define TESTS_UNIT_SINK_EVENT_FIXTURE_H

/*
 * A stream with a field of every kind and records of it, for the tests of all formats. It owns nothing but constants.
 * Tests change what they need in a copy of the row and of the styles.
 */

#include "sink/event_sink.h"

struct fixture_row {
	uint64_t time_ns;
	char comm[16];
	uint32_t pid;
	uint32_t parent_pid;
	int32_t error;
	uint16_t port; /* network order */
	uint8_t is_failed;
	uint8_t flag;
	uint32_t slots[3];
	float share;
	double latency;
	uint8_t address[4];
	uint8_t pad[4];
};

enum fixture_field {
	FIXTURE_TIME,
	FIXTURE_PROC,
	FIXTURE_COMM,
	FIXTURE_PID,
	FIXTURE_PARENT,
	FIXTURE_PARENT_PID,
	FIXTURE_ERROR,
	FIXTURE_PORT,
	FIXTURE_IS_FAILED,
	FIXTURE_FLAG,
	FIXTURE_SLOTS,
	FIXTURE_SHARE,
	FIXTURE_LATENCY,
	FIXTURE_ADDRESS,
	FIXTURE_POD, /* derived */
	FIXTURE_FIELD_COUNT,
};

extern const struct schema fixture_schema;
extern const struct fixture_row fixture_row;
/* title, widths and so on of a gadget's stream: groups and the time are hidden */
extern const struct column_style fixture_styles[FIXTURE_FIELD_COUNT];

struct record fixture_record(const struct fixture_row *row);

/* The text of these records in a format; fails the test when it cannot be made. To be freed. */
char *fixture_write(enum event_format format, const struct event_sink_options *options,
		    const struct record *records, size_t count);

#endif
