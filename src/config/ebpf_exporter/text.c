/* SPDX-License-Identifier: Apache-2.0 */
#include "config/ebpf_exporter/text.h"

/* A key that C does not allow as a member's name. */
#define BIND_KEY(struct_type, key_, member, type_)                                                 \
	{                                                                                          \
		.key = (key_), .offset = offsetof(struct_type, member), .type = (type_)            \
	}

static const struct bind_field decoder_fields[] = {
	BIND_FIELD(struct decoder_text, name, &bind_text),
	BIND_FIELD(struct decoder_text, static_map, &bind_pairs),
	BIND_FIELD(struct decoder_text, regexps, &bind_texts),
	BIND_FIELD(struct decoder_text, allow_unknown, &bind_bool),
};
static const struct bind_type decoder_type = BIND_STRUCT_TYPE("decoder", struct decoder_text,
							      decoder_fields);
static const struct bind_type decoders_type = BIND_LIST_TYPE(&decoder_type);

static const struct bind_field label_fields[] = {
	BIND_FIELD(struct label_text, name, &bind_text),
	BIND_KEY(struct label_text, "if", condition, &bind_text),
	BIND_FIELD(struct label_text, size, &bind_u32),
	BIND_FIELD(struct label_text, padding, &bind_u32),
	BIND_FIELD(struct label_text, decoders, &decoders_type),
	BIND_FIELD(struct label_text, identity, &bind_texts),
};
static const struct bind_type label_type = BIND_STRUCT_TYPE("label", struct label_text,
							    label_fields);
static const struct bind_type labels_type = BIND_LIST_TYPE(&label_type);

/* The superset: what every kind of metric has. */
static const struct bind_field place_fields[] = {
	BIND_FIELD(struct place_text, offset, &bind_u32),
	BIND_FIELD(struct place_text, size, &bind_u32),
	BIND_KEY(struct place_text, "signed", is_signed, &bind_bool),
};
const struct bind_type place_text_type = BIND_STRUCT_TYPE("'value' map", struct place_text,
							  place_fields);

static const struct bind_word when_words[] = {
	{ "=", MATCH_OP_EQUAL },       { "equal", MATCH_OP_EQUAL },
	{ "!=", MATCH_OP_NOT_EQUAL },  { "not", MATCH_OP_NOT_EQUAL },
	{ "<", MATCH_OP_LESS },        { "<=", MATCH_OP_LESS_EQUAL },
	{ ">", MATCH_OP_GREATER },     { ">=", MATCH_OP_GREATER_EQUAL },
	{ "in", MATCH_OP_IN },         { "not in", MATCH_OP_NOT_IN },
	{ "prefix", MATCH_OP_PREFIX }, { "not prefix", MATCH_OP_NOT_PREFIX },
	{ "regexp", MATCH_OP_REGEXP }, { "not regexp", MATCH_OP_NOT_REGEXP },
};
static const struct bind_type when_op_type = {
	.kind = BIND_WORD,
	.noun = "comparison",
	.words = when_words,
	.word_count = sizeof(when_words) / sizeof(when_words[0]),
};
static const struct bind_field when_fields[] = {
	BIND_REQUIRED(struct when_text, label, &bind_text),
	BIND_FIELD(struct when_text, op, &when_op_type),
	BIND_REQUIRED(struct when_text, value, &bind_node),
	BIND_KEY(struct when_text, "signed", is_signed, &bind_bool),
};
static const struct bind_type when_type = BIND_STRUCT_TYPE("condition", struct when_text,
							   when_fields);
static const struct bind_type whens_type = BIND_LIST_TYPE(&when_type);

/* clang-format off */
#define EXTRA_FIELDS(struct_type)                                                                  \
	BIND_KEY(struct_type, "if", extra.condition, &bind_text),                                  \
	BIND_KEY(struct_type, "limit", extra.limit, &bind_i64),                                    \
	BIND_KEY(struct_type, "map", extra.map, &bind_text),                                       \
	BIND_KEY(struct_type, "overflow", extra.overflow, &bind_text),                             \
	BIND_KEY(struct_type, "skip_zeros", extra.skip_zeros, &bind_bool),                         \
	BIND_KEY(struct_type, "ttl", extra.ttl, &bind_duration),                                   \
	BIND_KEY(struct_type, "unit", extra.unit, &bind_text),                                     \
	BIND_KEY(struct_type, "value", extra.value, &bind_node),                                   \
	BIND_KEY(struct_type, "when", extra.when, &whens_type)
/* clang-format on */

static const struct bind_field counter_fields[] = {
	BIND_REQUIRED(struct counter_text, name, &bind_text),
	BIND_REQUIRED(struct counter_text, help, &bind_text),
	EXTRA_FIELDS(struct counter_text),
	BIND_FIELD(struct counter_text, perf_event_array, &bind_bool),
	BIND_FIELD(struct counter_text, flush_interval, &bind_duration),
	BIND_FIELD(struct counter_text, ringbuf, &bind_bool),
	BIND_FIELD(struct counter_text, lost, &bind_text),
	BIND_FIELD(struct counter_text, labels, &labels_type),
};
static const struct bind_type counter_type = BIND_STRUCT_TYPE("counter", struct counter_text,
							      counter_fields);
static const struct bind_type counters_type = BIND_LIST_TYPE(&counter_type);

static const struct bind_field gauge_fields[] = {
	BIND_REQUIRED(struct gauge_text, name, &bind_text),
	BIND_REQUIRED(struct gauge_text, help, &bind_text),
	EXTRA_FIELDS(struct gauge_text),
	BIND_FIELD(struct gauge_text, labels, &labels_type),
};
static const struct bind_type gauge_type = BIND_STRUCT_TYPE("gauge", struct gauge_text,
							    gauge_fields);
static const struct bind_type gauges_type = BIND_LIST_TYPE(&gauge_type);

static const struct bind_word buckets_in_words[] = {
	{ "key", BUCKETS_IN_KEY },
	{ "value", BUCKETS_IN_VALUE },
	{ "", BUCKETS_IN_KEY }, /* the default, as if it were not there */
};
static const struct bind_type buckets_in_type = {
	.kind = BIND_WORD,
	.noun = "place of the buckets",
	.words = buckets_in_words,
	.word_count = sizeof(buckets_in_words) / sizeof(buckets_in_words[0]),
};
static const struct bind_field histogram_fields[] = {
	BIND_REQUIRED(struct histogram_text, name, &bind_text),
	BIND_REQUIRED(struct histogram_text, help, &bind_text),
	EXTRA_FIELDS(struct histogram_text),
	BIND_FIELD(struct histogram_text, bucket_type, &bind_text),
	BIND_FIELD(struct histogram_text, bucket_multiplier, &bind_double),
	BIND_FIELD(struct histogram_text, bucket_min, &bind_i64),
	BIND_FIELD(struct histogram_text, bucket_max, &bind_i64),
	BIND_FIELD(struct histogram_text, bucket_keys, &bind_doubles),
	BIND_FIELD(struct histogram_text, buckets_in, &buckets_in_type),
	BIND_FIELD(struct histogram_text, labels, &labels_type),
};
static const struct bind_type histogram_type = BIND_STRUCT_TYPE("histogram", struct histogram_text,
								histogram_fields);
static const struct bind_type histograms_type = BIND_LIST_TYPE(&histogram_type);

static const struct bind_field metrics_fields[] = {
	BIND_FIELD(struct metrics_text, counters, &counters_type),
	BIND_FIELD(struct metrics_text, gauges, &gauges_type),
	BIND_FIELD(struct metrics_text, histograms, &histograms_type),
};
static const struct bind_type metrics_type = BIND_STRUCT_TYPE("'metrics' map", struct metrics_text,
							      metrics_fields);

static const struct bind_field span_fields[] = {
	BIND_REQUIRED(struct span_text, ringbuf, &bind_text),
	BIND_FIELD(struct span_text, name, &bind_text),
	BIND_FIELD(struct span_text, service, &bind_text),
	BIND_KEY(struct span_text, "if", condition, &bind_text),
	BIND_FIELD(struct span_text, labels, &labels_type),
};
static const struct bind_type span_type = BIND_STRUCT_TYPE("span", struct span_text, span_fields);
static const struct bind_type spans_type = BIND_LIST_TYPE(&span_type);

static const struct bind_field tracing_fields[] = { BIND_FIELD(struct tracing_text, spans,
							       &spans_type) };
static const struct bind_type tracing_type = BIND_STRUCT_TYPE("'tracing' map", struct tracing_text,
							      tracing_fields);

static const struct bind_word feed_key_words[] = {
	{ "hash", FEED_KEY_ID },
	{ "cgrp_storage", FEED_KEY_FD },
	{ "", FEED_KEY_ID }, /* the default, as if it were not there */
};
static const struct bind_type feed_key_type = {
	.kind = BIND_WORD,
	.noun = "type of cgroup map",
	.words = feed_key_words,
	.word_count = sizeof(feed_key_words) / sizeof(feed_key_words[0]),
};
static const struct bind_field cgroup_id_map_fields[] = {
	BIND_FIELD(struct cgroup_id_map_text, name, &bind_text),
	BIND_FIELD(struct cgroup_id_map_text, type, &feed_key_type),
	BIND_FIELD(struct cgroup_id_map_text, regexps, &bind_texts),
};
static const struct bind_type cgroup_id_map_type =
	BIND_STRUCT_TYPE("'cgroup_id_map' map", struct cgroup_id_map_text, cgroup_id_map_fields);

static const struct bind_word each_words[] = {
	{ "container", ATTACH_SCOPE_EACH_CONTAINER },
	{ "netns", ATTACH_SCOPE_EACH_NETNS },
};
static const struct bind_type each_type = {
	.kind = BIND_WORD,
	.noun = "word for 'each'",
	.words = each_words,
	.word_count = sizeof(each_words) / sizeof(each_words[0]),
};
static const struct bind_field attach_fields[] = {
	BIND_FIELD(struct attach_text, program, &bind_text),
	BIND_REQUIRED(struct attach_text, each, &each_type),
};
static const struct bind_type attach_type = BIND_STRUCT_TYPE("entry of 'attach'",
							     struct attach_text, attach_fields);
static const struct bind_type attaches_type = BIND_LIST_TYPE(&attach_type);

static const struct bind_type alternatives_type = BIND_LIST_TYPE(&bind_texts);

static const struct bind_field param_fields[] = {
	BIND_REQUIRED(struct param_text, name, &bind_text),
	BIND_REQUIRED(struct param_text, help, &bind_text),
	BIND_FIELD(struct param_text, type, &bind_text),
	BIND_KEY(struct param_text, "default", initial, &bind_text),
	BIND_FIELD(struct param_text, constant, &bind_text),
};
static const struct bind_type param_type = BIND_STRUCT_TYPE("parameter", struct param_text,
							    param_fields);
static const struct bind_type params_type = BIND_LIST_TYPE(&param_type);

static const struct bind_field only_fields[] = {
	BIND_FIELD(struct only_text, container, &bind_texts),
	BIND_FIELD(struct only_text, pod, &bind_texts),
	BIND_FIELD(struct only_text, namespace, &bind_texts),
	BIND_FIELD(struct only_text, unit, &bind_texts),
	BIND_FIELD(struct only_text, user, &bind_texts),
};
const struct bind_type only_text_type = BIND_STRUCT_TYPE("'only' map", struct only_text,
							 only_fields);

static const struct bind_field config_fields[] = {
	BIND_FIELD(struct config_text, name, &bind_text),
	BIND_FIELD(struct config_text, metrics, &metrics_type),
	BIND_FIELD(struct config_text, tracing, &tracing_type),
	BIND_FIELD(struct config_text, kaddrs, &bind_texts),
	BIND_FIELD(struct config_text, cgroup_id_map, &cgroup_id_map_type),
	BIND_FIELD(struct config_text, help, &bind_text),
	BIND_FIELD(struct config_text, alternatives, &alternatives_type),
	BIND_FIELD(struct config_text, attach, &attaches_type),
	BIND_FIELD(struct config_text, params, &params_type),
	BIND_FIELD(struct config_text, identity, &bind_texts),
	BIND_FIELD(struct config_text, only, &bind_node),
};
const struct bind_type config_text_type = BIND_STRUCT_TYPE("config", struct config_text,
							   config_fields);
