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
};
static const struct bind_type label_type = BIND_STRUCT_TYPE("label", struct label_text,
							    label_fields);
static const struct bind_type labels_type = BIND_LIST_TYPE(&label_type);

static const struct bind_field counter_fields[] = {
	BIND_REQUIRED(struct counter_text, name, &bind_text),
	BIND_REQUIRED(struct counter_text, help, &bind_text),
	BIND_KEY(struct counter_text, "if", condition, &bind_text),
	BIND_FIELD(struct counter_text, perf_event_array, &bind_bool),
	BIND_FIELD(struct counter_text, flush_interval, &bind_duration),
	BIND_FIELD(struct counter_text, skip_zeros, &bind_bool),
	BIND_FIELD(struct counter_text, labels, &labels_type),
};
static const struct bind_type counter_type = BIND_STRUCT_TYPE("counter", struct counter_text,
							      counter_fields);
static const struct bind_type counters_type = BIND_LIST_TYPE(&counter_type);

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
	BIND_KEY(struct histogram_text, "if", condition, &bind_text),
	BIND_FIELD(struct histogram_text, bucket_type, &bind_text),
	BIND_FIELD(struct histogram_text, bucket_multiplier, &bind_double),
	BIND_FIELD(struct histogram_text, bucket_min, &bind_i64),
	BIND_FIELD(struct histogram_text, bucket_max, &bind_i64),
	BIND_FIELD(struct histogram_text, bucket_keys, &bind_doubles),
	BIND_FIELD(struct histogram_text, buckets_in, &buckets_in_type),
	BIND_FIELD(struct histogram_text, skip_zeros, &bind_bool),
	BIND_FIELD(struct histogram_text, labels, &labels_type),
};
static const struct bind_type histogram_type = BIND_STRUCT_TYPE("histogram", struct histogram_text,
								histogram_fields);
static const struct bind_type histograms_type = BIND_LIST_TYPE(&histogram_type);

static const struct bind_field metrics_fields[] = {
	BIND_FIELD(struct metrics_text, counters, &counters_type),
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

static const struct bind_field config_fields[] = {
	BIND_FIELD(struct config_text, name, &bind_text),
	BIND_FIELD(struct config_text, metrics, &metrics_type),
	BIND_FIELD(struct config_text, tracing, &tracing_type),
	BIND_FIELD(struct config_text, kaddrs, &bind_texts),
	BIND_FIELD(struct config_text, cgroup_id_map, &cgroup_id_map_type),
	BIND_FIELD(struct config_text, alternatives, &alternatives_type),
	BIND_FIELD(struct config_text, params, &params_type),
};
const struct bind_type config_text_type = BIND_STRUCT_TYPE("config", struct config_text,
							   config_fields);
