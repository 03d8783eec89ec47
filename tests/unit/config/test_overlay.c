/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of one config over the stream of another. What the text itself may say is tests/golden/gadget_metrics. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"

static const struct field_spec fields[] = {
	{ .name = "proc", .type = FIELD_TYPE_STRUCT, .size = 32 },
	{ .name = "proc.comm", .type = FIELD_TYPE_STRING, .size = 16 },
	{ .name = "proc.pid", .type = FIELD_TYPE_U32, .offset = 16, .size = 4 },
	{ .name = "proc.mntns_id",
	  .type = FIELD_TYPE_U64,
	  .role = FIELD_ROLE_MNTNS_ID,
	  .offset = 24,
	  .size = 8 },
	{ .name = "error_raw", .type = FIELD_TYPE_S32, .offset = 32, .size = 4 },
	{ .name = "error", .type = FIELD_TYPE_BYTES, .source = "error_raw" },
	{ .name = "latency_ns_raw", .type = FIELD_TYPE_U64, .offset = 40, .size = 8 },
	{ .name = "blob", .type = FIELD_TYPE_U8, .offset = 48, .size = 1, .count = 8 },
};

struct fixture {
	bool keeps_original_names; /* set before */
	struct spec *config, *gadget;
	struct stream_spec streams[2];
	struct err_list errors;
};

/* Reads the text, and lays its first use over a gadget with an event stream and a table. 0 or the first error's code. */
static int lay_over(struct fixture *fixture, const char *text)
{
	static const struct fact_map map = { .name = "rows",
					     .type = BPF_MAP_TYPE_HASH,
					     .key_size = 32 };
	static const struct object_facts facts = { .path = "x.bpf.o",
						   .maps = &map,
						   .map_count = 1 };
	const struct dialect_input input = {
		.name = "m", .origin = "m.yaml", .text = text, .len = strlen(text)
	};
	int r = config_load_text(dialect_find("gadget_metrics"), &input, &fixture->config,
				 &fixture->errors);

	assert_int_equal(r, 0);
	fixture->gadget = new_zero(struct spec);
	assert_non_null(fixture->gadget);
	fixture->streams[0] = (struct stream_spec){
		.name = "other", .map = "rows", .mode = STREAM_MODE_TABLE, .program = SPEC_NONE
	};
	fixture->streams[1] = (struct stream_spec){ .name = "events",
						    .map = "ring",
						    .mode = STREAM_MODE_EVENTS,
						    .program = SPEC_NONE,
						    .record_size = 56,
						    .fields = fields,
						    .field_count = array_size(fields) };
	fixture->gadget->name = fixture->gadget->origin = "trace_x";
	fixture->gadget->dialect = dialect_find("gadget");
	fixture->gadget->keeps_original_names = fixture->keeps_original_names;
	fixture->gadget->streams = fixture->streams;
	fixture->gadget->stream_count = 2;
	assert_int_equal(spec__set_overlay(fixture->gadget, &fixture->config->uses[0]), 0);
	/* The copy must live without the text that it was made of. */
	fixture->config = spec__free(fixture->config);
	r = spec__apply_overlay(fixture->gadget, &facts, &fixture->errors);
	return r < 0 ? r : spec__check(fixture->gadget, &fixture->errors);
}

static void done(struct fixture *fixture)
{
	spec__free(fixture->gadget);
	err_list__done(&fixture->errors);
}

#define METRIC                                                                                     \
	"metrics_name: x\nmetrics:\n- {name: a, type: counter, category: trace, gadget: exec, "

static void test_apply__labels_and_conditions(void **state)
{
	struct fixture fixture = { 0 };
	const struct metric_spec *metric;
	const struct stream_spec *stream;

	(void)state;
	assert_int_equal(lay_over(&fixture, METRIC "labels: [k8s.pod, COMM, ret, error], "
						   "selector: ['pid:>5', 'comm:~^a', "
						   "'namespace:!x']}"),
			 0);
	assert_int_equal(fixture.gadget->metric_count, 1);
	metric = &fixture.gadget->metrics[0];
	stream = &fixture.gadget->streams[metric->stream];
	assert_string_equal(metric->name, "a_total");
	assert_string_equal(stream->name, "events");
	assert_int_equal(metric->label_count, 4);
	assert_string_equal(metric->labels[0].name, "k8s_pod");
	assert_string_equal(stream->fields[metric->labels[0].field].name, "k8s.podName");
	assert_true(stream->fields[metric->labels[0].field].is_foreign);
	assert_string_equal(metric->labels[1].name, "comm");
	assert_string_equal(stream->fields[metric->labels[1].field].name, "proc.comm");
	assert_string_equal(metric->labels[2].name, "ret");
	assert_string_equal(stream->fields[metric->labels[2].field].name, "error_raw");
	assert_string_equal(stream->fields[metric->labels[3].field].name, "error");
	assert_int_equal(metric->when_count, 3);
	assert_string_equal(metric->when[0].field, "proc.pid");
	assert_false(metric->when[0].is_signed);
	assert_string_equal(metric->when[2].field, "k8s.namespace");
	assert_string_equal(metric->at.file, "m.yaml");
	assert_int_equal(metric->at.line, 3);
	done(&fixture);
}

static void test_apply__constant_labels_of_the_original(void **state)
{
	struct fixture fixture = { .keeps_original_names = true };
	const struct metric_spec *metric;

	(void)state;
	assert_int_equal(lay_over(&fixture, METRIC "labels: [comm]}"), 0);
	metric = &fixture.gadget->metrics[0];
	assert_int_equal(metric->label_count, 2);
	assert_string_equal(metric->labels[0].name, "otel_scope_name");
	assert_string_equal(metric->labels[0].constant, "gadgets.inspektor-gadget.io/x");
	assert_null(metric->labels[1].constant);
	done(&fixture);
}

static void test_apply__values(void **state)
{
	struct fixture fixture = { 0 };
	const struct metric_spec *metrics;

	(void)state;
	assert_int_equal(
		lay_over(&fixture, METRIC
			 "field: latency_ns_raw}\n"
			 "- {name: b, type: histogram, category: trace, gadget: exec, field: ret, "
			 "bucket: {type: linear, max: 5}}\n"),
		0);
	metrics = fixture.gadget->metrics;
	assert_int_equal(metrics[0].value, VALUE_KIND_FIELD);
	assert_int_equal(metrics[0].cell.offset, 40);
	assert_int_equal(metrics[0].cell.size, 8);
	assert_int_equal(metrics[1].value, VALUE_KIND_OBSERVATION);
	assert_int_equal(metrics[1].cell.offset, 32);
	assert_true(metrics[1].cell.is_signed);
	assert_int_equal(metrics[1].sum_cell.offset, 32);
	assert_int_equal(metrics[1].bucket.key_count, 5);
	done(&fixture);
}

static void test_apply__refuses(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{ METRIC "labels: [com]}",
		  "m.yaml:3:68: trace/exec has no column 'com'; did you mean 'comm'?" },
		{ METRIC "labels: [namespace]}",
		  "m.yaml:3:68: trace/exec has no column 'namespace'; did you mean "
		  "'k8s.namespace'?" },
		{ METRIC "labels: [frobnication]}",
		  "m.yaml:3:68: trace/exec has no column 'frobnication'; sonde inspect lists "
		  "them" },
		{ METRIC "labels: [comm, sessionid]}",
		  "m.yaml:3:74: trace/exec has no column 'sessionid' here: gadget 'trace_exec' "
		  "does not tell its 'sessionid'" },
		{ METRIC "labels: [upperlayer]}",
		  "m.yaml:3:68: trace/exec has no column 'upperlayer' here: gadget 'trace_exec' "
		  "does not tell its 'upper_layer'" },
		{ METRIC "selector: ['eror:x']}",
		  "m.yaml:3:70: trace/exec has no column 'eror'; did you mean 'error'?" },
		{ METRIC "selector: ['pid:~5']}", "m.yaml:3:70: column 'proc.pid' is no text; "
						  "regular expressions are for texts" },
		{ METRIC "selector: ['pid:>5a']}",
		  "m.yaml:3:76: '5a' is no number; column 'proc.pid' is compared with one" },
		{ METRIC "labels: [blob]}", "m.yaml:3:68: column 'blob' of trace/exec is no "
					    "number and no text, so it makes no label" },
		{ METRIC "labels: [proc]}", "m.yaml:3:68: column 'proc' of trace/exec is no "
					    "number and no text, so it makes no label" },
		{ METRIC "field: comm}", "m.yaml:3:66: column 'proc.comm' is no whole number of "
					 "the event; name one that is" },
		{ METRIC "field: k8s.pod}", "m.yaml:3:66: column 'k8s.podName' is no whole "
					    "number of the event; name one that is" },
		{ METRIC "labels: [comm, COMM]}", "m.yaml:3:74: a_total has two labels 'comm'" },
		{ "metrics_name: x\nmetrics:\n- {name: a, type: gauge, category: snapshot, "
		  "gadget: process}",
		  "m.yaml:3:3: gadget 'snapshot_process' brings no snapshots, which "
		  "snapshot/process would have" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct fixture fixture = { 0 };
		char text[512];

		assert_true(lay_over(&fixture, rows[i].text) < 0);
		assert_int_equal(fixture.errors.len, 1);
		err__format(&fixture.errors.items[0], text, sizeof(text));
		if (strncmp(text, rows[i].wanted, strlen(rows[i].wanted)) != 0)
			fail_msg("row %zu: %s", i, text);
		done(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply__labels_and_conditions),
		cmocka_unit_test(test_apply__constant_labels_of_the_original),
		cmocka_unit_test(test_apply__values),
		cmocka_unit_test(test_apply__refuses),
	};

	return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}
