/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_EBPF_EXPORTER_CONVERT_H
#define SRC_CONFIG_EBPF_EXPORTER_CONVERT_H

/*
 * From the config as it is written to the words of spec.h: labels, counters, histograms, spans.
 * A writer borrows the spec that it fills; all it makes lives in the spec's arena.
 * parse.c drives it once per config. Every function returns 0, -ENOMEM, or the code of an error it reported.
 */

#include "config/ebpf_exporter/text.h"

/* The spec as it grows; streams, metrics and spans have room for all that the text asks for. */
struct writer {
	struct spec *spec;
	struct arena *arena;
	struct err_list *errors;
	struct stream_spec *streams;
	struct metric_spec *metrics;
	struct span_spec *spans;
	const struct bind_list *
		identity; /* struct spec_text, for all labels of cgroups that say nothing themselves */
	uint32_t identified; /* labels that it came to stand at */
};

/* What each metric and span has in common. */
struct table {
	struct loc at;
	const char *name; /* of the metric, without prefix */
	const char *map;
	const struct bind_list *labels; /* struct label_text */
	struct field_spec *fields;      /* set by convert_labels() */
	struct label_spec *label_specs;
	const struct condition_spec *condition; /* or NULL */
	struct problem_spec *problem;
};

/* The text, or `otherwise` when there is none or it is empty. */
const char *text_or(const struct spec_text *text, const char *otherwise);
/* Nulls in a list of texts become empty texts, as upstream reads them. */
int convert_texts(struct writer *writer, const struct bind_list *list,
		  const struct spec_text **ret_texts);
/* Keeps the first problem of a table: one is enough to leave it out. `text` NULL: -ENOMEM. */
int writer__add_problem(struct writer *writer, struct table *table, enum problem_kind kind,
			const struct loc *at, const char *text);
/* A field and a label for each label of the text: the fields cut the key, the labels decode. */
int convert_labels(struct writer *writer, struct table *table);

/* ---- superset.c: keys that upstream does not know ---- */

/* Before everything that may hang on one. */
int convert_params(struct writer *writer, const struct config_text *config);
/* PARAM or !PARAM. NULL when nothing was written. */
int convert_condition(struct writer *writer, const struct spec_text *text,
		      const struct condition_spec **ret_condition);
/* What says who a label's cgroup is: its own list, or the config's. */
int convert_identity(struct writer *writer, const struct label_text *text,
		     const struct field_spec *field, struct label_spec *label);
int convert_attaches(struct writer *writer, const struct config_text *config,
		     struct program_spec *program);
int convert_alternatives(struct writer *writer, const struct config_text *config,
			 struct program_spec *program);

/* ---- only.c: who is wanted ---- */

int convert_only(struct writer *writer, const struct config_text *config);

/* ---- extra.c: the same, of a metric ---- */

/* Before the metric is made: its map, and whether it is there. The name is the map's, as upstream has it. */
int start_table(struct writer *writer, const struct extra_text *extra, struct table *table);
/* Afterwards: everything else. */
int convert_extra(struct writer *writer, const struct extra_text *extra, const struct table *table,
		  struct metric_spec *metric);

/* ---- metric.c ---- */

int convert_counter(struct writer *writer, const struct counter_text *counter);
int convert_gauge(struct writer *writer, const struct gauge_text *gauge);
int convert_histogram(struct writer *writer, const struct histogram_text *histogram);
int convert_span(struct writer *writer, const struct span_text *span);

#endif
