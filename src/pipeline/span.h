/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SPAN_H
#define SRC_PIPELINE_SPAN_H

/*
 * A span's way from its ring buffer to the export: each record becomes labels, labels of reserved names the ids and
 * times of a span, all others its attributes. It owns its decoder chains and its source; the spec is the agent's, and
 * so is the export. The agent plans, opens, drains and frees span routes as it does those of metrics.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "config/facts.h"
#include "pipeline/labels.h"
#include "pipeline/ledger.h"
#include "pipeline/span_export.h"
#include "program/program.h"
#include "source/source.h"

/* One instant on both clocks. */
struct span_clock {
	int64_t wall_ns, monotonic_ns;
};

struct span_word; /* a reserved name */

struct span_label {
	const struct span_word *word; /* NULL: an attribute */
	bool is_replaced;             /* a later label has the same name, and counts */
};

struct span_route {
	const struct spec *spec; /* borrowed from the agent */
	const struct span_spec *span;
	const struct stream_spec *stream;
	struct span_export *export; /* borrowed */
	char *error;                /* owned or NULL: why the route does not run */
	enum demand demand;
	struct ledger ledger;

	struct route_label labels[ROUTE_LABELS_MAX];
	struct span_label roles[ROUTE_LABELS_MAX]; /* of labels[] */
	uint32_t label_count;
	uint32_t fields_size; /* bytes of a record that they cover */
	bool has_trace_id;    /* one of them */
	struct strbuf texts;  /* owned; of the record being decoded */
	uint32_t service;     /* the export's number */

	struct program_map map;
	struct event_source *events; /* owned or NULL */
	struct span_clock clock;     /* of this drain */
	uint64_t drained_bytes;      /* of the ring, in this drain */
	double peak_fill;            /* of the ring, since it was last asked for */
	uint64_t *decoder_errors;    /* the config's counter, which dashboards know */
	long last_log_s;
};

struct span_plan_env {
	const struct decode_env *decode;
	const struct object_facts *facts;
	struct span_export *export;
};

#define SPAN_ATTRIBUTES_MAX (ROUTE_LABELS_MAX + 1) /* and the name of the config */

/* As plan_route(): 0 with or without route->error; negative: the config is impossible. */
int span_route__plan(struct span_route *route, const struct spec *spec,
		     const struct span_spec *span, const struct span_plan_env *env,
		     struct err *err);
void span_route__done(struct span_route *route);

/* route->map is filled. */
int span_route__open(struct span_route *route, struct err *err);
/* Everything that is in the ring. */
void span_route__drain(struct span_route *route);

/* The span of one record; texts and attributes stay valid until the next one. DECODE_OK, DECODE_SKIP or -errno. */
int span_route__decode(struct span_route *route, const void *data, size_t len,
		       struct otlp_attribute *attributes, struct otlp_span *ret_span,
		       struct err *err);

#endif
