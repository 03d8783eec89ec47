/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_FAMILY_TEXT_H
#define SRC_SINK_FAMILY_TEXT_H

/*
 * The lines of a family, which the text format of Prometheus and OpenMetrics have in common but for numbers and a few
 * additions. Plain functions into a buffer; they own nothing. Only prometheus.c and openmetrics.c include it.
 */

#include "base/str.h"
#include "metric/family.h"
#include "metric/name_escaping.h"
#include "sink/exemplar.h"

struct family_text_options {
	enum name_escaping escaping;
	bool is_openmetrics; /* what follows is for OpenMetrics only */
	const char
		*created_name; /* of the lines that say when a series was 0; NULL: there are none */
	const struct exemplar_source *exemplars; /* NULL: there are none */
};

/* "# KEYWORD name text"; newlines and the characters of `escaped` get a backslash. */
void family_text__write_line(const char *keyword, const char *name, enum name_escaping escaping,
			     const char *text, const char *escaped, struct strbuf *out);
/* All shown series in their order. */
void family_text__write_series(const struct family *family,
			       const struct family_text_options *options, struct strbuf *out);

#endif
