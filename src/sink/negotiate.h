/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_NEGOTIATE_H
#define SRC_SINK_NEGOTIATE_H

/*
 * Which text a scraper gets: the format and the escaping of names that its Accept header asks for. Plain functions;
 * they own nothing. The HTTP service asks.
 */

#include <stdbool.h>
#include "metric/name_escaping.h"

enum text_format {
	TEXT_FORMAT_PROMETHEUS,        /* 0.0.4 */
	TEXT_FORMAT_OPENMETRICS_0_0_1, /* the same text as 1.0.0 */
	TEXT_FORMAT_OPENMETRICS_1_0_0,
};

struct exposition {
	enum text_format format;
	enum name_escaping escaping;
};

/*
 * For an Accept header, or NULL. Prometheus prefers OpenMetrics wherever it can be had, and gets series then that
 * existing dashboards do not know (`x_created`, le="1.0"). So unless prefers_openmetrics says otherwise it is only for
 * those who do not name text/plain as well; anything else is the text format.
 */
void exposition_negotiate(const char *accept, bool prefers_openmetrics,
			  struct exposition *ret_exposition);
const char *exposition_content_type(const struct exposition *exposition);

#endif
