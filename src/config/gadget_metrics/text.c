/* SPDX-License-Identifier: Apache-2.0 */
#include "config/gadget_metrics/text.h"

#include "base/mem.h"

static const struct bind_word type_words[] = {
	{ "counter", METRIC_KIND_COUNTER },
	{ "gauge", METRIC_KIND_GAUGE },
	{ "histogram", METRIC_KIND_HISTOGRAM },
};
static const struct bind_type type_type = { .kind = BIND_WORD,
					    .noun = "type of a metric",
					    .words = type_words,
					    .word_count = array_size(type_words) };

static const struct bind_word bucket_words[] = {
	{ "exp2", BUCKET_KIND_EXP2 },
	{ "linear", BUCKET_KIND_LINEAR },
};
static const struct bind_type bucket_type_type = { .kind = BIND_WORD,
						   .noun = "type of buckets",
						   .words = bucket_words,
						   .word_count = array_size(bucket_words) };

static const struct bind_field bucket_fields[] = {
	BIND_FIELD(struct bucket_text, min, &bind_i64),
	BIND_FIELD(struct bucket_text, max, &bind_i64),
	BIND_REQUIRED(struct bucket_text, type, &bucket_type_type),
	BIND_FIELD(struct bucket_text, multiplier, &bind_double),
	BIND_FIELD(struct bucket_text, unit, &bind_text),
};
/* The original means 1 and says so, but leaves a 0 that makes all bounds 0. */
static const struct bucket_text initial_bucket = { .multiplier = 1 };
static const struct bind_type bucket_type = { .kind = BIND_STRUCT,
					      .noun = "bucket",
					      .size = sizeof(struct bucket_text),
					      .initial = &initial_bucket,
					      .fields = bucket_fields,
					      .field_count = array_size(bucket_fields) };

static const struct bind_type selector_type = BIND_LIST_TYPE(&bind_node);

static const struct bind_field metric_fields[] = {
	BIND_REQUIRED(struct metric_text, name, &bind_text),
	BIND_REQUIRED(struct metric_text, category, &bind_text),
	BIND_REQUIRED(struct metric_text, gadget, &bind_text),
	BIND_REQUIRED(struct metric_text, type, &type_type),
	BIND_FIELD(struct metric_text, field, &bind_text),
	BIND_FIELD(struct metric_text, labels, &bind_texts),
	BIND_FIELD(struct metric_text, selector, &selector_type),
	BIND_FIELD(struct metric_text, bucket, &bucket_type),
};
static const struct metric_text initial_metric = { .bucket = { .multiplier = 1 } };
static const struct bind_type metric_type = { .kind = BIND_STRUCT,
					      .noun = "metric",
					      .size = sizeof(struct metric_text),
					      .initial = &initial_metric,
					      .fields = metric_fields,
					      .field_count = array_size(metric_fields) };

static const struct bind_type metrics_type = BIND_LIST_TYPE(&metric_type);
static const struct bind_field config_fields[] = {
	BIND_REQUIRED(struct config_text, metrics_name, &bind_text),
	BIND_REQUIRED(struct config_text, metrics, &metrics_type),
};
const struct bind_type gadget_metrics_text_type =
	BIND_STRUCT_TYPE("config of metrics", struct config_text, config_fields);
