/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_OPENMETRICS_H
#define SRC_SINK_OPENMETRICS_H

/*
 * OpenMetrics 1.0 as text: families with their unit, exact integers, since when a series counts, and exemplars where
 * somebody has some. Plain functions from a registry into a buffer; they own nothing. pipeline/ calls them after
 * registry__end().
 */

#include "base/str.h"
#include "metric/name_escaping.h"
#include "metric/registry.h"
#include "sink/exemplar.h"

struct openmetrics_options {
	enum name_escaping escaping;
	const struct exemplar_source *exemplars; /* borrowed; NULL: there are none */
};

/* Families without shown series are left out; "# EOF" is the end. */
void openmetrics__write(const struct registry *registry, const struct openmetrics_options *options,
			struct strbuf *out);
/*
 * One family of the registry. A counter is called by its name without `_total`; one that does not end so has no place
 * in OpenMetrics and is `unknown`, under the name that it has in the other format, and so is one whose shorter name
 * is taken. A unit is told when it is the end of the name, as it has to be.
 */
void openmetrics__write_family(const struct registry *registry, const struct family *family,
			       const struct openmetrics_options *options, struct strbuf *out);
void openmetrics__write_end(struct strbuf *out);

#endif
