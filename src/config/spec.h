/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_SPEC_H
#define SRC_CONFIG_SPEC_H

/*
 * What somebody asked for: plain data with positions, the same for every dialect, no kernel needed.
 * A spec owns one arena in which all of it lives and dies at once; after loading it is const.
 * Dialects build specs (config/), plans resolve them (pipeline/), policies compile from them (policy/).
 *
 * Lists are pointer + count, in the order of the text. Strings are NUL-terminated and never NULL unless the
 * comment says "or NULL". Names that refer to something of the same spec are resolved to indexes by bind.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "config/spec_match.h"
#include "config/spec_policy.h" /* and spec_text.h */
#include "record/role.h"
#include "record/type.h"

/* Something is there only while a switch of the spec's parameters says so. */
struct condition_spec {
	struct loc at;
	uint32_t param;  /* index into spec.params; a bool */
	bool is_negated; /* it has to be off */
};

/* ---- programs and where they attach ------------------------------------------------------------------ */

enum attach_kind {
	ATTACH_KIND_SECTION, /* trust the object's SEC() names: the usual case; a target replaces theirs */
	ATTACH_KIND_KPROBE,
	ATTACH_KIND_KRETPROBE,
	ATTACH_KIND_KSYSCALL,
	ATTACH_KIND_FENTRY,
	ATTACH_KIND_FEXIT,
	ATTACH_KIND_FMOD_RET,
	ATTACH_KIND_LSM,
	ATTACH_KIND_TRACEPOINT,
	ATTACH_KIND_RAW_TRACEPOINT,
	ATTACH_KIND_TP_BTF,
	ATTACH_KIND_UPROBE,
	ATTACH_KIND_URETPROBE,
	ATTACH_KIND_USDT,
	ATTACH_KIND_PERF_EVENT,
	ATTACH_KIND_XDP,
	ATTACH_KIND_TC,
	ATTACH_KIND_CGROUP,
	ATTACH_KIND_SOCKET_FILTER,
	ATTACH_KIND_NETFILTER,
	ATTACH_KIND_ITER,
};

/* How many places one attach stands for; targets come and go while the plan runs. */
enum attach_scope {
	ATTACH_SCOPE_HOST,
	ATTACH_SCOPE_EACH_CONTAINER,
	ATTACH_SCOPE_EACH_NETNS,
	ATTACH_SCOPE_INTERFACE,
	ATTACH_SCOPE_PROCESS,
};

struct attach_spec {
	struct loc at;
	const char *program; /* name in the object; NULL: all of them */
	enum attach_kind kind;
	enum attach_scope scope;
	const char *target; /* function, tracepoint, path, interface, or NULL */
	const char *module; /* kernel module or library, or NULL */
	const char *symbol; /* in a binary, or NULL */
	const char *
		map; /* of the object: what an iterator walks, or a program of sockets hangs on; or NULL */
	uint64_t offset;
	uint64_t cookie;
	uint32_t flags;        /* of the attach kind, as the kernel defines them */
	uint32_t frequency_hz; /* ATTACH_KIND_PERF_EVENT: samples a second on each CPU */
	bool is_optional;
	bool is_off; /* loaded, never attached */
};

enum object_kind { OBJECT_KIND_PATH, OBJECT_KIND_BUILTIN, OBJECT_KIND_GENERATED };

/* A constant of the object's .rodata or .data, set before load. */
struct rodata_spec {
	struct loc at;
	const char *name;
	enum { RODATA_VALUE, RODATA_KERNEL_ADDRESS } kind;
	const char *symbol; /* RODATA_KERNEL_ADDRESS: whose address becomes the value */
	const void *value;  /* RODATA_VALUE */
	size_t value_size;
};

/* A map has as many entries as a constant of the object says, whoever set that. */
struct map_size_spec {
	struct loc at;
	const char *map;
	const char *constant;
};

struct program_spec {
	struct loc at;
	const char *name;
	enum object_kind kind;
	const char *object;                 /* path, or name of a builtin */
	const struct attach_spec *attaches; /* none: trust SEC() */
	uint32_t attach_count;
	const struct rodata_spec *rodata;
	uint32_t rodata_count;
	const struct map_size_spec *map_sizes;
	uint32_t map_size_count;
	/* Groups of program names of which the first that can attach is used and the others are left out. */
	const struct alternative_spec *alternatives;
	uint32_t alternative_count;
};

struct alternative_spec {
	struct loc at;
	const char *const *programs; /* in order of preference */
	uint32_t program_count;
};

/* Something user space keeps writing into a map of the object. */
enum feed_kind { FEED_KIND_CGROUP_ID };
enum feed_key { FEED_KEY_ID, FEED_KEY_FD };

struct feed_spec {
	struct loc at;
	enum feed_kind kind;
	uint32_t program; /* index into spec.programs */
	const char *map;
	enum feed_key key;
	const struct spec_text
		*patterns; /* regular expressions over the absolute path; any match inserts */
	uint32_t pattern_count;
};

/* ---- streams: where rows and records come from ------------------------------------------------------- */

struct step_spec { /* one decoder of a chain */
	struct loc at;
	const char *decoder;
	/* Arguments, by the decoder's own meaning: pairs (static_map), a list (regexp), flags. */
	const struct step_pair *pairs;
	uint32_t pair_count;
	const struct spec_text *patterns;
	uint32_t pattern_count;
	bool has_pairs;    /* the key was there, even when empty */
	bool has_patterns; /* likewise */
	bool allows_unknown;
};

struct step_pair {
	const char *key;
	const char *value;
};

struct field_spec {
	struct loc at;
	const char *name;
	enum field_role role;
	enum field_type
		type; /* when the dialect knows it; otherwise bytes, and the size says more */
	const char *type_name; /* as the program calls it: a typedef, struct or enum; or NULL */
	uint32_t
		offset; /* from the start of the record, or of a row: key, then value; where sizes do not say it */
	uint32_t size;    /* bytes; of an array those of one element */
	uint32_t count;   /* elements of an array; 0: it is none */
	uint32_t padding; /* bytes skipped after the field */
	const struct step_spec *steps;
	uint32_t step_count;
	const struct note_spec *notes; /* annotations that only some sink understands */
	uint32_t note_count;
	const char *
		source; /* it is no bytes of the record but the text of that field, by its steps; or NULL */
	const char *
		maker; /* made of several fields, or of its own bytes and others, by that function of the agent; or NULL */
	bool is_key;     /* of the rows of a table */
	bool is_foreign; /* neither: whoever enriches records brings it, or a module of the config */
	bool is_hidden;
	bool must_be_zero; /* no value of its own: a row in which a byte of it is set cannot be decoded */
};

struct note_spec {
	const char *key;
	const char *value;
};

enum stream_mode { STREAM_MODE_TABLE, STREAM_MODE_EVENTS, STREAM_MODE_SNAPSHOT };
enum stream_read { STREAM_READ_CUMULATIVE, STREAM_READ_DRAIN };
/* What kind of map the events come through; AUTO: look at the map. */
enum stream_transport { STREAM_TRANSPORT_AUTO, STREAM_TRANSPORT_PERFBUF, STREAM_TRANSPORT_RINGBUF };
/* What bytes of a record beyond the fields mean. */
enum stream_rest { STREAM_REST_ERROR, STREAM_REST_IGNORE };

struct stream_spec {
	struct loc at;
	const char *name;
	uint32_t
		program; /* index into spec.programs; SPEC_NONE: a builtin stream (process exec, fork, exit) */
	enum stream_mode mode;
	const char *map; /* or iterator program, or builtin stream; "" when iterators[] says more */
	const struct spec_text
		*iterators; /* STREAM_MODE_SNAPSHOT: programs, whose rows follow one another */
	uint32_t iterator_count;
	uint32_t record_size; /* bytes of a record or row, 0: not known */
	enum stream_read read;
	enum stream_transport transport;
	int64_t interval_ns; /* reading or flushing; 0: when asked */
	uint64_t count;      /* stop after so many; 0: never */
	bool flush_on_stop;
	const char *lost_map; /* map in which the program counts what it lost, or NULL */
	/* Array to which the program adds what has no room in the map, or NULL. One element; when the key has a bucket,
	 * one for each bucket and one for the sum. */
	const char *overflow_map;
	enum stream_rest rest;
	const struct field_spec *fields; /* none: from BTF */
	uint32_t field_count;
	const struct note_spec *notes; /* annotations that only some sink understands */
	uint32_t note_count;
	bool is_foreign; /* no program fills it but a module of the config, or the agent by itself */
};

/* ---- metrics and spans -------------------------------------------------------------------------------- */

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

enum bucket_kind {
	BUCKET_KIND_NONE,
	BUCKET_KIND_EXP2,
	BUCKET_KIND_EXP2ZERO,
	BUCKET_KIND_LINEAR,
	BUCKET_KIND_FIXED,
	BUCKET_KIND_BAD, /* named something unknown: the metric is reported and left out (bucket.type has the word) */
};

struct bucket_spec {
	struct loc at;
	enum bucket_kind kind;
	const char *type;   /* as written */
	double scale;       /* multiplier from key to unit; never 0 */
	int64_t min, max;   /* inclusive bucket indexes */
	const double *keys; /* BUCKET_KIND_FIXED, in the given order */
	uint32_t key_count;
	/* The last bucket takes all that is more, so it has no bound but +Inf; of FIXED it stands behind the keys. */
	bool is_open_ended;
};

enum value_kind {
	VALUE_KIND_FIELD,       /* a number in the row's value */
	VALUE_KIND_ROW_COUNT,   /* how many rows or records */
	VALUE_KIND_KEY_BUCKET,  /* the last label is the bucket's index, the value its count */
	VALUE_KIND_SLOTS,       /* the value is an array of bucket counts */
	VALUE_KIND_OBSERVATION, /* each record brings one observation */
};

/* Where the sum of a histogram comes from. */
enum sum_kind {
	SUM_KIND_NONE,
	SUM_KIND_KEY_AFTER_LAST,
	SUM_KIND_FIELD,
	SUM_KIND_SLOT_AFTER_LAST, /* VALUE_KIND_SLOTS */
	SUM_KIND_UNKNOWN,         /* nobody has added it up: the histogram is shown without */
};
/* What a slot's index means. */
enum slot_convention { SLOT_CONVENTION_CEIL_LOG2, SLOT_CONVENTION_FLOOR_LOG2 };
/* What is done with the cells of a per-CPU map. */
enum cpu_rule { CPU_RULE_SUM, CPU_RULE_LABEL };
enum temporality { TEMPORALITY_CUMULATIVE, TEMPORALITY_INTERVAL };

/*
 * Why a metric or span cannot work although its config is accepted (upstream finds out at the first scrape):
 * the plan leaves it out and reports it, everything else runs.
 */
enum problem_kind {
	PROBLEM_KIND_DECODE, /* keys cannot become labels: counts as a decoder error of every scrape */
	PROBLEM_KIND_BUCKET, /* the buckets make no histogram */
};

struct problem_spec {
	struct loc at;
	enum problem_kind kind;
	const char *text;
};

struct label_spec {
	struct loc at;
	const char *name;
	uint32_t
		field; /* index into the stream's fields; SPEC_NONE: the CPU of a per-CPU row, a u16 */
	const char
		*constant; /* the text of all of them, of no field then; or NULL. Of records only */
	const struct step_spec
		*steps; /* from the field's bytes, or from the text of the field's own steps */
	uint32_t step_count;
	const struct condition_spec *condition; /* or NULL; without the label its field stays */
	/* Of a cgroup: decoders over the same id that become labels beside it, of their names. spec__complete() makes
	 * them. */
	const struct spec_text *identity;
	uint32_t identity_count;
	bool is_replaced; /* by these */
};

/* Keep a row or record only when this holds. */
struct when_spec {
	struct loc at;
	const char *field;
	const struct label_spec *label; /* how to read it, be it shown or not; NULL: by the name */
	enum match_op op;
	bool is_signed; /* its bytes are, for what compares numbers */
	const struct spec_text *values;
	uint32_t value_count;
};

/* Where in a map's value, or in a record, a number is. */
struct cell_spec {
	struct loc at;
	uint32_t offset;
	uint32_t
		size; /* 1, 2, 4 or 8; 0: nothing was said, the value is the number and has 8 bytes */
	bool is_signed;
};

struct metric_spec {
	struct loc at;
	const char *name; /* whole, as exported */
	const char *help;
	const char *unit; /* or NULL */
	enum metric_kind kind;
	uint32_t stream; /* index into spec.streams */
	const struct label_spec *labels;
	uint32_t label_count;
	const struct when_spec *when; /* all must hold */
	uint32_t when_count;
	enum value_kind value;
	const char *value_field; /* VALUE_KIND_FIELD, _SLOTS, _OBSERVATION; NULL: the whole value */
	struct cell_spec cell;   /* where that is, once it is known; of _SLOTS the first one */
	struct bucket_spec bucket;
	enum sum_kind sum;
	const char *sum_field;     /* SUM_KIND_FIELD */
	struct cell_spec sum_cell; /* SUM_KIND_FIELD: where that is, once it is known */
	enum slot_convention slots;
	enum cpu_rule cpu;
	enum temporality temporality;
	int64_t flush_ns;  /* TEMPORALITY_INTERVAL: series are dropped and begin anew this often */
	double scale;      /* factor from raw value to unit; 1 when nothing was said */
	uint64_t limit;    /* most series; 0: the default */
	int64_t ttl_ns;    /* series unseen that long leave; 0: never */
	bool is_conserved; /* what keys counted stays in the total when they leave the map */
	bool skips_zeros; /* rows whose value is 0 on every CPU make no series: of an array, those never used */
	const struct condition_spec *condition; /* or NULL */
	const struct problem_spec *problem;     /* or NULL */
};

struct span_spec {
	struct loc at;
	const char *name;
	const char *service; /* or NULL */
	uint32_t stream;
	const struct label_spec
		*labels; /* reserved names carry the ids and times (dialect's docs) */
	uint32_t label_count;
	const struct condition_spec *condition; /* or NULL */
	const struct problem_spec *problem;     /* or NULL */
};

/*
 * Which metrics a language that lets them be made up shall make: the agent says it before the spec is completed.
 */
enum metric_wish {
	METRIC_WISH_NONE,
	METRIC_WISH_ASKED, /* those that the text asks for */
	METRIC_WISH_ALL, /* and, of streams of which it asks for none, what is useful without a word */
};

/* ---- what a config takes of others --------------------------------------------------------------------- */

/* A field of a gadget that is not open yet. */
struct use_field_spec {
	struct loc at;
	const char *asked; /* as the text calls it */
	const char *name;  /* as the gadget does, in any case */
};

/*
 * A gadget by its name, and metrics laid over one of its streams. Only once the gadget is complete its fields are known:
 * until then stream is SPEC_NONE in these metrics, label_spec.field counts through fields[], and conditions and values
 * name fields as fields[].name does.
 */
struct use_spec {
	struct loc at;
	const char *gadget;
	const char *called;               /* as the text calls it: "trace/exec" */
	enum stream_mode mode;            /* which of its streams: the first of this mode */
	const struct note_spec *settings; /* its parameters, as the command line would set them */
	uint32_t setting_count;
	const struct use_field_spec *fields;
	uint32_t field_count;
	const struct spec_text
		*columns; /* other names that the language has for fields: for messages */
	uint32_t column_count;
	const struct metric_spec *metrics;
	uint32_t metric_count;
};

/* ---- who is wanted -------------------------------------------------------------------------------------- */

enum who_subject {
	WHO_CONTAINER, /* by name, by id or by the first 12 characters of it, or more */
	WHO_POD,       /* by name, "namespace/name" or uid */
	WHO_NAMESPACE,
	WHO_UNIT, /* of the system's or of a user's manager: with or without ".service" */
	WHO_USER, /* whose slice it is in (user-1000.slice): by name or number */
	WHO_SUBJECT_COUNT,
};

struct wanted_spec { /* one of these has to fit */
	struct loc at;
	enum who_subject subject;
	const struct spec_text *names;
	uint32_t name_count;
};

/* ---- the whole ----------------------------------------------------------------------------------------- */

struct param_spec { /* a knob of the spec that the command line may set */
	struct loc at;
	const char *name;
	const char *help;
	const char *type;     /* a name of param.c's table */
	const char *value;    /* default, or what the command line says */
	const char *constant; /* variable of the object that it sets before load, or NULL */
	const struct spec_text *choices; /* all that it may be; none: whatever the type allows */
	uint32_t choice_count;
};

struct filter_spec { /* for all streams of the spec */
	struct loc at;
	struct when_spec when;
};

enum output_kind {
	OUTPUT_KIND_PROMETHEUS,
	OUTPUT_KIND_JSON,
	OUTPUT_KIND_COLUMNS,
	OUTPUT_KIND_OTLP
};

struct output_spec {
	struct loc at;
	enum output_kind kind;
	const char *target; /* path, address or URL, or NULL */
};

/* For all streams, as the command line has them: "FIELD==VALUE,…", and expressions. "STREAM:" in front is for that one.
 * Borrowed. */
struct record_filters {
	const char *const *conditions;
	size_t condition_count;
	const char *const *expressions;
	size_t expression_count;
};

struct spec {
	struct arena arena;
	const char *
		name; /* of the config, e.g. the file's base name: the `config` label of self-metrics */
	const char *origin; /* path of the text */
	const char *help;   /* what it is for, one line; or NULL */
	const struct dialect *dialect;
	const struct program_spec *programs;
	uint32_t program_count;
	const struct stream_spec *streams;
	uint32_t stream_count;
	const struct metric_spec *metrics;
	uint32_t metric_count;
	const struct span_spec *spans;
	uint32_t span_count;
	const struct policy_spec *policies;
	uint32_t policy_count;
	const struct feed_spec *feeds;
	uint32_t feed_count;
	const struct filter_spec *filters;
	uint32_t filter_count;
	/* Programs count what these do and nothing else: of each subject that is there one name has to fit. None: all are
	 * wanted. */
	const struct wanted_spec *wanted;
	uint32_t wanted_count;
	const struct output_spec *outputs;
	uint32_t output_count;
	const struct param_spec *params;
	uint32_t param_count;
	const struct use_spec *uses; /* gadgets, each opened for it */
	uint32_t use_count;
	const struct use_spec *overlay; /* what the config that uses it wants, or NULL */
	/* What the command line says of parameters that only the object may know: set when the spec is completed. */
	const struct note_spec *settings;
	uint32_t setting_count;
	const struct note_spec *notes; /* annotations, and what else a text says about itself */
	uint32_t note_count;
	enum metric_wish metric_wish;
	bool is_for_metrics; /* its text names what is to be served, so that is what running it means */
	bool keeps_original_names; /* of metrics: as the agent that the language comes from calls them */
	/* What whoever runs it says beside its text. */
	const struct record_filters *record_filters; /* arena; NULL: the agent's, if it has any */
	bool has_no_consumers; /* nobody will ever want its records, only what they count for */
	bool has_policy_mode;  /* of its policies, whatever they say: */
	enum policy_mode policy_mode;
	bool has_disabled_policies; /* they are known, and loaded once they are enabled */
	/* What it cannot work without and the agent does not have: a sentence each. */
	const struct spec_text *needs;
	uint32_t need_count;
	/* What was read and ignored, unknown keys for one: for whoever checks a config. */
	const struct spec_text *warnings;
	uint32_t warning_count;
};

#endif
