/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_DERIVE_MAKER_H
#define SRC_PIPELINE_DERIVE_MAKER_H

/*
 * Fields that are made of several others: what code that comes with a gadget would do elsewhere. A maker is a row of a
 * table, const and without state; it reads the record and appends text. derive.c runs it.
 */

#include "base/str.h"
#include "record/record.h"

#define DERIVE_MAKER_INPUTS 8

/* What it makes: a number, or text of its type. */
struct derive_made {
	const void *own; /* the bytes of the record that are the field's own; NULL: it has none */
	size_t own_len;
	uint64_t number;
	struct strbuf text;
};

struct derive_maker {
	const char *name; /* as field_spec.maker has it */
	enum field_type type;
	const char
		*inputs[DERIVE_MAKER_INPUTS]; /* fields it reads, by name; NULL behind the last */
	/* fields: where the inputs are in the record's schema. 0 or -errno. */
	int (*make)(const struct record *record, const uint32_t *fields, struct derive_made *made);
};

/* NULL when there is none of that name. */
const struct derive_maker *derive_maker_find(const char *name);

#endif
