/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"

static void assert_format(const struct spec *spec, const char *want)
{
	struct strbuf out = STRBUF_INIT;

	spec__format(spec, &out);
	assert_string_equal(strbuf__text(&out), want);
	strbuf__done(&out);
}

static void test_format__nothing_set(void **state)
{
	(void)state;
	assert_format(&(struct spec){ .name = "x", .origin = "x.yaml" },
		      "name \"x\"\norigin \"x.yaml\"\n");
}

static void test_format__texts_are_escaped(void **state)
{
	(void)state;
	assert_format(&(struct spec){ .name = "a\"b\\c\nd\te\x01\xc3\xa9", .origin = "" },
		      "name \"a\\\"b\\\\c\\nd\\te\\x01\xc3\xa9\"\norigin \"\"\n");
}

static void test_format__metric(void **state)
{
	const double keys[] = { 0.5, 1e6 };
	const struct label_spec label = { .at = { "x", 2, 3 }, .name = "cpu", .field = SPEC_NONE };
	const struct problem_spec problem = { .at = { "x", 9, 1 },
					      .kind = PROBLEM_KIND_BUCKET,
					      .text = "why" };
	const struct metric_spec metric = {
		.at = { "x", 1, 3 },
		.name = "m",
		.help = "h",
		.kind = METRIC_KIND_HISTOGRAM,
		.labels = &label,
		.label_count = 1,
		.value = VALUE_KIND_KEY_BUCKET,
		.bucket = { .kind = BUCKET_KIND_FIXED,
			    .type = "fixed",
			    .scale = 1,
			    .min = -3,
			    .keys = keys,
			    .key_count = 2 },
		.cpu = CPU_RULE_LABEL,
		.temporality = TEMPORALITY_INTERVAL,
		.flush_ns = 5,
		.problem = &problem,
	};

	(void)state;
	assert_format(&(struct spec){ .metrics = &metric, .metric_count = 1 },
		      "metric[0] @1:3\n"
		      "  name \"m\"\n"
		      "  help \"h\"\n"
		      "  kind histogram\n"
		      "  stream 0\n"
		      "  label[0] @2:3\n"
		      "    name \"cpu\"\n"
		      "    field none\n"
		      "  value key_bucket\n"
		      "  bucket\n"
		      "    kind fixed\n"
		      "    type \"fixed\"\n"
		      "    scale 1\n"
		      "    min -3\n"
		      "    key 0.5\n"
		      "    key 1e+06\n"
		      "  sum none\n"
		      "  slots ceil_log2\n"
		      "  cpu label\n"
		      "  temporality interval\n"
		      "  flush_ns 5\n"
		      "  problem @9:1\n"
		      "    kind bucket\n"
		      "    text \"why\"\n");
}

static void test_format__policy(void **state)
{
	const char *const symbols[] = { "malloc", "free" };
	const uint64_t offsets[] = { 16 };
	const struct spec_text value = { "5", { "x", 7, 8 } };
	const struct match_spec match = { .subject = MATCH_SUBJECT_PID,
					  .op = MATCH_OP_NOT_IN,
					  .values = &value,
					  .value_count = 1,
					  .follow_forks = true };
	const struct action_spec action = { .kind = ACTION_KIND_OVERRIDE,
					    .args = { -1 },
					    .arg_count = 1 };
	const struct rule_spec rule = {
		.matches = &match, .match_count = 1, .actions = &action, .action_count = 1
	};
	const struct argument_spec ret = { .type = "int", .size_index = -1 };
	const struct hook_spec hook = {
		.kind = HOOK_KIND_UPROBE,
		.path = "/bin/x",
		.symbols = symbols,
		.symbol_count = 2,
		.offsets = offsets,
		.offset_count = 1,
		.ret = &ret,
		.rules = &rule,
		.rule_count = 1,
	};
	const struct policy_spec policy = { .name = "p", .hooks = &hook, .hook_count = 1 };

	(void)state;
	assert_format(&(struct spec){ .policies = &policy, .policy_count = 1 },
		      "policy[0]\n"
		      "  name \"p\"\n"
		      "  mode enforce\n"
		      "  hook[0]\n"
		      "    kind uprobe\n"
		      "    path \"/bin/x\"\n"
		      "    symbol \"malloc\"\n"
		      "    symbol \"free\"\n"
		      "    offset 16\n"
		      "    ret\n"
		      "      index 0\n"
		      "      type \"int\"\n"
		      "      size_index -1\n"
		      "    rule[0]\n"
		      "      match[0]\n"
		      "        subject pid\n"
		      "        op not_in\n"
		      "        value \"5\" @7:8\n"
		      "        follow_forks\n"
		      "      action[0]\n"
		      "        kind override\n"
		      "        arg -1\n"
		      "        rate_scope thread\n");
}

static void test_format__bytes_and_notes(void **state)
{
	const struct note_spec note = { "k", "v" };
	const struct field_spec field = {
		.name = "f", .role = FIELD_ROLE_PID, .notes = &note, .note_count = 1
	};
	const struct stream_spec stream = {
		.name = "s", .program = SPEC_NONE, .map = "m", .fields = &field, .field_count = 1
	};
	const struct rodata_spec rodata = { .name = "v", .value = "\x01\xfe", .value_size = 2 };
	const struct program_spec program = {
		.name = "p", .object = "o", .rodata = &rodata, .rodata_count = 1
	};

	(void)state;
	assert_format(&(struct spec){ .programs = &program,
				      .program_count = 1,
				      .streams = &stream,
				      .stream_count = 1 },
		      "program[0]\n"
		      "  name \"p\"\n"
		      "  kind path\n"
		      "  object \"o\"\n"
		      "  rodata[0]\n"
		      "    name \"v\"\n"
		      "    kind value\n"
		      "    value 01fe\n"
		      "stream[0]\n"
		      "  name \"s\"\n"
		      "  program none\n"
		      "  mode table\n"
		      "  map \"m\"\n"
		      "  read cumulative\n"
		      "  transport auto\n"
		      "  rest error\n"
		      "  field[0]\n"
		      "    name \"f\"\n"
		      "    role pid\n"
		      "    note \"k\" = \"v\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format__nothing_set),
		cmocka_unit_test(test_format__texts_are_escaped),
		cmocka_unit_test(test_format__metric),
		cmocka_unit_test(test_format__policy),
		cmocka_unit_test(test_format__bytes_and_notes),
	};

	return cmocka_run_group_tests_name("config/format", tests, NULL, NULL);
}
