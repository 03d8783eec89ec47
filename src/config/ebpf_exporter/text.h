/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_EBPF_EXPORTER_TEXT_H
#define SRC_CONFIG_EBPF_EXPORTER_TEXT_H

/*
 * An ebpf_exporter config as it is written: one struct per kind of map in the YAML, key by key.
 * Bound from nodes by the tables of text.c, turned into a spec by parse.c; lives in the spec's arena.
 * What is marked "superset" is sonde's own; upstream ignores such keys, as all that it does not know.
 */

#include "config/bind.h"

struct decoder_text {
	struct loc at;
	struct spec_text name;
	struct bind_list static_map; /* struct step_pair */
	struct bind_list regexps;    /* struct spec_text */
	bool allow_unknown;
};

struct label_text {
	struct loc at;
	struct spec_text name;
	struct spec_text condition; /* superset */
	uint32_t size;
	uint32_t padding;
	struct bind_list decoders; /* struct decoder_text */
	struct bind_list identity; /* superset: struct spec_text */
};

/* What counters, gauges and histograms have beyond upstream. */
struct extra_text {
	struct spec_text condition;
	struct spec_text map; /* the metric's name when there is none */
	struct spec_text unit;
	int64_t limit;
	int64_t ttl;
	const struct node *value;  /* a member's name, or struct place_text */
	struct bind_list when;     /* struct when_text */
	struct spec_text overflow; /* name of a map */
	bool skip_zeros;
};

struct place_text {
	struct loc at;
	uint32_t offset;
	uint32_t size;
	bool is_signed;
};

struct attach_text {
	struct loc at;
	struct spec_text program;
	int each; /* enum attach_scope */
};

struct when_text {
	struct loc at;
	struct spec_text label;
	int op;                   /* enum match_op */
	const struct node *value; /* text, or a list of texts */
	bool is_signed;
};

struct counter_text {
	struct loc at;
	struct spec_text name;
	struct spec_text help;
	struct extra_text extra; /* superset */
	bool perf_event_array;
	bool ringbuf;          /* superset */
	struct spec_text lost; /* superset */
	int64_t flush_interval;
	struct bind_list labels; /* struct label_text */
};

/* Which part of a map's row has the buckets: the key's last bytes say which one it is, or the value is all of them. */
enum buckets_in { BUCKETS_IN_KEY, BUCKETS_IN_VALUE };

struct gauge_text { /* superset */
	struct loc at;
	struct spec_text name;
	struct spec_text help;
	struct extra_text extra;
	struct bind_list labels; /* struct label_text */
};

struct histogram_text {
	struct loc at;
	struct spec_text name;
	struct spec_text help;
	struct extra_text extra; /* superset */
	struct spec_text bucket_type;
	double bucket_multiplier;
	int64_t bucket_min;
	int64_t bucket_max;
	struct bind_list bucket_keys; /* double */
	int buckets_in;               /* superset: enum buckets_in */
	struct bind_list labels;      /* struct label_text */
};

struct span_text {
	struct loc at;
	struct spec_text ringbuf;
	struct spec_text name;
	struct spec_text service;
	struct spec_text condition; /* superset */
	struct bind_list labels;    /* struct label_text */
};

struct metrics_text {
	struct loc at;
	struct bind_list counters;   /* struct counter_text */
	struct bind_list gauges;     /* superset: struct gauge_text */
	struct bind_list histograms; /* struct histogram_text */
};

struct tracing_text {
	struct loc at;
	struct bind_list spans; /* struct span_text */
};

struct cgroup_id_map_text {
	struct loc at;
	struct spec_text name;
	int type;                 /* enum feed_key */
	struct bind_list regexps; /* struct spec_text */
};

struct param_text { /* superset */
	struct loc at;
	struct spec_text name;
	struct spec_text help;
	struct spec_text type;
	struct spec_text initial;
	struct spec_text constant;
};

struct only_text { /* superset */
	struct loc at;
	struct bind_list container, pod, namespace, unit, user; /* struct spec_text */
};

struct config_text {
	struct loc at;
	struct spec_text name; /* ignored, as upstream does: the file's name counts */
	struct metrics_text metrics;
	struct tracing_text tracing;
	struct bind_list kaddrs; /* struct spec_text */
	struct cgroup_id_map_text cgroup_id_map;
	struct spec_text help;         /* superset */
	struct bind_list alternatives; /* superset: struct bind_list of struct spec_text */
	struct bind_list attach;       /* superset: struct attach_text */
	struct bind_list params;       /* superset: struct param_text */
	struct bind_list identity;     /* superset: struct spec_text */
	const struct node *only;       /* superset: struct only_text */
};

/* Of a struct config_text. */
extern const struct bind_type config_text_type;
/* Of a struct only_text, in which a slip must not go unseen. */
extern const struct bind_type only_text_type;
/* Of a struct place_text, whose key may have text instead. */
extern const struct bind_type place_text_type;

#endif
