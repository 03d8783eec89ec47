/* SPDX-License-Identifier: Apache-2.0 */
#include "config/format_rows.h"

#include "config/spec.h"

_Static_assert(sizeof(enum attach_kind) == sizeof(unsigned int),
	       "format.c reads enums as unsigned int");

/* ---- words ---------------------------------------------------------------------------------- */

static const char *const attach_kinds[] = {
	[ATTACH_KIND_SECTION] = "section",
	[ATTACH_KIND_KPROBE] = "kprobe",
	[ATTACH_KIND_KRETPROBE] = "kretprobe",
	[ATTACH_KIND_KSYSCALL] = "ksyscall",
	[ATTACH_KIND_FENTRY] = "fentry",
	[ATTACH_KIND_FEXIT] = "fexit",
	[ATTACH_KIND_FMOD_RET] = "fmod_ret",
	[ATTACH_KIND_LSM] = "lsm",
	[ATTACH_KIND_TRACEPOINT] = "tracepoint",
	[ATTACH_KIND_RAW_TRACEPOINT] = "raw_tracepoint",
	[ATTACH_KIND_TP_BTF] = "tp_btf",
	[ATTACH_KIND_UPROBE] = "uprobe",
	[ATTACH_KIND_URETPROBE] = "uretprobe",
	[ATTACH_KIND_USDT] = "usdt",
	[ATTACH_KIND_PERF_EVENT] = "perf_event",
	[ATTACH_KIND_XDP] = "xdp",
	[ATTACH_KIND_TC] = "tc",
	[ATTACH_KIND_CGROUP] = "cgroup",
	[ATTACH_KIND_SOCKET_FILTER] = "socket_filter",
	[ATTACH_KIND_NETFILTER] = "netfilter",
	[ATTACH_KIND_ITER] = "iter",
};
static const char *const attach_scopes[] = {
	[ATTACH_SCOPE_HOST] = "host",
	[ATTACH_SCOPE_EACH_CONTAINER] = "each_container",
	[ATTACH_SCOPE_EACH_NETNS] = "each_netns",
	[ATTACH_SCOPE_INTERFACE] = "interface",
	[ATTACH_SCOPE_PROCESS] = "process",
};
static const char *const object_kinds[] = {
	[OBJECT_KIND_PATH] = "path",
	[OBJECT_KIND_BUILTIN] = "builtin",
	[OBJECT_KIND_GENERATED] = "generated",
};
static const char *const rodata_kinds[] = {
	[RODATA_VALUE] = "value",
	[RODATA_KERNEL_ADDRESS] = "kernel_address",
};
static const char *const feed_kinds[] = { [FEED_KIND_CGROUP_ID] = "cgroup_id" };
static const char *const feed_keys[] = { [FEED_KEY_ID] = "id", [FEED_KEY_FD] = "fd" };
static const char *const roles[] = {
#define ROLE(id, name, help) [FIELD_ROLE_##id] = name,
#include "record/role.def"
#undef ROLE
};
static const char *const stream_modes[] = {
	[STREAM_MODE_TABLE] = "table",
	[STREAM_MODE_EVENTS] = "events",
	[STREAM_MODE_SNAPSHOT] = "snapshot",
};
static const char *const stream_reads[] = {
	[STREAM_READ_CUMULATIVE] = "cumulative",
	[STREAM_READ_DRAIN] = "drain",
};
static const char *const stream_transports[] = {
	[STREAM_TRANSPORT_AUTO] = "auto",
	[STREAM_TRANSPORT_PERFBUF] = "perfbuf",
	[STREAM_TRANSPORT_RINGBUF] = "ringbuf",
};
static const char *const stream_rests[] = {
	[STREAM_REST_ERROR] = "error",
	[STREAM_REST_IGNORE] = "ignore",
};
static const char *const metric_kinds[] = {
	[METRIC_KIND_COUNTER] = "counter",
	[METRIC_KIND_GAUGE] = "gauge",
	[METRIC_KIND_HISTOGRAM] = "histogram",
};
static const char *const bucket_kinds[] = {
	[BUCKET_KIND_NONE] = "none",         [BUCKET_KIND_EXP2] = "exp2",
	[BUCKET_KIND_EXP2ZERO] = "exp2zero", [BUCKET_KIND_LINEAR] = "linear",
	[BUCKET_KIND_FIXED] = "fixed",       [BUCKET_KIND_BAD] = "bad",
};
static const char *const value_kinds[] = {
	[VALUE_KIND_FIELD] = "field",
	[VALUE_KIND_ROW_COUNT] = "row_count",
	[VALUE_KIND_KEY_BUCKET] = "key_bucket",
	[VALUE_KIND_SLOTS] = "slots",
	[VALUE_KIND_OBSERVATION] = "observation",
};
static const char *const sum_kinds[] = {
	[SUM_KIND_NONE] = "none",       [SUM_KIND_KEY_AFTER_LAST] = "key_after_last",
	[SUM_KIND_FIELD] = "field",     [SUM_KIND_SLOT_AFTER_LAST] = "slot_after_last",
	[SUM_KIND_UNKNOWN] = "unknown",
};
static const char *const slot_conventions[] = {
	[SLOT_CONVENTION_CEIL_LOG2] = "ceil_log2",
	[SLOT_CONVENTION_FLOOR_LOG2] = "floor_log2",
};
static const char *const cpu_rules[] = { [CPU_RULE_SUM] = "sum", [CPU_RULE_LABEL] = "label" };
static const char *const temporalities[] = {
	[TEMPORALITY_CUMULATIVE] = "cumulative",
	[TEMPORALITY_INTERVAL] = "interval",
};
static const char *const problem_kinds[] = {
	[PROBLEM_KIND_DECODE] = "decode",
	[PROBLEM_KIND_BUCKET] = "bucket",
};
const char *const match_op_words[MATCH_OP_COUNT] = {
	[MATCH_OP_EQUAL] = "equal",
	[MATCH_OP_NOT_EQUAL] = "not_equal",
	[MATCH_OP_LESS] = "less",
	[MATCH_OP_GREATER] = "greater",
	[MATCH_OP_LESS_EQUAL] = "less_equal",
	[MATCH_OP_GREATER_EQUAL] = "greater_equal",
	[MATCH_OP_IN] = "in",
	[MATCH_OP_NOT_IN] = "not_in",
	[MATCH_OP_PREFIX] = "prefix",
	[MATCH_OP_NOT_PREFIX] = "not_prefix",
	[MATCH_OP_POSTFIX] = "postfix",
	[MATCH_OP_NOT_POSTFIX] = "not_postfix",
	[MATCH_OP_SUBSTRING] = "substring",
	[MATCH_OP_SUBSTRING_ANY_CASE] = "substring_any_case",
	[MATCH_OP_MASK] = "mask",
	[MATCH_OP_RANGE] = "range",
	[MATCH_OP_NOT_RANGE] = "not_range",
	[MATCH_OP_CIDR] = "cidr",
	[MATCH_OP_NOT_CIDR] = "not_cidr",
	[MATCH_OP_PORT] = "port",
	[MATCH_OP_NOT_PORT] = "not_port",
	[MATCH_OP_PRIVILEGED_PORT] = "privileged_port",
	[MATCH_OP_NOT_PRIVILEGED_PORT] = "not_privileged_port",
	[MATCH_OP_PROTOCOL] = "protocol",
	[MATCH_OP_FAMILY] = "family",
	[MATCH_OP_STATE] = "state",
	[MATCH_OP_REGEXP] = "regexp",
	[MATCH_OP_NOT_REGEXP] = "not_regexp",
	[MATCH_OP_FILE_TYPE] = "file_type",
	[MATCH_OP_NOT_FILE_TYPE] = "not_file_type",
	[MATCH_OP_CAPABILITIES_GAINED] = "capabilities_gained",
	[MATCH_OP_EXPRESSION] = "expression",
};
static const char *const who_subjects[] = {
	[WHO_CONTAINER] = "container", [WHO_POD] = "pod",   [WHO_NAMESPACE] = "namespace",
	[WHO_UNIT] = "unit",           [WHO_USER] = "user",
};
static const char *const output_kinds[] = {
	[OUTPUT_KIND_PROMETHEUS] = "prometheus",
	[OUTPUT_KIND_JSON] = "json",
	[OUTPUT_KIND_COLUMNS] = "columns",
	[OUTPUT_KIND_OTLP] = "otlp",
};

/* ---- programs ------------------------------------------------------------------------------- */

#define TYPE struct attach_spec
static const struct row attach_rows[] = {
	ROW(ROW_TEXT, program), WORD(kind, attach_kinds),   WORD(scope, attach_scopes),
	ROW(ROW_TEXT, target),  ROW(ROW_TEXT, module),      ROW(ROW_TEXT, symbol),
	ROW(ROW_TEXT, map),     ROW(ROW_U64, offset),       ROW(ROW_U64, cookie),
	ROW(ROW_U32, flags),    ROW(ROW_U32, frequency_hz), ROW(ROW_BOOL, is_optional),
	ROW(ROW_BOOL, is_off),
};
static const struct shape attach_shape = SHAPE(attach_rows);
#undef TYPE

#define TYPE struct rodata_spec
static const struct row rodata_rows[] = {
	ROW(ROW_TEXT, name),
	WORD(kind, rodata_kinds),
	ROW(ROW_TEXT, symbol),
	COUNTED(ROW_BYTES, "value", value, value_size),
};
static const struct shape rodata_shape = SHAPE(rodata_rows);
#undef TYPE

#define TYPE struct map_size_spec
static const struct row map_size_rows[] = {
	ROW(ROW_TEXT, map),
	ROW(ROW_TEXT, constant),
};
static const struct shape map_size_shape = SHAPE(map_size_rows);
#undef TYPE

#define TYPE struct alternative_spec
static const struct row alternative_rows[] = { COUNTED(ROW_TEXTS, "program", programs,
						       program_count) };
static const struct shape alternative_shape = SHAPE(alternative_rows);
#undef TYPE

#define TYPE struct program_spec
static const struct row program_rows[] = {
	ROW(ROW_TEXT, name),
	WORD(kind, object_kinds),
	ROW(ROW_TEXT, object),
	LIST("attach", attaches, attach_count, attach_shape),
	LIST("rodata", rodata, rodata_count, rodata_shape),
	LIST("map_size", map_sizes, map_size_count, map_size_shape),
	LIST("alternative", alternatives, alternative_count, alternative_shape),
};
static const struct shape program_shape = SHAPE(program_rows);
#undef TYPE

#define TYPE struct feed_spec
static const struct row feed_rows[] = {
	WORD(kind, feed_kinds),
	ROW(ROW_INDEX, program),
	ROW(ROW_TEXT, map),
	WORD(key, feed_keys),
	COUNTED(ROW_NOTED, "pattern", patterns, pattern_count),
};
static const struct shape feed_shape = SHAPE(feed_rows);
#undef TYPE

/* ---- streams -------------------------------------------------------------------------------- */

#define TYPE struct step_spec
static const struct row step_rows[] = {
	ROW(ROW_TEXT, decoder),
	ROW(ROW_BOOL, has_pairs),
	COUNTED(ROW_PAIRS, "pair", pairs, pair_count),
	ROW(ROW_BOOL, has_patterns),
	COUNTED(ROW_NOTED, "pattern", patterns, pattern_count),
	ROW(ROW_BOOL, allows_unknown),
};
static const struct shape step_shape = SHAPE(step_rows);
#undef TYPE

#define TYPE struct field_spec
static const struct row field_rows[] = {
	ROW(ROW_TEXT, name),
	WORD(role, roles),
	ROW(ROW_U32, type),
	ROW(ROW_TEXT, type_name),
	ROW(ROW_U32, offset),
	ROW(ROW_U32, size),
	ROW(ROW_U32, count),
	ROW(ROW_U32, padding),
	LIST("step", steps, step_count, step_shape),
	COUNTED(ROW_PAIRS, "note", notes, note_count),
	ROW(ROW_TEXT, source),
	ROW(ROW_TEXT, maker),
	ROW(ROW_BOOL, is_key),
	ROW(ROW_BOOL, is_foreign),
	ROW(ROW_BOOL, is_hidden),
	ROW(ROW_BOOL, must_be_zero),
};
static const struct shape field_shape = SHAPE(field_rows);
#undef TYPE

#define TYPE struct stream_spec
static const struct row stream_rows[] = {
	ROW(ROW_TEXT, name),
	ROW(ROW_INDEX, program),
	WORD(mode, stream_modes),
	ROW(ROW_TEXT, map),
	WORD(read, stream_reads),
	WORD(transport, stream_transports),
	ROW(ROW_I64, interval_ns),
	ROW(ROW_U64, count),
	ROW(ROW_BOOL, flush_on_stop),
	ROW(ROW_TEXT, lost_map),
	ROW(ROW_TEXT, overflow_map),
	WORD(rest, stream_rests),
	LIST("field", fields, field_count, field_shape),
	COUNTED(ROW_NOTED, "iterator", iterators, iterator_count),
	ROW(ROW_U32, record_size),
	COUNTED(ROW_PAIRS, "note", notes, note_count),
	ROW(ROW_BOOL, is_foreign),
};
static const struct shape stream_shape = SHAPE(stream_rows);
#undef TYPE

/* ---- metrics and spans ---------------------------------------------------------------------- */

#define TYPE struct bucket_spec
static const struct row bucket_rows[] = {
	WORD(kind, bucket_kinds),
	ROW(ROW_TEXT, type),
	ROW(ROW_DOUBLE, scale),
	ROW(ROW_I64, min),
	ROW(ROW_I64, max),
	COUNTED(ROW_DOUBLES, "key", keys, key_count),
	ROW(ROW_BOOL, is_open_ended),
};
static const struct shape bucket_shape = SHAPE(bucket_rows, .skip_offset = offsetof(TYPE, kind));
#undef TYPE

#define TYPE struct condition_spec
static const struct row condition_rows[] = { ROW(ROW_INDEX, param), ROW(ROW_BOOL, is_negated) };
static const struct shape condition_shape = SHAPE(condition_rows);
#undef TYPE

#define TYPE struct label_spec
static const struct row label_rows[] = {
	ROW(ROW_TEXT, name),
	ROW(ROW_INDEX, field),
	ROW(ROW_TEXT, constant),
	LIST("step", steps, step_count, step_shape),
	NESTED(ROW_POINTER, condition, condition_shape),
	COUNTED(ROW_NOTED, "identity", identity, identity_count),
	ROW(ROW_BOOL, is_replaced),
};
static const struct shape label_shape = SHAPE(label_rows);
#undef TYPE

#define TYPE struct when_spec
static const struct row when_rows[] = {
	ROW(ROW_TEXT, field),
	WORD(op, match_op_words),
	ROW(ROW_BOOL, is_signed),
	COUNTED(ROW_NOTED, "value", values, value_count),
};
static const struct shape when_shape = SHAPE(when_rows);
#undef TYPE

#define TYPE struct problem_spec
static const struct row problem_rows[] = { WORD(kind, problem_kinds), ROW(ROW_TEXT, text) };
static const struct shape problem_shape = SHAPE(problem_rows);
#undef TYPE

#define TYPE struct cell_spec
static const struct row cell_rows[] = {
	ROW(ROW_U32, offset),
	ROW(ROW_U32, size),
	ROW(ROW_BOOL, is_signed),
};
static const struct shape cell_shape = SHAPE(cell_rows, .skip_offset = offsetof(TYPE, size));
#undef TYPE

#define TYPE struct metric_spec
static const struct row metric_rows[] = {
	ROW(ROW_TEXT, name),
	ROW(ROW_TEXT, help),
	ROW(ROW_TEXT, unit),
	WORD(kind, metric_kinds),
	ROW(ROW_INDEX, stream),
	LIST("label", labels, label_count, label_shape),
	LIST("when", when, when_count, when_shape),
	WORD(value, value_kinds),
	ROW(ROW_TEXT, value_field),
	NESTED(ROW_STRUCT, cell, cell_shape),
	NESTED(ROW_STRUCT, bucket, bucket_shape),
	WORD(sum, sum_kinds),
	ROW(ROW_TEXT, sum_field),
	NESTED(ROW_STRUCT, sum_cell, cell_shape),
	WORD(slots, slot_conventions),
	WORD(cpu, cpu_rules),
	WORD(temporality, temporalities),
	ROW(ROW_I64, flush_ns),
	ROW(ROW_DOUBLE, scale),
	ROW(ROW_U64, limit),
	ROW(ROW_I64, ttl_ns),
	ROW(ROW_BOOL, is_conserved),
	ROW(ROW_BOOL, skips_zeros),
	NESTED(ROW_POINTER, condition, condition_shape),
	NESTED(ROW_POINTER, problem, problem_shape),
};
static const struct shape metric_shape = SHAPE(metric_rows);
#undef TYPE

#define TYPE struct span_spec
static const struct row span_rows[] = {
	ROW(ROW_TEXT, name),
	ROW(ROW_TEXT, service),
	ROW(ROW_INDEX, stream),
	LIST("label", labels, label_count, label_shape),
	NESTED(ROW_POINTER, condition, condition_shape),
	NESTED(ROW_POINTER, problem, problem_shape),
};
static const struct shape span_shape = SHAPE(span_rows);
#undef TYPE

/* ---- the whole ------------------------------------------------------------------------------ */

#define TYPE struct filter_spec
static const struct row filter_rows[] = { NESTED(ROW_STRUCT, when, when_shape) };
static const struct shape filter_shape = SHAPE(filter_rows);
#undef TYPE

#define TYPE struct output_spec
static const struct row output_rows[] = { WORD(kind, output_kinds), ROW(ROW_TEXT, target) };
static const struct shape output_shape = SHAPE(output_rows);
#undef TYPE

#define TYPE struct param_spec
static const struct row param_rows[] = {
	ROW(ROW_TEXT, name),     ROW(ROW_TEXT, help),
	ROW(ROW_TEXT, type),     ROW(ROW_TEXT, value),
	ROW(ROW_TEXT, constant), COUNTED(ROW_NOTED, "choice", choices, choice_count),
};
static const struct shape param_shape = SHAPE(param_rows);
#undef TYPE

#define TYPE struct use_field_spec
static const struct row use_field_rows[] = { ROW(ROW_TEXT, asked), ROW(ROW_TEXT, name) };
static const struct shape use_field_shape = SHAPE(use_field_rows);
#undef TYPE

#define TYPE struct use_spec
static const struct row use_rows[] = {
	ROW(ROW_TEXT, gadget),
	ROW(ROW_TEXT, called),
	WORD(mode, stream_modes),
	COUNTED(ROW_PAIRS, "setting", settings, setting_count),
	LIST("field", fields, field_count, use_field_shape),
	LIST("metric", metrics, metric_count, metric_shape),
};
static const struct shape use_shape = SHAPE(use_rows);
#undef TYPE

#define TYPE struct wanted_spec
static const struct row wanted_rows[] = {
	WORD(subject, who_subjects),
	COUNTED(ROW_NOTED, "name", names, name_count),
};
static const struct shape wanted_shape = SHAPE(wanted_rows);
#undef TYPE

#define TYPE struct spec
static const struct row spec_rows[] = {
	ROW(ROW_TEXT, name),
	ROW(ROW_TEXT, origin),
	ROW(ROW_TEXT, help),
	LIST("program", programs, program_count, program_shape),
	LIST("stream", streams, stream_count, stream_shape),
	LIST("metric", metrics, metric_count, metric_shape),
	LIST("span", spans, span_count, span_shape),
	LIST("policy", policies, policy_count, policy_shape),
	LIST("feed", feeds, feed_count, feed_shape),
	LIST("filter", filters, filter_count, filter_shape),
	LIST("wanted", wanted, wanted_count, wanted_shape),
	LIST("output", outputs, output_count, output_shape),
	LIST("param", params, param_count, param_shape),
	LIST("use", uses, use_count, use_shape),
	NESTED(ROW_POINTER, overlay, use_shape),
	COUNTED(ROW_PAIRS, "setting", settings, setting_count),
	COUNTED(ROW_PAIRS, "note", notes, note_count),
	ROW(ROW_BOOL, is_for_metrics),
	COUNTED(ROW_NOTED, "need", needs, need_count),
	COUNTED(ROW_NOTED, "warning", warnings, warning_count),
};
const struct shape spec_shape = SHAPE(spec_rows, .has_no_at = true);
#undef TYPE
