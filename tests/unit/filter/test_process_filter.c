/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event_line.h"

static const struct process_filter_options with_pid_sets = { .allows_pid_sets = true };

static struct process_filter *make(const char *text)
{
	struct process_filter *filter = NULL;
	struct err err = ERR_INIT;

	if (process_filter_parse(text, NULL, &with_pid_sets, &filter, &err) < 0)
		fail_msg("%s", err.text);
	return filter;
}

#define POD                                                                                        \
	"'pod':{'namespace':'shop','name':'cart-1','container':{'name':'cart'},"                   \
	"'pod_labels':{'app':'cart'}}"

static const char *const lines[] = {
	/* 0 */ "{'process_exec':{'process':{'pid':10,'binary':'/bin/ls','arguments':'-l /tmp'},"
		"'parent':{'pid':1,'binary':'/bin/bash','arguments':'-c x'},"
		"'ancestors':[{'binary':'/usr/bin/tmux'},{'binary':'/sbin/init'}]}}",
	/* 1 */
	"{'process_kprobe':{'process':{'pid':11,'binary':'/usr/bin/curl'," POD ","
	"'docker':'19a02291e1','in_init_tree':true,'cap':{'permitted':['CAP_CHOWN',"
	"'CAP_SYS_ADMIN'],'effective':['CAP_CHOWN']}},'parent':{'pid':10},"
	"'policy_name':'connect'}}",
	/* 2 */
	"{'process_exit':{'process':{'pid':12,'pod':{'namespace':'shop','container':"
	"{'maybe_exec_probe':true}}}}}",
	/* 3 */ "{'process_throttle':{'type':'THROTTLE_START'}}",
	/* 4 */ "{'process_usdt':{'process':{'pid':13,'binary':'a\\nb'},'policy_name':'marks'}}",
};

#define LINE_COUNT (sizeof(lines) / sizeof(lines[0]))

static void test_match__every_key(void **state)
{
	static const struct {
		const char *filter, *lines; /* of which it holds */
	} rows[] = {
		{ "{}", "01234" },
		{ "{\"namespace\":[]}", "01234" },
		{ "{\"namespace\":null}", "01234" },
		{ "{\"binary_regex\":[\"ls$\",\"^/usr\"]}", "01" },
		{ "{\"binaryRegex\":[\"ls$\"]}", "0" },
		{ "{\"binary_regex\":[\"a.b\"]}", "" },
		{ "{\"binary_regex\":[\"\"]}", "0124" },
		{ "{\"arguments_regex\":[\"/tmp\"]}", "0" },
		{ "{\"parent_binary_regex\":[\"bash\"]}", "0" },
		{ "{\"parent_arguments_regex\":[\"^-c\"]}", "0" },
		{ "{\"ancestor_binary_regex\":[\"init\"]}", "0" },
		{ "{\"ancestor_binary_regex\":[\"bash\"]}", "" },
		{ "{\"namespace\":[\"\"]}", "04" },
		{ "{\"namespace\":[\"shop\"]}", "12" },
		{ "{\"namespace\":[\"shop\",\"\"]}", "0124" },
		{ "{\"namespace_regex\":[\"sh\"]}", "12" },
		{ "{\"namespace_regex\":[\"\"]}", "12" },
		{ "{\"pod_regex\":[\"^cart-\"]}", "1" },
		{ "{\"container_name_regex\":[\"cart\"]}", "1" },
		{ "{\"container_id\":[\"^19a\"]}", "1" },
		{ "{\"labels\":[\"app=cart\"]}", "1" },
		{ "{\"labels\":[\"!x\"]}", "12" },
		{ "{\"labels\":[\"app=shop\",\"app\"]}", "1" },
		{ "{\"health_check\":true}", "2" },
		{ "{\"health_check\":false}", "0134" },
		{ "{\"in_init_tree\":true}", "1" },
		{ "{\"in_init_tree\":false}", "024" },
		{ "{\"pid\":[10,\"12\"]}", "02" },
		{ "{\"event_set\":[\"PROCESS_EXEC\",\"PROCESS_THROTTLE\"]}", "03" },
		{ "{\"event_set\":[9]}", "1" },
		{ "{\"policy_names\":[\"connect\"]}", "1" },
		{ "{\"policy_names\":[\"marks\",\"\"]}", "4" },
		{ "{\"capabilities\":{\"permitted\":{\"any\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}}}",
		  "1" },
		{ "{\"capabilities\":{\"permitted\":{\"all\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}}}",
		  "" },
		{ "{\"capabilities\":{\"permitted\":{\"all\":[\"CAP_SYS_ADMIN\"]}}}", "1" },
		{ "{\"capabilities\":{\"effective\":{\"exactly\":[\"CAP_CHOWN\"]}}}", "1" },
		{ "{\"capabilities\":{\"permitted\":{\"exactly\":[\"CAP_CHOWN\"]}}}", "" },
		{ "{\"capabilities\":{\"inheritable\":{\"none\":[\"CAP_CHOWN\"]}}}", "1" },
		{ "{\"capabilities\":{\"effective\":{\"none\":[\"CAP_CHOWN\"]}}}", "" },
		{ "{\"capabilities\":{\"effective\":{\"any\":[\"CAP_CHOWN\"]},"
		  "\"permitted\":{\"none\":[\"CAP_CHOWN\"]}}}",
		  "" },
		{ "{\"namespace\":[\"shop\"],\"pod_regex\":[\"x\"]}", "" },
		{ "{\"namespace\":[\"shop\"]} \n {\"pid\":[10]}", "012" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_filter *filter = make(rows[i].filter);
		char found[LINE_COUNT + 1] = "";

		for (size_t j = 0; j < LINE_COUNT; j++) {
			struct arena arena = ARENA_INIT;
			struct process_event event = event_of_line(&arena, lines[j]);

			if (process_filter__match(filter, &event))
				found[strlen(found)] = (char)('0' + j);
			arena__done(&arena);
		}
		if (strcmp(found, rows[i].lines) != 0)
			fail_msg("%s: %s, not %s", rows[i].filter, found, rows[i].lines);
		process_filter__free(filter);
	}
}

static bool match_pids(struct process_filter *filter, uint32_t pid, uint32_t parent_pid)
{
	struct process_view process = { .pid = optional_u32_of(pid) };
	struct process_view parent = { .pid = optional_u32_of(parent_pid) };
	struct process_event event = { .kind = PROCESS_EVENT_EXEC,
				       .process = &process,
				       .parent = &parent };

	return process_filter__match(filter, &event);
}

static void test_match__pid_set_follows_children(void **state)
{
	struct process_filter *filter = make("{\"pid_set\":[10]}");

	(void)state;
	assert_false(match_pids(filter, 12, 11));
	assert_true(match_pids(filter, 10, 1));
	assert_true(match_pids(filter, 11, 10));
	assert_true(match_pids(filter, 12, 11));
	assert_true(match_pids(filter, 12, 1));
	assert_false(match_pids(filter, 13, 1));
	process_filter__free(filter);
}

static void test_match__pid_set_is_bounded(void **state)
{
	struct process_filter *filter = make("{\"pid_set\":[1]}");
	struct process_filter_figures figures;

	(void)state;
	for (uint32_t pid = 2; pid < PROCESS_FILTER_FOLLOWED_MAX + 4; pid++)
		assert_true(match_pids(filter, pid, 1));
	process_filter__figures(filter, &figures);
	assert_int_equal(figures.not_followed, 2);
	process_filter__free(filter);
}

static void test_match__what_cannot_be_told_does_not_hold(void **state)
{
	struct process_filter *filter = make("{\"binary_regex\":[\"^(a|a)*(a|a)*(a|a)*b$\"]}");
	struct process_filter_figures figures;
	char binary[4096];
	struct process_view process = { .binary = { .data = binary, .len = sizeof(binary) } };
	struct process_event event = { .kind = PROCESS_EVENT_EXEC, .process = &process };

	(void)state;
	memset(binary, 'a', sizeof(binary));
	binary[1000] = 'b'; /* or the pattern is not tried */
	assert_false(process_filter__match(filter, &event));
	process_filter__figures(filter, &figures);
	assert_int_equal(figures.undecided, 1);
	process_filter__free(filter);
}

static void test_forecast(void **state)
{
	static const struct {
		const char *filter;
		enum process_event_kind kind;
		const char *policy;
		enum process_filter_forecast expected;
	} rows[] = {
		{ "{}", PROCESS_EVENT_EXEC, "", PROCESS_FILTER_ALWAYS },
		{ "{\"event_set\":[\"PROCESS_EXEC\"]}", PROCESS_EVENT_EXEC, "",
		  PROCESS_FILTER_ALWAYS },
		{ "{\"event_set\":[\"PROCESS_EXEC\"]}", PROCESS_EVENT_KPROBE, "p",
		  PROCESS_FILTER_NEVER },
		{ "{\"event_set\":[\"PROCESS_EXEC\"],\"pid\":[1]}", PROCESS_EVENT_EXEC, "",
		  PROCESS_FILTER_MAYBE },
		{ "{\"policy_names\":[\"p\"]}", PROCESS_EVENT_KPROBE, "p", PROCESS_FILTER_ALWAYS },
		{ "{\"policy_names\":[\"p\"]}", PROCESS_EVENT_KPROBE, "q", PROCESS_FILTER_NEVER },
		{ "{\"policy_names\":[\"p\"]}", PROCESS_EVENT_EXEC, "", PROCESS_FILTER_NEVER },
		{ "{\"binary_regex\":[\"x\"]}", PROCESS_EVENT_THROTTLE, "", PROCESS_FILTER_NEVER },
		{ "{\"health_check\":true}", PROCESS_EVENT_THROTTLE, "", PROCESS_FILTER_MAYBE },
		{ "{\"policy_names\":[\"p\"]}{\"event_set\":[\"PROCESS_EXEC\"]}",
		  PROCESS_EVENT_EXEC, "", PROCESS_FILTER_ALWAYS },
		{ "{\"policy_names\":[\"p\"]}{\"pid\":[1]}", PROCESS_EVENT_EXEC, "",
		  PROCESS_FILTER_MAYBE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_filter *filter = make(rows[i].filter);

		assert_int_equal(process_filter__forecast(filter, rows[i].kind, rows[i].policy),
				 rows[i].expected);
		process_filter__free(filter);
	}
}

static void test_parse__what_is_wrong(void **state)
{
	static const struct {
		const char *text, *message;
		int code;
	} rows[] = {
		{ "x", "list:1:2: filter 1 is no JSON: '[' or '{' expected near 'x'", -EINVAL },
		{ "{}\n{\"pid\":}", "list:2:9: filter 2 is no JSON: unexpected token near '}'",
		  -EINVAL },
		{ "[]", "list:1:1: filter 1 is no object", -EINVAL },
		{ "{}\n  {\"x\":1}", "list:2:3: filter 2: 'x': there is no such key", -EINVAL },
		{ "{\"pid\":[1],\"pid\":[2]}",
		  "list:1:17: filter 1 is no JSON: duplicate object key near '\"pid\"'", -EINVAL },
		{ "{\"binary_regx\":[]}",
		  "list:1:1: filter 1: 'binary_regx': there is no such key; did you mean 'binary_regex'?",
		  -EINVAL },
		{ "{\"shoe_size\":1}", "list:1:1: filter 1: 'shoe_size': there is no such key",
		  -EINVAL },
		{ "{\"binary_regex\":\"x\"}", "list:1:1: filter 1: 'binary_regex': it is no list",
		  -EINVAL },
		{ "{\"binary_regex\":[1]}",
		  "list:1:1: filter 1: 'binary_regex': value 1 is no string", -EINVAL },
		{ "{\"binary_regex\":[\"a\",\"(\"]}", NULL, -EINVAL },
		{ "{\"namespace\":[\"a\",{}]}",
		  "list:1:1: filter 1: 'namespace': value 2 is no string", -EINVAL },
		{ "{\"event_set\":[\"PROCESS_DREAM\"]}",
		  "list:1:1: filter 1: 'event_set': there is no event 'PROCESS_DREAM'; PROCESS_EXEC is one",
		  -EINVAL },
		{ "{\"pid\":[-1]}", "list:1:1: filter 1: 'pid': value 1 is no pid", -EINVAL },
		{ "{\"pid\":[4294967296]}", "list:1:1: filter 1: 'pid': value 1 is no pid",
		  -EINVAL },
		{ "{\"health_check\":\"yes\"}",
		  "list:1:1: filter 1: 'health_check': it is neither true nor false", -EINVAL },
		{ "{\"labels\":[\"a b\"]}", NULL, -EINVAL },
		{ "{\"capabilities\":[]}",
		  "list:1:1: filter 1: 'capabilities': it is no object of permitted, effective and "
		  "inheritable",
		  -EINVAL },
		{ "{\"capabilities\":{\"ambient\":{}}}",
		  "list:1:1: filter 1: 'capabilities': it is no object of permitted, effective and "
		  "inheritable",
		  -EINVAL },
		{ "{\"capabilities\":{\"effective\":{}}}",
		  "list:1:1: filter 1: 'effective': one of any, all, exactly and none is missing",
		  -EINVAL },
		{ "{\"capabilities\":{\"effective\":{\"any\":[\"CAP_BPF\"],\"all\":[\"CAP_BPF\"]}}}",
		  "list:1:1: filter 1: 'all': a set of capabilities has one of any, all, exactly and "
		  "none",
		  -EINVAL },
		{ "{\"capabilities\":{\"effective\":{\"any\":[\"CAP_FLY\"]}}}",
		  "list:1:1: filter 1: 'any': value 1 is no capability; CAP_SYS_ADMIN is one",
		  -EINVAL },
		{ "{\"cel_expression\":[\"true\"]}",
		  "list:1:1: filter 1: 'cel_expression': expressions of CEL are not understood; the other "
		  "keys, and filters of sonde's own, say most of what they can",
		  -EOPNOTSUPP },
		{ "{\"pid_set\":[1]}",
		  "list:1:1: filter 1: 'pid_set': numbers of processes are used again, so it may let "
		  "through what was not meant; it must be enabled to be used",
		  -EINVAL },
	};
	static const struct loc at = { .file = "list", .line = 1, .column = 1 };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_filter *filter;
		char message[512];

		assert_int_equal(process_filter_parse(rows[i].text, &at, NULL, &filter, &err),
				 rows[i].code);
		(void)err__format(&err, message, sizeof(message));
		if (rows[i].message)
			assert_string_equal(message, rows[i].message);
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match__every_key),
		cmocka_unit_test(test_match__pid_set_follows_children),
		cmocka_unit_test(test_match__pid_set_is_bounded),
		cmocka_unit_test(test_match__what_cannot_be_told_does_not_hold),
		cmocka_unit_test(test_forecast),
		cmocka_unit_test(test_parse__what_is_wrong),
	};

	return cmocka_run_group_tests_name("filter/process_filter", tests, NULL, NULL);
}
