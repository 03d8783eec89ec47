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
	const struct spec_text symbols[] = { { "malloc", { "x", 3, 4 } }, { "free", { 0 } } };
	const struct number_spec offsets[] = { { 16, { "x", 5, 6 } } };
	const struct value_spec values[] = { { "list:calls", { "x", 7, 8 }, 10, 0 },
					     { "5\0a", { "x", 7, 9 }, 3, SPEC_NONE } };
	const struct match_spec matches[] = {
		{ .subject = MATCH_SUBJECT_ARG,
		  .op = MATCH_OP_CIDR,
		  .end = MATCH_END_DESTINATION,
		  .args = { 1, 0 },
		  .arg_count = 2,
		  .values = values,
		  .value_count = 2 },
		{ .subject = MATCH_SUBJECT_PID,
		  .op = MATCH_OP_NOT_IN,
		  .pids = offsets,
		  .pid_count = 1,
		  .follow_forks = true },
	};
	const struct action_spec action = { .kind = ACTION_KIND_OVERRIDE, .error = -1 };
	const struct scope_spec scope = { .has_host = true };
	const struct rule_spec rule = { .scope = &scope,
					.matches = matches,
					.match_count = 2,
					.actions = &action,
					.action_count = 1 };
	const struct argument_spec ret = { .type = { "int", { "x", 9, 1 } } };
	const struct hook_spec hook = {
		.kind = HOOK_KIND_UPROBE,
		.file = { "/bin/x", { "x", 2, 3 } },
		.symbols = symbols,
		.symbol_count = 2,
		.offsets = offsets,
		.offset_count = 1,
		.ret = &ret,
		.ret_action = ACTION_KIND_TRACK_SOCK,
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
		      "    index 0\n"
		      "    file \"/bin/x\" @2:3\n"
		      "    symbol \"malloc\" @3:4\n"
		      "    symbol \"free\"\n"
		      "    offset 16 @5:6\n"
		      "    ret\n"
		      "      index 0\n"
		      "      type \"int\" @9:1\n"
		      "    ret_action track_sock\n"
		      "    rule[0]\n"
		      "      scope\n"
		      "        has_host\n"
		      "      match[0]\n"
		      "        subject arg\n"
		      "        op cidr\n"
		      "        end destination\n"
		      "        arg 1\n"
		      "        arg 0\n"
		      "        value \"list:calls\" @7:8 list 0\n"
		      "        value \"5\\x00a\" @7:9\n"
		      "      match[1]\n"
		      "        subject pid\n"
		      "        op not_in\n"
		      "        pid 16 @5:6\n"
		      "        follow_forks\n"
		      "      action[0]\n"
		      "        kind override\n"
		      "        error -1\n");
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
