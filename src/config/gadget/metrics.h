/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_METRICS_H
#define SRC_CONFIG_GADGET_METRICS_H

/*
 * Metrics of gadgets: what annotations and types ask for, and what is made where they ask for nothing.
 * Everything lives in the spec's arena. gadget_complete() calls it once streams and fields are known; metrics.c and
 * metric_labels.c share this header.
 */

#include "config/gadget/gadget.h"
#include "config/metric_name.h"

#define GADGET_MAX_METRICS 1024 /* of a gadget */
#define GADGET_MAX_LABELS 32    /* of a metric */

/* Prefix of the notes of a spec that say which maps are metrics as a whole, as gadgets of 2023 do. */
#define GADGET_METRIC_MAP_NOTE "metrics.map."

/* Of a stream: "exact" names of metrics get no suffix. */
#define GADGET_EXACT_NAMES_NOTE "metrics.names"

/* ---- metrics.c ---- */

/* Adds the metrics that spec->metric_wish wants of the writer's streams. */
int gadget_add_metrics(struct gadget_writer *writer, const struct object_facts *facts);

/* ---- metric_labels.c ---- */

/* The labels of all metrics of a stream; container fields that labels need are added to it. */
int gadget_metric_labels(struct gadget_writer *writer, struct stream_spec *stream,
			 const struct label_spec **ret_labels, uint32_t *ret_count);
/* Whether a text can be made of it that tells things apart: no struct, no array. */
bool gadget_is_scalar(const struct field_spec *field);

#endif
