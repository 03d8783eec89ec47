/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a config and facts of its object to the exposition, without a kernel: plan, resolve, write. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"
#include "host/host.h"
#include "pipeline/plan.h"
#include "sink/prometheus.h"

struct fixture {
	struct spec *spec;
	struct host *host;
	struct decode_env decode;
	struct registry *registry;
	struct fact_map map;
	struct object_facts facts;
	struct route route;
	struct strbuf text;
	struct err err;
};

#define COUNTER(labels)                                                                            \
	"metrics:\n  counters:\n    - name: m\n      help: h\n      labels:\n" labels

#define HISTOGRAM(buckets, labels)                                                                 \
	"metrics:\n  histograms:\n    - name: m\n      help: h\n" buckets "      labels:\n" labels

#define NUMBER                                                                                     \
	"        - name: number\n          size: 4\n          decoders:\n            - name: uint\n"
#define FRUIT                                                                                      \
	"        - name: fruit\n          size: 32\n          decoders:\n            - name: string\n"

/* Loads the text, makes the facts of one map "m", completes the spec. */
static void open_fixture(struct fixture *fixture, const char *text, uint32_t map_type,
			 uint32_t key_size)
{
	const struct dialect_input input = { .name = "c",
					     .origin = "c.yaml",
					     .object = "c.bpf.o",
					     .text = text,
					     .len = strlen(text) };
	struct err_list errors = { 0 };

	memset(fixture, 0, sizeof(*fixture));
	fixture->map = (struct fact_map){ .name = "m",
					  .type = map_type,
					  .key_size = key_size,
					  .value_size = 8,
					  .max_entries = 16 };
	fixture->facts =
		(struct object_facts){ .path = "c.bpf.o", .maps = &fixture->map, .map_count = 1 };
	assert_int_equal(
		config_load_text(dialect_find("ebpf_exporter"), &input, &fixture->spec, &errors),
		0);
	assert_int_equal(spec__complete(fixture->spec, &fixture->facts, &errors), 0);
	assert_int_equal(registry__new(&fixture->registry, NULL), 0);
	assert_int_equal(host__open("/", &fixture->host, NULL), 0);
	fixture->decode.host = fixture->host;
	err_list__done(&errors);
}

static int plan(struct fixture *fixture)
{
	const struct plan_env env = { .decode = &fixture->decode,
				      .registry = fixture->registry,
				      .facts = &fixture->facts };

	return plan_route(fixture->spec, &fixture->spec->metrics[0], &env, &fixture->route,
			  &fixture->err);
}

static void begin(struct fixture *fixture)
{
	family__begin(fixture->route.family, &(struct family_pass){ .generation = 1 });
	label_cache__begin(fixture->route.cache, 1);
}

/* One row of the map, as scrape.c adds it. False: undecodable. */
static bool add(struct fixture *fixture, const void *key, uint64_t value)
{
	struct label_entry scratch;
	const struct label_entry *entry = route__resolve(&fixture->route, key, &scratch);

	if (!entry)
		return false;
	if (entry->series == LABEL_SERIES_SKIP)
		return true;
	if (fixture->route.has_bucket)
		family__add_slot(fixture->route.family, entry->series, entry->bucket, value);
	else
		family__add(fixture->route.family, entry->series, value);
	return true;
}

static const char *write_text(struct fixture *fixture)
{
	registry__end(fixture->registry);
	strbuf__reset(&fixture->text);
	prometheus__write(fixture->registry, NAME_ESCAPING_UNDERSCORES, &fixture->text);
	return strbuf__text(&fixture->text);
}

static void close_fixture(struct fixture *fixture)
{
	if (fixture->route.family)
		registry__drop(fixture->registry, fixture->route.family);
	route__done(&fixture->route);
	registry__free(fixture->registry);
	spec__free(fixture->spec);
	host__close(fixture->host);
	strbuf__done(&fixture->text);
	err__done(&fixture->err);
}

static void test_plan__counter_with_two_labels(void **state)
{
	struct fixture fixture;
	uint8_t key[36] = { 8, 0, 0, 0, 'b', 'a', 'n', 'a', 'n', 'a', 's' };

	(void)state;
	open_fixture(&fixture, COUNTER(NUMBER FRUIT), BPF_MAP_TYPE_HASH, sizeof(key));
	assert_int_equal(plan(&fixture), 0);
	assert_null(fixture.route.error);
	begin(&fixture);
	assert_true(add(&fixture, key, 7));
	assert_string_equal(write_text(&fixture),
			    "# HELP ebpf_exporter_m h\n# TYPE ebpf_exporter_m counter\n"
			    "ebpf_exporter_m{fruit=\"bananas\",number=\"8\"} 7\n");
	close_fixture(&fixture);
}

/* Skipped rows are remembered like others: nothing is decoded or compared twice. */
static void test_plan__rows_that_are_not_wanted_are_remembered(void **state)
{
	struct fixture fixture;
	const struct label_entry *entry;
	uint8_t pear[36] = { 8, 0, 0, 0, 'p', 'e', 'a', 'r' };
	uint8_t plum[36] = { 8, 0, 0, 0, 'p', 'l', 'u', 'm' };
	uint8_t many[36] = { 9, 0, 0, 0, 'p', 'l', 'u', 'm' };

	(void)state;
	open_fixture(&fixture,
		     COUNTER(NUMBER FRUIT) "      when: [{label: fruit, value: plum}, "
					   "{label: number, op: <, value: 9}]\n",
		     BPF_MAP_TYPE_HASH, sizeof(pear));
	assert_int_equal(plan(&fixture), 0);
	assert_null(fixture.route.error);
	begin(&fixture);
	assert_true(add(&fixture, pear, 7));
	assert_true(add(&fixture, plum, 8));
	assert_true(add(&fixture, many, 9));
	assert_string_equal(write_text(&fixture),
			    "# HELP ebpf_exporter_m h\n# TYPE ebpf_exporter_m counter\n"
			    "ebpf_exporter_m{fruit=\"plum\",number=\"8\"} 8\n");
	assert_int_equal(label_cache__count(fixture.route.cache), 3);
	entry = label_cache__find(fixture.route.cache, many);
	assert_non_null(entry);
	assert_true(entry->series == LABEL_SERIES_SKIP);
	close_fixture(&fixture);
}

static void test_plan__shares_a_family_whatever_the_order_of_labels(void **state)
{
	static const char *const names[] = { "fruit", "number" }; /* another config has them so */
	const struct family_spec other = { .name = "ebpf_exporter_m",
					   .help = "h",
					   .kind = FAMILY_KIND_COUNTER,
					   .label_names = names,
					   .label_count = 2 };
	struct fixture fixture;
	uint8_t key[36] = { 8, 0, 0, 0, 'b', 'a', 'n', 'a', 'n', 'a', 's' };
	struct family *family;

	(void)state;
	open_fixture(&fixture, COUNTER(NUMBER FRUIT), BPF_MAP_TYPE_HASH, sizeof(key));
	assert_int_equal(registry__family(fixture.registry, &other, &family, NULL), 0);
	assert_int_equal(plan(&fixture), 0);
	assert_ptr_equal(fixture.route.family, family);
	begin(&fixture);
	assert_true(add(&fixture, key, 7));
	assert_string_equal(write_text(&fixture),
			    "# HELP ebpf_exporter_m h\n# TYPE ebpf_exporter_m counter\n"
			    "ebpf_exporter_m{fruit=\"bananas\",number=\"8\"} 7\n");
	close_fixture(&fixture);
}

static void test_plan__padding_is_skipped_behind_its_label(void **state)
{
	struct fixture fixture;
	uint8_t key[36] = { 8, 1, 1, 1, 'b', 'a', 'n', 'a', 'n', 'a', 's' };

	(void)state;
	open_fixture(&fixture,
		     COUNTER("        - name: number\n          size: 1\n          padding: 3\n"
			     "          decoders:\n            - name: uint\n" FRUIT),
		     BPF_MAP_TYPE_HASH, sizeof(key));
	assert_int_equal(plan(&fixture), 0);
	begin(&fixture);
	assert_true(add(&fixture, key, 1));
	assert_non_null(strstr(write_text(&fixture), "{fruit=\"bananas\",number=\"8\"} 1\n"));
	close_fixture(&fixture);
}

static void test_plan__sizes_that_do_not_add_up_leave_the_metric_out(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, COUNTER(NUMBER), BPF_MAP_TYPE_HASH, 20);
	assert_int_equal(plan(&fixture), 0);
	assert_non_null(strstr(fixture.route.error, "c.yaml:3:"));
	assert_non_null(strstr(fixture.route.error, "20 bytes"));
	assert_true(fixture.route.counts_as_decode_error);
	close_fixture(&fixture);
}

static void test_plan__unknown_decoder_leaves_the_metric_out(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(
		&fixture,
		COUNTER("        - name: number\n          size: 4\n          decoders:\n            - name: uin\n"),
		BPF_MAP_TYPE_HASH, 4);
	assert_int_equal(plan(&fixture), 0);
	assert_non_null(strstr(fixture.route.error, "uin"));
	assert_true(fixture.route.counts_as_decode_error);
	close_fixture(&fixture);
}

static void test_plan__equal_labels_are_summed(void **state)
{
	struct fixture fixture;
	uint8_t keys[3][8] = { "foo\0xxx", "bar", "foo\0yyy" };

	(void)state;
	open_fixture(
		&fixture,
		COUNTER("        - name: fruit\n          size: 8\n          decoders:\n            - name: string\n"),
		BPF_MAP_TYPE_HASH, 8);
	assert_int_equal(plan(&fixture), 0);
	begin(&fixture);
	assert_true(add(&fixture, keys[0], 8));
	assert_true(add(&fixture, keys[1], 1));
	assert_true(add(&fixture, keys[2], 3));
	assert_non_null(
		strstr(write_text(&fixture),
		       "ebpf_exporter_m{fruit=\"bar\"} 1\nebpf_exporter_m{fruit=\"foo\"} 11\n"));
	close_fixture(&fixture);
}

static void test_plan__refused_row_is_remembered_and_no_error(void **state)
{
	struct fixture fixture;
	uint8_t key[8] = "bananas";

	(void)state;
	open_fixture(
		&fixture,
		COUNTER("        - name: fruit\n          size: 8\n          decoders:\n            - name: string\n"
			"            - name: regexp\n              regexps: [ '^tomato$' ]\n"),
		BPF_MAP_TYPE_HASH, 8);
	assert_int_equal(plan(&fixture), 0);
	begin(&fixture);
	assert_true(add(&fixture, key, 1));
	assert_true(add(&fixture, key, 1));
	assert_int_equal(label_cache__count(fixture.route.cache), 1);
	assert_int_equal(fixture.route.ledger.decode_errors, 0);
	assert_string_equal(write_text(&fixture), "");
	close_fixture(&fixture);
}

static void test_plan__unknown_name_is_asked_again(void **state)
{
	struct fixture fixture;
	uint32_t key = 0; /* no interface has index 0 */

	(void)state;
	open_fixture(
		&fixture,
		COUNTER("        - name: dev\n          size: 4\n          decoders:\n            - name: ifname\n"),
		BPF_MAP_TYPE_HASH, 4);
	assert_int_equal(plan(&fixture), 0);
	begin(&fixture);
	assert_true(add(&fixture, &key, 1));
	assert_int_equal(label_cache__count(fixture.route.cache), 1);
	route__forget_placeholders(&fixture.route);
	assert_int_equal(label_cache__count(fixture.route.cache), 0);
	assert_non_null(strstr(write_text(&fixture), "ebpf_exporter_m{dev=\"unknown:0\"} 1\n"));
	close_fixture(&fixture);
}

/* Refused only because it has no name yet: left out, and asked again as well. */
static void test_plan__refused_placeholder_is_asked_again(void **state)
{
	struct fixture fixture;
	uint32_t key = 0; /* no interface has index 0 */

	(void)state;
	open_fixture(
		&fixture,
		COUNTER("        - name: dev\n          size: 4\n          decoders:\n            - name: ifname\n"
			"            - name: regexp\n              regexps: [ '^eth' ]\n"),
		BPF_MAP_TYPE_HASH, 4);
	assert_int_equal(plan(&fixture), 0);
	begin(&fixture);
	assert_true(add(&fixture, &key, 1));
	assert_int_equal(label_cache__count(fixture.route.cache), 1);
	route__forget_placeholders(&fixture.route);
	assert_int_equal(label_cache__count(fixture.route.cache), 0);
	assert_int_equal(fixture.route.ledger.decode_errors, 0);
	assert_string_equal(write_text(&fixture), "");
	close_fixture(&fixture);
}

static void test_plan__without_labels_only_key_zero_counts(void **state)
{
	struct fixture fixture;
	uint32_t zero = 0, one = 1;

	(void)state;
	open_fixture(&fixture, "metrics:\n  counters:\n    - name: m\n      help: h\n",
		     BPF_MAP_TYPE_ARRAY, 4);
	assert_int_equal(plan(&fixture), 0);
	begin(&fixture);
	assert_true(add(&fixture, &zero, 1000000));
	assert_false(add(&fixture, &one, 5));
	assert_int_equal(fixture.route.ledger.decode_errors, 1);
	assert_non_null(strstr(write_text(&fixture), "\nebpf_exporter_m 1e+06\n"));
	close_fixture(&fixture);
}

static void test_plan__cpu_label_stands_behind_the_key(void **state)
{
	struct fixture fixture;
	uint8_t key[6] = { 3, 0, 0, 0, 1, 0 };

	(void)state;
	open_fixture(
		&fixture,
		COUNTER(NUMBER
			"        - name: cpu\n          size: 2\n          decoders:\n            - name: uint\n"),
		BPF_MAP_TYPE_PERCPU_ARRAY, 4);
	assert_int_equal(plan(&fixture), 0);
	assert_null(fixture.route.error);
	assert_true(fixture.route.has_cpu_label);
	begin(&fixture);
	assert_true(add(&fixture, key, 9));
	assert_non_null(strstr(write_text(&fixture), "{cpu=\"1\",number=\"3\"} 9\n"));
	close_fixture(&fixture);
}

static void test_plan__histogram_sums_at_the_key_after_the_last(void **state)
{
	struct fixture fixture;
	uint64_t keys[] = { 0, 1, 2, 3, 4, 99 };
	const uint64_t values[] = { 1, 1, 2, 4, 1824, 7 };
	size_t i;

	(void)state;
	open_fixture(
		&fixture,
		HISTOGRAM(
			"      bucket_type: exp2\n      bucket_min: 0\n      bucket_max: 3\n"
			"      bucket_multiplier: 0.000001\n",
			"        - name: bucket\n          size: 8\n          decoders:\n            - name: uint\n"),
		BPF_MAP_TYPE_HASH, 8);
	assert_int_equal(plan(&fixture), 0);
	assert_null(fixture.route.error);
	begin(&fixture);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(add(&fixture, &keys[i], values[i]));
	assert_string_equal(write_text(&fixture),
			    "# HELP ebpf_exporter_m h\n# TYPE ebpf_exporter_m histogram\n"
			    "ebpf_exporter_m_bucket{le=\"1e-06\"} 1\n"
			    "ebpf_exporter_m_bucket{le=\"2e-06\"} 2\n"
			    "ebpf_exporter_m_bucket{le=\"4e-06\"} 4\n"
			    "ebpf_exporter_m_bucket{le=\"8e-06\"} 8\n"
			    "ebpf_exporter_m_bucket{le=\"+Inf\"} 8\n"
			    "ebpf_exporter_m_sum 0.0018239999999999999\n"
			    "ebpf_exporter_m_count 8\n");
	close_fixture(&fixture);
}

static void test_plan__histogram_with_min_equal_max_is_left_out(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(
		&fixture,
		HISTOGRAM(
			"      bucket_type: linear\n      bucket_min: 3\n      bucket_max: 3\n",
			"        - name: bucket\n          size: 8\n          decoders:\n            - name: uint\n"),
		BPF_MAP_TYPE_HASH, 8);
	assert_int_equal(plan(&fixture), 0);
	assert_non_null(fixture.route.error);
	assert_false(fixture.route.counts_as_decode_error);
	close_fixture(&fixture);
}

static void test_plan__same_bytes_mean_different_labels_per_metric(void **state)
{
	static const uint8_t key[8] = { 0xba, 0xbe, 0xba, 0xbe, 0xde, 0xad, 0xbe, 0xef };
	struct fixture one, two;

	(void)state;
	open_fixture(
		&one,
		COUNTER("        - name: a\n          size: 8\n          decoders:\n            - name: hex\n"),
		BPF_MAP_TYPE_HASH, 8);
	open_fixture(
		&two,
		COUNTER("        - name: a\n          size: 4\n          decoders:\n            - name: hex\n"
			"        - name: b\n          size: 4\n          decoders:\n            - name: hex\n"),
		BPF_MAP_TYPE_HASH, 8);
	assert_int_equal(plan(&one), 0);
	assert_int_equal(plan(&two), 0);
	begin(&one);
	begin(&two);
	assert_true(add(&one, key, 1));
	assert_true(add(&two, key, 1));
	assert_non_null(strstr(write_text(&one), "{a=\"babebabedeadbeef\"} 1\n"));
	assert_non_null(strstr(write_text(&two), "{a=\"babebabe\",b=\"deadbeef\"} 1\n"));
	close_fixture(&one);
	close_fixture(&two);
}

static void test_plan__wrong_value_size_fails_the_config(void **state)
{
	const char *text = COUNTER(NUMBER);
	const struct dialect_input input = { .name = "c",
					     .origin = "c.yaml",
					     .object = "c.bpf.o",
					     .text = text,
					     .len = strlen(text) };
	struct fact_map map = {
		.name = "m", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 4
	};
	struct object_facts facts = { .path = "c.bpf.o", .maps = &map, .map_count = 1 };
	struct err_list errors = { 0 };
	struct spec *spec;

	(void)state;
	assert_int_equal(config_load_text(dialect_find("ebpf_exporter"), &input, &spec, &errors),
			 0);
	assert_true(spec->dialect->complete(spec, &facts, &errors) < 0);
	assert_non_null(
		strstr(errors.items[0].text,
		       "value size for map \"m\" is not expected 8 bytes (u64), it is 4 bytes"));
	err_list__done(&errors);
	spec__free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan__counter_with_two_labels),
		cmocka_unit_test(test_plan__rows_that_are_not_wanted_are_remembered),
		cmocka_unit_test(test_plan__shares_a_family_whatever_the_order_of_labels),
		cmocka_unit_test(test_plan__padding_is_skipped_behind_its_label),
		cmocka_unit_test(test_plan__sizes_that_do_not_add_up_leave_the_metric_out),
		cmocka_unit_test(test_plan__unknown_decoder_leaves_the_metric_out),
		cmocka_unit_test(test_plan__equal_labels_are_summed),
		cmocka_unit_test(test_plan__refused_row_is_remembered_and_no_error),
		cmocka_unit_test(test_plan__unknown_name_is_asked_again),
		cmocka_unit_test(test_plan__refused_placeholder_is_asked_again),
		cmocka_unit_test(test_plan__without_labels_only_key_zero_counts),
		cmocka_unit_test(test_plan__cpu_label_stands_behind_the_key),
		cmocka_unit_test(test_plan__histogram_sums_at_the_key_after_the_last),
		cmocka_unit_test(test_plan__histogram_with_min_equal_max_is_left_out),
		cmocka_unit_test(test_plan__same_bytes_mean_different_labels_per_metric),
		cmocka_unit_test(test_plan__wrong_value_size_fails_the_config),
	};

	return cmocka_run_group_tests_name("pipeline/plan", tests, NULL, NULL);
}
