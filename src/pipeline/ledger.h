/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_LEDGER_H
#define SRC_PIPELINE_LEDGER_H

/*
 * What happened on a route, counted where it happens: every way a row or an event can vanish has its number.
 * One per route, a plain value; self.c exports it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger {
	/* seen = kept + filtered + decode_errors + unremembered, always */
	uint64_t seen;          /* rows read (cells, where the CPU is a label) or events received */
	uint64_t kept;          /* of them, added to a series */
	uint64_t filtered;      /* dropped on purpose (a regexp refused the row) */
	uint64_t decode_errors; /* could not become labels */
	uint64_t lost;          /* the kernel had no room for them */
	uint64_t vanished;      /* keys deleted while the map was read */
	uint64_t uncached;      /* decoded again because the label cache was full */
	uint64_t unremembered;  /* rows not added yet: no room to remember how much was */
	uint64_t read_errors;   /* passes over the map that failed */
	uint64_t last_rows;     /* of the last pass */
	/* How often a metric moves, for its part of the cost: by how much all values of a map have grown. */
	uint64_t last_sum;    /* of all values in the last pass */
	int64_t last_pass_ns; /* when it was (monotonic); 0: there was none */
	bool has_moves;       /* there were two */
	double moves_per_s;   /* then: between them */
	size_t last_bytes;    /* of the metric in the last exposition */
	int64_t last_read_ns; /* time the last pass took, decoding included */
	uint64_t
		agent_ns; /* all time that was spent on it here: reading, decoding, adding, writing */
};

/* Who wants what of a route; changes at run time as consumers come and go. */
enum demand {
	DEMAND_NONE,   /* nobody: nothing is read */
	DEMAND_COUNT,  /* sums only */
	DEMAND_RECORD, /* each record */
};

const char *demand_name(enum demand demand);

#endif
