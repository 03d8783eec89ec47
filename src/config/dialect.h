/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_DIALECT_H
#define SRC_CONFIG_DIALECT_H

/*
 * A language that sonde speaks: two operations, text to spec and spec completed by facts of the object.
 * Each room of config/ defines ID_parse() and ID_complete(); dialect.def lists them, which makes the table.
 * load.c and cmd/ find dialects by name.
 */

#include <stddef.h>
#include "base/err.h"
#include "config/facts.h"
#include "config/spec.h"

struct dialect_input {
	const char *name;   /* name of the config */
	const char *origin; /* path of the text, for positions */
	const char *object; /* path of the object beside it, or NULL */
	const char *text;
	size_t len;
	/* Values for parameters that shape the text itself, NAME and value: borrowed for the call. */
	const struct note_spec *values;
	uint32_t value_count;
	bool has_module; /* code for the agent comes with it (WebAssembly), which may make streams and fields */
};

struct dialect {
	const char *name;
	const char *help;
	/* Fills the spec (its arena is initialised, strings of the input live in it; text ends with a NUL).
	 * Collects problems; returns 0, or the first error's code. */
	int (*parse)(const struct dialect_input *input, struct spec *spec, struct err_list *errors);
	/* Adds what only the object knows and checks the spec against it. Called once per spec. */
	int (*complete)(struct spec *spec, const struct object_facts *facts,
			struct err_list *errors);
};

#define DIALECT(id, help)                                                                          \
	int id##_parse(const struct dialect_input *input, struct spec *spec,                       \
		       struct err_list *errors);                                                   \
	int id##_complete(struct spec *spec, const struct object_facts *facts,                     \
			  struct err_list *errors);
#include "config/dialect.def"
#undef DIALECT

/* NULL when there is none of that name. */
const struct dialect *dialect_find(const char *name);
/* Of a text that says itself what it is, as manifests of Kubernetes do with their kind; NULL: it does not. */
const struct dialect *dialect_of_text(const char *text);
/* Puts what a dialect read and ignored beside the spec, which outlives the list. 0 or -ENOMEM. */
int spec__keep_warnings(struct spec *spec, const struct err_list *warnings);
/* The table itself, for --help and docs. */
const struct dialect *dialect_list(size_t *ret_count);

#endif
