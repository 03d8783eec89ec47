/* SPDX-License-Identifier: Apache-2.0 */
#include "record/process_event_parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct arena arena;
	struct err err;
	struct process_event event;
};

static int parse(struct fixture *fixture, const char *line)
{
	return process_event_parse(line, strlen(line), &fixture->arena, &fixture->event,
				   &fixture->err);
}

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	arena__done(&fixture->arena);
	err__done(&fixture->err);
	return 0;
}

static void assert_text(const struct text_view *text, const char *expected)
{
	assert_int_equal(text->len, strlen(expected));
	if (text->len > 0)
		assert_memory_equal(text->data, expected, text->len);
}

static void test_parse__exec(void **state)
{
	struct fixture *fixture = *state;
	const struct process_view *process;

	assert_int_equal(
		parse(fixture,
		      "{\"process_exec\":{\"process\":{\"exec_id\":\"bjox\",\"pid\":0,\"uid\":null,"
		      "\"binary\":\"/bin/a\",\"start_time\":\"1970-01-01T00:00:01.5Z\",\"refcnt\":2,"
		      "\"pod\":{\"pod_labels\":{\"b\":\"2\",\"a\":\"1\"}},"
		      "\"in_init_tree\":false,\"environment_variables\":[{\"Key\":\"K\"}]},"
		      "\"ancestors\":[{\"pid\":1},{\"pid\":2}],\"news\":[{}]},\"node_name\":\"n\"}"),
		0);
	assert_int_equal(fixture->event.kind, PROCESS_EVENT_EXEC);
	assert_text(&fixture->event.node_name, "n");
	assert_null(fixture->event.parent);
	process = fixture->event.process;
	assert_text(&process->exec_id, "bjox");
	assert_true(process->pid.is_set);
	assert_int_equal(process->pid.value, 0);
	assert_false(process->uid.is_set);
	assert_int_equal(process->start_time.seconds, 1);
	assert_int_equal(process->start_time.nanoseconds, 500000000);
	assert_int_equal(process->references, 2);
	assert_int_equal(process->pod->label_count, 2);
	assert_text(&process->pod->labels[0].key, "a");
	assert_text(&process->pod->labels[1].value, "2");
	assert_true(process->is_in_init_tree.is_set);
	assert_false(process->is_in_init_tree.value);
	assert_int_equal(process->environment_count, 1);
	assert_text(&process->environment[0].key, "K");
	assert_int_equal(fixture->event.ancestor_count, 2);
	assert_int_equal(fixture->event.ancestors[1]->pid.value, 2);
}

static void test_parse__arguments(void **state)
{
	struct fixture *fixture = *state;
	const struct process_argument *arguments;

	assert_int_equal(
		parse(fixture,
		      "{\"process_kprobe\":{\"args\":[{\"int_arg\":-1,\"label\":\"fd\"},"
		      "{\"size_arg\":\"18446744073709551615\"},{\"bytes_arg\":\"AAE=\"},"
		      "{\"bpf_cmd_arg\":\"BPF_PROG_LOAD\"},{}],\"return\":{\"int_arg\":\"0\"},"
		      "\"action\":\"KPROBE_ACTION_SIGKILL\",\"return_action\":99,"
		      "\"tags\":[\"x\",\"\"]}}"),
		0);
	arguments = fixture->event.arguments;
	assert_int_equal(fixture->event.kind, PROCESS_EVENT_KPROBE);
	assert_int_equal(fixture->event.argument_count, 5);
	assert_int_equal(arguments[0].kind, ARGUMENT_INT);
	assert_int_equal(arguments[0].number_i32, -1);
	assert_text(&arguments[0].label, "fd");
	assert_int_equal(arguments[1].kind, ARGUMENT_SIZE);
	assert_true(arguments[1].number_u64 == UINT64_MAX);
	assert_int_equal(arguments[2].bytes.bytes.len, 2);
	assert_memory_equal(arguments[2].bytes.bytes.data, "\0\1", 2);
	assert_int_equal(arguments[3].kind, ARGUMENT_BPF_COMMAND);
	assert_int_equal(arguments[3].number_i32, 5);
	assert_int_equal(arguments[4].kind, ARGUMENT_NONE);
	assert_int_equal(fixture->event.result->kind, ARGUMENT_INT);
	assert_int_equal(fixture->event.action, PROCESS_ACTION_SIGKILL);
	assert_int_equal(fixture->event.return_action, 99);
	assert_int_equal(fixture->event.tag_count, 2);
}

static void test_parse__bits_by_name_and_number(void **state)
{
	struct fixture *fixture = *state;
	const struct credentials_view *credentials;

	assert_int_equal(parse(fixture,
			       "{\"process_exec\":{\"process\":{\"process_credentials\":{"
			       "\"securebits\":[\"SecBitNoRootLocked\",4],"
			       "\"caps\":{\"effective\":[\"DAC_OVERRIDE\",0,\"CAP_SYS_ADMIN\",63]}"
			       "}}}}"),
			 0);
	credentials = fixture->event.process->credentials;
	assert_int_equal(credentials->securebits, 6);
	assert_true(credentials->capabilities->effective == (3 | 1ULL << 21 | 1ULL << 63));
}

static void test_parse__kinds_that_are_not_known(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(parse(fixture, "{\"process_dreams\":{\"of\":1},\"node_name\":\"n\"}"), 0);
	assert_int_equal(fixture->event.kind, PROCESS_EVENT_NONE);
}

static void test_parse__what_is_wrong(void **state)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		{ "", "no JSON: '[' or '{' expected near end of file (byte 0)" },
		{ "[]", "it is no object" },
		{ "{\"test\":{},\"test\":{}}",
		  "no JSON: duplicate object key near '\"test\"' (byte 17)" },
		{ "{\"process_exec\":1}", "process_exec: it is no object" },
		{ "{\"process_exec\":{},\"process_exit\":{}}",
		  "process_exit: there is another one that excludes it" },
		{ "{\"process_exec\":{\"process\":{\"pid\":4294967296}}}",
		  "process_exec: process: pid: the number does not fit" },
		{ "{\"process_exec\":{\"process\":{\"pid\":1.5}}}",
		  "process_exec: process: pid: it is no whole number" },
		{ "{\"process_exec\":{\"process\":{\"binary\":1}}}",
		  "process_exec: process: binary: it is no string" },
		{ "{\"process_exec\":{\"process\":{\"in_init_tree\":1}}}",
		  "process_exec: process: in_init_tree: it is neither true nor false" },
		{ "{\"process_exec\":{\"ancestors\":{}}}",
		  "process_exec: ancestors: it is no list" },
		{ "{\"process_exec\":{\"process\":{\"cap\":{\"effective\":[\"CAP_X\"]}}}}",
		  "process_exec: process: cap: effective: there is no such name" },
		{ "{\"process_exec\":{\"process\":{\"cap\":{\"effective\":[64]}}}}",
		  "process_exec: process: cap: effective: the number does not fit" },
		{ "{\"process_kprobe\":{\"action\":\"KPROBE\"}}",
		  "process_kprobe: action: there is no such name" },
		{ "{\"process_kprobe\":{\"args\":[{\"int_arg\":1,\"size_arg\":\"1\"}]}}",
		  "process_kprobe: args: size_arg: there is another one that excludes it" },
		{ "{\"process_kprobe\":{\"args\":[{\"size_arg\":\"-1\"}]}}",
		  "process_kprobe: args: size_arg: the number does not fit" },
		{ "{\"process_kprobe\":{\"args\":[{\"bytes_arg\":\"A\"}]}}",
		  "process_kprobe: args: bytes_arg: it is no base64" },
		{ "{\"process_kprobe\":{\"tags\":\"a\"}}", "process_kprobe: tags: it is no list" },
		{ "{\"time\":\"now\"}", "time: it is no time as RFC 3339 writes it" },
		{ "{\"node_labels\":[]}", "node_labels: it is no object" },
		{ "{\"node_labels\":{\"a\":1}}", "node_labels: it is no string" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(fixture, rows[i].line), -EINVAL);
		assert_string_equal(fixture->err.text, rows[i].message);
	}
}

static void test_parse__a_line_that_is_too_long(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(process_event_parse("{}", PROCESS_EVENT_LINE_MAX + 1, &fixture->arena,
					     &fixture->event, &fixture->err),
			 -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse__exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parse__arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parse__bits_by_name_and_number, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_parse__kinds_that_are_not_known, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_parse__what_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parse__a_line_that_is_too_long, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("record/process_event_parse", tests, NULL, NULL);
}
