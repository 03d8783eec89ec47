/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_PROMETHEUS_H
#define SRC_SINK_PROMETHEUS_H

/*
 * The Prometheus text format 0.0.4, byte for byte as client_golang writes it. Plain functions from
 * a registry into a buffer; they own nothing. pipeline/ calls them after registry__end().
 */

#include "base/str.h"
#include "metric/name_escaping.h"
#include "metric/registry.h"

/* Families without shown series are left out. */
void prometheus__write(const struct registry *registry, enum name_escaping escaping,
		       struct strbuf *out);
void prometheus__write_family(const struct family *family, enum name_escaping escaping,
			      struct strbuf *out);

#endif
