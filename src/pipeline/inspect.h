/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_INSPECT_H
#define SRC_PIPELINE_INSPECT_H

/*
 * A gadget, read and completed by its object, with nothing loaded and no privileges: for `sonde inspect`.
 * An inspection owns the spec, the object and what it came out of; the caller ends it with inspection__close().
 */

#include "config/facts.h"
#include "config/spec.h"

struct inspection;

struct inspect_options {
	/* Values for parameters that shape the gadget itself. */
	const struct note_spec *values;
	uint32_t value_count;
};

/* 0, or the first error's code with all of them in the list. */
int inspect_gadget(const char *path, const struct inspect_options *options,
		   struct inspection **ret_inspection, struct err_list *errors);
const struct spec *inspection__spec(const struct inspection *inspection);
/* NULL: a gadget without programs. */
const struct object_facts *inspection__facts(const struct inspection *inspection);
struct inspection *inspection__close(struct inspection *inspection);

#endif
