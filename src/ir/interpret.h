/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_IR_INTERPRET_H
#define SRC_IR_INTERPRET_H

/*
 * Runs an aggregate over the bytes of a record, as the instructions that emit/ makes of it do in the kernel.
 * It owns nothing and allocates nothing; the layout must be that of the aggregate.
 * pipeline/ counts with it what the kernel cannot; tests hold the kernel against it.
 */

#include <stddef.h>
#include <stdint.h>
#include "ir/ir.h"

/* What one record adds under its key. */
struct aggregate_sample {
	uint64_t number; /* of SUM, SLOTS and LAST; sign-extended */
	uint32_t slot;   /* of SLOTS */
};

enum aggregate_answer { AGGREGATE_DROPS, AGGREGATE_KEEPS };

/*
 * enum aggregate_answer; -EPROTO: fewer bytes than the layout needs. When it is kept, key_size bytes of key and the sample
 * are written.
 */
int aggregate__run(const struct aggregate *aggregate, const struct aggregate_layout *layout,
		   const uint8_t *record, size_t len, uint8_t *ret_key,
		   struct aggregate_sample *ret_sample);
/* Adds it to value_size bytes, as the kernel would to the value of a map. */
void aggregate__add(const struct aggregate *aggregate, const struct aggregate_layout *layout,
		    const struct aggregate_sample *sample, uint8_t *value);
/* The slot that a number belongs to. */
uint32_t aggregate_value__slot(const struct aggregate_value *value, uint64_t number);

#endif
