/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_METRIC_NAME_H
#define SRC_CONFIG_METRIC_NAME_H

/*
 * Names of metrics out of what a text calls them, their unit and their kind.
 * It owns nothing: names live in the arena that is handed in. Languages whose texts do not say the exported name in full
 * make it here, so that all of them follow one convention.
 */

#include "config/spec.h"

struct metric_naming {
	const char *prefix; /* of a name that nobody chose; or NULL */
	const char *name;   /* as somebody chose it, or of the field */
	const char *unit;   /* by UCUM: "ms", "By"; or NULL */
	enum metric_kind kind;
	bool is_original; /* as Inspektor Gadget shows it */
	bool is_exact;    /* as it is */
};

struct metric_name {
	const char *name;
	const char *unit; /* for OpenMetrics; NULL: none */
	double scale;     /* from what is counted to that unit */
};

/* 0 or -ENOMEM. */
int metric_name_make(struct arena *arena, const struct metric_naming *naming,
		     struct metric_name *ret_name);
/* Characters that names cannot have become "_"; NULL: no memory. */
const char *metric_name_plain(struct arena *arena, const char *name);

#endif
