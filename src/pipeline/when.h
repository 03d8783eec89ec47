/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHEN_H
#define SRC_PIPELINE_WHEN_H

/*
 * The conditions of a route: rows that are wanted are those for which all of them hold. Each has the label that it is
 * about, decoded for it alone, so that a label need not be shown to be asked for.
 * A route owns its conditions; specs are borrowed. plan.c opens them, route.c asks once per key.
 */

#include "base/err.h"
#include "filter/match.h"
#include "pipeline/labels.h"

struct route_when {
	struct route_label label;
	struct match *match; /* owned */
};

struct route_whens {
	struct route_when *items; /* owned */
	uint32_t count;
	struct strbuf scratch; /* owned; text of one label */
};

int route_whens__open(struct route_whens *whens, const struct metric_spec *metric,
		      const struct stream_spec *stream, const uint32_t *offsets,
		      uint32_t cpu_offset, const struct decode_env *env, struct err *err);
void route_whens__done(struct route_whens *whens);
/* Before privileges are dropped, as decode_chain__prepare(). */
void route_whens__prepare(const struct route_whens *whens);
/* DECODE_OK, or UNKNOWN when that hangs on a placeholder: the row is wanted; DECODE_SKIP, or SKIP_UNKNOWN likewise: it
 * is not; or -errno. */
int route_whens__run(struct route_whens *whens, const uint8_t *key, struct err *err);

#endif
